"""Opens a dataset with nibabel and compares it with the DICOM files it came from, read by pydicom.

usage: nibabel_check.py DATASET DICOM_FOLDER

Every image must load; its affine must equal the manifest's; every corner of an image on the native grid must lie within
1e-3 mm of a corner that the DICOM's own position, orientation and spacing give; voxels there must be equal.
"""
import json
import pathlib
import sys

import nibabel
import numpy as np
import pydicom

TOLERANCE_MM = 1e-3


def dicom_volume(folder):
    """Voxels (i, j, k) in modality units and the affine (RAS) of one axial-order series, from pydicom alone."""
    slices = [pydicom.dcmread(path) for path in sorted(pathlib.Path(folder).rglob("*")) if path.is_file()]
    row, column = np.array(slices[0].ImageOrientationPatient, float).reshape(2, 3)
    normal = np.cross(row, column)
    slices.sort(key=lambda s: np.dot(np.array(s.ImagePositionPatient, float), normal))
    first = np.array(slices[0].ImagePositionPatient, float)
    last = np.array(slices[-1].ImagePositionPatient, float)
    affine = np.eye(4)
    affine[:3, 0] = row * float(slices[0].PixelSpacing[1])
    affine[:3, 1] = column * float(slices[0].PixelSpacing[0])
    affine[:3, 2] = (last - first) / (len(slices) - 1)
    affine[:3, 3] = first
    affine[:2] *= -1  # LPS to RAS
    voxels = np.stack([s.pixel_array.T for s in slices], axis=-1).astype(float)
    slope, intercept = getattr(slices[0], "RescaleSlope", 1), getattr(slices[0], "RescaleIntercept", 0)
    return voxels * float(slope) + float(intercept), affine


def corners(shape, affine):
    grid = np.array(np.meshgrid(*[(0, n - 1) for n in shape], indexing="ij")).reshape(3, -1)
    return (affine[:3, :3] @ grid).T + affine[:3, 3]


def main(dataset, dicom_folder):
    dataset = pathlib.Path(dataset)
    lines = [json.loads(line) for line in (dataset / "manifest.jsonl").read_text().splitlines()]
    assert lines, "no cases"
    for line in lines:
        image = nibabel.load(dataset / line["image"])
        assert list(image.shape) == line["shape"], line["case"]
        assert np.allclose(image.affine, line["affine_ras"], atol=TOLERANCE_MM), line["case"]
        assert np.allclose(image.get_qform(), image.get_sform(), atol=TOLERANCE_MM), line["case"]
        assert int(image.header["qform_code"]) == 1 and int(image.header["sform_code"]) == 1, line["case"]
        assert "".join(nibabel.aff2axcodes(image.affine)) == "RAS", line["case"]
    voxels, affine = dicom_volume(dicom_folder)
    source = nibabel.as_closest_canonical(nibabel.Nifti1Image(voxels, affine))
    image = nibabel.load(dataset / lines[0]["image"])
    distance = np.abs(corners(image.shape, image.affine) - corners(source.shape, source.affine)).max()
    assert distance < TOLERANCE_MM, f"corners differ by {distance} mm"
    assert np.array_equal(image.get_fdata(), source.get_fdata()), "voxels differ"
    print(f"{len(lines)} case(s): corners within {distance:.1e} mm, voxels equal")


if __name__ == "__main__":
    main(*sys.argv[1:])
