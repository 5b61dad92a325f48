"""A `naru serve` with what it holds in daily life: accounts, a study, a grant, jobs, and a dataset with one large file
that a real job made; and the PostgreSQL that it may stand on."""
import contextlib
import http.client
import json
import os
import pathlib
import ssl
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "server" / "outside"))
from harness import Postgres, Server, World  # noqa: E402

START_SECONDS = 60
# One slice becomes many: a file of 1 GiB and more from 32 instances. 1,280 x 1,280 x 174 voxels of 4 bytes.
SIZE, SPACING_MM, MADE_SPACING_MM = (512, 512, 32), (0.75, 0.75, 5.0), (0.3, 0.3, 0.9)
RECIPE = f"""schema = "naru.recipe/1"
name = "large"
[resample]
spacing_mm = {list(MADE_SPACING_MM)}
interpolator = "linear"
[output]
layout = "plain"
compression = "none"
"""
JOBS_IN_LIST = 20
# The server's limits stay as they are by default: they do not count for loopback.
CONFIG = """
[listen]
port = {port}
access_log = true
%s
[jobs]
device = "cpu"
[ingest]
quiet_s = 3600
"""


@contextlib.contextmanager
def durable_postgresql(folder):
    """A server of its own below `folder`, which waits for the disk as is its default, while the `with` lasts."""
    postgresql = Postgres(folder, options=(), initdb_options=("--locale=C.UTF-8",))
    try:
        yield postgresql
    finally:
        postgresql.remove()


def version_of(postgresql):
    said = subprocess.run([postgresql.programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return said.split()[2]


def asked(method, path, client, body=None, key=None):
    """A request as http_load writes it."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {client.token}"]
    lines += ["Content-Type: application/json"] if body else []
    lines += [f"Idempotency-Key: {key}"] if key else []
    return {"head": "".join(line + "\r\n" for line in lines), "body": json.dumps(body) if body else ""}


class Hospital:
    """Made once; then started again and again, plain or by TLS."""

    def __init__(self, bin_dir, work, name, database=""):
        self.work, self.config = work, CONFIG
        self.server = Server(bin_dir / "naru", work / name, CONFIG % "", database)
        self.server.init()
        self.server.start()
        self.world = World(self.server)
        self.fill(bin_dir)
        self.stop()
        os.sync()  # or the first commits wait for the dataset

    def fill(self, bin_dir):
        world, series = self.world, self.work / "series"
        if not series.exists():
            numbers = [str(number) for number in (*SIZE, "--spacing", *SPACING_MM)]
            subprocess.run([str(bin_dir / "naru_phantom"), "--out", str(series), "--size", *numbers], check=True,
                           stdout=subprocess.DEVNULL)
        for file in sorted(series.iterdir()):
            answer = world.send_file(file)
            assert answer.status in (200, 201), answer
        world.close_studies()
        studies = [study["id"] for study in world.studies()]
        grant = world.grant(studies, recipe=RECIPE)
        job = world.job(studies, grant, recipe=RECIPE)
        for n in range(JOBS_IN_LIST):
            waiting = world.job(studies, grant, name=f"waiting-{n}", recipe=RECIPE)
            world.steward.expect(200, "POST", f"/api/v1/jobs/{waiting['id']}/cancel")
        ended = world.wait_job(job["id"])
        assert ended["state"] == "COMPLETE", ended
        self.dataset = world.engineer.expect(200, "GET", "/api/v1/datasets").json()["items"][0]["id"]
        files = world.engineer.expect(200, "GET", f"/api/v1/datasets/{self.dataset}/files").json()["items"]
        self.object = max(files, key=lambda file: file["size_bytes"])
        [self.file] = [path for path in self.server.data.rglob(pathlib.Path(self.object["path"]).name)
                       if path.stat().st_size == self.object["size_bytes"]]
        self.studies, self.job = studies, job["id"]

    def start(self, tls_lines=""):
        text = (self.work / self.server.folder.name / "naru.toml")
        database = [line for line in text.read_text().splitlines() if line.startswith("database")]
        text.write_text("\n".join(database) + (CONFIG % tls_lines).format(port=self.server.port))
        self.server.start(wait=False)
        self.pid, self.port = self.server.process.pid, self.server.port
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.server.process.poll() is None:
            with contextlib.suppress(OSError):
                if self.is_ready(bool(tls_lines)):
                    return
            time.sleep(0.1)
        sys.exit("the server did not start:\n" + self.server.log_tail())

    def is_ready(self, is_tls):
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        connection = (http.client.HTTPSConnection("127.0.0.1", self.port, context=trusting) if is_tls else
                      http.client.HTTPConnection("127.0.0.1", self.port))
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200

    def stop(self):
        if self.server.stop() != 0:
            sys.exit("the server did not end well:\n" + self.server.log_tail())

    @contextlib.contextmanager
    def running(self, tls_lines=""):
        self.start(tls_lines)
        try:
            yield self
        finally:
            self.stop()

    def reads(self):
        """A job, a list of jobs, a DRS object, a list of datasets: by steward and company."""
        steward, engineer = self.world.steward, self.world.engineer
        return [asked("GET", f"/api/v1/jobs/{self.job}", steward),
                asked("GET", "/api/v1/jobs?limit=20", steward),
                asked("GET", f"/ga4gh/drs/v1/objects/{self.object['drs_id']}", engineer),
                asked("GET", "/api/v1/datasets?limit=20", engineer)]

    def reads_and_writes(self, run):
        """Of ten one creates: a proposed grant with its key, its pseudonyms' key, a kept answer, a leaf of the ledger."""
        body = {"recipient_id": self.world.company, "purpose": "DUO:0000042", "decision": "DRB-2026-013",
                "recipe": "original-grid", "expires_ms": int((time.time() + 86400) * 1000), "study_ids": self.studies}
        reads = (self.reads() * 3)[:9]
        return [*reads, asked("POST", "/api/v1/grants", self.world.steward, body, f"load-{run}-{{n}}")]

    def download(self):
        return [asked("GET", f"/api/v1/data/{self.object['drs_id']}", self.world.engineer)]

    def recorded(self):
        """(downloads that are recorded as complete, their bytes): of the running, plain server."""
        rows = self.world.all_of(f"/api/v1/datasets/{self.dataset}/deliveries")
        whole = [row for row in rows if row["outcome"] == "complete"]
        return len(whole), sum(row["sent_bytes"] for row in whole)
