#!/usr/bin/env python3
"""How well burned-in text is found: `measure.py BIN --dicom DIR [--items 150] [--clean 6] [--seed 1] [--peers]`,
JSON on standard output; table.py makes tables of it.

Text of fonts that training never saw is burned into the real slices of DIR; an item counts as found where at least 90 %
of its glyph pixels would be blanked. Clean slices tell what would be blanked for nothing. Some hold noise that a
publisher put in place of the image: slices in which neighbours correlate by less than 0.1 along the rows and along the
columns. They count among the clean ones, no text is burned into them, and noise_sources tells how many each source has.

Other detectors look at the same slices, all of them, in the same run (peers.py); left_out says which are not installed.
`many` is ours alone, on more slices. All run on one core; ms_512 is the median over clean slices of 512 x 512. Shares come with Wilson's 95 % intervals.
Misses are ours, each by name, with width and height of its glyphs in pixels.
"""

import argparse
import collections
import csv
import functools
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np
import pydicom

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "python" / "training"))
sys.path.insert(0, str(HERE))
import fonts  # noqa: E402
import peers  # noqa: E402
import program  # noqa: E402
import text_slices  # noqa: E402

FOLDERS = "abcd"  # of ../shared/dicom: series without burned-in text,
WITH_TEXT = ("ct_philips_study_localiser_mixed",)  # but for these
COVERED = 0.9
NOISE = 0.1  # correlation of neighbours


class Slice:
    def __init__(self, source, values, window):
        self.source, self.values, self.window, self.items = source, values, window, []


def wilson(hits, count):
    if count == 0:
        return None
    z, share = 1.96, hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return [round(100 * (middle - half), 2), round(100 * (middle + half), 2)]


def number(value):
    return float(value[0] if isinstance(value, pydicom.multival.MultiValue) else value)


def window_of(dataset):
    try:
        centre, width = number(dataset.WindowCenter), number(dataset.WindowWidth)
        slope, intercept = float(dataset.get("RescaleSlope", 1)), float(dataset.get("RescaleIntercept", 0))
        return (centre - width / 2 - intercept) / slope, (centre + width / 2 - intercept) / slope
    except (AttributeError, TypeError, ValueError, ZeroDivisionError):
        return 0, 0


def clean_series(folder):
    return sorted(path for letter in FOLDERS for path in (folder / letter).glob("*") if path.name not in WITH_TEXT)


