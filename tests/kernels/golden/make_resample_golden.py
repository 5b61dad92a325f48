#!/usr/bin/env python3
"""Writes resample_golden.h: what the named tools make of one small volume. Run from this folder after a change.

nnU-Net, MONAI and TotalSegmentator are not packaged: what is run here are the calls that they make, of scikit-image
(nnunetv2/preprocessing/resampling/default_resampling.py), torch (monai/transforms/spatial/functional.py,
monai/networks/layers/spatial_transforms.py and utils.py) and scipy (totalsegmentator/resampling.py).
"""
import numpy
import scipy
import skimage
import skimage.transform
import torch
from scipy import ndimage

from cpp_array import array

SIZE = (23, 17, 13)                     # x, y, z
SPACING = (0.7, 0.7, 1.25)              # mm, to 1 mm
SEPARATE_SPACING = (0.6, 0.7, 2.9)      # more than 3 times: nnU-Net resamples slice by slice
TIE_SPACING = (0.4, 0.8, 2)             # to 1 mm with the first centre kept, many centres lie halfway
NEAREST_AXES = ((23, 0.7), (13, 1.25), (6, 1.5), (22, 1.5), (40, 1.5), (16, 0.75), (12, 0.5), (16, 1.2), (12, 0.75),
                (31, 2.5), (50, 0.3))   # count and mm, to 1 mm: most have centres that lie halfway
STEPS = ((0.8, -0.4), (1.7, 0.3), (-0.65, 12.2))  # step, first: beyond both ends by less than half a voxel
TARGET = (28, 9, 19)
AFFINE = ((0.9, 0.2, -0.1, 1.3), (-0.15, 1.1, 0.3, 0.4), (0.05, -0.25, 0.7, 2.1))  # rows x, y, z: turned and sheared
AFFINE_SIZE = (20, 15, 14)
EVERY = 5                               # of the values of a result, so many are left out but one: x, y and z all vary


def volume():
    """12-bit values that the test makes in the same way."""
    i = numpy.arange(numpy.prod(SIZE), dtype=numpy.uint64)
    return (((i * 2654435761) % 2**32 >> 20).astype(numpy.int16) - 1024).reshape(SIZE[::-1])


def zoomed_counts(spacing):
    return [int(round(s / 1 * n)) for s, n in zip(spacing, SIZE)]


def resize_as_nnunet(data, shape, order):
    return skimage.transform.resize(data, shape, order, mode="edge", anti_aliasing=False, clip=True)


def nnunet_separate(data, shape, order):
    """resample_data_or_seg with do_separate_z, axis 0 (z): `order` in the slices, order 0 across."""
    slices = numpy.stack([resize_as_nnunet(one, shape[1:], order) for one in data])
    scale = data.shape[0] / shape[0]
    z = scale * (numpy.arange(shape[0]) + 0.5) - 0.5
    maps = numpy.array(numpy.meshgrid(z, *(numpy.arange(n) for n in shape[1:]), indexing="ij"))
    return ndimage.map_coordinates(slices, maps, order=0, mode="nearest")


def monai_counts(spacing):
    return [int(numpy.round((n - 1) * s + 1)) for n, s in zip(SIZE, spacing)]


def normalize_transform(shape):
    """From voxel indices to -1 and 1 at the outer faces."""
    shape = torch.tensor(shape, dtype=torch.float64)
    transform = torch.diag(torch.cat((2 / shape, torch.ones(1, dtype=torch.float64))))
    transform[:-1, -1] = 1 / shape - 1
    return transform[None]


