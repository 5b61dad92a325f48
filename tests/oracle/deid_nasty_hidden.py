"""Nasty cases of what hides beside attributes: overlays, graphics, reports, documents, icons, comments in streams."""
import struct

import numpy
from PIL import ImageCms
from pydicom.sequence import Sequence
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit

import deid_headers as headers
import deid_images as images
import deid_objects as objects
from deid_headers import item
from deid_nasty_case import BASIC, case
from deid_pixels import without_comments


def planes(c):
    """An image with overlays in 6000, 6002, 601E and curves in 5000 and 501E, the name in all texts and bits."""
    ds = c.image()
    for group in (0x6000, 0x6002, 0x601E):
        drawn = images.text_image(f"{c.first} {c.last}", ds.Columns, ds.Rows) > 99
        for element, vr, value in ((0x10, "US", ds.Rows), (0x11, "US", ds.Columns), (0x22, "LO", f"{c.first}'s lesion"),
                                   (0x40, "CS", "G"), (0x50, "SS", [
                                       1, 1]), (0x100, "US", 1), (0x102, "US", 0), (0x1500, "LO", c.last),
                                   (0x3000, "OW", bits(drawn)), (0x4000, "LT", f"drawn for {c.first} {c.last}")):
            ds.add_new(group << 16 | element, vr, value)
    for group in (0x5000, 0x501E):
        for element, vr, value in ((0x05, "US", 1), (0x10, "US", 4), (0x20, "CS", "ECG"), (0x22, "LO", c.first),
                                   (0x103, "US", 0), (0x2500, "LO", c.last), (0x3000, "OW", c.last.encode().ljust(12))):
            ds.add_new(group << 16 | element, vr, value)
    c.secret(c.first, c.last)
    return c.write(ds)


def bits(drawn):
    data = numpy.packbits(drawn.reshape(-1), bitorder="little").tobytes()
    return data + bytes(len(data) % 2)


@case(17, BASIC)
def overlays_and_curves_of_the_basic_profile(c):
    planes(c)
    yield
    out = c.output()
    for group in (0x6000, 0x6002, 0x601E):
        c.absent(out, group << 16 | 0x3000, group << 16 | 0x4000)
    c.expect(not any(0x5000 <= e.tag.group <= 0x501E for e in out), "curves are still there")
    c.expect(out.get("PixelData"), "the pixels are gone")


@case(17)
def overlays_and_curves_cleaned(c):
    before = planes(c)
    yield
    out = c.output()
    for group in (0x6000, 0x6002, 0x601E):
        tag = group << 16 | 0x3000
        c.expect(tag not in out or out[tag].value != before[tag].value, "the name is still drawn in an overlay")
        if tag in out:
            c.expect(
                len(out[tag].value) == len(before[tag].value) and group << 16 | 0x10 in out, "an overlay is not whole")
    c.expect(out.PixelData == before.PixelData, "the pixels changed")


@case(18)
def graphic_annotations(c):
    s = c.series()
    image = c.write(images.ct(s, 0), "ct.dcm")
    state = objects.presentation_state(c.series(device=headers.WORKSTATION, modality="PR"), 0, [image])
    text = state.GraphicAnnotationSequence[0].TextObjectSequence[0]
    text.UnformattedTextValue = f"Cyst of {c.first} {c.last} 14 mm, segment VII"
    c.write(state, "pr.dcm")
    c.secret(c.first, c.last)
    yield
    annotation = c.output("pr.dcm").GraphicAnnotationSequence[0]
    c.gone(annotation.TextObjectSequence[0], "UnformattedTextValue", c.first, c.last)
    c.kept(annotation.TextObjectSequence[0], "UnformattedTextValue", "Cyst", "14", "mm", "segment", "VII")
    c.expect(list(annotation.GraphicObjectSequence[0].GraphicData) == [3.0, 4.0, 12.0, 20.0], "the arrow is gone")


@case(19)
def report_content(c):
    image = c.write(c.image(), "ct.dcm")
    sr = objects.basic_sr(c.series(device=headers.WORKSTATION, modality="SR"), 0, [image])
    finding = sr.ContentSequence[-1].ContentSequence[0]
    finding.TextValue = f"{c.first} {c.last}, born 17 April 1961, was examined. Hypodense lesion of 23 mm."
    c.write(sr, "sr.dcm")
    c.secret(c.first, c.last, *[part for name in (c.patient.hospital.reading,) for part in name.split("^")])
    yield
    out = c.output("sr.dcm")
    observer = out.VerifyingObserverSequence[0]
    c.expect(c.text(observer, "VerifyingObserverName"), "the Verifying Observer Name is empty")
    finding = out.ContentSequence[-1].ContentSequence[0]
    c.gone(finding, "TextValue", c.first, c.last, "1961")
    c.kept(finding, "TextValue", "examined", "Hypodense", "lesion", "23", "mm")
    c.expect(len(out.ContentSequence) == len(sr.ContentSequence), "content items are gone")
    c.kept(out.ContentSequence[-1].ContentSequence[2], "ConceptCodeSequence", "M-03000", "Mass")


