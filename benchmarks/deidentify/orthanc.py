"""Orthanc for the time of a measurement: a free port and a temporary store."""
import http.client
import json
import os
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

START_SECONDS, STOP_SECONDS = 30, 60


def find_orthanc():
    """Debian installs it where only root looks."""
    return shutil.which("Orthanc", path=os.environ.get("PATH", "") + ":/usr/sbin")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


# What only durability asks for, of images; Orthanc's own settings, and those of its Debian package, have all three.
NOT_DURABLE = {"SyncStorageArea": False, "StoreMD5ForAttachments": False, "SaveJobs": False}


def configuration(folder, port, jobs, is_durable):
    return {"Name": "benchmark", "StorageDirectory": str(folder / "store"), "IndexDirectory": str(folder / "store"),
            "HttpServerEnabled": True, "HttpPort": port, "DicomServerEnabled": False, "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False, "Plugins": [], "StorageCompression": False, "Worklists": {"Enable": False},
            "ConcurrentJobs": jobs} | ({} if is_durable else NOT_DURABLE)


class Orthanc:
    """Runs from `with Orthanc(...)` to its end. `folder` must not exist; it works on at most `jobs` jobs at a time."""

    def __init__(self, program, folder, jobs, is_durable=False):
        self.port, self.jobs, self.store = free_port(), jobs, folder / "store"
        folder.mkdir(parents=True)
        file, self.log = folder / "orthanc.json", folder / "orthanc.log"
        file.write_text(json.dumps(configuration(folder, self.port, jobs, is_durable)))
        with self.log.open("w") as log:
            self.process = subprocess.Popen([program, str(file)], stdout=log, stderr=log)

    def __enter__(self):
        try:
            self.await_start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def await_start(self):
        for _ in range(START_SECONDS * 10):
            if self.process.poll() is not None:
                break
            try:
                return self.call("GET", "/system")
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"Orthanc did not start: {self.log.read_text()[-500:]}")

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"Orthanc answered {answer.status} to {method} {path}")
        return json.loads(text)

    def upload(self, paths):
        """@return its ids of the studies that the files make up"""
        with ThreadPoolExecutor(self.jobs) as pool:
            answers = list(pool.map(lambda path: self.call("POST", "/instances", path.read_bytes()), paths))
        if any(answer["Status"] != "Success" for answer in answers):
            raise RuntimeError("Orthanc did not take every file")
        return sorted({answer["ParentStudy"] for answer in answers})

    def anonymize(self, studies, jobs):
        """Basic Profile 2021b, `jobs` studies at a time. @return how many instances it made; they stay"""
        with ThreadPoolExecutor(jobs) as pool:
            answers = list(pool.map(lambda study: self.call("POST", f"/studies/{study}/anonymize", "{}"), studies))
        if any(answer["FailedInstancesCount"] for answer in answers):
            raise RuntimeError("Orthanc could not anonymize every instance")
        return sum(answer["InstancesCount"] for answer in answers)
