"""Chooses the thresholds of the detector: what they find and what they take for text, on images made from another seed,
on the real slices that benchmarks/pixels does not look at, and on the fonts that are kept for tuning.

    python3 tune.py FIND_TEXT DICOM [--items 150] [--seed 1001] [--keep FILE]

FIND_TEXT is the program of benchmarks/pixels: it sees the images as the product does, with the weights that were built
into it, and says of every region that may be text the mean log-odds of six looks at it (pipeline/pixels/text_confirm.h).
high: a region that reaches it may be text. One that reaches `certain` is; another is where the mean log-odds of all looks
reach `sign`, or `line` where it is three times as long as it is high; between twice and three times as long the limit
falls evenly. What stands beside text is text from `beside` on. FIND_TEXT gives an opinion only between its own `high` and
`certain`: to try others, change them there.
--keep keeps what FIND_TEXT says: images are made and seen once, whatever is asked of them.
"""

import argparse
import collections
import itertools
import json
import pathlib
import pickle
import subprocess
import tempfile

import numpy as np
import pydicom

import backgrounds
import burned_text
import fonts

SIZE = 384
HIGH, CERTAIN, BESIDE = (0.9,), (0.9995,), (0.6,)
SIGN, LINE = (4.5, 4.75, 5.0, 5.3), (2.0, 2.5, 3.0, 3.5)
NOW = (0.9, 0.9995, 0.6, 4.5, 2.5)
COVERED, MOST = 0.9, 100
# Series of DICOM, none of them below the folders of which benchmarks/pixels/measure.py takes slices.
SERIES = ("f/rtstruct_lung_ct60", "f/rtstruct_rtutils", "f/seg_liver_with_source_ct", "g/mr_ge_refaced_deid_sequence",
          "g/private_nested", "g/private_siemens_agfa_renamed")
KINDS = ("upright", "rotated", "large", "tiny", "clipped", "jpeg", "semi-transparent", "inverted", "noisy", "single",
         "korean")
WEIGHTS = {"single": 3, "inverted": 3}  # so many times as many items


