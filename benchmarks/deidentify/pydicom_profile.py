"""The same de-identification in pydicom: the peer of `naru deidentify` in the benchmark.

  pydicom_profile.py TABLE IN OUT PROCESSES      prints {"files": ..., "seconds": ..., "seconds_to_disk": ...}

TABLE is what `naru deidentify --explain --json` printed, so that both do the same table: Basic Profile,
clean-descriptors, retain-longitudinal-modified-dates. Written to be fast: an attribute is looked up once, and a value
is parsed only where it changes. Conditional actions are not decided by IOD. Descriptors lose the words that the file
itself says identify; nothing is searched afterwards. The time that Python takes to start is not counted.
"""
import datetime
import functools
import hashlib
import hmac
import json
import multiprocessing
import os
import pathlib
import re
import sys
import time

import pydicom
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID_dictionary

KEY = bytes(range(32))
SHIFT_BOUND_DAYS = 3650
# What a conditional action comes to in the images of the benchmark, where all attributes that may go are optional.
UNCONDITIONAL = {"X/Z": "X", "X/D": "X", "Z/D": "D", "X/Z/D": "X", "X/Z/U*": "X"}
TEXT = {"CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT"}
DUMMIES = dict.fromkeys(TEXT | {"AE"}, "REMOVED") | {
    "UR": "http://removed.invalid", "AS": "000Y", "DA": "19000101", "DT": "19000101", "TM": "000000", "DS": "0",
    "IS": "0", "UI": "2.25.0"}
IDENTIFYING = ["PatientName", "PatientID", "OtherPatientNames", "OtherPatientIDs", "AccessionNumber", "StudyID",
               "InstitutionName", "InstitutionAddress", "ReferringPhysicianName", "PerformingPhysicianName",
               "PhysiciansOfRecord", "NameOfPhysiciansReadingStudy", "OperatorsName", "RequestingPhysician",
               "StationName", "DeviceSerialNumber"]
WORD = re.compile(r"\w+")
DATE = re.compile(r"(?:19|20)\d{6}|\d{1,4}[./-]\d{1,2}[./-]\d{2,4}")


class Table:
    """The action for a tag: of its row, or else K where the standard knows it, and X."""

    def __init__(self, path):
        rules = json.loads(pathlib.Path(path).read_text())["rules"]
        self.exact, self.ranges = {}, []
        for rule in rules:
            digits = rule["tag"][1:5] + rule["tag"][6:10]
            action = UNCONDITIONAL.get(rule["action"], rule["action"])
            if "x" not in digits:
                self.exact[int(digits, 16)] = action
            elif digits.strip("x"):  # all open: private attributes, known by their odd groups
                self.ranges.append((re.compile(digits.replace("x", "."), re.IGNORECASE), action))

    @functools.lru_cache(maxsize=None)
    def action(self, tag):
        if (tag >> 16) % 2 == 1:
            return "X"
        if tag in self.exact:
            return self.exact[tag]
        for pattern, action in self.ranges:
            if pattern.fullmatch(f"{tag:08X}"):
                return action
        return "K" if dictionary_has_tag(tag) or 0x5000 <= tag >> 16 <= 0x60FF else "X"


def keyed(kind, text):
    return hmac.digest(KEY, f"{kind}\0{text}".encode(), hashlib.sha256)


@functools.lru_cache(maxsize=1_000_000)
def new_uid(uid):
    return uid if uid in UID_dictionary else f"2.25.{int.from_bytes(keyed('uid', uid)[:16], 'big')}"


def values_of(element):
    return [str(value) for value in (element.value if element.VM > 1 else [element.value])]


