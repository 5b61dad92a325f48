"""What the program makes of series without burned-in text: `naru deidentify` with [pixels] text = "redact"."""

import json
import os
import pathlib
import subprocess
import tempfile

import numpy as np
import pydicom

RECIPE = """schema = "naru.recipe/1"
name = "redact"
[pixels]
text = "redact"
"""


def lines_of(path):
    return [json.loads(line) for line in path.open()] if path.exists() else []


def run(naru, series, work):
    (work / "recipe.toml").write_text(RECIPE)
    done = subprocess.run([naru, "deidentify", series, "--out", work / "out", "--recipe", work / "recipe.toml", "--quiet"],
                          capture_output=True, text=True,
                          env={**os.environ, "HOME": str(work), "XDG_STATE_HOME": str(work / "state")})
    report = work / "out.report"
    if done.returncode not in (0, 1, 3) or not (report / "inputs.jsonl").exists():  # 1: nothing of it may go
        raise SystemExit(f"naru deidentify ended with {done.returncode} on {series.name}: {done.stderr}")
    return report


def pixels_of(path):
    try:
        return pydicom.dcmread(path, force=True).pixel_array
    except RuntimeError:  # a codec that pydicom has not
        with tempfile.NamedTemporaryFile() as plain:
            subprocess.run(["dcmdjpeg", path, plain.name], check=True)
            return pydicom.dcmread(plain.name).pixel_array


def require_same_bytes(source, result):
    """What the program calls kept."""
    if pydicom.dcmread(source, force=True).PixelData != pydicom.dcmread(result, force=True).PixelData:
        raise SystemExit(f"the pixels of {source} were not kept")


def changed_pixels(source, result):
    return int((pixels_of(source) != pixels_of(result)).sum())


def judge_series(naru, series):
    """One series folder. @return counts, or None where nothing of it is an image that may go"""
    count = {"images": 0, "changed": 0, "pixels": 0, "blanked": 0, "held": 0, "pieces": 0}
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        report = run(naru, series, work)
        held_for = [line["path"] for line in lines_of(report / "pixels.jsonl") if line["action"] == "held"]
        count["pieces"] = len(held_for)
        changed = {line["file"] for line in lines_of(work / "out" / "manifest.jsonl") if line["pixels"] != "kept"}
        for line in lines_of(report / "inputs.jsonl"):
            is_held = line["reason"] == "text_suspected" and held_for
            if line["disposition"] != "used" and not is_held:
                continue
            try:
                header = pydicom.dcmread(line["path"], stop_before_pixels=True, force=True)
                size = int(header.Rows) * int(header.Columns) * int(header.get("NumberOfFrames") or 1)
            except (OSError, AttributeError):  # a member of an archive, or no image
                continue
            count["images"] += 1
            count["pixels"] += size
            count["held"] += bool(is_held)
            if line.get("output") in changed:
                count["changed"] += 1
                count["blanked"] += changed_pixels(line["path"], work / "out" / line["output"])
            elif line["disposition"] == "used":
                require_same_bytes(line["path"], work / "out" / line["output"])
    return count if count["images"] else None


def judge(naru, folders):
    """Each folder is a series, or a few."""
    counts = {folder.name: count for folder in folders if (count := judge_series(naru, folder))}
    total = {key: int(np.sum([count[key] for count in counts.values()])) for key in next(iter(counts.values()))}
    held = {name: {"images": count["held"], "pieces": count["pieces"]} for name, count in counts.items() if count["held"]}
    return {"series": len(counts), "series_held_percent": round(100 * len(held) / len(counts), 2), "held": held,
            "images": total["images"], "images_changed_percent": round(100 * total["changed"] / total["images"], 3),
            "blanked_percent": round(100 * total["blanked"] / total["pixels"], 5)}
