"""Disk full, disk read-only, database away, clock moved: the server says so with its codes, loses nothing, and goes on.

    fault_test.py NARU PHANTOM FOLDER [--only CASE] [--seconds 8] [--seed 1]

Filling and freezing a disk needs root, since a small disk is mounted for it; moving the clock needs Debian's libfaketime;
taking the database away needs PostgreSQL. A case whose means are missing is named and left out; NARU_NEEDS_ALL=1 makes
that a failure.
"""
import argparse
import concurrent.futures
import contextlib
import glob
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

from harness import PASSWORD, Client, Postgres
from kill_test import Load, check_all, check_dataset, make_files, make_server

CASES = []
MIB = 1 << 20


class LeftOut(Exception):
    pass


def case(function):
    CASES.append(function)
    return function


def expect_problem(answer, status, code):
    assert answer.status == status, f"expected {status} {code}, got {answer!r}"
    assert answer.json()["code"] == code, answer.json()
    assert status != 503 or answer.headers["Retry-After"], "a 503 without Retry-After"


def wait_for(what, condition, seconds=60, pause=0.1):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(pause)
    raise AssertionError("it did not come to this: " + what)


def stow(world, file):
    body = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + file.read_bytes() + b"\r\n--b--\r\n"
    return world.steward.request("POST", "/dicomweb/studies", body, headers={
        "Content-Type": 'multipart/related; type="application/dicom"; boundary=b'})


def c_store(server, file):
    """What storescu says, and whether the receiver took the file."""
    done = subprocess.run(["storescu", "-v", "-aet", "STORESCU", "-aec", "NARU", "-to", "10", "-td", "30", "127.0.0.1",
                           str(server.dicom_port), file], capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def drop(watched, file):
    shutil.copy(file, watched / "dropped.dcm")
    return watched / "dropped.dcm"


def prepared(world, studies):
    """Sends a study and makes a dataset of it, for the reads that must go on."""
    for file in studies[0]:
        assert world.send_file(file).status in (200, 201)
    world.close_studies()
    job = world.wait_job(world.job([study["id"] for study in world.studies()], name="before")["id"])
    assert job["state"] == "COMPLETE", job
    return world.all_of("/api/v1/datasets")[0]


def job_at_work(world, study_id, name):
    """A job that was seen RUNNING. One that is done between two looks is followed by another."""
    for number in range(30):
        job = world.job([study_id], name=f"{name}-{number}")
        seen = "QUEUED"
        end = time.monotonic() + 60
        while seen in ("QUEUED", "INITIALIZING") and time.monotonic() < end:
            seen = world.steward.expect(200, "GET", f"/api/v1/jobs/{job['id']}").json()["state"]
        if seen == "RUNNING":
            return job
        assert seen == "COMPLETE", f"the job is {seen}"
    raise AssertionError("no job was seen at work")


def download(world, dataset):
    wrong = []
    check_dataset(world, dataset, wrong)
    assert not wrong, wrong


def fsck(options, server):
    server.stop()
    done = subprocess.run([options.naru, "admin", "fsck", "--config", server.config, "--data", server.data, "--read", "--json"],
                          capture_output=True, text=True)
    assert done.returncode == 0 and json.loads(done.stdout)["is_sound"], done.stdout + done.stderr


@contextlib.contextmanager
def mounted(*arguments):
    done = subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise LeftOut("no disk can be mounted here: " + done.stderr.strip())
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(arguments[-1])], check=True)


@contextlib.contextmanager
def read_only(folder):
    """What is opened in the folder from now on; what is open stays so."""
    with mounted("--bind", folder, folder):
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        yield


class Ballast:
    """Fills a disk until `left` bytes are free."""

    def __init__(self, disk):
        self.file = disk / "ballast"

    def leave(self, left):
        disk = os.statvfs(self.file.parent)
        size = (self.file.stat().st_size if self.file.exists() else 0) + disk.f_bavail * disk.f_frsize - left
        with open(self.file, "ab") as file:
            file.truncate(min(size, file.tell()))
            with contextlib.suppress(OSError):
                os.posix_fallocate(file.fileno(), 0, max(size, 1))


def refusals_when_full(server, world, watched, studies, upload):
    """With a little room left, which is the database's."""
    expect_problem(world.send_file(studies[1][0]), 507, "disk_full")
    expect_problem(world.steward.post("/api/v1/uploads", {"kind": "file", "size_bytes": 100}), 507, "disk_full")
    path, data = upload
    expect_problem(world.steward.request("PATCH", path, data, headers={"Upload-Offset": "0"}), 507, "disk_full")
    answer = stow(world, studies[1][1])
    assert answer.status == 409 and answer.json()["00081198"]["Value"][0]["00081197"]["Value"] == [0xA700], answer
    if shutil.which("storescu"):
        is_taken, said = c_store(server, studies[1][2])
        assert not is_taken and ("a700" in said.lower() or "OutOfResources" in said), said
    return drop(watched, studies[1][3])


