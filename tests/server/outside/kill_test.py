"""SIGKILL at random instants and at every named step: nothing that was acknowledged may be lost, doubled or stuck.

    kill_test.py NARU PHANTOM FOLDER [--kills 200] [--seed 1] [--postgres | --database URL] [--points-only]

While instances come in (one by one, as archives in pieces, by STOW-RS, by C-STORE, through a watched folder), jobs are
handed in and datasets are downloaded, the server is killed again and again. With --postgres a PostgreSQL is started for
it, and one kill in four is PostgreSQL's, one in eight is both at once. Then it is left alone, and:
 1. every acknowledged instance is in the database and in the store, its bytes right (`naru admin fsck --read`)
 2. every acknowledged upload is done, with nothing rejected; no upload is left half way
 3. every acknowledged job is there once, has ended as COMPLETE, and has one dataset; a job that was asked for again
    under the same key is the same job
 4. every dataset is whole: each file has its checksum, downloaded through the server; nothing else is listed
 5. no download was ever answered with wrong bytes
 6. the ledger is consistent (`naru audit verify` of its export), holds one leaf for every job and every dataset, and the
    checkpoints that were seen before a kill are of it
"""
import argparse
import collections
import contextlib
import hashlib
import http.client
import io
import itertools
import json
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import threading
import time

from harness import Postgres, Server, Unexpected, World

CRASH_POINTS = ["receive.staged", "receive.kept", "receive.before_commit", "receive.after_commit", "create.after_commit",
                "upload.written", "upload.synced", "upload.saved", "upload.received", "archive.batch", "upload.ingested",
                "upload.done", "folder.stored", "folder.removed", "job.claimed", "job.worker_started", "job.worker_ended",
                "job.before_rename", "job.after_rename", "job.before_commit", "job.after_commit"]
CONFIG = """
[listen]
port = {port}
[dicom]
is_on = false
port = {dicom_port}
organisation = "Seoul Hospital"
allowed_ae_titles = ["STORESCU"]
[ingest]
quiet_s = 1
folders = []
[jobs]
worker_count = 1
threads = 1
memory = "1GiB"
lease_s = 5
max_attempts = 100
device = "cpu"
"""


def data_set_of(data):
    """What follows the File Meta Information, which a receiver of C-STORE writes anew."""
    assert data[128:132] == b"DICM" and data[132:136] == b"\2\0\0\0", "no DICOM file"
    return data[144 + int.from_bytes(data[140:144], "little"):]


def sha256_of(data):
    return hashlib.sha256(data).hexdigest()


