"""Chooses the thresholds of the detector: what they find and what they take for text, on images made from another seed
and on the fonts that are kept for tuning.

    python3 tune.py WEIGHTS [--images 200] [--seed 1001]
"""

import argparse
import itertools
import pathlib

import numpy as np
import torch
from scipy import ndimage

import backgrounds
import burned_text
import network

SIZE, EDGE = 384, 8
JOINS = ("upright", "max", "mean")
LOW, HIGH = (0.3, 0.4, 0.5, 0.6), (0.6, 0.7, 0.8, 0.9, 0.95)


def padded(windows):
    height, width = windows.shape[1:]
    return np.pad(windows, ((0, 0), (EDGE, EDGE + -height % 8), (EDGE, EDGE + -width % 8)), "edge")


def seen(detector, windows):
    height, width = windows.shape[1:]
    turned = np.ascontiguousarray(np.rot90(windows, 1, (1, 2)))
    upright = detector.probability(padded(windows))[EDGE:EDGE + height, EDGE:EDGE + width]
    turned = np.rot90(detector.probability(padded(turned))[EDGE:EDGE + width, EDGE:EDGE + height], -1)
    return {"upright": upright, "max": np.maximum(upright, turned), "mean": (upright + turned) / 2}


def probability(detector, windows):
    """Scales 1 and 1/2; whether the image is also seen turned, and how the two are joined, is a choice."""
    half = windows.reshape(3, SIZE // 2, 2, SIZE // 2, 2).mean((2, 4))
    whole, half = seen(detector, windows), seen(detector, half)
    return {join: np.maximum(whole[join], np.kron(half[join], np.ones((2, 2), np.float32))) for join in JOINS}


def boxes_mask(found, low, high):
    """What would be blanked: the boxes of regions, with their margin."""
    labels, count = ndimage.label(found >= low, np.ones((3, 3)))
    mask = np.zeros(found.shape, bool)
    peaks = ndimage.maximum(found, labels, np.arange(1, count + 1)) if count else []
    for place, peak in zip(ndimage.find_objects(labels), peaks):
        if peak >= high:
            margin = 3 + min(s.stop - s.start for s in place) // 8
            mask[tuple(slice(max(0, s.start - margin), s.stop + margin) for s in place)] = True
    return mask


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1001)
    options = parser.parse_args()
    torch.set_num_threads(1)
    detector, random = network.Detector(options.weights), np.random.default_rng(options.seed)
    choices = [one for one in itertools.product(JOINS, LOW, HIGH) if one[1] <= one[2]]
    covered, area, hits = ({one: [] for one in choices} for _ in range(3))
    for _ in range(options.images):
        image = backgrounds.make_background(random, SIZE)
        clean = probability(detector, burned_text.rendered(image, random))
        glyphs, _region = burned_text.add_text(image, random, "tune", count=3)
        found = probability(detector, burned_text.rendered(burned_text.degrade(image, random), random))
        items, count = ndimage.label(ndimage.binary_dilation(glyphs, np.ones((5, 25))))
        for one in choices:
            join, low, high = one
            mask = boxes_mask(clean[join], low, high)
            area[one].append(mask.mean())
            hits[one].append(mask.any())
            mask = boxes_mask(found[join], low, high)
            covered[one] += [mask[(items == n) & glyphs].mean() >= 0.9 for n in range(1, count + 1)]
    print("join    low  high  items found %  blanked area %  images touched %")
    for one in choices:
        join, low, high = one
        print(f"{join:7s} {low:.2f} {high:.2f}  {100 * np.mean(covered[one]):.2f}  {100 * np.mean(area[one]):.4f}  "
              f"{100 * np.mean(hits[one]):.2f}")


if __name__ == "__main__":
    main()
