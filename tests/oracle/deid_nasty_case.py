"""What the nasty cases are written with: files to plant, and questions to ask of what came out."""
import dataclasses
import datetime
import random

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import ExplicitVRLittleEndian

import deid_bytes
import deid_headers as headers
import deid_images as images
from deid_check import days_between, holds, normal
from deid_people import people
from deid_run import ALL, Run, recipe_of
from deid_text import Texts
from deid_values import text_of

CASES = []  # (number, options, function)
BASIC = ()


def case(number, options=ALL):
    """Registers a generator: it plants its files, yields, and is resumed after the program ran over them."""
    def register(function):
        CASES.append((number, options, function))
        return function
    return register


def own_name(number):
    """A name that only this case's patient has, so that a leak names its case."""
    first, last = ["pel", "mir", "tov", "zan", "rud", "fen"], ["bran", "crel", "dorf", "gint", "hask", "jolm"]
    high, low = divmod(number - 1, 6)
    return (first[high] + first[low] + "ia").title(), (last[high] + last[low]).title()


class Failed(Exception):
    """What must hold does not."""


class Case:
    def __init__(self, number, folder, program):
        self.number, self.folder, self.program, self.result = number, folder, program, None
        self.secrets, self.paths, self.studies, self.runs = set(), {}, {}, 0
        self.texts = Texts(random.Random(number))
        self.first, self.last = own_name(number)
        day = datetime.date(2015, 3, 1) + datetime.timedelta(days=number)
        self.patient = dataclasses.replace(people()[0], code=f"nasty{number}", id=f"NC{number:02}-441790",
                                           first_study=day, name=f"{self.last}^{self.first}",
                                           other_name=f"{self.last}^{self.first}", birth="19610417", intervals=())

    # planting

    def study(self, patient=None):
        """The one study of a patient."""
        patient = patient or self.patient
        return self.studies.setdefault(patient.code, headers.Study(patient, 0))

    def series(self, study=None, device=headers.SOMATOM, modality="CT"):
        return headers.Series(study or self.study(), device, modality, self.texts)

    def image(self, series=None, k=0, **values):
        """A plain CT image: who, when, and pixels; nothing planted but `values`."""
        s = series or self.series()
        full = images.ct(s, k)
        ds = Dataset()
        for name in PLAIN:
            if name in full:
                ds[name] = full[name]
        ds.pixels = full.pixels
        ds.StudyDescription, ds.SeriesDescription = "CT CHEST", "AXIAL"
        for name, value in values.items():
            setattr(ds, name, value)
        return ds

    def write(self, ds, name="image.dcm", syntax=ExplicitVRLittleEndian, change=None, comment=b"", **options):
        """`change` alters the file's bytes."""
        path = self.folder / name
        if hasattr(ds, "pixels"):
            deid_bytes.encode(ds, syntax, comment)
        deid_bytes.write(ds, path, syntax, **options)
        if change:
            path.write_bytes(change(path.read_bytes()))
        self.paths[name] = path
        return ds

    def raw(self, name, data):
        self.paths[name] = self.folder / name
        self.paths[name].parent.mkdir(parents=True, exist_ok=True)
        self.paths[name].write_bytes(data)

    def secret(self, *words):
        """Words that nothing the program writes outside its report may hold."""
        self.secrets |= set(words)

    def run(self, inputs=None, key="7" * 64, options=ALL, **more):
        """A run of this case's own."""
        self.runs += 1
        folder = self.folder.with_name(f"{self.folder.name}_run{self.runs}")
        return Run(self.program, inputs or [self.folder], folder, recipe_of(options), key, **more)

    # asking

    def line(self, name, run=None):
        line = (run or self.result).line_of(self.paths[name])
        self.expect(line is not None, f"{name} has no line in inputs.jsonl")
        return line

    def output(self, name="image.dcm", run=None):
        line = self.line(name, run)
        self.expect(line["disposition"] == "used", f"{name} is {line['disposition']}: {line.get('reason')}")
        return (run or self.result).output(self.paths[name])

    def output_if_used(self, name, *reasons):
        """The output, or none where it was held back for one of these reasons."""
        line = self.line(name)
        if line["disposition"] == "used":
            return self.output(name)
        self.expect(line.get("reason") in reasons, f"{name} is {line['disposition']}: {line.get('reason')}")
        return None

    @staticmethod
    def expect(condition, why):
        if not condition:
            raise Failed(why)

    def text(self, ds, keyword):
        return text_of(ds[keyword]) if keyword in ds else ""

    def gone(self, ds, keyword, *words):
        text = self.text(ds, keyword)
        left = [w for w in words if holds(normal(text), normal(w))]
        self.expect(not left, f"{left} left in {keyword}: {text!r}")

    def kept(self, ds, keyword, *words):
        text = self.text(ds, keyword)
        lost = [w for w in words if normal(w) not in normal(text)]
        self.expect(not lost, f"{lost} lost from {keyword}: {text!r}")

    def same(self, ds, keyword, value):
        self.expect(self.text(ds, keyword) == value, f"{keyword} became {self.text(ds, keyword)!r}, was {value!r}")

    def absent(self, ds, *tags):
        for tag in tags:
            self.expect(tag not in ds or not text_of(ds[tag]),
                        f"{tag if isinstance(tag, str) else hex(tag)} is still there")

    def days(self, before, after):
        """By how much this patient's dates moved."""
        days = days_between(before.StudyDate, after.StudyDate)
        self.expect(days != 0, "the study date did not move")
        return days


