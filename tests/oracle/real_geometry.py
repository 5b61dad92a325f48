#!/usr/bin/env python3
"""Compares what Naru makes of real series with dcm2niix, read by nibabel.

    real_geometry.py NARU [--list]

NARU_REAL_DICOM names the folder of real files; without it, or without dcm2niix, status 77 says "skipped".

For each case on its native grid: the world position of every corner (at most 1e-3 mm apart) and every voxel in units
(equal to 1e-3 of a unit, or to the rounding of float32). dcm2niix is matched by Series Instance UID; of several files
of one series the one that lies nearest counts. It runs with `-p n` (Philips display values, as here by default) and
over unpacked archives. What differs must stand in known_disagreements.tsv beside this file,
with who is right and why; a row that no longer occurs is an error too. --list prints every comparison.
"""
import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

import nibabel
import numpy

FOLDERS = ["a", "b", "c", "d"]
CORNER_MM = 1e-3
RECIPE = 'schema = "naru.recipe/1"\nname = "native"\n[output]\ncompression = "none"\n'


def run_naru(naru, sources, out, recipe):
    recipe.write_text(RECIPE)
    key = out.with_suffix(".key")
    key.touch(0o600)
    key.write_text("7" * 64)
    command = [naru, "prepare", *sources, "--out", out, "--recipe", recipe, "--quiet", "--key-file", key]
    status = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
    if status not in (0, 3):
        sys.exit(f"naru prepare ended with {status}")
    lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    images = {line["case"]: line for line in lines}
    series = {}
    for line in (out.with_name(out.name + ".report") / "series.jsonl").read_text().splitlines():
        stack = json.loads(line)
        if stack["case"]:
            series.setdefault(stack["case"], (stack["series_uid"], stack))
    return images, series


def run_dcm2niix(source, out):
    out.mkdir()
    subprocess.run(["dcm2niix", "-z", "n", "-b", "n", "-p", "n", "-f", "%j", "-o", out, source],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return sorted(out.glob("*.nii"))


def corners(image):
    n = numpy.array(image.shape[:3]) - 1
    grid = numpy.array([[i, j, k, 1] for i in (0, n[0]) for j in (0, n[1]) for k in (0, n[2])], float)
    return (image.affine @ grid.T).T[:, :3]


def compare(ours, theirs):
    """Greatest distance of corners in mm and greatest difference of voxels, or None where the shapes differ."""
    theirs = nibabel.as_closest_canonical(theirs)
    if ours.shape != theirs.shape:
        return None
    distance = numpy.abs(corners(ours) - corners(theirs)).max()
    mine, other = ours.get_fdata(dtype=numpy.float64), theirs.get_fdata(dtype=numpy.float64)
    scale = max(1.0, numpy.abs(other).max())
    return float(distance), float(numpy.abs(mine - other).max() / scale)


def verdict(ours, candidates):
    best = None
    for path in candidates:
        result = compare(ours, nibabel.load(path))
        if result and (best is None or result < best):
            best = result
    if not candidates:
        return "no file of dcm2niix", None
    if best is None:
        return "other shape", None
    if best[0] > CORNER_MM:
        return "other place", best
    return ("equal" if best[1] <= 1e-6 else "other values"), best


def main():
    if not os.environ.get("NARU_REAL_DICOM") or not shutil.which("dcm2niix"):
        print("skipped: NARU_REAL_DICOM is not set, or there is no dcm2niix")
        sys.exit(77)
    naru, real = sys.argv[1], pathlib.Path(os.environ["NARU_REAL_DICOM"])
    table = pathlib.Path(__file__).with_name("known_disagreements.tsv")
    known = {row["series"]: row for row in csv.DictReader(table.open(), delimiter="\t")}
    found, equal, problems = set(), 0, []
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        images, series = run_naru(naru, [real / f for f in FOLDERS], work / "out", work / "native.toml")
        sources = [real / f for f in FOLDERS]
        for n, archive in enumerate(sorted(p for f in sources for p in f.rglob("*.zip"))):
            sources.append(work / f"unpacked{n}")
            zipfile.ZipFile(archive).extractall(sources[-1])
        files = [f for n, source in enumerate(sources) for f in run_dcm2niix(source, work / f"dcm2niix{n}")]
        for case, line in sorted(images.items(), key=lambda item: series[item[0]][0]):
            uid, stack = series[case]
            name = f"{uid}#{stack['stack']}"
            ours = nibabel.load(work / "out" / line["image"])
            what, numbers = verdict(ours, [f for f in files if f.name.startswith(uid)])
            if "--list" in sys.argv:
                findings = ",".join(f["code"] for f in line["findings"])
                path = stack["slices"][0].get("path", "")
                print(what, numbers, ours.shape, line["dtype"], findings, path.replace(str(real), ""), name, sep="\t")
            if what == "equal":
                equal += 1
                continue
            found.add(name)
            if known.get(name, {}).get("what") != what:
                problems.append(f"{name}: {what} {numbers or ''}")
    problems += [f"{name}: listed, but no longer so" for name in known if name not in found]
    print(f"{equal} volumes equal, {len(found)} differ, of which {len(found & known.keys())} are explained")
    for problem in problems:
        print(problem)
    sys.exit(1 if problems or equal == 0 else 0)


if __name__ == "__main__":
    main()
