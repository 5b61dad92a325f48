"""Paths of elements, and their values as text: shared by what makes the answer key and what scores against it.

A path is "(0040,A730)[3].(0040,A160)"; a private element is named by its creator: '(0019,"SIEMENS MR HEADER",0C)'.
"""
import hashlib
import re
import struct

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.dataset import Dataset

STEP = re.compile(r'\(([0-9A-F]{4}),(?:([0-9A-F]{4})|"([^"]*)",([0-9A-F]{2}))\)(?:\[(\d+)\])?')
NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "UV": "Q", "SV": "q", "AT": "HH"}
BINARY = ("OB", "OW", "OF", "OD", "OL", "OV", "UN")


def step_of(ds, element):
    tag = element.tag
    if tag.is_private and not tag.is_private_creator:
        creator = ds.get((tag.group, tag.element >> 8))
        return f'({tag.group:04X},"{creator.value if creator else ""}",{tag.element & 0xFF:02X})'
    return f"({tag.group:04X},{tag.element:04X})"


def tag_of(ds, step):
    """The tag that a step means in this data set; none where its private creator is missing."""
    group = int(step[1], 16)
    if step[2]:
        return group << 16 | int(step[2], 16)
    for block in range(0x10, 0x100):
        creator = ds.get((group, block))
        if creator is not None and text_of(creator).strip() == step[3].strip():
            return group << 16 | block << 8 | int(step[4], 16)
    return None


def find(ds, path):
    """The element at a path with the data set or item that holds it; (None, None) where it is absent."""
    if path.startswith("(0002,"):
        ds = ds.file_meta
    for step in STEP.finditer(path):
        tag = tag_of(ds, step)
        if tag is None or tag not in ds:
            return None, None
        element, holder = ds[tag], ds
        if step[5] is not None:
            items = element.value
            if not isinstance(items, (list, tuple)) and not hasattr(items, "__getitem__") or int(step[5]) >= len(items):
                return None, None
            ds = items[int(step[5])]
            if not isinstance(ds, Dataset):
                return None, None
    return element, holder


def reread(element, vr, character_set, is_little_endian):
    """A value that was read as UN or OB (no dictionary knew it), as its value representation has it."""
    data = element.value or b""
    if vr in NUMBERS:
        form = (("<" if is_little_endian else ">") + NUMBERS[vr])
        size = struct.calcsize(form)
        form_text = "{:.7g}" if vr == "FL" else "{}"
        return "\\".join(
            form_text.format(struct.unpack(form, data[i:i + size])[0]) for i in range(0,
                                                                                      len(data) - size + 1, size))
    if vr in BINARY:
        return data.hex()
    encodings = convert_encodings(character_set or "ISO_IR 6")
    return decode_bytes(data, encodings, {0x0A, 0x0C, 0x0D, 0x5C}).strip(" \0")


def text_of(element, vr=None, character_set=None, is_little_endian=True):
    """The value as one text: values joined by backslashes, bytes in hexadecimal, items one after another."""
    value = element.value
    if element.VR in ("UN", "OB") and isinstance(value, bytes) and vr:
        return reread(element, vr, character_set, is_little_endian)
    if value is None:
        return ""
    if element.VR == "SQ":
        return "\\".join(text_of(inner) for entry in value for inner in entry)
    if isinstance(value, bytes):
        return value.hex()
    if element.VR == "FL":  # single precision: seven digits
        values = value if hasattr(value, "__iter__") else [value]
        return "\\".join(f"{v:.7g}" for v in values)
    if not isinstance(value, str) and hasattr(value, "__iter__") and element.VR != "PN":
        return "\\".join(one_text(v) for v in value)
    if element.VR == "PN" and hasattr(value, "__iter__") and not hasattr(value, "components"):
        return "\\".join(str(v) for v in value)
    return one_text(value)


def one_text(value):
    original = getattr(value, "original_string", None)
    return str(original if original is not None else value).strip(" \0")


def md5(data):
    return hashlib.md5(data).hexdigest()
