#!/usr/bin/env python3
"""The scorer of de-identified output can fail: each action, each kind of leak, each way to lose a file.

    deid_score_test.py

Every check is asked of a data set that satisfies it and of one that does not.
"""
import gzip
import io
import json
import pathlib
import tempfile
import zipfile

import numpy
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

import deid_check
import deid_score
from deid_leaks import Leaks

UIDS = {"1.2.3.1": "2.25.11", "1.2.3.2": "2.25.12", "1.2.3.3": "2.25.13"}


def data_set(**values):
    ds = FileDataset("", {}, file_meta=FileMetaDataset(), preamble=bytes(128), is_implicit_VR=False,
                     is_little_endian=True)
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.StudyDate, ds.PatientID, ds.StudyInstanceUID = "20170101", "patient-1", "2.25.11"
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.BitsAllocated, ds.BitsStored, ds.HighBit = 4, 4, 1, 8, 8, 7
    ds.PhotometricInterpretation, ds.PixelRepresentation = "MONOCHROME2", 0
    ds.PixelData = bytes(16)
    for name, value in values.items():
        setattr(ds, name, value)
    return ds


def image(region, outside):
    pixels = numpy.full((4, 4), outside, "u1")
    pixels[:2, :2] = region
    return pixels.tobytes()


class OneSource:
    """Stands for the corpus: one source image."""

    def read(self, uid):
        return data_set(PixelData=image([[1, 2], [3, 4]], 9))


DESCRIPTION, AGE, BIRTH, UID, PIXELS = "(0008,1030)", "(0010,1010)", "(0010,0030)", "(0020,000D)", "(7FE0,0010)"
# action and parameters, what satisfies it, what does not
TRIALS = [
    ({"action": "tag_retained", "tag": BIRTH}, {"PatientBirthDate": ""}, [{}]),
    ({"action": "text_notnull", "tag": AGE}, {"PatientAge": "090Y"}, [{}, {"PatientAge": ""}]),
    ({"action": "text_retained", "tag": DESCRIPTION, "value": "CT CHEST"}, {"StudyDescription": "CT CHEST"}, [{}, {
        "StudyDescription": ""}, {"StudyDescription": "CT"}]),
    ({"action": "text_retained", "tag": DESCRIPTION, "words": ["CT", "CHEST"]}, {"StudyDescription": "CT of CHEST"}, [{
        "StudyDescription": "CHEST"}]),
    ({"action": "text_removed", "tag": DESCRIPTION, "words": ["Davidson", "NR"]}, {"StudyDescription": "CT UNREAD"}, [{
        "StudyDescription": "CT DAVIDSON"}, {"StudyDescription": "by NR"}]),
    ({"action": "text_removed", "tag": BIRTH, "words": [], "absent": True}, {}, [{"PatientBirthDate": "19000101"}]),
    ({"action": "date_shifted", "tag": "(0008,0020)", "original": "20170131", "pool": "p", "vr": "DA"}, {}, [{
        "StudyDate": "20170131"}, {"StudyDate": "20170102"}, {"StudyDate": ""}]),
    ({"action": "date_shifted", "tag": "(0008,002A)", "original": "20170131101010.5+0900", "pool": "p", "vr": "DT"}, {
        "AcquisitionDateTime": "20170101101010.5+0900"}, [{"AcquisitionDateTime": "20170101101010.5"}, {}]),
    ({"action": "uid_changed", "tag": UID, "original": "1.2.3.1"}, {}, [{"StudyInstanceUID": "1.2.3.1"}]),
    ({"action": "uid_consistent", "tag": UID, "original": "1.2.3.1"}, {}, [{"StudyInstanceUID": "2.25.14"}, {
        "StudyInstanceUID": ""}]),
    ({"action": "patid_consistent", "tag": "(0010,0020)", "original": "X", "pool": "p"}, {}, [{
        "PatientID": "patient-2"}, {"PatientID": ""}]),
    ({"action": "pixels_retained", "tag": PIXELS, "md5": deid_check.md5(bytes(16)), "part": "bytes"}, {}, [{
        "PixelData": bytes(15) + b"\1"}, {"PixelData": bytes(18)}]),
    ({"action": "pixels_hidden", "tag": PIXELS, "region": [0, 0, 2, 2], "sop_instance_uid": "1.2.3.1"}, {
        "PixelData": image(0, 9)}, [{"PixelData": image([[0, 0], [0, 4]], 9)}, {"PixelData": image(0, 8)}]), ]


