#!/usr/bin/env python3
"""De-identified objects are as valid as they were, and say nothing of where they came from.

    deid_valid.py NARU [corpus|real]

Over the corpus of deid_corpus.py, and over every file of the folder that NARU_REAL_DICOM names (status 77 where there
is none): dciodvfy finds no kind of error in an output that it does not find in its input; every output can be read; no
value of the source that identifies stands in its bytes; every input is used or has a reason.
"""
import collections
import concurrent.futures
import io
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import warnings
import zipfile

import pydicom
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from deid_facts import RULES
from deid_leaks import hits, inflated, patterns_of
from deid_people import name_words
from deid_run import ALL, Run, recipe_of
from deid_values import text_of

DCIODVFY_SECONDS = 30
SHORTEST = 6  # of values searched for
# What files of public collections hold in place of a name.
NOBODY = {
    "anonymous", "anonymized", "anonymised", "anonymize", "deidentified", "unknown", "patient", "noname", "none",
    "phantom",
    # Dates that stand for none, which are not moved.
    "00010101", "18991230", "19000101", "19700101", "99991231"}


def content_of(path):
    """The bytes of an input, also of a member of an archive ("a.zip!b/c.dcm")."""
    archive, _, member = path.partition("!")
    if not member:
        return pathlib.Path(path).read_bytes()
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            return opened.read(member)
    with tarfile.open(archive) as opened:
        return opened.extractfile(member).read()


def errors_of(data, folder):
    """How often dciodvfy reports each kind of error; none where it does not end."""
    ds = pydicom.dcmread(io.BytesIO(data))
    if ds.file_meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:  # which it cannot read
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        buffer = io.BytesIO()
        ds.save_as(buffer)
        data = buffer.getvalue()
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        file.write(data)
        file.flush()
        try:
            done = subprocess.run(["dciodvfy", file.name], capture_output=True, timeout=DCIODVFY_SECONDS)
        except subprocess.TimeoutExpired:
            return None
    lines = (done.stdout + done.stderr).decode("latin-1").splitlines()
    return collections.Counter(kind_of(line) for line in lines if line.startswith("Error"))


def kind_of(line):
    """An error without the values that it quotes."""
    line = re.sub(r"(=|value|Value) <[^>]*>", r"\1 <>", line)
    line = re.sub(r"UID \S+$|\d+(\.\d+){2,}", "UID", line)
    return re.sub(r"(VR|expected <?=?) = ?\d+", r"\1", line)


def identifying_values(ds):
    """Values of the source that no output may hold."""
    values = set()
    elements = [*ds.iterall(), *(ds.file_meta if hasattr(ds, "file_meta") else [])]
    for element in elements:
        if element.VR == "PN":
            values |= {word for value in text_of(element).split("\\") for word in name_words(value)}
        elif element.keyword in ("PatientID", "PatientBirthDate", "AccessionNumber", "OtherPatientIDs"):
            values |= set(text_of(element).split("\\"))
        elif element.VR == "UI" and RULES.get(int(element.tag)) == "U":
            values |= {uid for uid in text_of(element).split("\\") if not uid.startswith("1.2.840.10008.")}
    return {v for v in values if len(v) >= SHORTEST and v.lower() not in NOBODY and len(set(v)) > 2}


def leaked(source, output, data):
    """Whether a value of the source stands in the output's bytes; pixels that are the source's own are not searched."""
    pixels = output.get("PixelData") or b""
    text = data.replace(pixels, b"") if len(pixels) > 15 and pixels == source.get("PixelData") else data
    patterns = [p for value in identifying_values(source) for p in patterns_of(value)]
    return [word for word, _ in hits((text + inflated(data)).lower(), patterns)]


def faults_of(line, run, folder):
    """A list of what is wrong with one delivered instance."""
    before, after = content_of(line["path"]), (run.out / line["output"]).read_bytes()
    try:
        output = pydicom.dcmread(io.BytesIO(after))
        output.decode()
        list(output.iterall())
    except Exception as problem:  # whatever pydicom stumbles over
        return [f"cannot be read: {type(problem).__name__}"]
    try:
        source = pydicom.dcmread(io.BytesIO(before))
        words, expected = leaked(source, output, after), errors_of(before, folder)
    except Exception:  # a source that pydicom cannot read; what it holds is not known here
        words, expected = [], None
    faults = [f"holds {len(words)} values of its source, one of {len(words[0])} characters"] if words else []
    found = errors_of(after, folder)
    new = found - expected if found is not None and expected is not None else {}
    return faults + [f"{count} new: {kind}" for kind, count in new.items()]


def check(program, inputs, recipe, folder):
    """Prints every fault; gives their number."""
    run = Run(program, [inputs], folder / "run", recipe)
    files = {str(p) for p in inputs.rglob("*") if p.is_file()}
    named = {line["path"].partition("!")[0] for line in run.lines}
    faults = [f"status {run.status}"] if run.status not in (0, 3) else []
    faults += [f"{len(files - named)} inputs have no line"] if files - named else []
    faults += [f"{line['path']}: {line['disposition']} without a reason" for line in run.lines
               if line["disposition"] != "used" and not line.get("reason")]
    used = [line for line in run.lines if line["disposition"] == "used"]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:  # the time is dciodvfy's
        for line, found in zip(used, pool.map(lambda line: faults_of(line, run, folder), used)):
            faults += [f"{line['path']}: {why}" for why in found]
    for fault in faults:
        print(fault)
    reasons = collections.Counter(line.get("reason") or "used" for line in run.lines)
    print(f"{len(run.lines)} inputs, {dict(reasons)}, {len(faults)} faults")
    return len(faults)


def main():
    program, part = sys.argv[1], (sys.argv[2] if len(sys.argv) > 2 else "")
    warnings.simplefilter("ignore")  # pydicom comments on much that real files hold
    faults = 0
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        if part != "real":
            subprocess.run(
                [sys.executable, pathlib.Path(__file__).with_name("deid_corpus.py"), work / "corpus"], check=True)
            faults += check(program, work / "corpus" / "dicom", (work / "corpus" / "recipe.toml").read_text(),
                            work / "a")
        real = os.environ.get("NARU_REAL_DICOM")
        if part != "corpus" and real:
            faults += check(program, pathlib.Path(real), recipe_of(ALL), work / "b")
    if not faults and part != "corpus" and not real:
        print("skipped: NARU_REAL_DICOM is not set")
        sys.exit(77)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
