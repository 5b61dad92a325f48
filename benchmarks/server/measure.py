"""Loads the server's door: slow readers of ranges, small requests, and one download beside nginx's sendfile. Only the
standard library, the programs `server_door` and `http_load`, openssl and nginx (package nginx-light) are needed."""
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

FILE_BYTES = 1 << 30
READERS, READER_BYTES, READER_SECONDS = 10_000, 256 << 10, 20
ASKERS, ASKER_SECONDS = 64, 10

NGINX = """worker_processes auto; daemon off; pid {work}/nginx.pid; error_log {work}/nginx.log; events {{ }}
http {{ access_log off; sendfile on; tcp_nopush on; client_body_temp_path {work}; proxy_temp_path {work};
fastcgi_temp_path {work}; uwsgi_temp_path {work}; scgi_temp_path {work};
server {{ listen 127.0.0.1:{port}{ssl}; ssl_certificate {work}/certificate.pem; ssl_certificate_key {work}/key.pem;
root {work}; }} }}
"""


class Server:
    """The door of the job server with the file behind it, while the `with` lasts."""

    def __init__(self, bin_dir, work, is_tls):
        self.command = [bin_dir / "server_door", "--file", work / "file"]
        if is_tls:
            self.command += ["--certificate", work / "certificate.pem", "--key", work / "key.pem"]

    def __enter__(self):
        self.process = subprocess.Popen([str(part) for part in self.command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port, self.pid = int(self.process.stdout.readline()), self.process.pid
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        if self.process.wait(timeout=60) != 0:
            sys.exit("the server did not end well")


class Nginx:
    """The peer, from the same folder."""

    def __init__(self, work, port, is_tls):
        self.program = shutil.which("nginx") or "/usr/sbin/nginx"
        if not pathlib.Path(self.program).exists():
            sys.exit("nginx is missing: install the package nginx-light")
        self.port, self.configuration = port, work / f"nginx-{port}.conf"
        self.configuration.write_text(NGINX.format(work=work, port=port, ssl=" ssl" if is_tls else ""))

    def __enter__(self):
        self.process = subprocess.Popen([self.program, "-p", "/tmp", "-c", str(self.configuration)])
        time.sleep(1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=60)

    def version(self):
        said = subprocess.run([self.program, "-v"], capture_output=True, text=True, check=True).stderr
        return re.search(r"nginx/([0-9.]+)", said).group(1)


class Load:
    def __init__(self, bin_dir, work, is_tls):
        self.program, self.work, self.flags = bin_dir / "http_load", work, ["--tls"] if is_tls else []

    def run(self, kind, server, *arguments):
        command = [self.program, kind, "--port", server.port, *self.flags, *arguments]
        done = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout)

    def slow_readers(self, server, readers):
        return self.run("slow", server, "--pid", server.pid, "--connections", readers, "--bytes", READER_BYTES,
                        "--seconds", READER_SECONDS, "--size", FILE_BYTES)

    def small_requests(self, server, repetitions):
        rounds = [self.run("small", server, "--path", "/small", "--connections", ASKERS, "--seconds", ASKER_SECONDS)
                  for _ in range(repetitions)]
        return median_by(rounds, "requests_per_s") | {"runs": repetitions,
                                                      "p99_ms_worst": max(one["p99_ms"] for one in rounds)}

    def download(self, server):
        seen = self.run("big", server)
        if seen["bytes"] < FILE_BYTES:
            sys.exit(f"a download ended after {seen['bytes']} bytes")
        return seen["mb_per_s"]

    def downloads(self, server, nginx, repetitions):
        """In turn, once to warm up."""
        rounds = [(self.download(server), self.download(nginx)) for _ in range(repetitions + 1)][1:]
        ours, theirs = (statistics.median(column) for column in zip(*rounds))
        return {"mb_per_s": ours, "nginx_mb_per_s": theirs, "share_of_nginx": ours / theirs, "runs": repetitions,
                "bytes": FILE_BYTES}


def median_by(rounds, key):
    """The round in the middle."""
    return sorted(rounds, key=lambda one: one[key])[len(rounds) // 2]


def make_files(bin_dir, work):
    subprocess.run([str(bin_dir / "http_load"), "file", "--size", str(FILE_BYTES), str(work / "file")], check=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "2", "-subj", "/CN=127.0.0.1", "-keyout", str(work / "key.pem"), "-out",
                    str(work / "certificate.pem")], check=True, stderr=subprocess.DEVNULL)
    os.chmod(work, 0o755)  # nginx reads as another user
    os.sync()


def measure_server(bin_dir, work, repetitions, readers=READERS):
    make_files(bin_dir, work)
    measured = {}
    for name, is_tls, port in (("plain", False, 18600), ("tls", True, 18601)):
        load = Load(bin_dir, work, is_tls)
        with Server(bin_dir, work, is_tls) as server:
            measured[name] = {"slow_readers": load.slow_readers(server, readers)}
        with Server(bin_dir, work, is_tls) as server, Nginx(work, port, is_tls) as nginx:
            measured[name] |= {"small_requests": load.small_requests(server, repetitions),
                               "download": load.downloads(server, nginx, repetitions)}
            measured["nginx"] = nginx.version()
    return measured
