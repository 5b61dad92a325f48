"""Loads `naru serve` as a hospital runs it (hospital.py): small requests of its API, slow readers of ranges of a dataset's
file, and one download of it beside nginx's sendfile and nginx's TLS. Needs the programs `naru`, `naru_phantom` and
`http_load`, openssl, nginx (package nginx-light) and PostgreSQL (package postgresql); nothing of Python but itself."""
import getpass
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

from server.hospital import Hospital, durable_postgresql, version_of

READERS, READER_BYTES, READER_SECONDS = 10_000, 256 << 10, 20
ASKERS, ASKER_SECONDS = 64, 6

NGINX = """user {user}; worker_processes auto; daemon off; pid {work}/nginx.pid; error_log {work}/nginx.log; events {{ }}
http {{ access_log off; sendfile on; tcp_nopush on; client_body_temp_path {work}; proxy_temp_path {work};
fastcgi_temp_path {work}; uwsgi_temp_path {work}; scgi_temp_path {work};
server {{ listen 127.0.0.1:{port}{ssl}; ssl_certificate {work}/certificate.pem; ssl_certificate_key {work}/key.pem;
root {root}; }} }}
"""


class Nginx:
    """The peer: the same file from the same folder."""

    def __init__(self, work, file, port, is_tls):
        self.program = shutil.which("nginx") or "/usr/sbin/nginx"
        if not pathlib.Path(self.program).exists():
            sys.exit("nginx is missing: install the package nginx-light")
        self.port, self.path, self.configuration = port, "/" + file.name, work / f"nginx-{port}.conf"
        self.configuration.write_text(NGINX.format(user=getpass.getuser() + ";#" if os.geteuid() else "root", work=work,
                                                   port=port, root=file.parent, ssl=" ssl" if is_tls else ""))

    def __enter__(self):
        self.process = subprocess.Popen([self.program, "-p", "/tmp", "-c", str(self.configuration)])
        time.sleep(1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=60)

    def download(self):
        return [{"head": f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n", "body": ""}]

    def version(self):
        said = subprocess.run([self.program, "-v"], capture_output=True, text=True, check=True).stderr
        return re.search(r"nginx/([0-9.]+)", said).group(1)


class Load:
    def __init__(self, bin_dir, work, is_tls=False):
        self.program, self.requests, self.flags = bin_dir / "http_load", work / "requests.json", ["--tls"] if is_tls else []

    def run(self, kind, server, requests, *arguments):
        self.requests.write_text(json.dumps(requests))
        command = [self.program, kind, "--port", server.port, "--requests", self.requests, *self.flags, *arguments]
        done = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout)

    def slow_readers(self, hospital, readers):
        seen = self.run("slow", hospital, hospital.download(), "--pid", hospital.pid, "--connections", readers, "--bytes",
                        READER_BYTES, "--seconds", READER_SECONDS, "--file", hospital.file)
        if seen["whole_and_right"] != readers:
            sys.exit(f"of {readers} readers {seen['whole_and_right']} got all bytes right")
        return seen

    def small_requests(self, hospital, requests_of, repetitions):
        """The round in the middle. `requests_of` makes the mix of a round."""
        rounds = [self.run("small", hospital, requests_of(n), "--connections", ASKERS, "--seconds", ASKER_SECONDS, "--pid",
                           hospital.pid)
                  for n in range(repetitions)]
        if any(one["failed"] for one in rounds):
            sys.exit("requests failed:\n" + hospital.server.log_tail())
        middle = sorted(rounds, key=lambda one: one["requests_per_s"])[len(rounds) // 2]
        return middle | {"runs": repetitions, "p99_ms_worst": max(one["p99_ms"] for one in rounds)}

    def download(self, server, size_bytes):
        seen = self.run("big", server, server.download())
        if seen["bytes"] < size_bytes:
            sys.exit(f"a download ended after {seen['bytes']} bytes")
        return seen["mb_per_s"]

    def downloads(self, hospital, nginx, repetitions):
        """In turn, once to warm up."""
        size_bytes = hospital.object["size_bytes"]
        rounds = [(self.download(hospital, size_bytes), self.download(nginx, size_bytes))
                  for _ in range(repetitions + 1)][1:]
        ours, theirs = (statistics.median(column) for column in zip(*rounds))
        return {"mb_per_s": ours, "nginx_mb_per_s": theirs, "share_of_nginx": ours / theirs, "runs": repetitions,
                "bytes": size_bytes}


def make_certificate(work):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "2", "-subj", "/CN=127.0.0.1", "-keyout", str(work / "key.pem"), "-out",
                    str(work / "certificate.pem")], check=True, stderr=subprocess.DEVNULL)
    return f'tls_certificate = "{work}/certificate.pem"\ntls_key = "{work}/key.pem"'


