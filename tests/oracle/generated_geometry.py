#!/usr/bin/env python3
"""Series written by pydicom, whose values are a ramp over the patient: every voxel delivered must hold the ramp's value
at the place that its affine says, read by nibabel.

    generated_geometry.py NARU
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import nibabel
import numpy
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CT, MR, PT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.128"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
ROWS, COLUMNS, SPACING = 14, 12, (0.9, 0.7)
ORIGIN = numpy.array([-3.0, 5.0, -7.0])
AXIAL, OBLIQUE = ((1, 0, 0), (0, 1, 0)), ((0.8, 0.6, 0), (-0.36, 0.48, 0.8))


def ramp(p):
    return 3 * p[..., 0] - 2 * p[..., 1] + 5 * p[..., 2]


def plane_values(position, row, column):
    j, i = numpy.mgrid[0:ROWS, 0:COLUMNS]
    return ramp(position + i[..., None] * SPACING[1] * numpy.array(row) + j[..., None] * SPACING[0] * numpy.array(column))


def image(sop_class, modality, number, uids):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = sop_class
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = generate_uid()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.is_little_endian, ds.is_implicit_VR = True, False
    ds.PatientID, ds.Modality, ds.InstanceNumber = "P1", modality, number
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = uids
    ds.ImageType, ds.SamplesPerPixel, ds.PhotometricInterpretation = ["ORIGINAL", "PRIMARY", "AXIAL"], 1, "MONOCHROME2"
    ds.Rows, ds.Columns, ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = ROWS, COLUMNS, 16, 16, 15, 1
    return ds


def stored(values):
    return numpy.rint(values).astype("<i2").tobytes()


def write_series(folder, sop_class=CT, modality="CT", orientation=AXIAL, step=None, volumes=1, change=None, count=10):
    """`change(ds, k, v, values)` sets attributes and gives the values to store, or None for no file."""
    row, column = orientation
    step = 2 * numpy.cross(row, column) if step is None else numpy.array(step)
    uids = [generate_uid() for _ in range(3)]
    for number in range(count * volumes):
        v, k = divmod(number, count)
        position = ORIGIN + k * step
        ds = image(sop_class, modality, number + 1, uids)
        ds.ImagePositionPatient = [round(float(x), 6) for x in position]
        ds.ImageOrientationPatient, ds.PixelSpacing, ds.SliceThickness = [float(x) for x in (*row, *column)], list(SPACING), 2
        ds.RescaleSlope, ds.RescaleIntercept = 1, 0
        values = plane_values(position, row, column)
        values = change(ds, k, v, values) if change else values
        if values is not None:
            ds.PixelData = stored(values)
            ds.save_as(folder / f"{number:04}.dcm", write_like_original=False)


def item(**values):
    ds = Dataset()
    for name, value in values.items():
        setattr(ds, name, value)
    return Sequence([ds])


def write_enhanced(folder, is_shuffled):
    """Spacing and orientation shared, position and rescale of each frame; shuffled, and cut into two concatenated files."""
    uids = [generate_uid() for _ in range(3)]
    order = numpy.random.RandomState(1).permutation(8) if is_shuffled else numpy.arange(8)
    for part, frames in enumerate(numpy.array_split(order, 2 if is_shuffled else 1)):
        ds = image(ENHANCED_MR, "MR", part + 1, uids)
        shared = Dataset()
        shared.PlaneOrientationSequence = item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
        shared.PixelMeasuresSequence = item(PixelSpacing=list(SPACING), SliceThickness=2)
        ds.SharedFunctionalGroupsSequence = Sequence([shared])
        groups, pixels = [], b""
        for k in frames:
            position, slope = ORIGIN + [0, 0, 2.0 * k], 0.5 + 0.125 * k
            group = Dataset()
            group.PlanePositionSequence = item(ImagePositionPatient=[float(x) for x in position])
            group.PixelValueTransformationSequence = item(RescaleSlope=slope, RescaleIntercept=0, RescaleType="US")
            groups.append(group)
            pixels += stored(plane_values(position, *AXIAL) / slope)
        ds.PerFrameFunctionalGroupsSequence = Sequence(groups)
        ds.NumberOfFrames, ds.PixelData = len(groups), pixels
        ds.save_as(folder / f"{part}.dcm", write_like_original=False)


def set_all(ds, values, **attributes):
    for name, value in attributes.items():
        setattr(ds, name, value)
    return values


def pet(ds, k, v, values):
    return set_all(ds, values / (0.5 + 0.01 * k), RescaleSlope=round(0.5 + 0.01 * k, 4), Units="BQML")


def diffusion(ds, k, v, values):
    ds.DiffusionBValue = [0.0, 1000.0, 1000.0, 0.0][v]
    if v in (1, 2):
        ds.DiffusionGradientOrientation = [[1.0, 0, 0], [0, 1.0, 0]][v - 1]
    return values + v


def shift_upper(ds, k, v, values):
    ds.ImagePositionPatient[2] += 2 * max(0, k - 5)
    return values


NORMAL = numpy.cross(*OBLIQUE)
SERIES = {  # name: (options of write_series, recipe, shape or None where nothing is delivered, code or None, axis)
    "even": ({}, "", [12, 14, 10], None, None),
    "oblique": ({"orientation": OBLIQUE}, "", [12, 10, 14], None, None),
    "tilted": ({"step": [0, 0.5, 2]}, "", [12, 19, 10], "gantry_tilt", None),
    "tilted along the rows": ({"step": [0.5, 0, 2]}, "", [19, 14, 10], "gantry_tilt", None),
    "tilted both ways": ({"step": [-0.4, -0.6, 2]}, "", [18, 20, 10], "gantry_tilt", None),
    "tilted and oblique": ({"orientation": OBLIQUE, "step": 2 * NORMAL + 0.4 * numpy.array(OBLIQUE[1])}, "",
                           [12, 10, 18], "gantry_tilt", None),
    "cardiac": ({"volumes": 3, "change": lambda ds, k, v, x: set_all(ds, x + v, TriggerTime=40 * v)}, "",
                [12, 14, 10, 3], "mixed_phase", ["trigger_time", [0, 40, 80]]),
    "dynamic": ({"volumes": 3, "change": lambda ds, k, v, x: set_all(ds, x + v, AcquisitionTime=f"1000{3 * v:02}.5")},
                "", [12, 14, 10, 3], "mixed_phase", ["acquisition_time", [0, 3, 6]]),
    "diffusion": ({"sop_class": MR, "modality": "MR", "volumes": 4, "change": diffusion}, "", [12, 14, 10, 4],
                  "mixed_phase", ["b_value", [0, 1000, 1000, 0]]),
    "PET": ({"sop_class": PT, "modality": "PT", "change": pet}, "", [12, 14, 10], "per_slice_rescale", None),
    "gaps": ({"change": lambda ds, k, v, x: None if k in (3, 6) else x}, "", None, "gap", None),
    "gaps filled": ({"change": lambda ds, k, v, x: None if k in (3, 6) else x}, 'gap = "interpolate"', [12, 14, 10],
                    "gap", None),
    "gaps cut": ({"change": lambda ds, k, v, x: None if k in (3, 6) else x}, 'gap = "keep_longest_run"', [12, 14, 3],
                 "gap", None),
    "uneven": ({"change": shift_upper}, "", None, "variable_spacing", None),
    "two patients": ({"change": lambda ds, k, v, x: set_all(ds, x, PatientID=f"P{k % 2}")}, "", None, "mixed_patient",
                     None),
}


def prepare(naru, folder, geometry):
    (folder / "r.toml").write_text(f'schema = "naru.recipe/1"\nname = "t"\n[geometry]\n{geometry}\n')
    key = folder / "k.key"
    key.touch(0o600)
    key.write_text("7" * 64)
    subprocess.run([naru, "prepare", folder / "in", "--out", folder / "out", "--recipe", folder / "r.toml", "--quiet",
                    "--key-file", key], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    codes = {f["code"] for line in (folder / "out.report" / "series.jsonl").open() for f in json.loads(line)["findings"]}
    if not (folder / "out").exists():
        return None, codes
    assert subprocess.run([naru, "verify", "--quiet", folder / "out"], stdout=subprocess.DEVNULL).returncode == 0
    lines = [json.loads(line) for line in (folder / "out" / "manifest.jsonl").open()]
    assert len(lines) == 1
    return lines[0], codes


def greatest_error(path):
    """Of all voxels but padding, against the ramp (plus 1 for each volume) at their places."""
    image = nibabel.load(path)
    data = image.get_fdata()
    data = data[..., None] if data.ndim == 3 else data
    grid = numpy.stack(numpy.meshgrid(*map(numpy.arange, data.shape[:3]), indexing="ij"), -1)
    world = (grid @ image.affine[:3, :3].T + image.affine[:3, 3]) * [-1, -1, 1]
    return max(numpy.abs(data[..., v] - ramp(world) - v)[data[..., v] != -1024].max() for v in range(data.shape[3]))


def check(naru, name, folder, geometry, shape, code, axis):
    line, codes = prepare(naru, folder, geometry)
    assert code is None or code in codes, f"{name}: {codes}"
    assert (line and line["shape"]) == shape, f"{name}: {line and line['shape']}"
    if line is None:
        return
    error = greatest_error(folder / "out" / line["image"])
    assert error <= 0.5 * 1.5 + 1e-3, f"{name}: a voxel is off by {error}"  # stored values are whole, slopes up to 1.4
    assert axis is None or [line["axis4"]["name"], line["axis4"]["values"]] == axis, f"{name}: {line['axis4']}"
    assert name != "PET" or line["units"] == "BQML"


def main():
    naru = sys.argv[1]
    for name, (options, geometry, shape, code, axis) in SERIES.items():
        with tempfile.TemporaryDirectory() as work:
            folder = pathlib.Path(work)
            (folder / "in").mkdir()
            write_series(folder / "in", **options)
            check(naru, name, folder, geometry, shape, code, axis)
    for is_shuffled in (False, True):
        with tempfile.TemporaryDirectory() as work:
            folder = pathlib.Path(work)
            (folder / "in").mkdir()
            write_enhanced(folder / "in", is_shuffled)
            check(naru, "enhanced", folder, "", [12, 14, 8], "enhanced_multiframe", None)
    print(f"{len(SERIES) + 2} series lie where they should (pydicom {pydicom.__version__})")


if __name__ == "__main__":
    main()
