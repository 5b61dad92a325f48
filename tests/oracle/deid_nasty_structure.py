"""Nasty cases of structure: private blocks, sequences in odd encodings, references, file meta, misplaced groups."""
import re

from pydicom.fileset import FileSet
from pydicom.sequence import Sequence

import deid_headers as headers
import deid_images as images
import deid_objects as objects
import deid_private as private
from deid_headers import item
from deid_nasty_case import BASIC, case, explicit, implicit_item, inserter
from deid_values import find, text_of

SEQUENCE_END = b"\xfe\xff\xdd\xe0\0\0\0\0"


@case(8)
def private_uids_and_pet_ids(c):
    s = c.series(device=headers.DISCOVERY)
    ds = c.image(s)
    scan, unsafe = s.related_uid("scan"), s.related_uid("entity")
    private.add_block(ds, 0x0009, private.PETD,
                      {0x02: c.patient.id, 0x07: scan, 0x0A: scan, 0x13: ds.FrameOfReferenceUID, 0x3F: 6586.25})
    private.add_block(ds, 0x0043, private.PARM, {0x61: unsafe, 0x27: "0.984:1"})
    c.write(ds)
    c.secret(scan, unsafe, ds.FrameOfReferenceUID)
    yield
    out = c.output()
    new = {e: find(out, f'(0009,"GEMS_PETD_01",{e})')[0] for e in ("07", "0A", "13")}
    c.expect(all(element is not None for element in new.values()), "a safe private UID is gone")
    texts = {e: text_of(element, "UI").strip("\0 ") for e, element in new.items()}
    c.expect(texts["07"] == texts["0A"], "one UID became two")
    c.expect(texts["13"] == out.FrameOfReferenceUID, "the private frame of reference does not follow the map")
    for path in ('(0009,"GEMS_PETD_01",02)', '(0043,"GEMS_PARM_01",61)'):
        c.expect(find(out, path)[0] is None, f"{path} is still there")
    c.expect(find(out, '(0043,"GEMS_PARM_01",27)')[0] is not None, "a safe attribute is gone")


@case(9)
def creators_and_blocks(c):
    ds = c.image()
    private.add_block(ds, 0x0029, private.MEDCOM, {0x60: c.first})
    private.add_block(ds, 0x0029, private.MEDCOM2, {0x60: "com"}, block=0x11)
    private.add_block(ds, 0x0019, private.MR_HEADER, {0x0C: 1000, 0x09: c.first}, block=0x35)
    ds.add_new(0x00191019, "LO", c.first)  # its block has no creator
    ds.add_new(0x00191009, "LO", c.first)
    c.write(ds)
    c.secret(c.first)
    yield
    out = c.output()
    for path in ('(0029,"SIEMENS MEDCOM HEADER2",60)', '(0019,"SIEMENS MR HEADER",0C)'):
        c.expect(find(out, path)[0] is not None, f"{path} is gone")
    for path in ('(0029,"SIEMENS MEDCOM HEADER",60)', '(0019,"SIEMENS MR HEADER",09)'):
        c.expect(find(out, path)[0] is None, f"{path} is still there")
    c.absent(out, 0x00191019, 0x00191009)


@case(10)
def sequences_as_un_and_implicit_items(c):
    secret = item(PatientName=c.patient.name, RequestedProcedureDescription=f"CT CHEST {c.first} 5MM",
                  OriginalAttributesSequence=Sequence([item(PatientID=c.patient.id)]))
    for is_defined in (True, False):
        value = implicit_item(secret, is_defined) + (b"" if is_defined else SEQUENCE_END)
        element = explicit(0x00331003, "UN", value) if is_defined else un_undefined(0x00331003, value)
        request = explicit(0x00400275, "UN", value) if is_defined else un_undefined(0x00400275, value)
        ds = c.image()
        private.add_block(ds, 0x0033, private.ARCHIVE, {})
        c.write(ds, f"un_{is_defined}.dcm", change=lambda d, a=element, b=request: inserter(b)(inserter(a)(d)))
    items = implicit_item(secret)
    c.write(c.image(), "implicit_items.dcm", change=inserter(explicit(0x00400275, "SQ", items)))
    c.secret(c.first, c.last)
    yield
    for name in ("un_True.dcm", "un_False.dcm"):
        out = c.output(name)
        c.absent(out, 0x00331003)
        c.expect(out.get("PixelData"), f"{name} lost its pixels")
    c.output_if_used("implicit_items.dcm", "corrupt", "truncated", "deid_incomplete")


def un_undefined(tag, value):
    return explicit(tag, "UN", b"")[:8] + b"\xff\xff\xff\xff" + value


