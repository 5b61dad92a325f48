"""A real `naru serve` for the tests that look at it from outside: started, filled, killed, started again.

Only Python's standard library, so that what is tested is the server and not a client of ours.
"""
import http.client
import json
import os
import pathlib
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PASSWORD = "correct horse battery staple"


def free_port():
    """Below those that the system gives to clients, so that none of them takes it before the server does."""
    while True:
        port = random.randrange(15000, 30000)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Unexpected(AssertionError):
    """Another status than the one that was expected; the answer is `answer`."""

    def __init__(self, what, answer):
        super().__init__(f"{what}, got {answer!r}")
        self.answer = answer


class Client:
    """One account: by token, or by session with its CSRF token."""

    def __init__(self, server, token=None):
        self.server, self.token, self.cookie, self.csrf = server, token, None, None

    def request(self, method, path, body=None, headers=None, timeout=60):
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        if self.token:
            headers.setdefault("Authorization", "Bearer " + self.token)
        if self.cookie:
            headers.setdefault("Cookie", self.cookie)
            headers.setdefault("X-CSRF-Token", self.csrf)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=timeout)
        try:
            try:
                connection.request(method, path, body=body, headers=headers)
            except BrokenPipeError:
                pass  # refused before all of it was sent: the answer is there
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.request("POST", path, {} if body is None else body, **more)

    def expect(self, status, method, path, body=None, **more):
        answer = self.request(method, path, body, **more)
        if answer.status != status:
            raise Unexpected(f"{method} {path}: expected {status}", answer)
        return answer

    def sign_in(self, login, password=PASSWORD):
        answer = self.expect(200, "POST", "/api/v1/session", {"login": login, "password": password})
        self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        self.csrf = answer.json()["csrf_token"]
        return answer.json()

    def with_token(self, scopes=("read", "ingest", "jobs", "deliver", "review", "admin")):
        """Another client of the same account, by a token."""
        answer = self.expect(201, "POST", "/api/v1/tokens", {
            "name": "test", "scopes": list(scopes), "expires_ms": int(time.time() * 1000) + 86_400_000})
        return Client(self.server, answer.json()["secret"])


class Server:
    def __init__(self, naru, folder, config="", database=""):
        self.naru, self.folder = str(naru), pathlib.Path(folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.data = self.folder / "data"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port, self.dicom_port = free_port(), free_port()
        self.config = self.folder / "naru.toml"
        text = f'database = "{database}"\n' if database else ""
        self.config.write_text(text + config.format(port=self.port, dicom_port=self.dicom_port))
        self.process, self.log = None, self.folder / "serve.log"

    def change_config(self, old, new):
        text = self.config.read_text()
        assert old in text, old
        self.config.write_text(text.replace(old, new))

    def command(self, *more):
        return [self.naru, "serve", "--config", str(self.config), "--data", str(self.data),
                "--listen", f"127.0.0.1:{self.port}", *more]

    def init(self):
        done = subprocess.run(self.command("--init", "admin"), input=PASSWORD + "\n", text=True, capture_output=True)
        assert done.returncode == 0, done.stderr

    def start(self, env=None, wait=True):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, env={**os.environ, **(env or {})})
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log_tail()}")
            try:
                if Client(self).get("/readyz", timeout=5).status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError("the server did not become ready:\n" + self.log_tail())

    def log_tail(self):
        return self.log.read_text(errors="replace")[-3000:]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=90)


