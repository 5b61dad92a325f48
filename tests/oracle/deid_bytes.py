"""From a data set with pixels to the bytes of a file, in every transfer syntax and with what hides outside elements."""
import io
import struct

import numpy
from PIL import Image
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.filewriter import dcmwrite
from pydicom.pixel_data_handlers.rle_handler import rle_encode_frame
from pydicom.uid import (DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian,
                         ImplicitVRLittleEndian, JPEG2000, JPEGBaseline8Bit, RLELossless)

NATIVE = {ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian}


def jpeg_segment(marker, payload):
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def encode_jpeg(frame, comment):
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "JPEG", quality=92, subsampling=1)
    data = buffer.getvalue()
    if comment:
        data = data[:2] + jpeg_segment(0xE5, b"OT" + comment) + jpeg_segment(0xFE, comment) + data[2:]
    return data


def encode_j2k(frame, comment, is_lossy):
    buffer = io.BytesIO()
    options = {"irreversible": True, "quality_layers": [20]} if is_lossy else {}
    Image.fromarray(frame).save(buffer, "JPEG2000", num_resolutions=3, **options)
    data = buffer.getvalue()
    data = data[data.index(b"\xff\x4f\xff\x51"):]  # the code stream alone, out of its JP2 boxes
    if comment:
        start = data.index(b"\xff\x90")
        data = data[:start] + b"\xff\x64" + struct.pack(">HH", len(comment) + 4, 1) + comment + data[start:]
    return data


def frames_of(pixels, samples):
    single = 2 if samples == 1 else 3
    return [pixels] if pixels.ndim == single else list(pixels)


def encode(ds, syntax, comment=b"", is_extended=False):
    """Pixel Data in the transfer syntax; gives the extended offset table where asked for."""
    frames = frames_of(ds.pixels, ds.SamplesPerPixel)
    if syntax in NATIVE:
        order = ">" if syntax == ExplicitVRBigEndian else "<"
        data = ds.pixels.astype(ds.pixels.dtype.newbyteorder(order)).tobytes()
        ds.add_new(0x7FE00010, "OW" if ds.BitsAllocated > 8 else "OB", data + bytes(len(data) % 2))
        return
    coded = [encode_frame(ds, frame, syntax, comment) for frame in frames]
    if is_extended:
        data, offsets, lengths = encapsulate_extended(coded)
        ds.add_new(0x7FE00001, "OV", offsets)
        ds.add_new(0x7FE00002, "OV", lengths)
    else:
        data = encapsulate(coded, has_bot=len(coded) > 1)
    ds.add_new(0x7FE00010, "OB", data)
    ds[0x7FE00010].is_undefined_length = True


def lossy(ds, ratio, method):
    ds.LossyImageCompression, ds.LossyImageCompressionRatio, ds.LossyImageCompressionMethod = "01", ratio, method


def encode_frame(ds, frame, syntax, comment):
    if syntax == RLELossless:
        if ds.SamplesPerPixel == 3:
            ds.PlanarConfiguration = 0
        return rle_encode_frame(numpy.ascontiguousarray(frame))
    if syntax == JPEGBaseline8Bit:
        lossy(ds, "8", "ISO_10918_1")
        if ds.SamplesPerPixel == 3:
            ds.PhotometricInterpretation = "YBR_FULL_422"
        return encode_jpeg(frame, comment)
    if syntax == JPEG2000:
        lossy(ds, "20", "ISO_15444_1")
    if ds.SamplesPerPixel == 3:
        ds.PhotometricInterpretation = "YBR_ICT" if syntax == JPEG2000 else "YBR_RCT"
    return encode_j2k(frame, comment, syntax == JPEG2000)


def write(ds, path, syntax, preamble=b"", tail=b"", ae_title=""):
    """Writes the file with its meta information; `tail` goes after the last element."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    meta.TransferSyntaxUID, meta.ImplementationClassUID = syntax, "1.2.826.0.1.3680043.8.417.1"
    meta.ImplementationVersionName, meta.SourceApplicationEntityTitle = "CORPUS_1", ae_title
    meta.SendingApplicationEntityTitle, meta.ReceivingApplicationEntityTitle = ae_title, ae_title
    ds.file_meta = meta
    ds.preamble = preamble.ljust(128, b"\0")
    ds.is_little_endian, ds.is_implicit_VR = syntax != ExplicitVRBigEndian, syntax == ImplicitVRLittleEndian
    buffer = io.BytesIO()
    dcmwrite(buffer, ds, write_like_original=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue() + tail)