class File:
    """What the elements of one file need to know of it."""

    def __init__(self, dataset, table):
        self.table = table
        patient = str(dataset.get("PatientID", ""))
        self.pseudonym = "patient-" + keyed("patient", patient)[:8].hex()
        days = 1 + int.from_bytes(keyed("date-shift", patient)[:8], "big") % SHIFT_BOUND_DAYS
        self.shift = datetime.timedelta(days=-days)
        self.words = {word.casefold() for keyword in IDENTIFYING if keyword in dataset
                      for value in values_of(dataset[keyword]) for word in WORD.findall(value) if len(word) > 2}

    def shifted(self, value, vr):
        if vr == "TM" or not value:
            return value
        try:
            date = datetime.datetime.strptime(value[:8], "%Y%m%d") + self.shift
        except ValueError:
            return ""
        return f"{date:%Y%m%d}" + value[8:]

    def cleaned(self, text):
        text = WORD.sub(lambda word: "" if word[0].casefold() in self.words else word[0], DATE.sub("", text))
        return " ".join(text.split())


def each(element, function):
    values = [function(value) for value in values_of(element)]
    return values if len(values) > 1 else values[0]


def change(element, action, file):
    """The new value of an element that stays; None where it has to go."""
    if element.VR == "SQ":
        if action == "Z":
            return []
        for item in element.value:
            deidentify(item, file)
        return element.value
    if action == "Z":
        return ""
    if action == "D":
        return DUMMIES.get(element.VR, b"\0\0")
    if action == "U":
        return each(element, new_uid) if element.VR == "UI" else None
    if element.VR in ("DA", "DT", "TM"):
        return each(element, functools.partial(file.shifted, vr=element.VR))
    return each(element, file.cleaned) if element.VR in TEXT else None


def vr_of(dataset, tag):
    vr = dataset.get_item(tag).VR
    return dictionary_VR(tag) if vr in (None, "UN") and dictionary_has_tag(tag) else vr


def deidentify(dataset, file):
    for tag in list(dataset.keys()):
        action = file.table.action(int(tag))
        if action == "X":
            del dataset[tag]
        elif action != "K" or vr_of(dataset, tag) == "SQ":
            element = dataset[tag]
            value = change(element, action, file)
            if value is None:
                del dataset[tag]
            else:
                element.value = value


def method_item(code, meaning):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, "DCM", meaning
    return item


METHODS = [method_item("113100", "Basic Application Confidentiality Profile"),
           method_item("113105", "Clean Descriptors Option"),
           method_item("113107", "Retain Longitudinal Temporal Information Modified Dates Option")]


def state_method(dataset, file):
    dataset.PatientName = dataset.PatientID = file.pseudonym
    dataset.PatientIdentityRemoved = "YES"
    dataset.LongitudinalTemporalInformationModified = "MODIFIED"
    dataset.DeidentificationMethod = "DICOM PS3.15 Basic Profile"
    dataset.DeidentificationMethodCodeSequence = METHODS
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    dataset.file_meta, dataset.preamble = meta, bytes(128)


job = {}  # set before processes fork, so that none is sent it


def run_file(path):
    dataset, out = pydicom.dcmread(path), job["out"]
    file = File(dataset, job["table"])
    deidentify(dataset, file)
    state_method(dataset, file)
    folder = out / file.pseudonym / dataset.StudyInstanceUID / dataset.SeriesInstanceUID
    folder.mkdir(parents=True, exist_ok=True)
    dataset.save_as(folder / f"{dataset.SOPInstanceUID}.dcm", write_like_original=False)


def main():
    job.update(table=Table(sys.argv[1]), out=pathlib.Path(sys.argv[3]))
    processes = int(sys.argv[4])
    start = time.monotonic()
    paths = [path for path in sorted(pathlib.Path(sys.argv[2]).rglob("*")) if path.is_file()]
    if processes == 1:
        for path in paths:
            run_file(path)
    else:
        with multiprocessing.Pool(processes) as pool:
            for _ in pool.imap_unordered(run_file, paths, chunksize=8):
                pass
    seconds = time.monotonic() - start
    os.sync()
    print(json.dumps({"files": len(paths), "seconds": seconds, "seconds_to_disk": time.monotonic() - start}))


if __name__ == "__main__":
    main()
