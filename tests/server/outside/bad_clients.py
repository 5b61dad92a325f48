"""Clients that mean harm, or are broken: each is refused with its code, and the service stays up.

    bad_clients.py NARU PHANTOM FOLDER OPENAPI [--fuzz 2000] [--seed 1]
"""
import argparse
import io
import json
import pathlib
import random
import socket
import subprocess
import sys
import tarfile
import threading
import time
import zipfile

import yaml
from harness import Client, Server, World

CONFIG = """
[listen]
port = {port}
header_timeout_s = 2
body_timeout_s = 2
[dicom]
is_on = {dicom}
port = {dicom_port}
organisation = "Seoul Hospital"
allowed_ae_titles = ["STORESCU"]
max_associations = 4
[ingest]
quiet_s = 3600
max_upload_bytes = "64MiB"
max_instance_bytes = "4MiB"
[jobs]
device = "cpu"
memory = "1GiB"
"""

CASES = []


def case(function):
    CASES.append(function)
    return function


def raw(server, data, seconds=15):
    """What the server says to these bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


def status_of(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else None


def expect_code(answer, status, code):
    assert answer.status == status, f"expected {status} {code}, got {answer!r}"
    assert answer.headers["Content-Type"].startswith("application/problem+json"), answer.headers["Content-Type"]
    assert answer.json()["code"] == code, answer.json()


@case
def malformed_requests(server, world, options):
    for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
                 b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n",
                 b"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
                 b"POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
                 b"POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 b"POST /api/v1/session HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"):
        status = status_of(raw(server, data))
        assert status is None or 400 <= status < 600 and status != 500, (data, status)


@case
def oversized_requests(server, world, options):
    assert status_of(raw(server, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 200_000 + b"\r\n\r\n")) == 431
    assert status_of(raw(server, b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")) in (414, 431)
    expect_code(Client(server).post("/api/v1/session", {"login": "a" * 2_000_000, "password": "b"}), 413, "body_too_large")
    deep = "[" * 100_000
    answer = Client(server).request("POST", "/api/v1/session", deep, headers={"Content-Type": "application/json"})
    expect_code(answer, 400, "request_invalid")


@case
def slow_headers_and_bodies(server, world, options):
    connections = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(200)]
    for connection in connections:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ")
    assert Client(server).get("/healthz").status == 200
    closed = 0
    for connection in connections:
        try:
            while connection.recv(65536):
                pass
            closed += 1
        except ConnectionResetError:
            closed += 1
        connection.close()
    assert closed == len(connections)


@case
def paths_that_climb(server, world, options):
    for path in ("/../../etc/passwd", "/api/v1/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/api/v1/data/..%2f..%2fetc%2fpasswd",
                 "//etc/passwd", "/api/v1/data/%2e%2e", "/api/v1/ledger/tile/../../master.key", "/api/v1/ledger/tile/0/..%2f..%2fmaster.key"):
        answer = raw(server, f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {world.steward.token}\r\n\r\n".encode())
        assert status_of(answer) in (400, 401, 403, 404), (path, answer[:200])
        assert b"root:" not in answer


@case
def credentials_that_are_not_good(server, world, options):
    for token in ("", "naru_", "naru_" + "a" * 43, "x" * 10_000 if False else "x" * 1000, world.steward.token[:-1] + ("a" if world.steward.token[-1] != "a" else "b")):
        expect_code(Client(server, token or "x").get("/api/v1/studies"), 401, "unauthenticated")
    expect_code(Client(server).get("/api/v1/studies"), 401, "unauthenticated")
    # expired
    session = Client(server)
    session.sign_in("steward")
    made = session.expect(201, "POST", "/api/v1/tokens", {"name": "short", "scopes": ["read"], "expires_ms": int(time.time() * 1000) + 1500}).json()
    short = Client(server, made["secret"])
    assert short.get("/api/v1/studies").status == 200
    time.sleep(2)
    expect_code(short.get("/api/v1/studies"), 401, "unauthenticated")
    # revoked
    made = session.expect(201, "POST", "/api/v1/tokens", {"name": "gone", "scopes": ["read"], "expires_ms": int(time.time() * 1000) + 600_000}).json()
    gone = Client(server, made["secret"])
    assert gone.get("/api/v1/studies").status == 200
    session.expect(204, "DELETE", f"/api/v1/tokens/{made['id']}")
    expect_code(gone.get("/api/v1/studies"), 401, "unauthenticated")
    # narrower than what is asked for
    made = session.expect(201, "POST", "/api/v1/tokens", {"name": "narrow", "scopes": ["read"], "expires_ms": int(time.time() * 1000) + 600_000}).json()
    expect_code(Client(server, made["secret"]).request("POST", "/api/v1/instances", b"x", headers={"Content-Type": "application/dicom"}), 403, "forbidden")
    # a session without its CSRF token
    session.csrf = "wrong"
    expect_code(session.post("/api/v1/tokens", {"name": "a", "scopes": ["read"], "expires_ms": 1}), 403, "forbidden")


@case
def passwords_that_are_guessed(server, world, options):
    statuses = [Client(server).post("/api/v1/session", {"login": "auditor", "password": f"wrong {i} wrong wrong"}).status for i in range(25)]
    assert set(statuses) <= {401, 429}, statuses
    assert 429 in statuses, "guessing is never slowed down"


@case
def foreign_ids(server, world, options):
    studies = world.studies()
    assert studies, "no study to be denied"
    for path in (f"/api/v1/studies/{studies[0]['id']}", "/api/v1/jobs", "/api/v1/grants"):
        status = world.engineer.get(path).status
        assert status in (200, 403, 404), (path, status)
        if status == 200:
            assert not world.engineer.get(path).json()["items"]
    other = {"recipient_id": world.company, "purpose": "a", "decision": "b", "recipe": "ct-1mm",
             "expires_ms": int(time.time() * 1000) + 1_000_000, "study_ids": ["study-00000000000000000000000000000000"]}
    expect_code(world.steward.post("/api/v1/grants", other), 404, "not_found")


def upload(world, kind, data):
    made = world.steward.expect(201, "POST", "/api/v1/uploads", {"kind": kind, "size_bytes": len(data)}).json()
    world.steward.request("PATCH", f"/api/v1/uploads/{made['id']}", data, headers={"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"})
    return world.steward.post(f"/api/v1/uploads/{made['id']}/complete", {}, timeout=120), made["id"]


@case
def archives_that_bite(server, world, options):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for index in range(40):
            archive.writestr(f"{index}.dcm", b"\0" * 30_000_000)
    before = {study["id"] for study in world.studies()}
    answer, _ = upload(world, "archive", bomb.getvalue())
    assert answer.status < 500, repr(answer)
    slip = io.BytesIO()
    with zipfile.ZipFile(slip, "w") as archive:
        archive.writestr("../../../../tmp/naru-slipped", b"x")
        archive.writestr("/tmp/naru-slipped", b"x")
    upload(world, "archive", slip.getvalue())
    links = io.BytesIO()
    with tarfile.open(fileobj=links, mode="w") as archive:
        link = tarfile.TarInfo("a")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    upload(world, "archive", links.getvalue())
    assert not pathlib.Path("/tmp/naru-slipped").exists()
    assert {study["id"] for study in world.studies()} == before
    answer, _ = upload(world, "archive", b"PK\x03\x04" + bytes(range(256)) * 100)
    assert answer.status < 500, repr(answer)
    expect_code(world.steward.post("/api/v1/uploads", {"kind": "archive", "size_bytes": 1 << 50}), 413, "body_too_large")


@case
def instances_that_are_none(server, world, options):
    headers = {"Content-Type": "application/dicom"}
    for data in (b"", b"hello", b"\0" * 128 + b"DICM", b"\0" * 128 + b"DICM" + bytes(random.Random(1).randbytes(5000))):
        answer = world.steward.request("POST", "/api/v1/instances", data, headers=headers)
        assert 400 <= answer.status < 500, repr(answer)
    answer = world.steward.request("POST", "/api/v1/instances", b"\0" * (5 << 20), headers=headers)
    expect_code(answer, 413, "body_too_large")


@case
def ranges_that_are_wrong(server, world, options):
    dataset = world.steward.expect(200, "GET", "/api/v1/datasets").json()["items"][0]
    files = world.steward.expect(200, "GET", f"/api/v1/datasets/{dataset['id']}/files").json()["items"]
    file = max(files, key=lambda f: f["size_bytes"])
    path, size = "/api/v1/data/" + file["drs_id"], file["size_bytes"]
    whole = world.steward.expect(200, "GET", path)
    etag = whole.headers["ETag"]
    assert not etag.startswith("W/")
    for given, status, expected in ((f"bytes={size}-", 416, None), ("bytes=0-0", 206, whole.body[:1]), ("bytes=-5", 206, whole.body[-5:]),
                                    (f"bytes=5-{size * 10}", 206, whole.body[5:]), ("bytes=9-3", 200, whole.body), ("bytes=a-b", 200, whole.body),
                                    ("bytes=-0", 416, None), ("lines=1-2", 200, whole.body), ("bytes=99999999999999999999999-", None, None)):
        answer = world.steward.get(path, headers={"Range": given})
        assert status is None or answer.status == status, (given, answer.status)
        assert answer.status in (200, 206, 416)
        assert expected is None or answer.body == expected, given
    answer = world.steward.get(path, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert answer.status == 200 and answer.body == whole.body
    assert world.steward.get(path, headers={"Range": "bytes=0-9", "If-Range": etag}).status == 206
    assert world.steward.get(path, headers={"If-None-Match": etag}).status == 304
    head = world.steward.request("HEAD", path)
    assert head.status == 200 and int(head.headers["Content-Length"]) == size and not head.body


@case
def links_that_were_changed(server, world, options):
    dataset = world.steward.expect(200, "GET", "/api/v1/datasets").json()["items"][0]
    url = world.steward.expect(200, "GET", f"/ga4gh/drs/v1/objects/{dataset['id']}/access/tar").json()["url"]
    path = url[url.index("/api"):]
    anybody = Client(server)
    assert anybody.request("HEAD", path).status == 200
    for changed in (path[:-2] + ("aa" if path[-2:] != "aa" else "bb"), path.replace("expires=1", "expires=2", 1), path.replace("credential=", "credential=x", 1),
                    path.replace(".tar?", ".tarx?"), path[:path.index("&signature")], path.split("?")[0]):
        assert anybody.get(changed).status in (401, 404), changed


@case
def associations_that_flood(server, world, options):
    connections = []
    for _ in range(100):
        try:
            connections.append(socket.create_connection(("127.0.0.1", server.dicom_port), timeout=5))
        except OSError:
            pass
    for connection in connections:
        try:
            connection.sendall(b"\x01\x00\x00\x00\xff\xff" + b"A" * 100)
        except OSError:
            pass
    assert Client(server).get("/healthz").status == 200
    for connection in connections:
        connection.close()
    time.sleep(1)
    done = subprocess.run(["echoscu", "-to", "20", "-aet", "STORESCU", "-aec", "NARU", "127.0.0.1", str(server.dicom_port)], capture_output=True)
    assert done.returncode == 0, done.stderr
    done = subprocess.run(["echoscu", "-to", "20", "-aet", "STRANGER", "-aec", "NARU", "127.0.0.1", str(server.dicom_port)], capture_output=True)
    assert done.returncode != 0


def random_value(rng, depth=0):
    kinds = ["text", "number", "null", "bool", "long", "nul"] + (["list", "object"] if depth < 3 else [])
    kind = rng.choice(kinds)
    return {"text": lambda: rng.choice(["", "a", "../x", "' OR 1=1 --", "김철수", "\ud800".encode("utf-8", "replace").decode(), "study-1", "ct-1mm"]),
            "number": lambda: rng.choice([0, -1, 1, 2**31, 2**63, 2**64, 1e308, 0.5]), "null": lambda: None, "bool": lambda: True,
            "long": lambda: "x" * 70_000, "nul": lambda: "a\0b", "list": lambda: [random_value(rng, depth + 1) for _ in range(rng.randrange(4))],
            "object": lambda: {rng.choice("abc"): random_value(rng, depth + 1) for _ in range(rng.randrange(4))}}[kind]()


def fields_of(document, operation):
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    while "$ref" in schema:
        node = document
        for part in schema["$ref"].lstrip("#/").split("/"):
            node = node[part]
        schema = node
    return list(schema.get("properties", {}))


@case
def requests_that_are_random(server, world, options):
    document, rng = yaml.safe_load(options.openapi.read_text()), random.Random(options.seed)
    clients = [world.steward, world.reviewer, world.engineer, world.auditor, Client(server)]
    operations = [(path, method, operation) for path, item in document["paths"].items() for method, operation in item.items()
                  if method in ("get", "post", "put", "patch", "delete", "head") and not path.endswith("/events")]
    declared = {}
    for _ in range(options.fuzz):
        path, method, operation = rng.choice(operations)
        filled = path
        while "{" in filled:
            begin, end = filled.index("{"), filled.index("}")
            filled = filled[:begin] + rng.choice(["x", "1", "study-00000000000000000000000000000000", "%00", "a%2Fb", "-1", "tar"]) + filled[end + 1:]
        body, headers = None, {}
        if "requestBody" in operation or rng.random() < 0.1:
            names = fields_of(document, operation)
            body = json.dumps({name: random_value(rng) for name in names if rng.random() < 0.8} if names and rng.random() < 0.8 else random_value(rng))
            headers["Content-Type"] = rng.choice(["application/json"] * 4 + ["text/plain", "application/dicom", ""])
        if rng.random() < 0.3:
            filled += "?" + rng.choice(["limit=0", "limit=-5", "limit=abc", "page_token=%ff", "limit=1001", "expand=maybe", "a=b&a=c"])
        answer = rng.choice(clients).request(method.upper(), filled, body, headers=headers)
        assert answer.status < 500, f"{method} {filled} {body and body[:300]}: {answer!r}"
        is_witness = path.endswith("/witness/add-checkpoint")  # answers in text, as C2SP has it
        # What the door refuses before it knows the path (a bad %XX) has the shape of all others.
        is_drs = path.startswith("/ga4gh/drs/") and "%" not in filled
        if answer.status >= 400 and method != "head" and is_drs:
            assert answer.headers["Content-Type"] == "application/json", (path, answer)
            assert set(answer.json()) == {"msg", "status_code"} and answer.json()["status_code"] == answer.status, answer.json()
        elif answer.status >= 400 and method != "head" and not is_witness and not (path.startswith("/ga4gh/drs/")):
            assert answer.headers["Content-Type"].startswith("application/problem+json"), (path, answer)
            problem = answer.json()
            assert problem["code"] and problem["status"] == answer.status
        declared.setdefault(str(answer.status), 0)
        declared[str(answer.status)] += 1
        if answer.status < 400 and str(answer.status) not in operation["responses"] and "default" not in operation["responses"]:
            raise AssertionError(f"{method} {path} answers {answer.status}, which the document does not have")
    print("  answers:", declared)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("naru"), parser.add_argument("phantom")
    parser.add_argument("folder", type=pathlib.Path), parser.add_argument("openapi", type=pathlib.Path)
    parser.add_argument("--fuzz", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    server = Server(options.naru, options.folder, CONFIG.replace("{dicom}", "false"))
    server.init()
    server.start()
    world = World(server)
    server.stop()
    server.config.write_text(server.config.read_text().replace("is_on = false", "is_on = true"))
    server.start()
    subprocess.run([options.phantom, "--out", options.folder / "input", "--size", "64", "64", "8"], check=True)
    for file in sorted(p for p in (options.folder / "input").rglob("*") if p.is_file()):
        assert world.send_file(file).status in (200, 201)
    world.close_studies()
    job = world.wait_job(world.job([study["id"] for study in world.studies()])["id"])
    assert job["state"] == "COMPLETE", job
    failed = 0
    for run in CASES:
        if options.only and run.__name__ != options.only:
            continue
        try:
            run(server, world, options)
            assert server.process.poll() is None, "the server ended:\n" + server.log_tail()
            assert Client(server).get("/readyz").status == 200
            print("ok", run.__name__, flush=True)
        except AssertionError as problem:
            failed += 1
            print("FAILED", run.__name__, problem, flush=True)
    log = server.log.read_text(errors="replace")
    for secret in (world.steward.token, "correct horse", "PHANTOM-"):
        if secret in log:
            failed += 1
            print("FAILED the log holds what it must not")
    if server.stop() != 0:
        failed += 1
        print("FAILED the server did not stop cleanly")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
