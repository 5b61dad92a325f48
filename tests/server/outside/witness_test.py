"""Two servers witness each other, and each sees when the other's ledger is set back or rewritten.

    witness_test.py NARU FOLDER

 1. each server's checkpoints get the other's cosignature, which `naru audit verify` requires of export and checkpoint
 2. nothing waits for a witness that is away; when it is back it cosigns what came meanwhile
 3. a server whose database is set back to an earlier copy is refused: its log, metrics and API say rolled_back,
    and another_tree once it has grown past what the witness saw
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import time

from harness import Client, Server

CONFIG = """
[listen]
port = {port}
[ledger]
origin = "%s.example/naru"
%s
"""


class Hospital:
    def __init__(self, naru, folder, name):
        self.naru, self.name, self.organisations = naru, name, 0
        self.server = Server(naru, folder / name, CONFIG % (name, ""))
        self.server.init()
        self.start()

    def start(self):
        self.server.start()
        self.admin = Client(self.server)
        self.admin.sign_in("admin")

    def text(self, path):
        return self.admin.expect(200, "GET", "/api/v1/ledger/" + path).body.decode()

    def know(self, other):
        self.server.stop()
        witness = (f'witness_keys = ["{other.text("key").strip()}"]\nwitness_every_s = 1\nwitnesses = [{{ name = "{other.name}", '
                   f'url = "http://127.0.0.1:{other.server.port}/api/v1/ledger/witness", '
                   f'key = "{other.text("witness/key").strip()}" }}]')
        self.server.config.write_text((CONFIG % (self.name, witness)).replace("{port}", str(self.server.port)))

    def grow(self):
        self.organisations += 1
        self.admin.expect(201, "POST", "/api/v1/organisations",
                          {"name": f"{self.name} {time.time_ns()}", "kind": "hospital"})

    def size(self):
        return int(self.text("checkpoint").split("\n")[1])

    def witness(self):
        items = self.admin.expect(200, "GET", "/api/v1/ledger/witnesses").json()["items"]
        return items[0] if items else {}

    def wait(self, what, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if what(self.witness()):
                return self.witness()
            time.sleep(0.1)
        raise AssertionError(f"{self.name}: {self.witness()}\n{self.server.log_tail()}")

    def wait_cosigned(self):
        size = self.size()
        return self.wait(lambda state: state.get("cosigned_size", 0) >= size)


def check_audit(one, two, folder):
    """The export and the cosigned checkpoint hold before an auditor who requires the other's cosignature."""
    (folder / "one.key").write_text(one.text("key"))
    (folder / "two.key").write_text(two.text("witness/key"))
    end = time.monotonic() + 90
    export = one.server.data / "ledger"
    while not (export / "checkpoint.cosigned").exists():
        assert time.monotonic() < end, "the export has no cosigned checkpoint"
        time.sleep(0.5)
    (folder / "cosigned").write_text((export / "checkpoint.cosigned").read_text())
    command = [one.naru, "audit", "verify", export, folder / "cosigned", "--key", folder / "one.key",
               "--witness", folder / "two.key"]
    for more in ([], ["--witnesses-required", "1"]):
        done = subprocess.run(command + more, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    plain = folder / "plain"
    plain.write_text("\n".join(one.text("checkpoint/cosigned").split("\n")[:5]) + "\n")
    done = subprocess.run([one.naru, "audit", "verify", export, plain, "--key", folder / "one.key", "--witness",
                           folder / "two.key"], capture_output=True, text=True)
    assert done.returncode == 1 and "not cosigned" in done.stdout, done.stdout + done.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("naru"), parser.add_argument("folder", type=pathlib.Path)
    options = parser.parse_args()
    folder = options.folder.absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    one, two = (Hospital(options.naru, folder, name) for name in ("seoul", "busan"))
    one.know(two)
    one.start()
    two.know(one)
    two.start()
    for hospital, other in ((one, two), (two, one)):
        hospital.grow()
        time.sleep(1.2)  # the checkpoint of it
        hospital.wait_cosigned()
        assert f"— {other.name}.example/naru/witness " in hospital.text("checkpoint/cosigned")
    print("both cosign", flush=True)
    check_audit(one, two, folder)
    print("audit verify requires it", flush=True)

    # A witness that is away.
    two.server.stop()
    for _ in range(3):
        one.grow()
    one.wait(lambda state: state.get("outcome") == "unreachable")
    two.start()
    one.wait_cosigned()
    print("back from an outage", flush=True)

    # The ledger is set back.
    one.server.stop()
    shutil.copy(one.server.data / "naru.db", folder / "old.db")
    one.start()
    for _ in range(3):
        one.grow()
    time.sleep(1.2)
    one.wait_cosigned()
    seen = one.size()
    one.server.stop()
    for path in one.server.data.glob("naru.db*"):
        path.unlink()
    shutil.copy(folder / "old.db", one.server.data / "naru.db")
    shutil.rmtree(one.server.data / "ledger")  # a newer one would keep the server from starting
    one.start()
    assert one.size() < seen
    one.grow()
    one.wait(lambda state: state.get("outcome") == "rolled_back")
    while one.size() <= seen:
        one.grow()
        time.sleep(1.1)
    one.wait(lambda state: state.get("outcome") == "another_tree", seconds=90)
    metrics = one.admin.get("/metrics").body.decode()
    for outcome in ("cosigned", "rolled_back", "another_tree"):
        line = f'naru_witness_requests_total{{witness="busan",outcome="{outcome}"}}'
        assert (line in metrics) == (outcome != "cosigned"), metrics
    assert "witness busan: another_tree" in one.server.log.read_text()
    assert f"— busan.example/naru/witness " not in one.text("checkpoint")
    two.grow()
    time.sleep(1.2)
    two.wait_cosigned()
    print("a ledger that was set back is refused, and says so", flush=True)
    sys.exit(0 if one.server.stop() == 0 and two.server.stop() == 0 else 1)


if __name__ == "__main__":
    main()