class Load:
    """Clients that know what was promised to them. Each promise is noted only once the answer is here."""

    def __init__(self, world, studies, folder, seed):
        self.world, self.folder, self.random, self.study_size = world, folder, random.Random(seed), len(studies[0])
        self.instances, self.uploads, self.jobs, self.asked, self.checkpoints, self.wrong = {}, {}, {}, {}, [], []
        self.stop = threading.Event()
        ways = [self.send, self.send_archive, self.send_by_stow, self.drop] + [self.send_by_c_store] * bool(shutil.which("storescu"))
        # Each way has studies of its own.
        own = [itertools.cycle(itertools.chain.from_iterable(studies[n::len(ways)])) for n in range(len(ways))]
        self.threads = [threading.Thread(target=self.forever, args=(step, files), daemon=True) for step, files in zip(ways, own)]
        self.threads += [threading.Thread(target=self.forever, args=(step,), daemon=True)
                         for step in (self.hand_in, self.download, self.look)]
        self.counts = {step.__name__: 0 for step in ways}
        self.next_job, self.max_jobs, self.dropped = 0, 200, {}
        self.upload = None  # the one under way

    def forever(self, step, *arguments):
        while not self.stop.is_set():
            try:
                step(*arguments)
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.02)  # the server was killed: try again, as clients do
            except Unexpected as other:
                if other.answer.status not in (429, 503):
                    self.wrong.append(str(other))
                time.sleep(0.02)
            except Exception as other:
                self.wrong.append(f"{step.__name__}: {other!r}")
                raise

    def acknowledged(self, way, paths):
        """Later bytes of these files must be in the store."""
        self.counts[way] += len(paths)
        for path in paths:
            self.instances[sha256_of(data_set_of(path.read_bytes()))] = str(path)

    def send(self, files):
        file = next(files)
        while not self.stop.is_set():
            answer = self.world.send_file(file)
            if answer.status in (200, 201):
                self.acknowledged("send", [file])
                break
            if answer.status not in (409, 429, 503):
                self.wrong.append(f"sending an instance: {answer!r}")
        time.sleep(self.random.random() * 0.05)

    def send_archive(self, files):
        """In two pieces; goes on where the server says that it is."""
        if self.upload is None:
            members, packed = [next(files) for _ in range(3)], io.BytesIO()
            with tarfile.open(fileobj=packed, mode="w") as archive:
                for member in members:
                    archive.add(member, member.name)
            self.upload = {"members": members, "data": packed.getvalue(), "key": f"upload-{time.time_ns()}"}
        steward, data = self.world.steward, self.upload["data"]
        made = steward.expect(201, "POST", "/api/v1/uploads", {"kind": "archive", "size_bytes": len(data)},
                              headers={"Idempotency-Key": self.upload["key"]}).json()
        path = f"/api/v1/uploads/{made['id']}"
        while (now := steward.expect(200, "GET", path).json())["state"] == "open":
            offset = now["received_bytes"]
            if offset == len(data):
                answer = steward.post(path + "/complete")
            else:
                piece = data[offset:len(data) // 2 if offset < len(data) // 2 else len(data)]
                answer = steward.request("PATCH", path, piece, headers={"Upload-Offset": str(offset)})
            if answer.status not in (200, 202, 204, 409, 412, 429, 503):
                self.wrong.append(f"an upload: {answer!r}")
                break
        self.uploads[made["id"]] = self.upload["members"]
        self.acknowledged("send_archive", self.upload["members"])
        self.upload = None
        time.sleep(self.random.random() * 0.2)

    def send_by_stow(self, files):
        sent = [next(files) for _ in range(2)]
        body = b"".join(b"--b\r\nContent-Type: application/dicom\r\n\r\n" + file.read_bytes() + b"\r\n" for file in sent) + b"--b--\r\n"
        answer = self.world.steward.request("POST", "/dicomweb/studies", body, headers={
            "Content-Type": 'multipart/related; type="application/dicom"; boundary=b'})
        if answer.status == 200:
            self.acknowledged("send_by_stow", sent)
        elif answer.status not in (409, 429, 503):
            self.wrong.append(f"STOW-RS: {answer!r}")
        time.sleep(self.random.random() * 0.2)

    def send_by_c_store(self, files):
        file = next(files)
        done = subprocess.run(["storescu", "-aet", "STORESCU", "-aec", "NARU", "-to", "5", "-ta", "10", "-td", "20",
                               "127.0.0.1", str(self.world.server.dicom_port), file], capture_output=True)
        if done.returncode == 0:
            self.acknowledged("send_by_c_store", [file])
        time.sleep(self.random.random() * 0.2)

    def drop(self, files):
        """Into the watched folder; that a file is gone from there says that it is stored."""
        for name in [name for name in self.dropped if not (self.folder / name).exists()]:
            self.acknowledged("drop", [self.dropped.pop(name)])
        if len(self.dropped) < 4:
            file, name = next(files), f"{time.time_ns()}.dcm"
            shutil.copy(file, self.folder / ("." + name))
            (self.folder / ("." + name)).rename(self.folder / name)
            self.dropped[name] = file
        time.sleep(0.1 + self.random.random() * 0.2)

    def hand_in(self):
        studies = [study["id"] for study in self.world.studies()  # one that closed half sent would be no volume
                   if study["state"] == "closed" and study["instance_count"] == self.study_size]
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
    studies = []
    for index in range(study_count):
        target = folder / f"study-{index}"
        subprocess.run([phantom, "--out", target, "--size", "64", "64", "12", "--seed", str(seed * 1000 + index)], check=True)
        studies.append(sorted(path for path in target.rglob("*") if path.is_file()))
    return studies


def make_server(naru, folder, database="", data=None, env=None, more=""):
    """A server with its people, that receives by C-STORE and has a watched folder."""
    server = Server(naru, folder, CONFIG + more, database)
    server.data = data or server.data
    watched = folder / "watched"
    watched.mkdir()
    server.init()
    server.start(env)
    world = World(server)
    server.stop()
    # Now that the hospital is there, things may come for it.
    server.change_config("is_on = false", "is_on = true")
    server.change_config("folders = []", f'folders = [{{ path = "{watched}", organisation = "Seoul Hospital" }}]')
    server.start(env)
    return server, world, watched


def kill_at_random(server, postgres, load, count, rng):
    for index in range(count):
        time.sleep(rng.random() * 0.8)
        kind = index % 8 if postgres else 0
        if kind in (1, 4, 7):
            postgres.kill()
            if kind == 7:
                server.kill()
            time.sleep(rng.random() * 0.5)
            postgres.start()
        else:
            server.kill()
        if server.process.returncode is not None:
            server.start()
        server.wait_ready()
        if load.wrong:
            break
        if index % 20 == 19:
            print(f"{index + 1} kills: {len(load.instances)} instances, {len(load.jobs)} jobs", flush=True)


def kill_at_points(server, world, load):
    for point in CRASH_POINTS:
        load.max_jobs = len(load.jobs) + 3
        server.kill()
        server.start(env={"NARU_CRASH_AT": point}, wait=False)
        try:
            server.process.wait(timeout=60)
            print(f"killed at {point}", flush=True)
        except subprocess.TimeoutExpired:
            load.wrong.append(f"the server never came to {point}")
            server.kill()
        server.start()


def wait_upload(world, upload_id):
    for _ in range(300):
        upload = world.steward.expect(200, "GET", f"/api/v1/uploads/{upload_id}").json()
        if upload["state"] not in ("open", "received"):
            return upload
        time.sleep(0.1)
    return upload


def wait_tidy(server):
    """What is left of work that has ended, after the server's own sweeps."""
    for _ in range(120):
        left = [str(file) for name in ("uploads", "jobs", "content/incoming") for file in (server.data / name).iterdir()]
        if not left:
            break
        time.sleep(0.5)
    time.sleep(2)
    return left


def check_all(server, world, load, naru):
    wrong = load.wrong
    for key, (job_id, body) in load.jobs.items():
        again = world.steward.request("POST", "/api/v1/jobs", body, headers={"Idempotency-Key": key})
        if again.status != 201 or again.json()["id"] != job_id:
            wrong.append(f"{key} asked for again: {again!r}")
        job = world.wait_job(job_id, seconds=600)
        if job["state"] != "COMPLETE":
            wrong.append(f"{job_id} ended as {job['state']}: {job}")
    for upload_id, members in load.uploads.items():
        upload = wait_upload(world, upload_id)
        if upload["state"] != "done" or upload["result"]["stored"] + upload["result"]["duplicate"] != len(members):
            wrong.append(f"{upload_id} ended as {upload}")
    datasets = world.all_of("/api/v1/datasets")
    if len(datasets) != len({dataset["name"] for dataset in datasets}) or len(datasets) < len(load.jobs):
        wrong.append(f"{len(load.jobs)} jobs were promised, {len(datasets)} datasets are there")
    for dataset in datasets:
        check_dataset(world, dataset, wrong)
    left = wait_tidy(server)
    if left:
        wrong.append(f"left over: {left}")
    last = world.auditor.expect(200, "GET", "/api/v1/ledger/checkpoint").body.decode()
    check_leaves(world, load, datasets, wrong)
    key = world.auditor.expect(200, "GET", "/api/v1/ledger/key").body.decode()
    server.stop()
    checked = subprocess.run([naru, "admin", "fsck", "--config", str(server.config), "--data", str(server.data), "--read", "--json"],
                             capture_output=True, text=True)
    result = json.loads(checked.stdout)
    if checked.returncode != 0 or not result["is_sound"]:
        wrong.append(f"fsck: {checked.stdout}")
    recorded = recorded_hashes(server)
    kept = {sha256_of(data_set_of(file.read_bytes())) for file in (server.data / "content").glob("??/*") if file.name in recorded}
    wrong += [f"an acknowledged instance is lost: {file}" for data_set, file in load.instances.items() if data_set not in kept]
    check_ledger(load, last, wrong)
    check_export(naru, server, load, key, wrong)
    return result


def recorded_hashes(server):
    """Of the instances that the database holds, as its own client says. @pre the server is stopped"""
    query, url = "SELECT DISTINCT sha256 FROM instances", re.search(r'^database = "(postgres.*)"', server.config.read_text(), re.M)
    if url:
        return set(subprocess.run(["psql", url[1], "-Atqc", query], check=True, capture_output=True, text=True).stdout.split())
    with contextlib.closing(sqlite3.connect(f"file:{server.data / 'naru.db'}?mode=ro", uri=True)) as database:
        return {row[0] for row in database.execute(query)}


def check_leaves(world, load, datasets, wrong):
    """One leaf says that a job was made, and one that a dataset was published."""
    leaves, at = [], 0
    while at is not None:
        page = world.auditor.expect(200, "GET", f"/api/v1/ledger/leaves?from={at}&limit=1000").json()
        leaves, at = leaves + page["items"], page["next"]
    counts = collections.Counter((leaf["kind"], leaf["object_id"]) for leaf in leaves)
    wanted = [("job.created", job_id) for job_id, _ in load.jobs.values()] + [("dataset.published", one["id"]) for one in datasets]
    wrong += [f"{counts[one]} leaves for {one}" for one in wanted if counts[one] != 1]


def check_export(naru, server, load, key, wrong, most=300):
    """The exported tree is whole, and what was seen of it before is of it: by the program that strangers use. The export is
    made once a minute, so the newest checkpoints may not be in it yet."""
    export, seen = server.data / "ledger", server.folder / "checkpoints"
    size = int((export / "checkpoint").read_text().split("\n")[1])
    notes = sorted({note for note in load.checkpoints if int(note.split("\n")[1]) <= size})
    seen.mkdir()
    for index, note in enumerate(notes[:: max(1, len(notes) // most)]):
        (seen / f"{index}.checkpoint").write_text(note)
    (server.folder / "ledger.key").write_text(key)
    done = subprocess.run([naru, "audit", "verify", export, *sorted(seen.iterdir()), "--key", server.folder / "ledger.key"],
                          capture_output=True, text=True)
    if done.returncode != 0 or size == 0:
        wrong.append(f"naru audit verify of {size} leaves and {len(notes)} checkpoints: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def check_ledger(load, last, wrong):
    """Sizes never shrink, and the same size never has two roots."""
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
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--points-only", action="store_true")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    postgres = Postgres() if options.postgres else None
    server, world, watched = make_server(options.naru, options.folder, postgres.url if postgres else options.database)
    studies = make_files(options.phantom, options.folder / "input", min(50, max(10, options.kills // 4)), options.seed)
    load = Load(world, studies, watched, options.seed)
    for thread in load.threads:
        thread.start()
    try:
        if not options.points_only:
            kill_at_random(server, postgres, load, options.kills, rng)
        kill_at_points(server, world, load)
        load.stop.set()
        for thread in load.threads:
            thread.join(timeout=60)
        result = check_all(server, world, load, options.naru)
    finally:
        if postgres:
            postgres.remove()
    print(f"{0 if options.points_only else options.kills} random kills and {len(CRASH_POINTS)} at steps: {len(load.instances)} "
          f"instances ({load.counts}), {len(load.uploads)} uploads, {len(load.jobs)} jobs acknowledged; {result['counts']}")
    for line in load.wrong:
        print("WRONG:", line)
    sys.exit(1 if load.wrong or not load.jobs or not load.uploads or 0 in load.counts.values() else 0)


if __name__ == "__main__":
    main()
