#!/usr/bin/env python3
"""The whole path as MONAI's transforms take it, on the libraries that they stand on: `monai_path.py THREADS`.

Requests (requests.h): `path SERIES OUT` reads a folder of slices (PydicomReader), brings it to 1 mm (Spacing), scales
[-1000, 1000] to [0, 1] (ScaleIntensityRange with clip) and saves it (SaveImage); the answer is the seconds.
`compare OURS THEIRS`: shape, greatest difference of voxels and of the places of the outer voxels in mm.
"""
import itertools
import pathlib
import sys
import time

import nibabel
import numpy
import pydicom
import torch


def read(folder):
    """x, y, z in HU as float32, and the affine in RAS."""
    slices = [pydicom.dcmread(path) for path in sorted(pathlib.Path(folder).iterdir())]
    row, column = numpy.array(slices[0].ImageOrientationPatient, float).reshape(2, 3)
    normal = numpy.cross(row, column)
    slices.sort(key=lambda one: float(numpy.dot(normal, numpy.array(one.ImagePositionPatient, float))))
    stored = numpy.stack([one.pixel_array for one in slices])
    hu = stored.astype(numpy.float32) * float(slices[0].RescaleSlope) + float(slices[0].RescaleIntercept)
    first, last = (numpy.array(slices[i].ImagePositionPatient, float) for i in (0, -1))
    along_columns, along_rows = map(float, slices[0].PixelSpacing)  # between rows, between columns
    affine = numpy.eye(4)
    affine[:3] = numpy.stack([row * along_rows, column * along_columns, (last - first) / (len(slices) - 1), first], 1)
    return numpy.ascontiguousarray(hu.transpose(2, 1, 0)), numpy.diag([-1, -1, 1, 1]) @ affine


def resample(volume, affine):
    """monai.transforms.Spacing to 1 mm: float64, bilinear, border, the first centre stays."""
    spacing = numpy.linalg.norm(affine[:3, :3], axis=0)
    shape = [round((count - 1) * mm + 1) for count, mm in zip(volume.shape, spacing)]
    image = torch.as_tensor(volume, dtype=torch.float64)[None, None]
    theta = torch.zeros((1, 3, 4), dtype=torch.float64)
    for row, axis in enumerate((2, 1, 0)):  # grid_sample names the last axis first
        size, step = volume.shape[axis], 1 / spacing[axis]
        theta[0, row, row] = step * shape[axis] / size
        theta[0, row, 3] = (1 + step * (shape[axis] - 1)) / size - 1
    grid = torch.nn.functional.affine_grid(theta, [1, 1, *shape], align_corners=False)
    moved = affine.copy()
    moved[:3, :3] /= spacing
    return torch.nn.functional.grid_sample(image, grid, "bilinear", "border", align_corners=False)[0, 0], moved


def path(series, out):
    volume, affine = resample(*read(series))
    scaled = ((volume + 1000) / 2000).clamp(0, 1)
    nibabel.save(nibabel.Nifti1Image(scaled.numpy().astype(numpy.float32), affine), out)


def compare(ours, theirs):
    pair = [nibabel.load(file) for file in (ours, theirs)]
    if pair[0].shape != pair[1].shape:
        raise ValueError(f"shapes differ: {pair[0].shape} and {pair[1].shape}")
    difference = numpy.abs(numpy.asarray(pair[0].dataobj) - numpy.asarray(pair[1].dataobj)).max()
    corners = numpy.array([(*corner, 1) for corner in itertools.product(*[(0, n - 1) for n in pair[0].shape])])
    moved = numpy.linalg.norm(corners @ (pair[0].affine - pair[1].affine).T, axis=1).max()
    return "x".join(map(str, pair[0].shape)), difference, moved


def main():
    torch.set_num_threads(int(sys.argv[1]))
    torch.set_grad_enabled(False)
    for line in sys.stdin:
        name, *files = line.split()
        try:
            start = time.perf_counter()
            values = path(*files) if name == "path" else compare(*files)
            print(time.perf_counter() - start, *(values or ()), flush=True)
        except (ValueError, RuntimeError, OSError) as error:
            print("unsupported", " ".join(str(error).split()), flush=True)


if __name__ == "__main__":
    main()