def monai(data, spacing, mode):
    """Spacing: SpatialResample with f64, border padding and align_corners=False, which calls AffineTransform."""
    counts = monai_counts(spacing)
    source = torch.diag(torch.tensor((*spacing, 1), dtype=torch.float64))
    transform = torch.linalg.solve(source, torch.eye(4, dtype=torch.float64))[None]
    theta = normalize_transform(SIZE) @ transform @ torch.inverse(normalize_transform(counts))
    theta = theta[:, [2, 1, 0, 3]][:, :, [2, 1, 0, 3]]  # x is the first axis of MONAI's volumes, and the last of torch's
    grid = torch.nn.functional.affine_grid(theta[:, :3], [1, 1, *counts], align_corners=False)
    image = torch.from_numpy(data.transpose().copy())[None, None]
    out = torch.nn.functional.grid_sample(image, grid, mode=mode, padding_mode="border", align_corners=False)
    return out[0, 0].numpy().transpose()


def monai_bspline(data):
    """Spacing with mode=3: Resample asks scipy, whose name for border padding is nearest."""
    at = numpy.meshgrid(*(numpy.arange(c) / s for c, s in zip(monai_counts(SPACING)[::-1], SPACING[::-1])), indexing="ij")
    return ndimage.map_coordinates(data, at, order=3, mode="nearest")


def nearest_indices(tool):
    """Which voxel `tool` takes for each target of each of NEAREST_AXES."""
    return numpy.concatenate([tool(numpy.arange(n, dtype=numpy.float64), s) for n, s in NEAREST_AXES]).astype(int)


def affine(data, order):
    """scipy.ndimage.affine_transform, mirrored; it takes z, y, x. What lies outside is left out by the test."""
    matrix, offset = numpy.array(AFFINE)[:, :3], numpy.array(AFFINE)[:, 3]
    return ndimage.affine_transform(data, matrix[::-1, ::-1], offset[::-1], AFFINE_SIZE[::-1], order=order, mode="mirror")


def labels():
    """Five labels in small blocks."""
    return numpy.repeat(numpy.repeat(numpy.repeat(volume()[:7, :9, :12] % 5, 2, 0), 2, 1), 2, 2)[:13, :17, :23]


def resize_segmentation(segmentation, shape):
    """batchgenerators' resize_segmentation, order 1, as nnU-Net calls it."""
    reshaped = numpy.zeros(shape, dtype=segmentation.dtype)
    for c in numpy.unique(segmentation):
        mask = skimage.transform.resize((segmentation == c).astype(float), shape, 1, mode="edge", clip=True, anti_aliasing=False)
        reshaped[mask >= 0.5] = c
    return reshaped


source = volume().astype(numpy.float64)
axes = [first + step * numpy.arange(n) for (step, first), n in zip(STEPS, TARGET)]
at = numpy.array(numpy.meshgrid(axes[2], axes[1], axes[0], indexing="ij"))
inner = numpy.array(numpy.meshgrid(*(numpy.clip(a, 0, n - 1) for a, n in zip(axes[::-1], SIZE[::-1])), indexing="ij"))
sigma = [0.6, 0.9, 0.45]  # x, y, z
counts = zoomed_counts(SPACING)
separate_counts = zoomed_counts(SEPARATE_SPACING)
label_counts = [11, 29, 21]
cases = [
    ("kBsplineMirror", "map_coordinates(order=3, mode='mirror') at kSteps", ndimage.map_coordinates(source, at, order=3, mode="mirror")),
    ("kBsplineNearest", "map_coordinates(order=3, mode='nearest') at kSteps", ndimage.map_coordinates(source, at, order=3, mode="nearest")),
    ("kGaussianLinear", "gaussian_filter(kSigma, mode='nearest'), then map_coordinates(order=1) at kSteps, held within the volume",
     ndimage.map_coordinates(ndimage.gaussian_filter(source, sigma[::-1], mode="nearest"), inner, order=1)),
    ("kNnunet", "skimage resize, order 3, as nnU-Net calls it", resize_as_nnunet(source, counts[::-1], 3)),
    ("kNnunetLinear", "the same, order 1", resize_as_nnunet(source, counts[::-1], 1)),
    ("kNnunetSeparate", "nnU-Net's separate z", nnunet_separate(source, separate_counts[::-1], 3)),
    ("kNnunetSeparateLinear", "the same, order 1", nnunet_separate(source, separate_counts[::-1], 1)),
    ("kMonai", "grid_sample as MONAI's Spacing calls it", monai(source, SPACING, "bilinear")),
    ("kMonaiNearest", "the same, nearest", monai(source, SPACING, "nearest")),
    ("kMonaiTies", "the same from kTieSpacing", monai(source, TIE_SPACING, "nearest")),
    ("kMonaiBspline", "map_coordinates(order=3, mode='nearest') as MONAI's Spacing calls it", monai_bspline(source)),
    ("kTotalsegmentator", "scipy zoom, order 3, as TotalSegmentator calls it", ndimage.zoom(source, SPACING[::-1], order=3)),
    ("kTotalsegmentatorLinear", "the same, order 1", ndimage.zoom(source, SPACING[::-1], order=1)),
    ("kAffineLinear", "affine_transform(order=1, mode='mirror')", affine(source, 1)),
    ("kAffineBspline", "affine_transform(order=3, mode='mirror')", affine(source, 3)),
    ("kLabels", "resize_segmentation", resize_segmentation(labels(), label_counts[::-1]).astype(float)),
]
nearest_cases = [
    ("kNnunetNearest", "skimage resize, order 0, as nnU-Net calls it: the voxel of each target of each of kNearestAxes in turn",
     nearest_indices(lambda line, s: resize_as_nnunet(line, (int(round(s / 1 * line.size)),), 0))),
    ("kTotalsegmentatorNearest", "scipy zoom, order 0, as TotalSegmentator calls it: likewise",
     nearest_indices(lambda line, s: ndimage.zoom(line, s, order=0))),
]