def real_slices(folder):
    """By series: the values of each slice."""
    found = collections.defaultdict(list)
    for series in SERIES:
        for path in sorted(path for path in (folder / series).rglob("*") if path.is_file()):
            try:
                values = pydicom.dcmread(path).pixel_array.astype(np.float32)
            except Exception:  # no image
                continue
            for one in values[::9] if values.ndim == 3 else [values]:
                if min(one.shape) >= 48 and np.ptp(one) > 0:
                    found[series].append(one)
    return {series: slices[::1 + len(slices) // MOST] for series, slices in found.items()}


def a_background(random, real):
    if random.random() < 0.5:
        return backgrounds.make_background(random, SIZE)
    series = [slices for slices in real.values() if min(slices[0].shape) >= 200]
    slices = series[random.integers(len(series))]
    image = slices[random.integers(len(slices))]
    low, high = image.min(), image.max()
    return (image[:, ::random.choice([-1, 1])].copy() - low) / (high - low)


def a_line(random, kind):
    size = {"large": random.integers(32, 60), "tiny": random.integers(7, 11), "single": random.integers(9, 42)}.get(
        kind, random.integers(11, 30))
    script = fonts.KOREAN if kind == "korean" else fonts.LATIN
    text = burned_text.words(random, script)
    if kind == "single":
        text = random.choice(list(burned_text.LETTERS + "0123456789"))
    elif script == fonts.LATIN and len(text) < 4:
        text += " " + burned_text.digits(random, 6)
    ink = burned_text.draw_line(random, "tune", script, text, int(size))
    return ink if ink is None or kind != "rotated" else np.rot90(ink, random.choice([1, 3]))


def burn(image, random, kind, taken):
    """Writes one piece of text of a kind. @return its glyphs, or None where no place was found"""
    low, high = np.percentile(image, (0.5, 99.5))
    ink = a_line(random, kind)
    if ink is None or high <= low:
        return None
    for _ in range(30):
        at = burned_text.place(random, image.shape, ink, False)
        if kind == "clipped":
            at[1] = random.choice([-(ink.shape[1] // 4), image.shape[1] - 3 * ink.shape[1] // 4])
        crop = burned_text.crop_of(image.shape, ink, at)
        if crop is None or (kind != "clipped" and crop[1] != tuple(slice(0, n) for n in ink.shape)):
            continue
        page, part = crop
        if taken[tuple(slice(max(0, s.start - 6), s.stop + 6) for s in page)].any():
            continue
        is_dark = kind == "inverted"
        value = low if is_dark else high + random.uniform(0, 1) * (high - low)
        if is_dark and image[page].mean() < low + 0.35 * (high - low):
            continue
        opacity = random.uniform(0.5, 0.8) if kind == "semi-transparent" else 1
        change = opacity * ink[part] * (value - image[page])
        covered = ink[part] > 0.5
        visible = covered & (np.abs(change) >= 0.05 * (high - low))
        if covered.sum() < 8 or visible.sum() < covered.sum() / 2:
            continue
        image[page] += change
        taken[page] = True
        glyphs = np.zeros(image.shape, bool)
        glyphs[page] = visible
        return glyphs
    return None


def degraded(image, random, kind):
    low, high = np.percentile(image, (0.5, 99.5))
    if kind == "jpeg":
        return burned_text.jpeg(image, int(random.integers(40, 81)))
    return image + random.normal(0, 0.06 * (high - low), image.shape) if kind == "noisy" else image


def made_images(random, real, items):
    """Images, each with the kind and the glyphs of its texts; those without text come last."""
    images = []
    for kind in KINDS:
        count = 0
        while count < items * WEIGHTS.get(kind, 1):
            image = a_background(random, real)
            taken = np.zeros(image.shape, bool)
            texts = [glyphs for _ in range(3) if (glyphs := burn(image, random, kind, taken)) is not None]
            if texts:
                images.append((degraded(image, random, kind).astype(np.float32), kind, texts))
                count += len(texts)
    images += [(one, f"clean {series}", []) for series, slices in real.items() for one in slices]
    return images + [(backgrounds.make_background(random, SIZE).astype(np.float32), "clean drawn", [])
                     for _ in range(2 * items)]


def seen(find_text, images):
    """What the program says of each image: regions, each with its probability, the mean log-odds of all looks ("opinion"; null
    where nobody asked) and what is blanked."""
    answers = [None] * len(images)
    by_shape = collections.defaultdict(list)
    for n, (image, *_) in enumerate(images):
        by_shape[image.shape].append(n)
    for (height, width), members in by_shape.items():
        with tempfile.NamedTemporaryFile() as file:
            file.write(np.array([len(members), width, height], "<u4").tobytes())
            for n in members:
                file.write(np.zeros(2, "<f4").tobytes() + images[n][0].astype("<f4").tobytes())
            file.flush()
            printed = subprocess.run([find_text, "--candidates", file.name], check=True, capture_output=True, text=True)
        for n, line in zip(members, printed.stdout.splitlines(), strict=True):
            answers[n] = json.loads(line)
    return answers


def is_beside(text, other):
    height = min(text[2:4])

    def gap(axis):
        return max(text[axis], other[axis]) - min(text[axis] + text[axis + 2], other[axis] + other[axis + 2])

    return gap(0) <= height and gap(1) <= height and min(other[2:4]) <= 2 * height


def taken_for_text(candidates, high, certain, beside, sign, line):
    """As TextDetector::find and add_text_beside have it."""
    def is_text(one):
        size = one["region"][2:4]
        needed = np.interp(max(size) / min(size), (2, 3), (sign, line))
        if one["probability"] < high:
            return False
        return one["probability"] >= certain or one["opinion"] is None or one["opinion"] >= needed

    found = [one for one in candidates if is_text(one)]
    rest = [one for one in candidates if one["probability"] >= beside and not any(one is other for other in found)]
    open_ = list(found)
    while open_:
        text = open_.pop()["region"]
        more = [one for one in rest if is_beside(text, one["region"])]
        rest = [one for one in rest if not any(one is other for other in more)]
        found += more
        open_ += more
    return found


def mask_of(found, shape):
    mask = np.zeros(shape, bool)
    for one in found:
        x, y, width, height = one["box"]
        mask[max(0, y):max(0, y + height), max(0, x):max(0, x + width)] = True
    return mask


def judged(images, answers, choice):
    """@return by kind the share that is found; by kind of clean image the share touched, and of pixels blanked"""
    hits, counts, touched, area, unflagged = (collections.Counter() for _ in range(5))
    for (image, kind, texts), candidates in zip(images, answers):
        found = taken_for_text(candidates, *choice)
        mask = mask_of(found, image.shape)
        counts[kind] += len(texts) or 1
        hits[kind] += sum((mask & glyphs).sum() >= COVERED * glyphs.sum() for glyphs in texts)
        if texts:
            unflagged[kind] += not found
        else:
            touched[kind] += bool(found)
            area[kind] += mask.mean()
    return hits, counts, touched, area, unflagged


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("find_text", type=pathlib.Path)
    parser.add_argument("dicom", type=pathlib.Path, help="the folder of real series")
    parser.add_argument("--items", type=int, default=150, help="of each kind")
    parser.add_argument("--seed", type=int, default=1001)
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    fonts.require_unseen("tune")
    if options.keep and options.keep.exists():
        images, answers = pickle.loads(options.keep.read_bytes())
    else:
        images = made_images(np.random.default_rng(options.seed), real_slices(options.dicom), options.items)
        answers = seen(options.find_text, images)
        if options.keep:
            options.keep.write_bytes(pickle.dumps((images, answers)))
    _hits, counts, *_ = judged(images, answers, NOW)
    print(" ".join(f"{kind} {count}" for kind, count in counts.items()))
    for choice in sorted({NOW, *itertools.product(HIGH, CERTAIN, BESIDE, SIGN, LINE)}):
        hits, counts, touched, area, unflagged = judged(images, answers, choice)
        print(dict(zip(("high", "certain", "beside", "sign", "line"), choice)))
        print("   found %:", ", ".join(f"{kind} {100 * hits[kind] / counts[kind]:.1f}" for kind in KINDS),
              "; unflagged", sum(unflagged.values()))
        print("   touched:", ", ".join(f"{kind[6:]} {touched[kind]}" for kind in touched if touched[kind]),
              f"; blanked {100 * sum(area.values()) / max(1, sum(counts[kind] for kind in touched)):.4f} %")


if __name__ == "__main__":
    main()
