#!/usr/bin/env python3
"""Decodes real compressed files with two programs each and prints those on which both agree.

    decoded_pixels.py TREE > decoded_pixels.tsv

One row a file: its path below TREE, a tab, the SHA-256 of its stored values: all frames, sign-extended from Bits Stored,
two bytes each, little endian. GDCM (gdcmconv --raw) is one decoder; the other is DCMTK's (dcmdjpeg, dcmdjpls, dcmdrle)
or, for JPEG 2000, OpenJPEG's opj_decompress. (GDCM's JPEG 2000 is OpenJPEG too: of those files the ones that repeat an
image stored otherwise say more, as WG04 and CTImage do.) Needs python3-pydicom, python3-numpy, libgdcm-tools, dcmtk,
libopenjp2-tools.
"""
import hashlib
import pathlib
import subprocess
import sys
import tempfile

import numpy
import pydicom

JPEG = {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 57, 70)}
JPEG_LS = {"1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"}
JPEG_2000 = {"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"}
RLE = {"1.2.840.10008.1.2.5"}


def digest(header, values):
    """Of stored values as the header describes them."""
    bits = header.BitsStored
    values = values.astype(numpy.int64) & ((1 << bits) - 1)
    if header.PixelRepresentation:
        values = numpy.where(values >= 1 << (bits - 1), values - (1 << bits), values)
    return hashlib.sha256((values & 0xFFFF).astype("<u2").tobytes()).hexdigest()


def run(*command):
    try:
        return subprocess.run(command, capture_output=True, timeout=20).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def through_file(command, path, folder):
    """The digest of what `command` makes of the file."""
    out = folder / "out.dcm"
    out.unlink(missing_ok=True)
    if not run(*command, path, out) or not out.exists():
        return None
    header = pydicom.dcmread(out)
    count = header.Rows * header.Columns * int(header.get("NumberOfFrames", 1) or 1)
    values = numpy.frombuffer(header.PixelData, "<u2" if header.BitsAllocated == 16 else "u1")[:count]
    return digest(header, values.astype(numpy.int64) >> (header.HighBit + 1 - header.BitsStored))


def through_openjpeg(path, folder):
    header = pydicom.dcmread(path)
    frame = next(pydicom.encaps.generate_pixel_data_frame(header.PixelData, 1))
    start = frame.find(b"\xff\x4f\xff\x51")
    stream, out = folder / "frame.j2k", folder / "frame.rawl"
    out.unlink(missing_ok=True)
    stream.write_bytes(frame[start:])
    if not run("opj_decompress", "-i", stream, "-o", out):
        return None
    precision = (frame[start + 42] & 0x7F) + 1
    return digest(header, numpy.fromfile(out, "<u2" if precision > 8 else "u1"))


def second_decoder(syntax, path, folder):
    if syntax in JPEG_2000:
        return through_openjpeg(path, folder)
    program = "dcmdjpeg" if syntax in JPEG else "dcmdjpls" if syntax in JPEG_LS else "dcmdrle"
    return through_file([program], path, folder)


def agreed(path, folder):
    """The digest on which both decoders agree, or None."""
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True)
        syntax = str(header.file_meta.TransferSyntaxUID)
        is_ours = syntax in JPEG | JPEG_LS | JPEG_2000 | RLE and header.SamplesPerPixel == 1
        if not is_ours or header.BitsAllocated not in (8, 16):
            return None
        first = through_file(["gdcmconv", "--raw"], path, folder)
        return first if first is not None and first == second_decoder(syntax, path, folder) else None
    except Exception:  # a file that a reader cannot read says nothing about ours
        return None


def main():
    tree = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(path for path in tree.rglob("*") if path.is_file()):
            found = agreed(path, pathlib.Path(folder))
            if found:
                print(path.relative_to(tree), found, sep="\t")


if __name__ == "__main__":
    main()
