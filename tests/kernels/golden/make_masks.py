#!/usr/bin/env python3
"""Writes masks.h: what scipy and numpy make of random masks and volumes that the tests make again, number by number
(std::mt19937 and numpy's MT19937 are one generator). Run from this folder after a change: ./make_masks.py"""
import numpy
import scipy
import scipy.ndimage as ndimage

SIZE = (37, 33, 21)                 # x, y, z
SPACING = (0.7, 0.8, 1.25)
RADIUS_MM = 2.3
PERCENTILES = (1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 99)


def random_values(count, low, high, seed):
    """tests/kernels/run_on.h"""
    generator = numpy.random.MT19937()
    generator._legacy_seeding(seed)
    return low + (generator.random_raw(count) % (high - low + 1)).astype(numpy.int64)


def mask(share, seed):
    """1 where a value of 0 to 99 is below `share`."""
    return (random_values(SIZE[0] * SIZE[1] * SIZE[2], 0, 99, seed) < share).reshape(SIZE[::-1])


def weighted(volume):
    """A sum that tells where every value lies."""
    values = volume.ravel().astype(numpy.int64)
    return int((values * (numpy.arange(values.size) % 8191 + 1)).sum())


def structure(neighbours):
    return ndimage.generate_binary_structure(3, {6: 1, 18: 2, 26: 3}[neighbours])


def by_first_voxel(labels):
    values, first = numpy.unique(labels, return_index=True)
    order = [v for _, v in sorted((f, v) for v, f in zip(values, first) if v)]
    table = numpy.zeros(labels.max() + 1, dtype=numpy.int64)
    table[order] = numpy.arange(1, len(order) + 1)
    return table[labels]


def components():
    for neighbours, share in ((6, 25), (18, 12), (26, 8)):
        labels = by_first_voxel(ndimage.label(mask(share, neighbours), structure(neighbours))[0])
        sizes = numpy.bincount(labels.ravel())[1:]
        yield f"    {{{neighbours}, {share}, {len(sizes)}, {sizes.max()}, {weighted(labels)}}},"


def morphologies():
    few, many = mask(2, 1), mask(98, 2)
    ball = lambda m: ndimage.distance_transform_edt(~m, sampling=SPACING[::-1]) <= RADIUS_MM
    shrunk = lambda m: ~ball(~m)
    dilation, erosion = ndimage.binary_dilation, ndimage.binary_erosion
    cases = (("ball", "dilate", ball(few)), ("ball", "erode", shrunk(many)),
             ("ball", "open", ball(shrunk(many))), ("ball", "close", shrunk(ball(few))),
             ("box", "dilate", dilation(few, structure(26), 2)), ("box", "erode", erosion(many, structure(26), 1, border_value=1)),
             ("cross", "dilate", dilation(few, structure(6), 3)), ("cross", "erode", erosion(many, structure(6), 2, border_value=1)))
    for element, operation, result in cases:
        yield f'    {{"{element}", "{operation}", {int(result.sum())}, {weighted(result)}}},'


def nyul_cases():
    """Dark background and bright tissue, no two alike."""
    for case in range(3):
        dark = random_values(4000, 0, 60, 10 + case)
        bright = random_values(6000, 100 + 50 * case, 700 + 400 * case, 20 + case)
        yield numpy.concatenate([dark, bright])


def nyul():
    landmarks = []
    for values in nyul_cases():
        landmarks.append(numpy.percentile(values[values > values.mean()], PERCENTILES))
    scaled = [(l - l[0]) / (l[-1] - l[0]) * 100 for l in landmarks]
    standard = numpy.mean(scaled, axis=0)
    values = numpy.array([-50, 0, 137.5, 400, 777, 1100, 1600, 5000])
    x, y = landmarks[2], standard
    i = numpy.clip(numpy.searchsorted(x, values, side="right") - 1, 0, len(x) - 2)  # the outer pieces go on
    mapped = y[i] + (values - x[i]) * (y[i + 1] - y[i]) / (x[i + 1] - x[i])
    return landmarks[2], standard, values, mapped


def fingerprint():
    values = random_values(5001, -1000, 2000, 30)
    chosen = values[random_values(5001, 0, 1, 31) != 0]
    return (chosen.size, chosen.mean(), numpy.median(chosen), chosen.std(), chosen.min(), chosen.max(),
            numpy.percentile(chosen, 0.5), numpy.percentile(chosen, 99.5))


def array(name, values):
    text = ", ".join(repr(float(v)) for v in values)
    return f"inline constexpr std::array<double, {len(values)}> {name} = {{{text}}};\n"


with open("masks.h", "w") as out:
    out.write(f"// Made by make_masks.py with scipy {scipy.__version__} and numpy {numpy.__version__}; not edited by hand.\n")
    out.write("// clang-format off\n#pragma once\n\n#include <array>\n#include <cstdint>\n#include <string_view>\n\n")
    out.write("namespace naru::test::golden {\n\n")
    out.write(f"inline constexpr std::array<std::int64_t, 3> kMaskSize = {{{', '.join(map(str, SIZE))}}};\n")
    out.write(array("kMaskSpacingMm", SPACING) + f"inline constexpr double kBallRadiusMm = {RADIUS_MM};\n")
    out.write("/// scipy.ndimage.label, numbered by the first voxel. share: percent of voxels in the mask; seed: neighbours\n")
    out.write("struct Labelled { int neighbours, share; std::size_t count; std::int64_t largest, weighted; };\n")
    out.write("inline constexpr std::array kLabelled = std::to_array<Labelled>({\n" + "\n".join(components()) + "\n});\n")
    out.write("/// distance_transform_edt, binary_dilation and binary_erosion; 2 percent (seed 1) grow, 98 (seed 2) shrink\n")
    out.write("struct Morphed { std::string_view element, operation; std::int64_t count, weighted; };\n")
    out.write("inline constexpr std::array kMorphed = std::to_array<Morphed>({\n" + "\n".join(morphologies()) + "\n});\n")
    filled = ndimage.binary_fill_holes(mask(78, 3))
    out.write(f"/// binary_fill_holes of 78 percent, seed 3\ninline constexpr std::int64_t kFilledCount = {int(filled.sum())}, "
              f"kFilledWeighted = {weighted(filled)};\n")
    landmarks, standard, values, mapped = nyul()
    out.write("/// numpy.percentile of what is above the mean, the mean scale of three cases, and the third case mapped\n")
    out.write(array("kNyulThird", landmarks) + array("kNyulStandard", standard))
    out.write(array("kNyulValues", values) + array("kNyulMapped", mapped))
    out.write("/// size, mean, median, std, min, max, percentiles 0.5 and 99.5 of masked values\n" + array("kFingerprint", fingerprint()))
    out.write("\n}  // namespace naru::test::golden\n")
