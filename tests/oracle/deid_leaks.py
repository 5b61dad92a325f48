"""Searches bytes for planted identifiers: every encoding, every file, also inside gzip, zip and deflated data sets."""
import bisect
import dataclasses
import gzip
import io
import json
import re
import unicodedata
import zipfile
import zlib

import pydicom

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "euc_kr", "gb18030", "shift_jis", "iso2022_jp", "latin-1", "iso8859_2")
ANYWHERE_BYTES = 6  # shorter patterns prove nothing among pixels
SHORTEST_BYTES = 4


@dataclasses.dataclass(frozen=True)
class Pattern:
    data: bytes  # lower case
    word: str
    stands_alone: bool  # counts only where no letter or digit touches it


def is_number(word):
    return re.fullmatch(r"[0-9./ -]+", word) is not None


def encoded(word, encoding):
    try:
        return word.encode(encoding)
    except UnicodeEncodeError:
        return b""


def patterns_of(word):
    """The byte strings by which a word would be found."""
    word = word.strip()
    # Digits also stand inside longer numbers, short words inside longer words.
    alone = is_number(word) or (word.isascii() and len(word) < ANYWHERE_BYTES)
    found = set()
    for form in {
            word,
            unicodedata.normalize("NFC", word),
            unicodedata.normalize("NFD", word),
            unicodedata.normalize("NFKC", word)}:
        found |= {encoded(form, encoding) for encoding in ENCODINGS}
        found.add(json.dumps(form)[1:-1].encode())
    return [Pattern(data.lower(), word, alone) for data in found if len(data) >= SHORTEST_BYTES]


def touches(data, start, end):
    """True where a letter or digit stands beside the hit."""
    return any(byte < 128 and chr(byte).isalnum() for byte in data[max(start - 1, 0):start] + data[end:end + 1])


def hits(data, patterns):
    """Words of the patterns that `data` (in lower case) holds, each with the offset of its first hit."""
    for pattern in patterns:
        start = data.find(pattern.data)
        while start >= 0:
            if not pattern.stands_alone or not touches(data, start, start + len(pattern.data)):
                yield pattern.word, start
                break
            start = data.find(pattern.data, start + 1)


def inflated(data):
    """The data set of a deflated DICOM file; nothing for others."""
    if data[128:132] != b"DICM" or b"1.2.840.10008.1.2.1.99" not in data[:1000]:
        return b""
    length = int.from_bytes(data[140:144], "little")
    return zlib.decompressobj(-15).decompress(data[144 + length:])


def contents(name, data):
    """(name, bytes) of everything that a file says: itself, its name, what is packed in it."""
    yield name + " (name)", name.encode()
    yield name, data
    if data[:2] == b"\x1f\x8b":
        yield from contents(name + "!gzip", gzip.decompress(data))
    elif data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield from contents(f"{name}!{member}", archive.read(member))
    elif inflated(data):
        yield name + "!inflated", inflated(data)


def pixel_bytes(data):
    """Pixel Data of a DICOM file, to be taken out before short patterns are searched for."""
    if data[128:132] != b"DICM":
        return b""
    try:
        ds = pydicom.dcmread(io.BytesIO(data), force=True)
        return bytes(ds.get("PixelData", b"") or b"")
    except Exception:  # whatever cannot be read is searched whole
        return b""


class Leaks:
    """Many contents searched at once: they are joined, so that each pattern runs over them once."""

    def __init__(self):
        self.all, self.text, self.names = [], [], []

    def add(self, name, data):
        pixels = pixel_bytes(data)
        is_deflated = bool(inflated(data))
        for part, content in contents(name, data):
            self.names.append(part)
            self.all.append(content)
            if is_deflated and part == name:
                content = content[:144 + int.from_bytes(content[140:144], "little")]  # the rest is as random as pixels
            self.text.append(content.replace(pixels, b"") if len(pixels) > 15 else content)

    def find(self, words):
        """(word, name of the content) of each leak."""
        patterns = [p for word in sorted(set(words)) for p in patterns_of(word)]
        long = [p for p in patterns if len(p.data) >= ANYWHERE_BYTES]
        short = [p for p in patterns if len(p.data) < ANYWHERE_BYTES]
        return sorted(set(self.search(self.all, long)) | set(self.search(self.text, short)))

    def search(self, parts, patterns):
        ends, total = [], 0
        for part in parts:
            total += len(part) + 1
            ends.append(total)
        blob = b"\n".join(parts).lower()
        for word, offset in hits(blob, patterns):
            yield word, self.names[bisect.bisect_right(ends, offset)]
