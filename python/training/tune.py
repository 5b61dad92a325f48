"""Chooses the thresholds of the detector: what they find and what they take for text, on images made from another seed
and on the fonts that are kept for tuning.

    python3 tune.py WEIGHTS [--images 80] [--seed 1001]

low and high: hysteresis. A region that reaches `certain` is text; another is where the mean log-odds of five other views
of its surroundings (pipeline/pixels/text_confirm.h) reach `sign`, or `line` where it is twice as long as it is high. What stands beside text, which the program
then takes for text as well, does not count here.
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

SIZE, EDGE, AROUND = 384, 8, 48
LOW, HIGH = (0.25,), (0.8, 0.9, 0.95, 0.98)
CERTAIN, SIGN, LINE = (0.9995, 1.1), (4.5, 5.2, 5.6), (3.0, 3.5, 4.3)
MOST_LOG_ODDS = 9


def seen(detector, windows):
    height, width = windows.shape[1:]
    padded = np.pad(windows, ((0, 0), (EDGE, EDGE + -height % 8), (EDGE, EDGE + -width % 8)), "edge")
    return detector.probability(padded)[EDGE:EDGE + height, EDGE:EDGE + width]


def probability(detector, windows):
    """Scales 1, 1/2 and 2: an image of so many pixels is seen in all three."""
    height, width = (n // 2 * 2 for n in windows.shape[1:])
    windows = windows[:, :height, :width]
    half = windows.reshape(3, height // 2, 2, width // 2, 2).mean((2, 4))
    twice = seen(detector, np.kron(windows, np.ones((1, 2, 2), np.float32)))
    twice = twice.reshape(height, 2, width, 2).max((1, 3))
    return np.maximum.reduce([seen(detector, windows), twice, np.kron(seen(detector, half), np.ones((2, 2), np.float32))])


def views_of(part, region):
    """As text_confirm.cpp makes them: picture, and the region in it."""
    yield part[:, ::-1, ::-1], region[::-1, ::-1]
    larger = np.stack([ndimage.zoom(one, 1.25, order=1) for one in part])
    yield larger, ndimage.zoom(region.astype(np.uint8), 1.25, order=0) > 0
    yield np.pad(part, ((0, 0), (3, 0), (5, 0)), "edge"), np.pad(region, ((3, 0), (5, 0)))
    yield part**0.6, region
    yield np.stack([ndimage.gaussian_filter(one, 0.6) for one in part]), region


def second_opinion(detector, windows, place):
    """The mean log-odds of the largest probabilities in a region."""
    around = tuple(slice(max(0, s.start - AROUND), s.stop + AROUND) for s in place)
    region = np.zeros(windows.shape[1:], bool)
    region[place] = True
    peaks = []
    for part, inside in views_of(windows[(slice(None), *around)], region[around]):
        found = probability(detector, np.ascontiguousarray(part, np.float32))
        peaks.append(found[inside[:found.shape[0], :found.shape[1]]].max(initial=0))
    with np.errstate(divide="ignore"):
        odds = np.log(np.array(peaks) / (1 - np.array(peaks)))
    return float(np.clip(odds, -MOST_LOG_ODDS, MOST_LOG_ODDS).mean())


def regions_of(detector, windows, low):
    """Place, peak and second opinion of each region that any choice may take."""
    found = probability(detector, windows)
    labels, count = ndimage.label(found >= low, np.ones((3, 3)))
    peaks = ndimage.maximum(found, labels, np.arange(1, count + 1)) if count else []
    return [(place, float(peak), second_opinion(detector, windows, place))
            for place, peak in zip(ndimage.find_objects(labels), peaks) if peak >= min(HIGH)]


def boxes_mask(regions, high, certain, sign, line):
    """What would be blanked: the boxes of regions, with their margin."""
    mask = np.zeros((SIZE, SIZE), bool)
    for place, peak, opinion in regions:
        height, width = (s.stop - s.start for s in place)
        is_line = max(height, width) >= 2 * min(height, width)
        if peak < high or (peak < certain and opinion < (line if is_line else sign)):
            continue
        small = min(height, width)
        across, along = 3 + small // 8, 3 + small // 2
        y, x = (across, along) if width >= height else (along, across)
        mask[max(0, place[0].start - y):place[0].stop + y, max(0, place[1].start - x):place[1].stop + x] = True
    return mask


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("--images", type=int, default=80)
    parser.add_argument("--seed", type=int, default=1001)
    options = parser.parse_args()
    torch.set_num_threads(1)
    detector, random = network.Detector(options.weights), np.random.default_rng(options.seed)
    choices = [one for one in itertools.product(LOW, HIGH, CERTAIN, SIGN, LINE) if one[0] <= one[1]]
    covered, area, hits = ({one: [] for one in choices} for _ in range(3))
    for _ in range(options.images):
        image = backgrounds.make_background(random, SIZE)
        clean = burned_text.rendered(image, random)
        glyphs, _region = burned_text.add_text(image, random, "tune", count=3)
        text = burned_text.rendered(burned_text.degrade(image, random), random)
        items, count = ndimage.label(ndimage.binary_dilation(glyphs, np.ones((5, 25))))
        for low in LOW:
            of_clean, of_text = regions_of(detector, clean, low), regions_of(detector, text, low)
            for one in (choice for choice in choices if choice[0] == low):
                mask = boxes_mask(of_clean, *one[1:])
                area[one].append(mask.mean())
                hits[one].append(mask.any())
                mask = boxes_mask(of_text, *one[1:])
                covered[one] += [mask[(items == n) & glyphs].mean() >= 0.9 for n in range(1, count + 1)]
    print("low   high  certain sign line  items found %  blanked area %  images touched %")
    for one in choices:
        print("{:.2f}  {:.2f}  {:.4f}  {:.1f}  {:.1f}   ".format(*one), f"{100 * np.mean(covered[one]):.2f}         "
              f"{100 * np.mean(area[one]):.4f}          {100 * np.mean(hits[one]):.2f}")


if __name__ == "__main__":
    main()
