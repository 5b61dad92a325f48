"""Looks into Pixel Data: what of a compressed stream is image, and which pixels differ between two files."""
import numpy
from pydicom.encaps import generate_pixel_data_frame

JPEG_START, J2K_START = b"\xff\xd8", b"\xff\x4f"


def jpeg_segments(stream):
    """(marker, start, end) of each segment up to the scan; the last one runs from SOS to the end."""
    at = 2
    while at + 4 <= len(stream) and stream[at] == 0xFF:
        marker, length = stream[at + 1], int.from_bytes(stream[at + 2:at + 4], "big")
        if marker == 0xDA:
            yield marker, at, len(stream)
            return
        yield marker, at, at + 2 + length
        at += 2 + length


def image_of_jpeg(stream):
    """All but comments and application segments, up to the end marker."""
    parts = [stream[a:b] for marker, a, b in jpeg_segments(stream) if marker != 0xFE and not 0xE0 <= marker <= 0xEF]
    data = b"".join(parts)
    return data[:data.rindex(b"\xff\xd9") + 2]


def image_of_j2k(stream):
    """All but comment segments of the main header, up to the end marker."""
    at, data = 2, b""
    while at + 4 <= len(stream) and stream[at + 1] != 0x90:
        length = int.from_bytes(stream[at + 2:at + 4], "big")
        if stream[at + 1] != 0x64:
            data += stream[at:at + 2 + length]
        at += 2 + length
    data += stream[at:]
    return data[:data.rindex(b"\xff\xd9") + 2]


def without_comments(pixel_data, frames):
    """The image parts of all frames of encapsulated Pixel Data."""
    parts = []
    for stream in generate_pixel_data_frame(pixel_data, frames):
        part = {J2K_START: image_of_j2k, JPEG_START: image_of_jpeg}.get(stream[:2])
        parts.append(part(stream) if part else stream)
    return b"".join(parts)


def frame_count(ds):
    return int(ds.get("NumberOfFrames", 1) or 1)


def region_fault(source, output, region):
    """Why the pixels of a region are not hidden or others are changed; None where all is as it must be."""
    before, after = source.pixel_array, output.pixel_array
    if before.shape != after.shape:
        return "another shape"
    if source.SamplesPerPixel == 1:
        before, after = before[..., None], after[..., None]
    if frame_count(source) == 1:
        before, after = before[None], after[None]
    x, y, width, height = region
    inside = after[:, y:y + height, x:x + width]
    if (inside != inside[:, :1, :1]).any():
        return "pixels of the region are not constant"
    mask = numpy.ones(before.shape[1:3], bool)
    mask[y:y + height, x:x + width] = False
    if not numpy.array_equal(before[:, mask], after[:, mask]):
        return "pixels outside the region changed"
    return None