@case(11)
def nested_uids(c):
    s = c.series()
    first = c.write(c.image(s, 0), "first.dcm")
    related = item(
        StudyInstanceUID=first.StudyInstanceUID, SeriesInstanceUID=first.SeriesInstanceUID,
        PurposeOfReferenceCodeSequence=headers.code("122401", "DCM", "Same anatomy imaged at multiple time points"))
    deep = item(ReferencedSOPClassUID=images.CT, ReferencedSOPInstanceUID=first.SOPInstanceUID)
    for _ in range(4):
        deep = item(
            ReferencedSeriesSequence=Sequence([
                item(SeriesInstanceUID=first.SeriesInstanceUID, ReferencedInstanceSequence=Sequence([deep]))]),
            StudyInstanceUID=first.StudyInstanceUID)
    second = c.image(s, 1, RelatedSeriesSequence=Sequence([related]),
                     StudiesContainingOtherReferencedInstancesSequence=Sequence([deep]))
    c.write(second, "second.dcm")
    c.secret(first.SOPInstanceUID, first.SeriesInstanceUID, first.StudyInstanceUID)
    yield
    one, two = c.output("first.dcm"), c.output("second.dcm")
    wanted = {
        "StudyInstanceUID": one.StudyInstanceUID, "SeriesInstanceUID": one.SeriesInstanceUID,
        "ReferencedSOPInstanceUID": one.SOPInstanceUID}
    found = [(e.keyword, e.value)
             for name in ("RelatedSeriesSequence", "StudiesContainingOtherReferencedInstancesSequence")
             for entry in two[name].value for e in entry.iterall() if e.keyword in wanted]
    c.expect(len(found) == 11, f"{len(found)} of 11 nested UIDs are there")
    c.expect(all(value == wanted[keyword] for keyword, value in found), "a nested UID does not follow the map")


def original_attributes(c):
    old = item(PatientName="Formerly^Wilhelmina", PatientID="FORMER-8812", OtherPatientNames="Formerly^Mina")
    c.write(c.image(OriginalAttributesSequence=Sequence([item(
        SourceOfPreviousValues="Larkspur", AttributeModificationDateTime="20160101101010", ModifyingSystem="LARKSPUR7",
        ReasonForTheAttributeModification="CORRECT", ModifiedAttributesSequence=Sequence([old]))])))
    c.secret("Formerly", "Wilhelmina", "FORMER-8812")
    yield
    c.absent(c.output(), "OriginalAttributesSequence")


case(12)(original_attributes)
case(12, BASIC)(original_attributes)


@case(13)
def references_follow_the_map(c):
    s = c.series()
    sources = [c.write(images.ct(s, k), f"ct{k}.dcm") for k in range(3)]
    makers = {
        "pr": objects.presentation_state, "seg": objects.segmentation, "rt": objects.structure_set,
        "ko": objects.key_object}
    for name, make in makers.items():
        c.write(make(c.series(device=headers.WORKSTATION, modality=name.upper()), 0, sources), f"{name}.dcm")
    yield
    out = [c.output(f"ct{k}.dcm") for k in range(3)]
    instances, series, frame = {str(ds.SOPInstanceUID)
                                for ds in out}, out[0].SeriesInstanceUID, out[0].FrameOfReferenceUID
    c.expect(not instances & {str(ds.SOPInstanceUID) for ds in sources}, "the images keep their identifiers")
    paths = {
        "pr": ("ReferencedSeriesSequence", "ReferencedImageSequence"),
        "seg": ("ReferencedSeriesSequence", "ReferencedInstanceSequence"),
        "ko": ("CurrentRequestedProcedureEvidenceSequence", "ReferencedSeriesSequence", "ReferencedSOPSequence"),
        "rt": ("ReferencedFrameOfReferenceSequence", "RTReferencedStudySequence", "RTReferencedSeriesSequence",
               "ContourImageSequence")}
    for name, path in paths.items():
        ds = c.output(f"{name}.dcm")
        at, holder = ds, None
        for keyword in path:
            c.expect(keyword in at and len(at[keyword].value), f"{name}: {keyword} is gone")
            holder, at = at, at[keyword].value[0]
        found = {str(entry.ReferencedSOPInstanceUID) for entry in holder[path[-1]].value}
        c.expect(found == instances, f"{name} does not refer to the images")
        c.expect(holder.SeriesInstanceUID == series, f"{name} does not refer to the series")
    c.expect(c.output("seg.dcm").FrameOfReferenceUID == frame, "SEG lies in another frame of reference")
    c.expect(
        c.output("rt.dcm").StructureSetROISequence[0].ReferencedFrameOfReferenceUID == frame,
        "RTSTRUCT lies in another frame")