@case(20)
def encapsulated_documents(c):
    s = c.series(device=headers.WORKSTATION, modality="DOC")
    before = {"pdf.dcm": objects.encapsulated_pdf(s, 0), "cda.dcm": objects.encapsulated_pdf(s, 1)}
    cda = before["cda.dcm"]
    cda.SOPClassUID, cda.MIMETypeOfEncapsulatedDocument = "1.2.840.10008.5.1.4.1.1.104.2", "text/XML"
    document = f"<?xml version='1.0'?><ClinicalDocument><name>{c.first} {c.last}</name></ClinicalDocument>".encode()
    cda.EncapsulatedDocument = document + b" " * (len(document) % 2)
    cda.HL7InstanceIdentifier = f"2.16.840.1.113883.19.417^{c.last}"
    for name, ds in before.items():
        c.write(ds, name)
    c.secret(c.first, c.last, c.last.upper())
    yield
    for name, ds in before.items():
        out = c.output_if_used(name, "deid_incomplete", "unsupported_sop_class")
        if out is not None:
            c.expect(out.get("EncapsulatedDocument"), f"{name}: the document is absent, not a dummy")
            c.expect(out.EncapsulatedDocument != ds.EncapsulatedDocument, f"{name}: the document stayed")
            c.same(out, "SOPClassUID", ds.SOPClassUID)
            c.same(out, "MIMETypeOfEncapsulatedDocument", ds.MIMETypeOfEncapsulatedDocument)


@case(21)
def icon_image(c):
    ds = c.image()
    icon = item(SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2", Rows=16, Columns=64, BitsAllocated=8,
                BitsStored=8, HighBit=7, PixelRepresentation=0)
    icon.add_new(0x7FE00010, "OB", images.text_image(c.first, 64, 16).tobytes())
    ds.IconImageSequence = Sequence([icon])
    before = c.write(ds)
    yield
    out = c.output()
    c.absent(out, "IconImageSequence")
    c.expect(icon.PixelData not in c.result.output_path(c.paths["image.dcm"]).read_bytes(),
             "the icon's pixels are still there")
    c.expect(out.PixelData == before.PixelData, "the image's pixels changed")


def icc_profile(text):
    """An sRGB profile whose description is a name."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = bytearray(data)
    size, count = struct.unpack(">I", data[:4])[0], struct.unpack(">I", data[128:132])[0]
    value = b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text.encode() + b"\0" + bytes(78)
    value += bytes(-len(value) % 4)
    for n in range(count):
        at = 132 + 12 * n
        if data[at:at + 4] == b"desc":
            profile[at + 4:at + 12] = struct.pack(">II", size, len(value))
    profile += value
    profile[:4] = struct.pack(">I", len(profile))
    return bytes(profile) + bytes(len(profile) % 2)


@case(22)
def comments_in_streams_and_after_the_end(c):
    comment = f"{c.first} {c.last} NC22-441790".encode()
    before = {}
    for name, syntax in (("jpeg.dcm", JPEGBaseline8Bit), ("j2k.dcm", JPEG2000Lossless)):
        before[name] = c.write(images.us(c.series(device=headers.S2000, modality="US"), 0), name, syntax,
                               comment=comment)
    colour = images.us(c.series(device=headers.S2000, modality="US"), 0, is_colour=True)
    colour.ICCProfile = icc_profile(f"{c.first} {c.last} monitor")
    before["icc.dcm"] = c.write(colour, "icc.dcm")
    ds = c.image()
    ds.add_new(0xFFFCFFFC, "OB", comment.ljust(64))
    before["padding.dcm"] = c.write(ds, "padding.dcm")
    before["tail.dcm"] = c.write(c.image(), "tail.dcm", tail=bytes(32) + comment)
    c.secret(c.first, c.last)
    yield
    for name in ("jpeg.dcm", "j2k.dcm"):
        out = c.output(name)
        c.expect(
            without_comments(out.PixelData, 1) == without_comments(before[name].PixelData, 1),
            f"{name}: the image changed")
        c.expect(out.file_meta.TransferSyntaxUID == before[name].file_meta.TransferSyntaxUID, f"{name}: transcoded")
    profile = c.output("icc.dcm").get("ICCProfile")
    c.expect(profile is None or profile[36:40] == b"acsp" and len(profile) == len(colour.ICCProfile),
             "the ICC profile is broken")
    c.absent(c.output("padding.dcm"), 0xFFFCFFFC)
    tail = c.output_if_used("tail.dcm", "corrupt", "truncated")
    for name, out in (("padding.dcm", c.output("padding.dcm")), ("icc.dcm", c.output("icc.dcm")), ("tail.dcm", tail)):
        c.expect(out is None or out.PixelData == before[name].PixelData, f"{name}: the pixels changed")


@case(33)
def camera_attributes(c):
    s = c.series(device=headers.WORKSTATION, modality="XC")
    ds = images.secondary_capture(s, 0)
    ds.SOPClassUID, ds.BurnedInAnnotation = "1.2.840.10008.5.1.4.1.1.77.1.4", "NO"  # VL Photographic: no screenshot
    for tag, vr, value in ((0x0016002B, "OB", f"MAKER {c.first} {c.last}".encode().ljust(64)),
                           (0x0016004D, "UT", f"{c.first} {c.last}"), (0x00160071, "CS", "N"), (0x00160072, "DS", [
                               "37", "33", "59.1"]), (0x00160073, "CS", "E"), (0x00160074, "DS", [
                                   "126", "58",
                                   "40.2"]), (0x0016008C, "UT", f"{c.last} garden"), (0x0016008D, "DT", s.da)):
        ds.add_new(tag, vr, value)
    c.write(ds)
    c.secret(c.first, c.last)
    yield
    out = c.output()
    c.absent(out, 0x0016004D, 0x00160071, 0x00160072, 0x00160073, 0x00160074, 0x0016008C)
    c.expect(out.get("PixelData"), "the pixels are gone")