def reads_go_on(server, world, dataset):
    assert Client(server).get("/healthz").status == 200
    assert Client(server).get("/readyz").status == 200
    assert len(world.studies()) >= 1
    download(world, dataset)
    Client(server).sign_in("auditor")


@case
def disk_full(options, studies):
    disk = options.folder / "disk"
    disk.mkdir()
    with mounted("-t", "tmpfs", "-o", "size=128m", "tmpfs", disk):
        server, world, watched = make_server(options.naru, options.folder / "server", data=disk / "data")
        with stopping(server):
            dataset = prepared(world, studies)
            ballast, large = Ballast(disk), studies[-1]
            made = world.steward.expect(201, "POST", "/api/v1/uploads", {"kind": "file", "size_bytes": large[0].stat().st_size}).json()
            upload = (f"/api/v1/uploads/{made['id']}", large[0].read_bytes())
            ballast.leave(4 * MIB)
            log_before = len(server.log.read_text().splitlines())
            waiting = refusals_when_full(server, world, watched, studies, upload)
            job = world.job([study["id"] for study in world.studies()], name="waits")
            reads_go_on(server, world, dataset)
            time.sleep(options.seconds / 2)
            assert waiting.exists() and world.steward.get(f"/api/v1/jobs/{job['id']}").json()["state"] == "QUEUED"
            warnings = [line for line in server.log.read_text().splitlines()[log_before:] if not line.startswith("{")]
            assert len(warnings) < 12, warnings
            # Not a byte left: whatever wants to write is refused with a code that names it, what only reads goes on.
            ballast.leave(0)
            for answer in [world.send_file(studies[1][0]), world.steward.post("/api/v1/uploads", {"kind": "file", "size_bytes": 1}),
                           *[Client(server).post("/api/v1/session", {"login": "steward", "password": PASSWORD}) for _ in range(5)]]:
                assert answer.status in (200, 507, 503), answer
                assert answer.status == 200 or answer.json()["code"] in ("disk_full", "store_unavailable"), answer
            assert Client(server).get("/healthz").status == 200 and len(world.studies()) >= 1
            ballast.leave(60 * MIB)
            wait_for("the file of the watched folder is taken", lambda: not waiting.exists())
            assert world.wait_job(job["id"])["state"] == "COMPLETE"
            for file in large:
                assert world.send_file(file).status in (200, 201)
            world.close_studies()
            # Full while a job is at work: it fails, and begins again once there is room.
            largest = max(world.studies(), key=lambda study: study["size_bytes"])
            job = job_at_work(world, largest["id"], "large")
            with frozen(children(server.process.pid)):  # it would be done before the disk is full
                ballast.leave(0)
            time.sleep(options.seconds)
            ballast.file.unlink()
            job = world.wait_job(job["id"])
            assert job["state"] == "COMPLETE", job
            log = world.steward.get(f"/api/v1/jobs/{job['id']}/log").body.decode()
            assert "disk_full" in log, log
            path, data = upload
            world.steward.expect(204, "PATCH", path, data, headers={"Upload-Offset": "0"})
            assert world.steward.expect(200, "POST", path + "/complete").json()["state"] == "done"
            assert world.send_file(studies[1][0]).status in (200, 201)
            for one in world.all_of("/api/v1/datasets"):
                download(world, one)
            fsck(options, server)