@case(14)
def file_meta_and_preamble(c):
    ds = c.write(c.image(), preamble=f"{c.first} {c.last} NC14".encode(), ae_title="LARKSPUR_CT7")
    c.secret("LARKSPUR_CT7", c.first, ds.SOPInstanceUID)
    yield
    out = c.output()
    c.expect(out.file_meta.MediaStorageSOPInstanceUID == out.SOPInstanceUID, "file meta names another instance")
    c.expect(out.file_meta.MediaStorageSOPClassUID == out.SOPClassUID, "file meta names another class")
    c.expect(out.file_meta.TransferSyntaxUID == ds.file_meta.TransferSyntaxUID, "the transfer syntax changed")
    c.expect(out.preamble == bytes(128), "the preamble is not zero")
    for keyword in ("SourceApplicationEntityTitle", "SendingApplicationEntityTitle", "ReceivingApplicationEntityTitle"):
        c.expect(not out.file_meta.get(keyword), f"{keyword} is still there")


@case(15)
def dicomdir(c):
    disc = FileSet()
    for k in range(3):
        ds = c.write(c.image(), f"scratch{k}.dcm")
        disc.add(c.paths[f"scratch{k}.dcm"])
    disc.write(c.folder / "disc")
    for path in c.paths.values():
        path.unlink()
    c.paths = {p.relative_to(c.folder).as_posix(): p for p in (c.folder / "disc").rglob("*") if p.is_file()}
    c.secret(c.last, c.patient.id, ds.SOPInstanceUID)
    yield
    c.expect(len(c.paths) == 4, "three images and their directory were planted")
    for name in c.paths:
        if name.endswith("DICOMDIR"):
            c.line(name)
        else:
            c.output(name)


@case(34)
def groups_that_do_not_belong(c):
    elements = [
        explicit(0x00001000, "UI", b"1.2.826.0.1.3680043.8.417.34.1"),
        explicit(0x00041500, "CS", f"{c.last.upper()}\\IM1".encode()),
        explicit(0x00041511, "UI", b"1.2.826.0.1.3680043.8.417.34.2"),
        explicit(0x00041141, "CS",
                 c.first.upper().encode())]

    def change(data):
        at = 144 + int.from_bytes(data[140:144], "little")
        return data[:at] + b"".join(elements) + data[at:]

    c.write(c.image(), change=change)
    c.secret("1.2.826.0.1.3680043.8.417.34.1", "1.2.826.0.1.3680043.8.417.34.2", c.first.upper(), c.last.upper())
    yield
    out = c.output()
    c.expect(not any(e.tag.group in (0, 2, 4) for e in out),
             "elements of groups 0000 to 0004 are still in the data set")
    c.expect(out.get("PixelData"), "the pixels are gone")


@case(36)
def legal_dummies_and_unknown_tags(c):
    ds = c.image(PatientSex="F")
    ds.add_new(0x00189FFE, "LO", c.first)
    ds.add_new(0x0040FF10, "LT", c.last)
    c.write(ds)
    c.write(objects.basic_sr(c.series(device=headers.WORKSTATION, modality="SR"), 0, [ds]), "sr.dcm")
    c.secret(c.first, c.last)
    yield
    c.absent(c.output(), 0x00189FFE, 0x0040FF10)
    c.same(c.output(), "PatientSex", "F")
    for name in ("image.dcm", "sr.dcm"):
        check_legal(c, c.output(name))


@case(36, BASIC)
def legal_dummies_of_the_basic_profile(c):
    ds = c.write(c.image(PatientSex="F"))
    c.write(objects.basic_sr(c.series(device=headers.WORKSTATION, modality="SR"), 0, [ds]), "sr.dcm")
    yield
    c.expect(c.text(c.output(), "PatientSex") in ("", "M", "F", "O"), "Patient's Sex is not of its enumerated values")
    for name in ("image.dcm", "sr.dcm"):
        check_legal(c, c.output(name))


FORMS = {
    "CS": r"[A-Z0-9_ ]{0,16}", "DA": r"(\d{8})?", "TM": r"(\d{2,6}(\.\d{1,6})?)?",
    "DT": r"(\d{4,14}(\.\d{1,6})?([+-]\d{4})?)?", "AS": r"(\d{3}[DWMY])?", "IS": r"([+-]?\d{1,12})?",
    "DS": r"([+-]?[0-9.eE+-]{1,16})?", "UI": r"([0-9.]{1,64})?", "SH": r".{0,16}", "LO": r"[^\\]{0,64}",
    "AE": r".{0,16}"}


def check_legal(c, ds):
    """Every value has its value representation's form (PS3.5 6.2)."""
    for element in ds.iterall():
        for value in text_of(element).split("\\") if element.VR in FORMS else []:
            c.expect(re.fullmatch(FORMS[element.VR], value), f"{element.tag} {element.VR} holds {value!r}")