class Postgres:
    """A PostgreSQL of the test's own, on a socket in a folder of its own. As root it runs as another user, as it must.
    Without -F it waits for the disk, as one in use does."""

    def __init__(self, parent=None, options=("-F", "-c", "shared_buffers=16MB"), initdb_options=("--no-sync",)):
        versions = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        assert versions, "PostgreSQL is not installed"
        self.programs = versions[-1].parent
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="naru-postgres-", dir=parent))
        self.process, self.options, self.user = None, options, {}
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
            self.user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        self.run("initdb", "-D", self.folder / "data", "-U", "naru", "-A", "trust", "-E", "UTF8", *initdb_options)
        self.start()
        self.run("createdb", "-h", self.folder, "-U", "naru", "naru")

    url = property(lambda self: f"postgresql:///naru?host={self.folder}&user=naru")

    def run(self, program, *arguments):
        done = subprocess.run([self.programs / program, *arguments], capture_output=True, text=True, cwd="/", **self.user)
        assert done.returncode == 0, done.stderr

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder, "-h", "", *self.options],
                stdout=log, stderr=log, cwd="/", **self.user)
        for _ in range(600):
            if subprocess.run([self.programs / "pg_isready", "-q", "-h", self.folder], cwd="/", **self.user).returncode == 0:
                return
            time.sleep(0.05)
        raise AssertionError("PostgreSQL does not start: " + (self.folder / "log").read_text()[-2000:])

    def kill(self):
        """At once, as a power cut: connections are cut, nothing is written any more."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()

    def remove(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class World:
    """A hospital with a steward and a reviewer, a company with an engineer, and their clients."""

    def __init__(self, server):
        self.server = server
        admin = Client(server)
        admin.sign_in("admin")
        self.admin = admin
        self.hospital = self.organisation("Seoul Hospital", "hospital")
        self.company = self.organisation("Start-up", "company")
        hospital_admin = self.admin_of(self.hospital, "hospital-admin")
        company_admin = self.admin_of(self.company, "company-admin")
        self.steward = self.user(hospital_admin, "steward", "hospital_steward")
        self.reviewer = self.user(hospital_admin, "reviewer", "reviewer")
        self.auditor = self.user(hospital_admin, "auditor", "auditor")
        self.engineer = self.user(company_admin, "engineer", "company")

    def organisation(self, name, kind):
        return self.admin.expect(201, "POST", "/api/v1/organisations", {"name": name, "kind": kind}).json()["id"]

    def admin_of(self, organisation_id, login):
        self.admin.expect(201, "POST", f"/api/v1/organisations/{organisation_id}/admins",
                          {"login": login, "password": PASSWORD})
        client = Client(self.server)
        client.sign_in(login)
        return client

    def user(self, admin, login, role):
        admin.expect(201, "POST", "/api/v1/users", {"login": login, "roles": [role], "password": PASSWORD})
        client = Client(self.server)
        client.sign_in(login)
        return client.with_token()

    # What a steward does.

    def send_file(self, path):
        """One instance in one request; the answer once it is acknowledged."""
        return self.steward.request("POST", "/api/v1/instances", pathlib.Path(path).read_bytes(),
                                    headers={"Content-Type": "application/dicom"})

    def studies(self):
        return self.all_of("/api/v1/studies")

    def all_of(self, path):
        """Every item of a list, page by page."""
        found, more = [], ""
        while more is not None:
            page = self.steward.expect(200, "GET", f"{path}?limit=1000{more}").json()
            found += page["items"]
            more = "&page_token=" + page["next_page_token"] if "next_page_token" in page else None
        return found

    def close_studies(self):
        for study in self.studies():
            if study["state"] == "open":
                self.steward.expect(200, "POST", f"/api/v1/studies/{study['id']}/close")

    def grant(self, study_ids, recipe="original-grid", days=30, **more):
        body = {"recipient_id": self.company, "purpose": "DUO:0000042", "decision": "DRB-2026-012", "recipe": recipe,
                "expires_ms": int((time.time() + days * 86400) * 1000), "study_ids": study_ids, **more}
        grant = self.steward.expect(201, "POST", "/api/v1/grants", body).json()
        return self.reviewer.expect(200, "POST", f"/api/v1/grants/{grant['id']}/approve").json()

    def job(self, study_ids, grant=None, name="liver", recipe="original-grid", key=None):
        body = {"kind": "prepare", "name": name, "recipe": recipe, "study_ids": study_ids}
        if grant:
            body["grant_id"] = grant["id"]
        headers = {"Idempotency-Key": key} if key else {}
        return self.steward.expect(201, "POST", "/api/v1/jobs", body, headers=headers).json()

    def wait_job(self, job_id, seconds=300):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            job = self.steward.expect(200, "GET", f"/api/v1/jobs/{job_id}").json()
            if job["state"] in ("COMPLETE", "EXECUTOR_ERROR", "SYSTEM_ERROR", "CANCELED"):
                return job
            time.sleep(0.2)
        raise AssertionError(f"job {job_id} did not end: {job}")
