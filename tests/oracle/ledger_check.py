#!/usr/bin/env python3
"""Checks an exported ledger and receipts without any code of ours: hashlib, and Ed25519 of python3-cryptography.

usage: ledger_check.py FOLDER KEY RECEIPT...   prints what was checked; exit 1 with the first thing that does not hold.
Written from RFC 6962 and the C2SP specifications (signed-note, tlog-checkpoint, tlog-tiles, tlog-proof).
"""
import base64
import hashlib
import json
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Wrong(Exception):
    pass


def require(holds, what):
    if not holds:
        raise Wrong(what)


def leaf_hash(leaf):
    return hashlib.sha256(b"\0" + leaf).digest()


def root_of(hashes):
    """MTH of RFC 6962, from the hashes of the leaves, by its recursive definition."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    return hashlib.sha256(b"\1" + root_of(hashes[:k]) + root_of(hashes[k:])).digest()


def root_by_path(leaf, index, size, path):
    """The root that an audit path leads to: RFC 6962 section 2.1.1, undone from the top."""
    if size == 1:
        require(not path, "the path is too long")
        return leaf
    require(path, "the path is too short")
    k = 1
    while 2 * k < size:
        k *= 2
    if index < k:
        return hashlib.sha256(b"\1" + root_by_path(leaf, index, k, path[:-1]) + path[-1]).digest()
    return hashlib.sha256(b"\1" + path[-1] + root_by_path(leaf, index - k, size - k, path[:-1])).digest()


def open_checkpoint(note, key):
    """The origin, size and root of a checkpoint that `key` signed."""
    name, key_id, material = key.split("+", 2)
    material = base64.b64decode(material, validate=True)
    require(material[0] == 1 and len(material) == 33, "the key is no Ed25519 key of a log")
    require(hashlib.sha256(name.encode() + b"\n" + material).digest()[:4].hex() == key_id, "the key's id is wrong")
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    is_signed = False
    for line in signatures.splitlines():
        dash, signer, encoded = line.split(" ")
        require(dash == "\u2014", "a signature line begins with something else than a dash")
        signature = base64.b64decode(encoded, validate=True)
        if signer != name or signature[:4].hex() != key_id:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(material[1:]).verify(signature[4:], text.encode())
        except InvalidSignature:
            raise Wrong("the signature is wrong") from None
        is_signed = True
    require(is_signed, "not signed by the key")
    origin, size, root = text.split("\n")[:3]
    require(origin == name, "another origin than the key's name")
    return int(size), base64.b64decode(root, validate=True)


def tile_path(kind, number, width):
    parts = ["%03d" % (number % 1000)]
    while number >= 1000:
        number //= 1000
        parts.insert(0, "x%03d" % (number % 1000))
    return "tile/%s/%s" % (kind, "/".join(parts)) + ("" if width == 256 else ".p/%d" % width)


def entries_of(folder, size):
    for first in range(0, size, 256):
        width = min(256, size - first)
        bundle = (folder / tile_path("entries", first // 256, width)).read_bytes()
        count = 0
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            require(len(bundle) >= 2 + length, "a bundle ends within an entry")
            yield bundle[2 : 2 + length]
            bundle = bundle[2 + length :]
            count += 1
        require(count == width, "a bundle holds %d entries in place of %d" % (count, width))


def check_ledger(folder, key):
    size, root = open_checkpoint((folder / "checkpoint").read_text("utf-8"), key)
    leaves = list(entries_of(folder, size))
    for number, leaf in enumerate(leaves):
        fields = json.loads(leaf)
        require(fields["schema"] == "naru.ledger-leaf/1" and fields["number"] == number, "leaf %d says other" % number)
        canonical = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
        require(canonical == leaf, "leaf %d is not canonical" % number)
    hashes = [leaf_hash(leaf) for leaf in leaves]
    require(root_of(hashes) == root, "the root of the leaves is not the checkpoint's")
    level = 0
    below = hashes
    while below:
        for first in range(0, len(below), 256):
            width = min(256, len(below) - first)
            tile = (folder / tile_path(str(level), first // 256, width)).read_bytes()
            require(tile == b"".join(below[first : first + width]), "a tile of level %d differs" % level)
        below = [root_of(below[i : i + 256]) for i in range(0, len(below) - 255, 256)]
        level += 1
    return size, hashes


def check_receipt(text, key, hashes):
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    require(lines[0] == "c2sp.org/tlog-proof@v1", "no receipt")
    require(lines[1].startswith("extra ") and lines[2].startswith("index "), "extra or index are missing")
    leaf = base64.b64decode(lines[1][6:], validate=True)
    index = int(lines[2][6:])
    path = [base64.b64decode(line, validate=True) for line in lines[3:]]
    size, root = open_checkpoint(note, key)
    require(index < size, "the leaf lies beyond the tree")
    require(root_by_path(leaf_hash(leaf), index, size, path) == root, "the path leads to another root")
    require(size <= len(hashes) and root_of(hashes[:size]) == root, "the receipt is of another tree than the ledger")
    return index, json.loads(leaf)


def main():
    folder, key = pathlib.Path(sys.argv[1]), sys.argv[2]
    if pathlib.Path(key).is_file():
        key = pathlib.Path(key).read_text("utf-8").strip()
    try:
        size, hashes = check_ledger(folder, key)
        print("ledger: %d leaves as signed" % size)
        for receipt in sys.argv[3:]:
            index, leaf = check_receipt(pathlib.Path(receipt).read_text("utf-8"), key, hashes)
            print("receipt: leaf %d, %s" % (index, leaf["kind"]))
    except (Wrong, OSError, ValueError, KeyError) as problem:
        print("does not hold: %s" % problem)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
