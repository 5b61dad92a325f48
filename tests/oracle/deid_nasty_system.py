"""Nasty cases about the whole system: names of files, hashes, projects, who is who, logs."""
import base64
import dataclasses
import hashlib
import uuid
import zlib

from pydicom.uid import generate_uid

from deid_leaks import Leaks
from deid_nasty_case import case


@case(16)
def names_in_files_and_folders(c):
    ds = c.image()
    c.write(ds, f"{c.last}_{c.first}/{ds.StudyInstanceUID}/{c.patient.id}_{ds.SOPInstanceUID}.dcm")
    other = dataclasses.replace(c.patient, code="seol", id="H-16", name="Seol^Areum=薛^亞音=설^아름", birth="19700101")
    c.write(c.image(c.series(c.study(other)), SpecificCharacterSet="ISO_IR 192"), "설아름/영상.dcm")
    c.secret(c.last, c.first, c.patient.id, ds.StudyInstanceUID, ds.SOPInstanceUID, "설아름", "Areum")
    yield
    for name in c.paths:
        out = c.output(name)
        path = c.result.output_path(c.paths[name])
        c.expect(
            path.relative_to(c.result.out).parts == (out.PatientID, out.StudyInstanceUID, out.SeriesInstanceUID,
                                                     f"{out.SOPInstanceUID}.dcm"),
            "an output is not named by its new identifiers")