def sync_ms(work):
    """Of this disk at this time, below every commit: 4 KiB more and fdatasync."""
    times = []
    with open(work / "synced", "wb", buffering=0) as file:
        for _ in range(300):
            file.write(b"x" * 4096)
            begin = time.monotonic()
            os.fdatasync(file.fileno())
            times.append(1e3 * (time.monotonic() - begin))
    times.sort()
    return {"p50_ms": times[150], "p99_ms": times[297]}


def small_requests(hospital, bin_dir, repetitions):
    """Of a quarter each GET: a job, a list of jobs, a DRS object, a list of datasets; and with a tenth of creations."""
    load = Load(bin_dir, hospital.work)
    with hospital.running():
        return {"reads": load.small_requests(hospital, lambda _: hospital.reads(), repetitions),
                "disk_sync": sync_ms(hospital.work),
                "reads_and_10_percent_creations":
                    load.small_requests(hospital, hospital.reads_and_writes, repetitions)}


def slow_readers(hospital, bin_dir, readers, tls_lines=""):
    """Each reader's range is one delivery: recorded, charged to the grant, and a leaf of the ledger."""
    load = Load(bin_dir, hospital.work, bool(tls_lines))
    with hospital.running():
        before = hospital.recorded()
    with hospital.running(tls_lines):
        # Its highest memory is counted from here: a start hashes a password, which takes 64 MiB for a moment.
        pathlib.Path(f"/proc/{hospital.pid}/clear_refs").write_text("5")
        seen = load.slow_readers(hospital, readers)
    with hospital.running():
        count, size_bytes = (after - first for after, first in zip(hospital.recorded(), before))
    if (count, size_bytes) != (readers, readers * READER_BYTES):
        sys.exit(f"{count} complete downloads of {size_bytes} bytes are recorded for {readers} readers")
    return seen | {"recorded": count}


def measure_server(bin_dir, work, repetitions, readers=READERS):
    os.chmod(work, 0o755)  # PostgreSQL runs as another user
    tls_lines = make_certificate(work)
    hospital = Hospital(bin_dir, work, "sqlite")
    measured = {"small_requests": {"sqlite": small_requests(hospital, bin_dir, repetitions)},
                "slow_readers": {"plain": slow_readers(hospital, bin_dir, readers),
                                 "tls": slow_readers(hospital, bin_dir, readers, tls_lines)},
                "download": {}}
    for name, lines, port in (("plain", "", 18600), ("tls", tls_lines, 18601)):
        with hospital.running(lines), Nginx(work, hospital.file, port, bool(lines)) as nginx:
            load = Load(bin_dir, work, bool(lines))
            measured["download"][name] = load.downloads(hospital, nginx, repetitions)
            measured["nginx"] = nginx.version()
    shutil.rmtree(hospital.server.folder)
    with durable_postgresql(work) as postgresql:
        hospital = Hospital(bin_dir, work, "on-postgresql", postgresql.url)
        measured["small_requests"]["postgresql"] = small_requests(hospital, bin_dir, repetitions)
        measured["slow_readers"]["plain_postgresql"] = slow_readers(hospital, bin_dir, readers)
        measured["postgresql"] = version_of(postgresql)
    return measured