def read_slices(folder, random, most):
    """Up to `most` grey slices of each series folder."""
    found = []
    for series in clean_series(folder):
        files = sorted(path for path in series.rglob("*") if path.is_file())
        taken = 0
        for path in (files[n] for n in random.permutation(len(files))):
            if taken == most:
                break
            try:
                dataset = pydicom.dcmread(path)
                if dataset.Modality not in ("CT", "MR", "PT") or dataset.SamplesPerPixel != 1:
                    continue
                values = dataset.pixel_array.astype(np.float32)
            except Exception:  # malformed on purpose, or a codec that pydicom has not
                continue
            if values.ndim == 3:
                values = values[len(values) // 2]
            if min(values.shape) < 48 or np.ptp(values) == 0:
                continue
            found.append(Slice(series.name, values, window_of(dataset)))
            taken += 1
    return found


def is_noise(values):
    along_rows = np.corrcoef(values[:, :-1].ravel(), values[:, 1:].ravel())[0, 1]
    along_columns = np.corrcoef(values[:-1].ravel(), values[1:].ravel())[0, 1]
    return along_rows < NOISE and along_columns < NOISE


def run_naru(find_text, slices):
    """Boxes of each slice, and milliseconds."""
    boxes, times = [None] * len(slices), [0.0] * len(slices)
    by_shape = collections.defaultdict(list)
    for n, one in enumerate(slices):
        by_shape[one.values.shape].append(n)
    for shape, members in by_shape.items():
        with tempfile.NamedTemporaryFile() as file:
            file.write(np.array([len(members), shape[1], shape[0]], "<u4").tobytes())
            for n in members:
                file.write(np.array(slices[n].window, "<f4").tobytes())
                file.write(slices[n].values.astype("<f4").tobytes())
            file.flush()
            printed = subprocess.run([find_text, file.name], check=True, capture_output=True, text=True).stdout
        for n, line in zip(members, printed.splitlines(), strict=True):
            answer = json.loads(line)
            boxes[n], times[n] = answer["boxes"], answer["ms"]
    return boxes, times


def mask_of(boxes, shape):
    mask = np.zeros(shape, bool)
    for x, y, width, height, *_ in boxes:
        mask[max(0, y):max(0, y + height), max(0, x):max(0, x + width)] = True
    return mask


def make_texts(backgrounds, random, count):
    """Slices with items of each category."""
    made = []
    large = [one for one in backgrounds if min(one.values.shape) >= 200 and not is_noise(one.values)]
    for category in text_slices.CATEGORIES:
        items = 0
        while items < count:
            base = large[random.integers(len(large))]
            values, taken = base.values.copy(), np.zeros(base.values.shape, bool)
            one = Slice(base.source, values, base.window)
            for _ in range(3):
                burned = text_slices.burn(values, random, category, taken)
                if burned:
                    one.items.append((category, *burned))
            one.values = text_slices.degrade(values, random, category)
            if one.items:
                made.append(one)
                items += len(one.items)
    return made


def judge(slices, boxes):
    """Share of items found by category, slices in which something was missed, misses by name."""
    hits, counts, misses, unflagged, full = collections.Counter(), collections.Counter(), [], 0, 0
    for one, found in zip(slices, boxes):
        mask, missed = mask_of(found, one.values.shape), 0
        for category, glyphs, text in one.items:
            covered = (mask & glyphs).sum() / glyphs.sum()
            counts[category] += 1
            hits[category] += covered >= COVERED
            if covered < COVERED:
                missed += 1
                rows, columns = np.nonzero(glyphs)
                misses.append({"category": category, "text": text, "on": one.source,
                               "covered": round(float(covered), 2),
                               "width": int(np.ptp(columns)) + 1, "height": int(np.ptp(rows)) + 1})
        unflagged += not found
        full += not missed
    table = {category: {"items": counts[category], "r90": round(100 * hits[category] / counts[category], 2),
                        "wilson_95": wilson(hits[category], counts[category])} for category in counts}
    total, found = sum(counts.values()), sum(hits.values())
    return {"r90": round(100 * found / total, 2), "wilson_95": wilson(found, total), "items": total,
            "full_slices": round(100 * full / len(slices), 2), "slices": len(slices), "unflagged_slices": unflagged,
            "by_category": table}, misses


def judge_clean(slices, boxes):
    areas = [mask_of(found, one.values.shape).mean() for one, found in zip(slices, boxes)]
    changed = sum(bool(found) for found in boxes)
    hits = collections.Counter(one.source for one, found in zip(slices, boxes) if found)
    return {"slices": len(slices), "area_percent": round(100 * float(np.mean(areas)), 4),
            "slices_changed_percent": round(100 * changed / len(slices), 2), "wilson_95": wilson(changed, len(slices)),
            "by_source": dict(hits)}


def stands_in(text, page):
    """Whether a page holds a text but for one letter (Levenshtein), blanks left aside."""
    text, page = ("".join(one.split()).lower() for one in (text, page))
    costs = list(range(len(text) + 1))
    best = costs[-1]
    for letter in page:
        diagonal, costs[0] = costs[0], 0
        for n, own in enumerate(text, 1):
            diagonal, costs[n] = costs[n], min(costs[n] + 1, costs[n - 1] + 1, diagonal + (own != letter))
        best = min(best, costs[-1])
    return best <= 1


def is_in_boxes(region, boxes):
    """Whether a look at what was blanked says no more than that: pipeline/pixels/text_box.h."""
    x, y, width, height = region
    for left, top, w, h, *_ in boxes:
        rim = 8 + min(w, h) // 6
        if (x >= left - rim and y >= top - rim and x + width <= left + w + rim and y + height <= top + h + rim):
            return True
    return False


def judge_redacted(slices, boxes, find_text):
    """What Tesseract reads of the texts of five letters and more before and after they are blanked. Then as the program
    does: our own detector looks again, and a slice that shows text beside what was blanked is held. found_again names the
    texts of which it finds something in slices that go out, found_in_held those for which a slice is held."""
    read, texts, readable, left, blanked = peers.reader(), 0, 0, [], []
    for one, found in zip(slices, boxes):
        values = one.values.copy()
        values[mask_of(found, values.shape)] = values.min()
        blanked.append(Slice(one.source, values, one.window))
        long = [text for _, _, text in one.items if len("".join(text.split())) >= 5]
        before, after = read(one.values), read(values)
        texts += len(long)
        readable += sum(stands_in(text, before) for text in long)
        left += [{"text": text, "on": one.source} for text in long if stands_in(text, after)]
    again, _ = run_naru(find_text, blanked)
    held, found_in_held, found_again = 0, [], []
    for one, found, new in zip(slices, boxes, again):
        is_held = not all(is_in_boxes(box[6:10], found) for box in new if len(box) == 10)
        held += is_held
        more = mask_of(new, one.values.shape) & ~mask_of(found, one.values.shape)
        (found_in_held if is_held else found_again).extend(
            {"text": text, "on": one.source} for _, glyphs, text in one.items if (more & glyphs).any())
    return {"texts": texts, "read_before": readable, "read_after": left, "found_again": found_again,
            "found_in_held": found_in_held, "slices": len(slices), "slices_held": held}


@functools.lru_cache
def look_at(find_text, path):
    return json.loads(subprocess.run([find_text, "--dicom", path], check=True, capture_output=True, text=True).stdout)


def judge_truth(find_text, folder):
    """The hand-checked boxes: the share of each that would be blanked."""
    rows = []
    truth = HERE.parent.parent.parent / "shared" / "dicom" / "burned_text_truth.tsv"
    if not truth.exists():
        return None
    for row in csv.DictReader(truth.open(), delimiter="\t"):
        files = list((folder / row["folder"]).rglob(row["file"]))
        if not files:
            continue
        look = look_at(find_text, files[0])
        width, height = look["columns"], look["rows"]
        mask = np.zeros((height, width), bool)
        for boxes in look["frames"]:
            mask |= mask_of(boxes, (height, width))
        x0, y0, x1, y1 = (int(float(row[key])) for key in ("x0", "y0", "x1", "y1"))
        rows.append({"file": f"{row['folder']}/{row['file']}", "box": [x0, y0, x1, y1], "kind": row["kind"],
                     "covered": round(float(mask[y0:y1, x0:x1].mean()), 3), "problem": look["problem"]})
    return rows


def measure(run, texts, clean):
    """@return what JSON says of a detector, and its misses"""
    boxes, _ = run(texts)
    result, misses = judge(texts, boxes)
    boxes, times = run(clean)
    of_512 = [ms for one, ms in zip(clean, times) if one.values.shape == (512, 512)]
    return {**result, "clean": judge_clean(clean, boxes), "ms_512": round(statistics.median(of_512), 1)}, misses


def measure_peers(texts, clean):
    """@return detectors by name, and why others are left out"""
    measured, left_out = {}, {}
    for name, make in peers.PEERS.items():
        try:
            measured[name], _ = measure(make(), texts, clean)
        except peers.NotInstalled as reason:
            left_out[name] = str(reason)
    return measured, left_out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", type=pathlib.Path, help="the folder of find_text and naru")
    parser.add_argument("--dicom", type=pathlib.Path, required=True)
    parser.add_argument("--items", type=int, default=150, help="of each category")
    parser.add_argument("--own-items", type=int, default=0, help="of each category, for our detector alone")
    parser.add_argument("--clean", type=int, default=6, help="slices of each series")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", action="store_true")
    options = parser.parse_args()
    fonts.require_unseen("test")
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    random = np.random.default_rng(options.seed)
    clean = read_slices(options.dicom, random, options.clean)
    texts = make_texts(clean, random, options.items)
    find_text = options.bin / "find_text"
    ours, misses = measure(functools.partial(run_naru, find_text), texts, clean)
    theirs, left_out = measure_peers(texts, clean) if options.peers else ({}, {})
    redacted = judge_redacted(texts, run_naru(find_text, texts)[0], find_text) if options.peers else None
    many, own_texts = None, make_texts(clean, np.random.default_rng(options.seed + 1), options.own_items)
    if own_texts:
        many, missed = judge(own_texts, run_naru(find_text, own_texts)[0])
        misses += missed
    answer = {"many": many, "detectors": {"naru": ours, **theirs}, "redacted": redacted, "left_out": left_out, "misses": misses,
              "program": program.judge(options.bin / "naru", clean_series(options.dicom)),
              "hand_checked": judge_truth(find_text, options.dicom),
              "noise_sources": collections.Counter(one.source for one in clean if is_noise(one.values))}
    print(json.dumps(answer, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
