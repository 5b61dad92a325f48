"""SIGKILL at random instants and at every named step: nothing that was acknowledged may be lost, doubled or stuck.

    kill_test.py NARU PHANTOM FOLDER [--kills 200] [--seed 1] [--database URL]

While instances come in, jobs are handed in and datasets are downloaded, the server is killed again and again. Then it
is left alone, and:
 1. every acknowledged instance is in the store, its bytes right (`naru admin fsck --read`)
 2. every acknowledged job is there once, has ended as COMPLETE, and has one dataset; a job that was asked for again
    under the same key is the same job
 3. every dataset is whole: each file has its checksum, downloaded through the server; nothing else is listed
 4. no download was ever answered with wrong bytes
 5. the ledger is consistent, holds a leaf for every one of these, and every checkpoint seen before a kill is in it
"""
import argparse
import hashlib
import http.client
import json
import pathlib
import random
import subprocess
import sys
import threading
import time

from harness import Server, World

CRASH_POINTS = ["receive.staged", "receive.kept", "receive.before_commit", "receive.after_commit", "job.claimed",
                "job.worker_started", "job.worker_ended", "job.before_rename", "job.after_rename", "job.before_commit",
                "job.after_commit"]
CONFIG = """
[listen]
port = {port}
[ingest]
quiet_s = 1
[jobs]
worker_count = 1
threads = 1
memory = "1GiB"
lease_s = 5
max_attempts = 100
device = "cpu"
"""


class Load:
    """Clients that know what was promised to them. Each promise is noted only once the answer is here."""

    def __init__(self, world, files, seed):
        self.world, self.files, self.random = world, files, random.Random(seed)
        self.instances, self.jobs, self.asked, self.checkpoints, self.wrong = {}, {}, {}, [], []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.forever, args=(step,), daemon=True)
                        for step in (self.send, self.hand_in, self.download, self.look)]
        self.next_file = self.next_job = 0
        self.max_jobs = 40
        self.max_files = len(files) - 2 * len(CRASH_POINTS)  # the rest is for the steps

    def forever(self, step):
        while not self.stop.is_set():
            try:
                step()
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.02)  # the server was killed: try again, as clients do

    def send(self):
        if self.next_file >= min(self.max_files, len(self.files)):
            return time.sleep(0.1)
        file = self.files[self.next_file]
        answer = self.world.send_file(file)
        if answer.status in (200, 201):
            self.instances[hashlib.sha256(file.read_bytes()).hexdigest()] = str(file)
            self.next_file += 1
        elif answer.status not in (409, 429, 503):
            self.wrong.append(f"sending an instance: {answer!r}")
        time.sleep(self.random.random() * 0.02)

    def hand_in(self):
        studies = [study["id"] for study in self.world.studies() if study["state"] == "closed"]
        if studies and len(self.jobs) < self.max_jobs:
            key = f"job-{self.next_job}"
            # Where the answer to a request was lost, the same request is made again, to the byte.
            body = self.asked.setdefault(key, {"kind": "prepare", "name": f"set-{self.next_job}", "recipe": "original-grid",
                                               "study_ids": [studies[self.next_job % len(studies)]]})
            answer = self.world.steward.request("POST", "/api/v1/jobs", body, headers={"Idempotency-Key": key})
            if answer.status == 201:
                self.jobs[key] = (answer.json()["id"], body)
                self.next_job += 1
            elif answer.status not in (409, 429, 503):
                self.wrong.append(f"handing in a job: {answer!r}")
        time.sleep(0.3 + self.random.random() * 0.3)

    def download(self):
        datasets = self.world.steward.expect(200, "GET", "/api/v1/datasets").json()["items"]
        if datasets:
            dataset = self.random.choice(datasets)
            check_dataset(self.world, dataset, self.wrong)
        time.sleep(0.2)

    def look(self):
        answer = self.world.auditor.get("/api/v1/ledger/checkpoint")
        if answer.status == 200:
            self.checkpoints.append(answer.body.decode())
        time.sleep(0.1)


def check_dataset(world, dataset, wrong):
    files = world.steward.expect(200, "GET", f"/api/v1/datasets/{dataset['id']}/files?limit=1000").json()["items"]
    if not any(file["path"] == "SHA256SUMS" and file["sha256"] == dataset["sha256"] for file in files):
        wrong.append(f"{dataset['id']} is listed without its SHA256SUMS")
    for file in files:
        answer = world.steward.get("/api/v1/data/" + file["drs_id"])
        if answer.status in (429, 503):
            return
        if answer.status != 200 or hashlib.sha256(answer.body).hexdigest() != file["sha256"]:
            wrong.append(f"{dataset['id']}: {file['path']} came with {answer.status} and other bytes")


