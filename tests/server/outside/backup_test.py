"""Backups that the server makes while it works, and what they are worth after a loss.

    backup_test.py NARU PHANTOM FOLDER [--database URL --restored URL]

 1. while studies come in, close and are destroyed, backups are made; requests are answered meanwhile
 2. each of them is brought back elsewhere, and `naru admin fsck --read` finds it sound
 3. an instance that was acknowledged before a backup was asked for, and not destroyed since, is in it
 4. a kill at each step leaves no half backup to be seen; after the next start a backup can be made again
"""
import argparse
import hashlib
import http.client
import json
import pathlib
import shutil
import subprocess
import sys
import threading
import time

from harness import Server, World
from kill_test import make_files

CONFIG = """
[listen]
port = {port}
[ingest]
quiet_s = 1
[jobs]
worker_count = 1
threads = 1
memory = "1GiB"
device = "cpu"
[backup]
folder = "%s"
keep = 3
"""
CRASH_POINTS = ["backup.held", "backup.database", "backup.before_rename", "backup.after_rename"]


class Load:
    """Sends instances one after the other and destroys some of the closed studies."""

    def __init__(self, world, files):
        self.world, self.files, self.next = world, files, 0
        self.kept, self.wrong, self.answers = {}, [], 0
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.forever, args=(step,), daemon=True)
                        for step in (self.send, self.destroy, self.look)]

    def forever(self, step):
        while not self.stop.is_set():
            try:
                step()
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)

    def send(self):
        if self.next < len(self.files):
            file = self.files[self.next]
            if self.world.send_file(file).status in (200, 201):
                self.kept[hashlib.sha256(file.read_bytes()).hexdigest()] = file
                self.next += 1
        time.sleep(0.01)

    def destroy(self):
        closed = [study["id"] for study in self.world.studies() if study["state"] == "closed"]
        if len(closed) > 2:
            self.world.steward.request("DELETE", f"/api/v1/studies/{closed[0]}")
        time.sleep(0.3)

    def look(self):
        answer = self.world.admin.get("/readyz", timeout=30)
        if answer.status != 200:
            self.wrong.append(f"not ready during a backup: {answer!r}")
        self.answers += 1
        time.sleep(0.02)


def make_backup(world, seconds=120):
    asked = world.admin.request("POST", "/api/v1/backups")
    assert asked.status == 202, asked
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        backup = world.admin.expect(200, "GET", asked.headers["Location"]).json()
        if backup["state"] not in ("waiting", "running"):
            return backup
        time.sleep(0.05)
    raise AssertionError("the backup did not end")


def fsck(naru, server, data, config):
    done = subprocess.run([naru, "admin", "fsck", "--config", config, "--data", data, "--read", "--json"],
                          capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def restore(naru, server, backup, folder, url):
    """Brings a backup back into `folder`; what fsck says of it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    data, config = folder / "data", folder / "naru.toml"
    data.mkdir(mode=0o700)
    config.write_text(f'database = "{url}"\n' if url else "")
    shutil.copy(server.data / "master.key", data / "master.key")
    done = subprocess.run([naru, "admin", "restore", "--config", config, "--data", data, backup],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return data, *fsck(naru, server, data, config)


def check_backups(naru, server, world, load, folder, options):
    for index in range(2 if options.restored else 4):
        before = dict(load.kept)
        backup = make_backup(world)
        if backup["state"] != "complete" or backup["missing_count"] != 0:
            load.wrong.append(f"backup {index}: {backup}")
            continue
        place = folder / "backups" / backup["id"]
        done = subprocess.run([naru, "admin", "fsck", "--backup", place, "--read"], capture_output=True, text=True)
        if done.returncode != 0:
            load.wrong.append(f"backup {index}, where it lies: {done.stdout + done.stderr}")
        destroyed = {study["id"] for study in world.studies() if study["state"] == "destroyed"}
        url = options.restored if index == 0 else ""
        if options.restored and index > 0:
            continue  # there is one empty database
        data, status, said = restore(naru, server, place, folder / f"restored-{index}", url)
        if status != 0:
            load.wrong.append(f"backup {index} is not sound: {said}")
        present = {path.name for path in (data / "content").glob("*/*")}
        if len(destroyed) == 0 and not set(before) <= present:
            load.wrong.append(f"backup {index} lacks {len(set(before) - present)} acknowledged instances")
        print(f"backup {index}: {backup['file_count']} files, {len(before)} acknowledged before, "
              f"{len(destroyed)} studies destroyed", flush=True)
    kept = sorted(path.name for path in (folder / "backups").iterdir())
    if len(kept) > 3:
        load.wrong.append(f"keep = 3, and these are there: {kept}")


def check_kills(naru, server, world, load, folder):
    for point in CRASH_POINTS:
        server.kill()
        server.start(env={"NARU_CRASH_AT": point})
        try:
            world.admin.request("POST", "/api/v1/backups")
        except OSError:
            pass
        server.process.wait(timeout=60)
        whole = [path for path in (folder / "backups").iterdir() if not path.name.endswith(".partial")]
        for path in whole:
            if not (path / "backup.json").exists():
                load.wrong.append(f"killed at {point}: a half backup is seen")
        server.start()
        left = list((folder / "backups").glob("*.partial")) + list(server.data.glob("backup-hold"))
        if left:
            load.wrong.append(f"killed at {point}: {left} was left")
        last = world.admin.expect(200, "GET", "/api/v1/backups?limit=1000").json()["items"][-1]
        if last["state"] != ("complete" if point == "backup.after_rename" else "failed"):
            load.wrong.append(f"killed at {point}: {last}")
        backup = make_backup(world)
        if backup["state"] != "complete":
            load.wrong.append(f"after a kill at {point}: {backup}")
        print(f"killed at {point}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("naru"), parser.add_argument("phantom"), parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--database", default=""), parser.add_argument("--restored", default="")
    options = parser.parse_args()
    folder = options.folder.absolute()
    server = Server(options.naru, folder, CONFIG.replace("%s", str(folder / "backups")), options.database)
    server.init()
    server.start()
    world = World(server)
    studies = make_files(options.phantom, folder / "input", 24, 1)
    load = Load(world, [file for study in studies for file in study])
    for thread in load.threads:
        thread.start()
    end = time.monotonic() + 60
    while not load.kept:
        if time.monotonic() > end:
            sys.exit("WRONG: no instance was acknowledged within a minute")
        time.sleep(0.05)
    check_backups(options.naru, server, world, load, folder, options)
    load.stop.set()
    for thread in load.threads:
        thread.join(timeout=60)
    metrics = world.admin.get("/metrics").body.decode()
    if "naru_backup_age_seconds " not in metrics or 'naru_backups{state="complete"}' not in metrics:
        load.wrong.append("the metrics do not tell of backups")
    check_kills(options.naru, server, world, load, folder)
    server.stop()
    status, said = fsck(options.naru, server, server.data, server.config)
    if status != 0:
        load.wrong.append(f"fsck: {said}")
    print(f"{len(load.kept)} instances acknowledged, {load.answers} answers meanwhile")
    for line in load.wrong:
        print("WRONG:", line)
    sys.exit(1 if load.wrong else 0)


if __name__ == "__main__":
    main()
