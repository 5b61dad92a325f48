#!/usr/bin/env python3
"""Loads a dataset that `naru prepare` wrote, and checks each image against its line of the manifest.

  examples/load_dataset.py OUT        needs nibabel and numpy (Debian: python3-nibabel)
"""
import json
import pathlib
import sys

import nibabel
import numpy


def cases(dataset):
    """Yields (line of the manifest, nibabel image) of every case."""
    with open(dataset / "manifest.jsonl", encoding="utf-8") as manifest:
        for text in manifest:
            line = json.loads(text)
            yield line, nibabel.load(dataset / line["image"])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for line, image in cases(pathlib.Path(sys.argv[1])):
        voxels = numpy.asanyarray(image.dataobj)  # [x, y, z] in the dtype of the file
        assert list(voxels.shape) == line["shape"]
        assert voxels.dtype == line["dtype"]
        assert numpy.allclose(image.affine, line["affine_ras"], atol=1e-3)
        axes = "".join(nibabel.aff2axcodes(image.affine))
        spacing = " x ".join(f"{mm:.3g}" for mm in line["spacing_mm"])
        print(f"{line['case']}  {line['modality']}  {axes}  {voxels.shape}  {spacing} mm  {line['dtype']}"
              f"  mean {voxels.mean():.3f}  split {line['split']}")


if __name__ == "__main__":
    main()