def knowledge():
    """What a whole output would have said: the patient's dates moved by -30 days, every identifier has one new value."""
    shifted = {"action": "date_shifted", "tag": "(0008,0020)", "original": "20170131", "pool": "p", "vr": "DA"}
    pairs = [(shifted, data_set())]
    pairs += [({"action": "uid_consistent", "tag": UID, "original": old}, data_set(StudyInstanceUID=new))
              for old, new in UIDS.items()]
    pairs += [({"action": "patid_consistent", "tag": "(0010,0020)", "original": "X", "pool": "p"}, data_set())]
    return pairs


def test_actions():
    found = deid_check.Found(knowledge())
    assert {check["action"] for check, _, _ in TRIALS} == set(deid_check.ACTIONS), "an action has no trial"
    for check, good, bads in TRIALS:
        fault = deid_check.fault(check, data_set(**good), found, OneSource())
        assert fault is None, f"{check} fails on what satisfies it: {fault}"
        for bad in bads:
            assert deid_check.fault(check, data_set(**bad), found, OneSource()), f"{check} passes on {bad}"


def test_mappings():
    """One new identifier for two old ones is no mapping; all patients' dates moved alike are no protection."""
    check = {"action": "uid_consistent", "tag": UID, "original": "1.2.3.1"}
    merged = deid_check.Found(knowledge() + [({**check, "original": "1.2.3.9"}, data_set())])
    assert deid_check.fault(check, data_set(), merged, OneSource())
    shifted = {"action": "date_shifted", "tag": "(0008,0020)", "original": "20170131", "vr": "DA"}
    alike = deid_check.Found([({**shifted, "pool": f"p{n}"}, data_set()) for n in range(6)])
    assert deid_check.fault({**shifted, "pool": "p1"}, data_set(), alike, OneSource())


def zipped(data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.txt", data)
    return buffer.getvalue()


def test_leaks():
    word = "홍길동"
    for name, data in (("utf8", word.encode()), ("utf16", word.encode("utf-16-le")), ("euc", word.encode("euc_kr")),
                       ("json", json.dumps(word).encode()), ("gzip", gzip.compress(word.encode())), ("zip", zipped(word.encode())),
                       (f"{word}.txt", b"")):
        leaks = Leaks()
        leaks.add("clean", b"Hello")
        leaks.add(name, b"--" + data + b"--" if name not in ("gzip", "zip") else data)
        found = leaks.find({word, "Davidson"})
        assert len(found) == 1 and found[0][1].startswith(name), f"{name}: {found}"
    digits = Leaks()
    digits.add("longer", b"2.25.9195603140417")
    assert not digits.find({"19560314"}), "a number inside a longer one is no leak"
    digits.add("date", b"born 19560314.")
    assert digits.find({"19560314"})


def test_account(folder):
    """Inputs without a line, without a reason, without a file, and those that must not pass."""
    instances = [{"sha256": n, "file": n, **({"must_quarantine": True} if n == "twin" else {})}
                 for n in ("lost", "silent", "missing", "twin")]
    lines = {
        "lost": None, "silent": {"disposition": "quarantined", "reason": None}, "missing": {
            "disposition": "used", "output": "a/b/c/d.dcm"}, "twin": {"disposition": "used", "output": "a/b/c/e.dcm"}}
    outputs = {name: deid_score.Output(line, folder) for name, line in lines.items()}
    said = [fault.split(":")[0] for fault in deid_score.account(instances, outputs)]
    assert said == ["lost", "silent", "missing", "passed"], said
    (folder / "unlisted.txt").write_text("x")
    assert list(deid_score.documents(folder)), "a file without a checksum"


if __name__ == "__main__":
    test_actions()
    test_mappings()
    test_leaks()
    with tempfile.TemporaryDirectory() as work:
        test_account(pathlib.Path(work))
    print(
        f"{len(TRIALS)} trials over {len(deid_check.ACTIONS)} actions, leaks, accounts: the scorer fails where it must")