PLAIN = """
PatientName PatientID PatientBirthDate PatientSex PatientAge StudyInstanceUID StudyDate StudyTime StudyID
AccessionNumber ReferringPhysicianName InstitutionName OperatorsName Modality SeriesInstanceUID SeriesNumber
SeriesDate SeriesTime Manufacturer ManufacturerModelName PatientPosition FrameOfReferenceUID
PositionReferenceIndicator SOPClassUID SOPInstanceUID InstanceNumber ContentDate ContentTime ImageType AcquisitionDate
AcquisitionTime AcquisitionNumber ImagePositionPatient ImageOrientationPatient PixelSpacing SliceThickness KVP
RescaleIntercept RescaleSlope SamplesPerPixel PhotometricInterpretation Rows Columns BitsAllocated BitsStored HighBit
PixelRepresentation
""".split()


def implicit_item(ds, is_defined=True):
    """An item of a sequence, its elements in implicit VR little endian."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, True
    write_dataset(buffer, ds)
    data = buffer.getvalue()
    if is_defined:
        return b"\xfe\xff\x00\xe0" + len(data).to_bytes(4, "little") + data
    return b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + data + b"\xfe\xff\x0d\xe0\0\0\0\0"


def explicit(tag, vr, value):
    """The bytes of one element in explicit VR little endian."""
    head = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little") + vr.encode()
    value += bytes(len(value) % 2)
    if vr in ("OB", "OW", "SQ", "UN", "UT"):
        return head + b"\0\0" + len(value).to_bytes(4, "little") + value
    return head + len(value).to_bytes(2, "little") + value


def inserter(element):
    """A change of an explicit VR little endian file: puts the bytes of an element where its tag belongs."""
    def change(data):
        at = 144 + int.from_bytes(data[140:144], "little")
        tag = order(element)
        while at < len(data) and order(data[at:at + 4]) < tag:
            if data[at + 4:at + 6].decode() in ("OB", "OW", "SQ", "UN", "UT", "OF", "OD", "OV", "UC", "UR"):
                length, head = int.from_bytes(data[at + 8:at + 12], "little"), 12
            else:
                length, head = int.from_bytes(data[at + 6:at + 8], "little"), 8
            at += head + length
        return data[:at] + element + data[at:]
    return change


def order(data):
    return int.from_bytes(data[0:2], "little"), int.from_bytes(data[2:4], "little")
