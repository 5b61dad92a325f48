#!/usr/bin/env python3
"""Writes merkle_vectors.tsv: roots and proofs of RFC 6962 trees, straight from the recursive definitions of the RFC.

The first lines are the eight inputs that certificate-transparency implementations test with; their roots are public
(google/certificate-transparency, merkletree tests) and are asserted below, so the definitions here are checked too.
"""
import hashlib
import sys

INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
KNOWN_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def mth(d):
    if not d:
        return hashlib.sha256().digest()
    if len(d) == 1:
        return hashlib.sha256(b"\0" + d[0]).digest()
    k = split(len(d))
    return hashlib.sha256(b"\1" + mth(d[:k]) + mth(d[k:])).digest()


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def path(m, d):
    if len(d) == 1:
        return []
    k = split(len(d))
    if m < k:
        return path(m, d[:k]) + [mth(d[k:])]
    return path(m - k, d[k:]) + [mth(d[:k])]


def subproof(m, d, b):
    if m == len(d):
        return [] if b else [mth(d)]
    k = split(len(d))
    if m <= k:
        return subproof(m, d[:k], b) + [mth(d[k:])]
    return subproof(m - k, d[k:], False) + [mth(d[:k])]


def row(kind, a, b, hashes):
    print("\t".join([kind, str(a), str(b), ",".join(h.hex() for h in hashes)]))


def main():
    known = [bytes.fromhex(text) for text in INPUTS]
    for n, root in enumerate(KNOWN_ROOTS, 1):
        assert mth(known[:n]).hex() == root, n
    leaves = known + [b"leaf %d" % i for i in range(8, 40)]
    for n in range(len(leaves) + 1):
        row("root", n, 0, [mth(leaves[:n])])
    for n in list(range(1, 18)) + [31, 32, 33, 40]:
        for m in range(n):
            row("inclusion", m, n, path(m, leaves[:n]))
        for m in range(1, n):
            row("consistency", m, n, subproof(m, leaves[:n], True))


if __name__ == "__main__":
    sys.exit(main())
