#!/usr/bin/env python3
"""Every real file has a line in inputs.jsonl, and none stops or delays the program.

    every_file.py NARU

Runs `prepare` and `inspect --decode` over all of NARU_REAL_DICOM; without it status 77 says "skipped".
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

LIMIT_SECONDS = 100  # for thousands of files together; a single one that hangs is found by it too


def main():
    if not os.environ.get("NARU_REAL_DICOM"):
        print("skipped: NARU_REAL_DICOM is not set")
        sys.exit(77)
    naru, real = sys.argv[1], pathlib.Path(os.environ["NARU_REAL_DICOM"])
    files = {str(path) for path in real.rglob("*") if path.is_file()}
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        key = work / "k.key"
        key.touch(0o600)
        key.write_text("7" * 64)
        command = [naru, "prepare", real, "--out", work / "out", "--recipe", "original-grid", "--quiet", "--key-file", key]
        status = subprocess.run(command, stdout=subprocess.DEVNULL, timeout=LIMIT_SECONDS).returncode
        assert status == 3, f"prepare ended with {status}"
        lines = [json.loads(line) for line in (work / "out.report" / "inputs.jsonl").open()]
    plain = [line["path"] for line in lines if "!" not in line["path"]]
    assert len(plain) == len(set(plain)), "a file has two lines"
    archives = {line["path"].split("!")[0] for line in lines if "!" in line["path"]}
    missing = files - set(plain) - archives
    assert not missing, f"{len(missing)} files have no line"
    for line in lines:
        assert line["disposition"] == "used" or line["reason"], "a file that is not used has no reason"
        assert line["sha256"] or line["reason"] == "unreadable", "a file has no checksum"
    done = subprocess.run([naru, "inspect", "--decode", "--json", "--quiet", real], stdout=subprocess.PIPE,
                          timeout=LIMIT_SECONDS)
    assert done.returncode == 3, f"inspect ended with {done.returncode}"
    assert json.loads(done.stdout)["files"] == len(lines)
    print(f"{len(files)} files, {len(lines)} lines, {sum(l['disposition'] == 'used' for l in lines)} used")


if __name__ == "__main__":
    main()