@case(23)
def uids_with_serial_and_date(c):
    ds = c.image()
    ds.StudyInstanceUID = "1.3.12.2.1107.5.2.36.40414.30000017121806153245600000012"
    ds.SeriesInstanceUID = "1.3.12.2.1107.5.2.36.40414.2017121812153288412345678.0.0.0"
    ds.SOPInstanceUID = "1.3.12.2.1107.5.2.36.40414.2017121812160155112345679"
    ds.FrameOfReferenceUID = "1.3.12.2.1107.5.2.36.40414.1.20171218121500000.0.0.0"
    c.write(ds)
    uids = [
        str(ds[k].value) for k in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID")]
    c.secret(*uids, "1.3.12.2.1107.5.2.36.40414")
    yield
    out = c.output()
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID"):
        uid = c.text(out, keyword)
        c.expect(uid and len(uid) <= 64 and "40414" not in uid.split(".") and "20171218" not in uid,
                 f"{keyword} became {uid!r}")


def hashes_of(text):
    """Every usual unsalted digest of a text, in every usual spelling."""
    for spelling in {text, text.upper(), text.lower()}:
        data = spelling.encode()
        digests = [
            hashlib.new(name, data).digest()
            for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b")]
        digests += [zlib.crc32(data).to_bytes(4, "big"), zlib.adler32(data).to_bytes(4, "big")]
        digests += [
            uuid.uuid5(space, spelling).bytes for space in (uuid.NAMESPACE_OID, uuid.NAMESPACE_DNS, uuid.NAMESPACE_URL)]
        for digest in digests:
            hexadecimal = digest.hex()
            yield from {
                hexadecimal[:length]
                for length in (8, 10, 12, 16, 20, 24, 32, len(hexadecimal))
                if length <= len(hexadecimal)}
            yield str(int.from_bytes(digest[:16], "big"))
            yield str(int.from_bytes(digest[:8], "big"))
            yield base64.b64encode(digest).decode().rstrip("=")
            yield base64.urlsafe_b64encode(digest).decode().rstrip("=")
        yield generate_uid(entropy_srcs=[spelling])


@case(24)
def hashes_and_projects(c):
    ds = c.write(c.image())
    yield
    first, again, second = c.run(), c.run(), c.run(key="8" * 64)
    files = Leaks()
    for path in first.files():
        files.add(path.relative_to(first.out).as_posix(), path.read_bytes())
    sources = [c.patient.id, c.patient.name, c.patient.name.replace("^", " "), ds.AccessionNumber, ds.StudyID]
    sources += [
        str(ds[k].value) for k in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID")]
    sources += [a + b for a in sources[:1] for b in (c.patient.issuer, c.patient.birth)]
    found = files.find({text for source in sources for text in hashes_of(source)})
    c.expect(not found, f"an unsalted hash of an identifier stands in {[where for _, where in found][:3]}")
    same = {p.relative_to(first.out): p.read_bytes()
            for p in first.files()} == {p.relative_to(again.out): p.read_bytes()
                                        for p in again.files()}
    c.expect(same, "the same input and key give other bytes")
    ids = [identifiers(c.output(run=run)) for run in (first, second)]
    c.expect(not ids[0] & ids[1], "two project keys give the same pseudonym")


def identifiers(ds):
    return {
        str(ds[k].value)
        for k in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID")}


@case(32)
def who_is_who(c):
    others = [dataclasses.replace(c.patient, code=f"anonymous{n}", id="") for n in range(2)]
    c.write(c.image(c.series(c.study(others[0]))), "no_id_a.dcm")
    c.write(c.image(c.series(c.study(others[0]))), "no_id_a2.dcm")
    other = c.image(c.series(c.study(others[1])))
    other.StudyInstanceUID = "1.2.826.0.1.3680043.8.417.32.7"
    c.write(other, "no_id_b.dcm")
    twins = dataclasses.replace(c.patient, code="twins", id="NC32-TWIN")
    s = c.series(c.study(twins))
    for n in range(2):
        ds = c.image(s)
        ds.pixels = ds.pixels + n
        c.write(ds, f"twin{n}.dcm")
    mixed = dataclasses.replace(c.patient, code="mixed", id="NC32-MIX-A")
    s = c.series(c.study(mixed))
    c.write(c.image(s, 0), "mixed_a.dcm")
    c.write(c.image(s, 1, PatientID="NC32-MIX-B", PatientName="Otherwise^Ottilie", PatientBirthDate="19330303"),
            "mixed_b.dcm")
    yield
    ids = [c.output(name).PatientID for name in ("no_id_a.dcm", "no_id_a2.dcm", "no_id_b.dcm")]
    c.expect(all(ids), "a patient without an identifier got no pseudonym")
    c.expect(ids[0] == ids[1] != ids[2], "patients without an identifier are told apart by their study")
    for names, reason in ((("twin0.dcm", "twin1.dcm"), "duplicate_identifier_different_pixels"),
                          (("mixed_a.dcm", "mixed_b.dcm"), "mixed_patient")):
        for name in names:
            line = c.line(name)
            c.expect((line["disposition"], line["reason"]) == ("quarantined", reason),
                     f"{name} is {line['disposition']}: {line['reason']}")


@case(35)
def streams_and_reports_hold_no_names(c):
    c.write(c.image(), "good.dcm")
    c.write(c.image(), f"Truncated_{c.first}.dcm", change=lambda d: d[:-900])
    c.write(c.image(), f"Headless_{c.first}.dcm", change=lambda d: d[:700])
    c.write(c.image(AcquisitionDate="Q" * 12), "length.dcm",
            change=lambda d: d.replace(b"DA\x0c\0QQQQ", b"DA\xf0\xffHoll"))
    c.write(c.image(PatientName=c.patient.name + "^" + "x" * 3000), "long.dcm")
    c.raw(f"{c.first} {c.last}.txt", f"{c.first} {c.last} was here".encode())
    c.raw(f"empty_{c.first}.dcm", b"")
    c.secret(c.first, c.last, c.patient.id)
    yield
    run = c.run(extra=["--verbose"])
    c.expect(run.status == 3, f"the program ended with {run.status}")
    streams = Leaks()
    streams.add("stdout", run.stdout)
    streams.add("stderr", run.stderr)
    for path in run.files():
        streams.add(path.relative_to(run.out).as_posix(), path.read_bytes())
    c.expect(not streams.find(c.secrets), f"identifiers in {streams.find(c.secrets)}")
    reports = Leaks()
    for path in sorted(p for p in run.report.rglob("*") if p.is_file()):
        reports.add(path.name, path.read_bytes())
    held = reports.find({c.patient.name, c.patient.id, c.patient.birth})
    c.expect(not held, f"the report holds header values: {held}")
    for name in c.paths:
        c.line(name, run)
    c.expect((run.report.stat().st_mode & 0o777) == 0o700, "the report's folder may be read by others")
