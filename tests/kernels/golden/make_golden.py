#!/usr/bin/env python3
"""Writes golden.h: what scipy and numpy make of small volumes. Run from this folder after a change: ./make_golden.py"""
import numpy
import scipy
import scipy.ndimage

from cpp_array import array

SIZE = (7, 6, 5)                                # x, y, z
TARGET = (10, 4, 8)
STEPS = ((0.7, -0.3), (1.6, 0.2), (-0.65, 4.4))  # step, first: upsampling, downsampling, a flip; beyond both ends
PERCENTILES = (0, 0.5, 1, 12.3, 50, 77.7, 99.5, 100)


random = numpy.random.default_rng(20240501)
source = random.integers(-1024, 3071, size=SIZE[::-1], dtype=numpy.int16)
axes = [first + step * numpy.arange(n) for (step, first), n in zip(STEPS, TARGET)]
z, y, x = numpy.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
linear = scipy.ndimage.map_coordinates(source.astype(numpy.float64), [z, y, x], order=1, mode="nearest")

with open("golden.h", "w") as out:
    out.write(f"// Made by make_golden.py with scipy {scipy.__version__} and numpy {numpy.__version__}; not edited by hand.\n")
    out.write("// clang-format off\n#pragma once\n\n#include <array>\n#include <cstdint>\n\nnamespace naru::test::golden {\n\n")
    out.write(f"inline constexpr std::array<std::int64_t, 3> kSize = {{{', '.join(map(str, SIZE))}}};\n")
    out.write(f"inline constexpr std::array<std::int64_t, 3> kTarget = {{{', '.join(map(str, TARGET))}}};\n")
    out.write(array("double", "kSteps", [s for s, _ in STEPS], "{}") + array("double", "kFirsts", [f for _, f in STEPS], "{}"))
    out.write(array("std::int16_t", "kSource", source.ravel(), "{}"))
    out.write("/// map_coordinates(kSource, order=1, mode='nearest')\n")
    out.write(array("double", "kLinear", linear.ravel(), "{:.6f}"))
    out.write("/// numpy.percentile, mean and std of kSource\n")
    out.write(array("double", "kPercentiles", PERCENTILES, "{}"))
    out.write(array("double", "kPercentileValues", numpy.percentile(source, PERCENTILES), "{!r}"))
    out.write(f"inline constexpr double kMean = {float(source.mean(dtype=numpy.float64))!r};\n")
    out.write(f"inline constexpr double kDeviation = {float(source.std(dtype=numpy.float64))!r};\n")
    out.write("\n}  // namespace naru::test::golden\n")