with open("resample_golden.h", "w") as out:
    versions = ", ".join(f"{m.__name__} {m.__version__}" for m in (numpy, scipy, skimage, torch))
    out.write(f"// Made by make_resample_golden.py with {versions}; not edited by hand.\n")
    out.write("// clang-format off\n#pragma once\n\n#include <array>\n#include <cstdint>\n\nnamespace naru::test::golden {\n\n")
    out.write(f"inline constexpr std::size_t kEvery = {EVERY};  ///< each array holds every fifth value\n")
    for name, numbers in (("kResampleSize", SIZE), ("kResampleTarget", TARGET), ("kMonaiSize", monai_counts(SPACING)),
                          ("kZoomSize", counts), ("kSeparateSize", separate_counts),
                          ("kAffineSize", AFFINE_SIZE), ("kLabelSize", label_counts)):
        out.write(f"inline constexpr std::array<std::int64_t, 3> {name} = {{{', '.join(map(str, numbers))}}};\n")
    for name, numbers in (("kResampleSpacing", SPACING), ("kSeparateSpacing", SEPARATE_SPACING),
                          ("kTieSpacing", TIE_SPACING), ("kSigma", sigma),
                          ("kResampleSteps", [s for s, _ in STEPS]), ("kResampleFirsts", [f for _, f in STEPS])):
        out.write(f"inline constexpr std::array<double, 3> {name} = {{{', '.join(map(str, numbers))}}};\n")
    rows = ", ".join("{" + ", ".join(map(str, row)) + "}" for row in AFFINE)
    out.write(f"inline constexpr double kAffine[3][4] = {{{rows}}};  ///< source_from_target\n")
    axes = ", ".join(f"{{{n}, {s}}}" for n, s in NEAREST_AXES)
    out.write("struct NearestAxis {\n  std::int64_t count;\n  double spacing_mm;\n};\n")
    out.write(f"inline constexpr std::array<NearestAxis, {len(NEAREST_AXES)}> kNearestAxes = {{{{{axes}}}}};\n")
    for name, comment, values in nearest_cases:
        out.write(f"/// {comment}\n")
        out.write(array("std::int16_t", name, values, "{}"))
    for name, comment, values in cases:
        out.write(f"/// {comment}\n")
        out.write(array("float", name, values.ravel()[::EVERY], "{:.4f}f"))
    out.write("\n}  // namespace naru::test::golden\n")