@case
def folder_read_only(options, studies):
    server, world, watched = make_server(options.naru, options.folder / "server")
    with stopping(server):
        dataset = prepared(world, studies)
        for folder in (server.data / "content", server.data):
            with read_only(folder):
                wait_for("it is not ready", lambda: Client(server).get("/readyz").status == 503, 5)
                expect_problem(Client(server).get("/readyz"), 503, "output_unwritable")
                assert Client(server).get("/healthz").status == 200
                expect_problem(world.send_file(studies[1][0]), 503, "output_unwritable")
                answer = stow(world, studies[1][1])
                assert answer.status == 409 and answer.json()["00081198"]["Value"][0]["00081197"]["Value"] == [0xA700], answer
                if shutil.which("storescu"):
                    is_taken, said = c_store(server, studies[1][2])
                    assert not is_taken and ("a700" in said.lower() or "OutOfResources" in said), said
                waiting = drop(watched, studies[1][3])
                download(world, dataset)
                time.sleep(options.seconds / 2)
                assert waiting.exists()
            wait_for("it is ready again", lambda: Client(server).get("/readyz").status == 200)
            wait_for("the file of the watched folder is taken", lambda: not waiting.exists())
            assert world.send_file(studies[1][0]).status in (200, 201)
        # A watched folder from which nothing can be removed: what was stored stays there, and nothing ends for it.
        waiting = drop(watched, studies[1][4])
        with read_only(watched):
            time.sleep(options.seconds)
            assert server.process.poll() is None, "the server ended:\n" + server.log_tail()
        wait_for("the file of the watched folder is taken", lambda: not waiting.exists())
        world.close_studies()
        job = world.wait_job(world.job([study["id"] for study in world.studies()], name="after")["id"])
        assert job["state"] == "COMPLETE", job
        fsck(options, server)
        for folder in (server.data / "content", server.data):
            with read_only(folder):
                done = subprocess.run(server.command(), capture_output=True, text=True, timeout=30)
                assert done.returncode != 0 and "cannot write the" in done.stderr and "folder" in done.stderr, done
        server.start()


@contextlib.contextmanager
def loaded(world, studies, watched, options):
    """Clients of every kind at work meanwhile."""
    load = Load(world, studies, watched, options.seed)
    load.max_jobs = 6
    for thread in load.threads:
        thread.start()
    try:
        yield load
        wait_for("every way was used", lambda: load.wrong or load.jobs and load.uploads and all(load.counts.values()))
    finally:
        load.stop.set()
        for thread in load.threads:
            thread.join(timeout=60)


@contextlib.contextmanager
def stopping(server):
    try:
        yield
    finally:
        if server.process.poll() is None:
            server.kill()


def check(server, world, load, options):
    check_all(server, world, load, options.naru)
    assert not load.wrong, "\n".join(load.wrong)
    assert load.jobs and load.uploads and all(load.counts.values()), load.counts


@case
def database_away(options, studies):
    try:
        postgres = Postgres()
    except AssertionError as problem:
        raise LeftOut(str(problem))
    try:
        server, world, watched = make_server(options.naru, options.folder / "server", postgres.url)
        with stopping(server):
            with loaded(world, studies[:-1], watched, options) as load:
                for file in studies[-1]:
                    assert world.send_file(file).status in (200, 201)
                world.close_studies()
                largest = max(world.studies(), key=lambda study: study["size_bytes"])
                job = job_at_work(world, largest["id"], "through-it")
                before = server.log.read_text()
                postgres.kill()
                end = time.monotonic() + options.seconds
                while time.monotonic() < end:
                    began = time.monotonic()
                    assert Client(server).get("/healthz", timeout=5).status == 200
                    assert time.monotonic() - began < 3, "/healthz waits for the database"
                    wait_for("it is not ready", lambda: Client(server).get("/readyz").status == 503, 5)
                    expect_problem(Client(server).get("/readyz"), 503, "store_unavailable")
                    expect_problem(world.send_file(studies[0][0]), 503, "store_unavailable")
                    expect_problem(world.steward.get("/api/v1/jobs"), 503, "store_unavailable")
                    time.sleep(0.2)
                warnings = [line for line in server.log.read_text()[len(before):].splitlines() if not line.startswith("{")]
                assert 0 < len(warnings) < 30, f"{len(warnings)} lines: {warnings[:30]}"
                postgres.start()
                server.wait_ready(10)
                time.sleep(options.seconds / 2)
            job = world.wait_job(job["id"])
            assert job["state"] == "COMPLETE" and job["attempt"] <= 2, job
            with loaded(world, studies[:-1], watched, options) as load_again:
                # It does not answer, which is worse than to be gone.
                with frozen([postgres.process.pid] + children(postgres.process.pid)):
                    threads = [threading.Thread(target=lambda: quietly(world.steward.get, "/api/v1/jobs"), daemon=True) for _ in range(40)]
                    for thread in threads:
                        thread.start()
                    time.sleep(options.seconds / 2)
                    began = time.monotonic()
                    assert Client(server).get("/healthz", timeout=5).status == 200
                    assert time.monotonic() - began < 3, "/healthz waits behind what waits for the database"
                    wait_for("it is not ready", lambda: Client(server).get("/readyz", timeout=5).status == 503, 15)
                server.wait_ready(30)
                for thread in threads:
                    thread.join(timeout=60)
            load_again.wrong += load.wrong
            load.instances.update(load_again.instances)
            load.uploads.update(load_again.uploads)
            check(server, world, load, options)
    finally:
        postgres.remove()


