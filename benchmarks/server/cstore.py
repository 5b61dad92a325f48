#!/usr/bin/env python3
"""C-STORE: instances a second that `naru serve` acknowledges, beside Orthanc in the same run. Prints JSON.

  benchmarks/server/cstore.py build/cpu/bin [--folder DIR] [--runs 3] [--instances 200] [--associations 1 4 8]

Both are sent the same files by the same storescu, one association a folder, on the same disk, in turn; each acknowledges
what is durable (Orthanc with SyncStorageArea, its default). Every run begins with an empty server, and ends with a count of
what the server holds. Needs dcmtk and orthanc (Debian). DIR is where both keep their data: its disk is what is measured.
"""
import argparse
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from deidentify.orthanc import find_orthanc, free_port  # noqa: E402

START_SECONDS, STOP_SECONDS = 60, 60
SIZE, SENDER = 512, "BENCH"


def make_series(program, folder, count, instances):
    """One folder an association, each a study of its own, of CT slices with noise (512 KiB each)."""
    for n in range(count):
        subprocess.run([program, "--out", folder / str(n), "--modality", "CT", "--size", str(SIZE), str(SIZE), str(instances),
                        "--seed", str(n + 1), "--noise", "10"], check=True, stdout=subprocess.DEVNULL)


def await_port(process, port):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        echo = subprocess.run(["echoscu", "-aet", SENDER, "-aec", "NARU", "127.0.0.1", str(port)], capture_output=True)
        if echo.returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


@contextlib.contextmanager
def running(command, port, log):
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        await_port(process, port)
        yield
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


class Naru:
    name = "naru"

    def __init__(self, binaries, program=None):
        self.command = [program] if program else [binaries / "naru", "serve"]
        self.version = subprocess.run([binaries / "naru", "--version"], capture_output=True, text=True).stdout.strip()

    @contextlib.contextmanager
    def serve(self, folder):
        port, self.data = free_port(), folder / "data"
        config = folder / "naru.toml"
        config.write_text(f"""data = "{self.data}"
[listen]
port = {free_port()}
[dicom]
is_on = true
port = {port}
organisation = "Operator"
allowed_ae_titles = ["{SENDER}"]
max_associations = 64
""")
        subprocess.run([*self.command, "--config", config, "--init", "admin"], input=b"\n", check=True, capture_output=True)
        with running([*self.command, "--config", config], port, folder / "log"):
            yield port

    def count(self):
        with contextlib.closing(sqlite3.connect(self.data / "naru.db")) as database:
            return database.execute("SELECT count(*) FROM instances").fetchone()[0]


class Orthanc:
    name = "orthanc"

    def __init__(self, program):
        self.program = program
        self.version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.splitlines()[0]

    @contextlib.contextmanager
    def serve(self, folder):
        port, self.http_port = free_port(), free_port()
        config = folder / "orthanc.json"
        config.write_text(json.dumps({
            "StorageDirectory": str(folder / "store"), "IndexDirectory": str(folder / "store"), "DicomAet": "NARU",
            "DicomPort": port, "DicomAlwaysAllowStore": True, "DicomCheckCalledAet": False, "HttpPort": self.http_port,
            "RemoteAccessAllowed": False, "Plugins": [], "StorageCompression": False, "SyncStorageArea": True}))
        with running([self.program, str(config)], port, folder / "log"):
            yield port
            connection = http.client.HTTPConnection("127.0.0.1", self.http_port)
            connection.request("GET", "/statistics")
            self.counted = json.load(connection.getresponse())["CountInstances"]

    def count(self):
        return self.counted


def send(series, count, port):
    """Seconds until all associations ended well."""
    began = time.monotonic()
    senders = [subprocess.Popen(["storescu", "-aet", SENDER, "-aec", "NARU", "127.0.0.1", str(port), "+sd", series / str(n)],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for n in range(count)]
    failed = [sender.wait() for sender in senders if sender.wait() != 0]
    seconds = time.monotonic() - began
    if failed:
        raise RuntimeError(f"{len(failed)} senders failed")
    return seconds


def measure(server, series, associations, instances, folder):
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        with server.serve(pathlib.Path(scratch)) as port:
            seconds = send(series, associations, port)
        if server.count() != associations * instances:
            raise RuntimeError(f"{server.name} holds {server.count()} instances")
    return associations * instances / seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binaries", type=pathlib.Path)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--instances", type=int, default=200)
    parser.add_argument("--associations", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--serve", help="a program to run instead of `naru serve`, with the same options")
    options = parser.parse_args()
    orthanc = find_orthanc()
    if not orthanc or not shutil.which("storescu"):
        sys.exit("cstore.py needs Orthanc and storescu (Debian: orthanc, dcmtk)")
    servers = [Naru(options.binaries, options.serve), Orthanc(orthanc)]
    rows = []
    with tempfile.TemporaryDirectory(dir=options.folder) as made:
        series = pathlib.Path(made)
        make_series(options.binaries / "naru_phantom", series, max(options.associations), options.instances)
        for associations in options.associations:
            rates = {server.name: [] for server in servers}
            for _ in range(options.runs):
                for server in servers:
                    rates[server.name].append(measure(server, series, associations, options.instances, options.folder))
            row = {"associations": associations, "instances_each": options.instances,
                   "bytes_each": next((series / "0").iterdir()).stat().st_size}
            for server in servers:
                row[server.name + "_per_s"] = round(statistics.median(rates[server.name]), 1)
                row[server.name + "_runs"] = [round(rate, 1) for rate in rates[server.name]]
            row["ratio"] = round(row["naru_per_s"] / row["orthanc_per_s"], 2)
            rows.append(row)
            print(json.dumps(row), file=sys.stderr)
    print(json.dumps({"schema": "naru.cstore-benchmark/1", "load_average": round(os.getloadavg()[0], 1),
                      "versions": {server.name: server.version for server in servers}, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