def make_files(phantom, folder, study_count, seed):
    files = []
    for index in range(study_count):
        target = folder / f"study-{index}"
        subprocess.run([phantom, "--out", target, "--size", "64", "64", "12", "--seed", str(seed * 1000 + index)], check=True)
        files += sorted(path for path in target.rglob("*") if path.is_file())
    return files


def kill_at_random(server, load, count, rng):
    for index in range(count):
        time.sleep(rng.random() * 0.8)
        server.kill()
        server.start()
        if load.wrong:
            break
        if index % 20 == 19:
            print(f"{index + 1} kills: {len(load.instances)} instances, {len(load.jobs)} jobs", flush=True)


def kill_at_points(server, world, load):
    for point in CRASH_POINTS:
        load.max_jobs = len(load.jobs) + 3
        load.max_files += 2
        server.kill()
        server.start(env={"NARU_CRASH_AT": point}, wait=False)
        try:
            server.process.wait(timeout=60)
            print(f"killed at {point}", flush=True)
        except subprocess.TimeoutExpired:
            load.wrong.append(f"the server never came to {point}")
            server.kill()
        server.start()


def check_all(server, world, load, naru, folder):
    wrong = load.wrong
    for key, (job_id, body) in load.jobs.items():
        again = world.steward.request("POST", "/api/v1/jobs", body, headers={"Idempotency-Key": key})
        if again.status != 201 or again.json()["id"] != job_id:
            wrong.append(f"{key} asked for again: {again!r}")
        job = world.wait_job(job_id, seconds=600)
        if job["state"] != "COMPLETE":
            wrong.append(f"{job_id} ended as {job['state']}: {job}")
    datasets = world.all_of("/api/v1/datasets")
    if len(datasets) != len({dataset["name"] for dataset in datasets}) or len(datasets) < len(load.jobs):
        wrong.append(f"{len(load.jobs)} jobs were promised, {len(datasets)} datasets are there")
    for dataset in datasets:
        check_dataset(world, dataset, wrong)
    time.sleep(2)
    last = world.auditor.expect(200, "GET", "/api/v1/ledger/checkpoint").body.decode()
    key = world.auditor.expect(200, "GET", "/api/v1/ledger/key").body.decode()
    server.stop()
    checked = subprocess.run([naru, "admin", "fsck", "--config", str(server.config), "--data", str(server.data), "--read", "--json"],
                             capture_output=True, text=True)
    result = json.loads(checked.stdout)
    if checked.returncode != 0 or not result["is_sound"]:
        wrong.append(f"fsck: {checked.stdout}")
    if result["counts"].get("instances", 0) < len(load.instances):
        wrong.append(f"{len(load.instances)} instances were acknowledged, the store has {result['counts']}")
    for sha256, file in load.instances.items():
        kept = list((server.data / "content").glob(f"*/{sha256}"))
        if not kept or hashlib.sha256(kept[0].read_bytes()).hexdigest() != sha256:
            wrong.append(f"an acknowledged instance is lost: {file}")
    check_ledger(load, last, wrong)
    return result, key


def check_ledger(load, last, wrong):
    """Sizes never shrink, and the same size never has two roots. That the tree is one is what fsck recomputed."""
    roots, size_before = {}, 0
    for note in load.checkpoints + [last]:
        _, size, root = note.split("\n")[:3]
        if int(size) < size_before:
            wrong.append(f"the ledger shrank from {size_before} to {size}")
        if roots.setdefault(size, root) != root:
            wrong.append(f"two roots for {size} leaves")
        size_before = int(size)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("naru"), parser.add_argument("phantom"), parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", default="")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    server = Server(options.naru, options.folder, CONFIG, options.database)
    server.init()
    server.start()
    world = World(server)
    files = make_files(options.phantom, options.folder / "input", max(6, options.kills // 4), options.seed)
    load = Load(world, files, options.seed)
    for thread in load.threads:
        thread.start()
    kill_at_random(server, load, options.kills, rng)
    kill_at_points(server, world, load)
    load.stop.set()
    for thread in load.threads:
        thread.join(timeout=60)
    result, _ = check_all(server, world, load, options.naru, options.folder)
    print(f"{options.kills} random kills and {len(CRASH_POINTS)} at steps: {len(load.instances)} instances, "
          f"{len(load.jobs)} jobs acknowledged; {result['counts']}")
    for line in load.wrong:
        print("WRONG:", line)
    sys.exit(1 if load.wrong or not load.jobs or not load.instances else 0)


if __name__ == "__main__":
    main()