def quietly(function, *arguments):
    with contextlib.suppress(OSError):
        function(*arguments)


def children(process):
    """Of all its threads."""
    return [int(child) for listed in pathlib.Path(f"/proc/{process}/task").glob("*/children")
            for child in listed.read_text().split()]


@contextlib.contextmanager
def frozen(processes):
    """Stops processes, and lets them go on at the end."""
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


class FakeTime:
    """The server's wall clock, moved by a file; its monotonic clock goes on as it is."""

    def __init__(self, folder):
        libraries = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        if not libraries:
            raise LeftOut("libfaketime is not installed")
        self.file = folder / "faketime"
        self.move("+0")
        self.env = {"LD_PRELOAD": libraries[0], "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
                    "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def move(self, offset):
        new = self.file.with_suffix(".new")
        new.write_text(offset + "\n")
        new.rename(self.file)


def wrong_passwords(server, login, count):
    for _ in range(count):
        Client(server).post("/api/v1/session", {"login": login, "password": "wrong wrong wrong"})


def signed_link(world, dataset):
    url = world.steward.expect(200, "GET", f"/ga4gh/drs/v1/objects/{dataset['id']}/access/tar").json()["url"]
    return url[url.index("/api"):]


def state_of(world, study_id):
    return world.steward.expect(200, "GET", f"/api/v1/studies/{study_id}").json()["state"]


@case
def clock_moved(options, studies):
    clock = FakeTime(options.folder)
    server, world, watched = make_server(options.naru, options.folder / "server", env=clock.env)
    with stopping(server):
        dataset = prepared(world, studies)
        link = signed_link(world, dataset)
        with loaded(world, studies[1:-1], watched, options) as load:
            for offset in ("+3h", "-5h", "+1h", "+0"):
                time.sleep(options.seconds / 4)
                clock.move(offset)
                if offset == "+3h":
                    wait_for("an old link has ended", lambda: Client(server).get(link).status == 401)
                    assert Client(server).get(signed_link(world, dataset)).status == 200
                session = Client(server)
                session.sign_in("steward")
                assert session.get("/api/v1/studies").status == 200
            time.sleep(options.seconds / 4)
        # Set back: what is open closes all the same, and a lock does not last for hours.
        wrong_passwords(server, "reviewer", 6)
        assert Client(server).post("/api/v1/session", {"login": "reviewer", "password": PASSWORD}).status == 401
        clock.move("+6h")
        study = world.send_file(studies[-1][0]).json()["study_id"]
        clock.move("-6h")
        Client(server).sign_in("reviewer")
        wait_for("the study closes", lambda: state_of(world, study) == "closed", 30)
        # Set forward between two instances of a study: it does not close between them.
        world.send_file(studies[-1][1])
        clock.move("+9h")
        for file in studies[-1][2:]:
            assert state_of(world, study) == "open"
            world.send_file(file)
        wait_for("the study closes", lambda: state_of(world, study) == "closed", 30)
        assert world.wait_job(world.job([study], name="after")["id"])["state"] == "COMPLETE"
        check(server, world, load, options)
        log = server.log.read_text()
        assert "the clock was moved by" in log


def is_good(run, options, folder, studies):
    folder.mkdir()
    began = time.monotonic()
    try:
        run(argparse.Namespace(**{**vars(options), "folder": folder}), studies)
        print(f"ok {run.__name__} ({time.monotonic() - began:.0f} s)", flush=True)
        return True
    except LeftOut as why:
        print(f"left out: {run.__name__}: {why}", flush=True)
        return os.environ.get("NARU_NEEDS_ALL", "") != "1"
    except Exception as problem:
        print(f"FAILED {run.__name__}: {type(problem).__name__} {problem}", flush=True)
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("naru"), parser.add_argument("phantom"), parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    whole = options.folder
    shutil.rmtree(whole, ignore_errors=True)
    whole.mkdir(parents=True)
    studies = make_files(options.phantom, whole / "input", 10, options.seed)
    subprocess.run([options.phantom, "--out", whole / "large", "--size", "384", "384", "64", "--seed", "77"], check=True)
    studies.append(sorted(path for path in (whole / "large").rglob("*") if path.is_file()))
    # Side by side: each has a server of its own, and most of the time it waits.
    cases = [run for run in CASES if options.only in ("", run.__name__)]
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        results = list(pool.map(lambda run: is_good(run, options, whole / run.__name__, studies), cases))
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
