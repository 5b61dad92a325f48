#!/usr/bin/env python3
"""The peers that are Python libraries, asked one operation at a time (requests.h).

  peers.py THREADS DEVICE VOLUME X Y Z     DEVICE is what torch's operations run on, cpu or cuda

Each operation is called as its users call it, on the type that they give it; what converts to that type beforehand is not
timed, except where the tool itself does it in the call. A request is NAME[:OPTION...], where it resamples the axes (count
step first, three times) and, if it is wanted, a file for the result as float64.
"""
import sys
import time
import warnings

import numpy

CALLS_ON_GPU = 16  # as operations.cpp


def seconds_of(call):
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


class Session:
    def __init__(self, threads, device, path, size):
        self.threads, self.device = threads, device
        self.volume = numpy.fromfile(path, numpy.int16).reshape(size[::-1])  # z, y, x
        self.kept, self.kept_on_device = (None, None), (None, None)

    def as_type(self, dtype):
        """The volume converted, kept until another type is asked for."""
        if self.kept[0] != dtype:
            self.kept = (dtype, self.volume.astype(dtype))
        return self.kept[1]

    def torch(self):
        import torch
        torch.set_num_threads(self.threads)
        torch.set_grad_enabled(False)
        return torch

    def on_device(self, dtype):
        """The volume as torch wants it, (1, 1, z, y, x)."""
        if self.kept_on_device[0] != dtype:
            self.kept_on_device = (dtype, self.torch().from_numpy(self.as_type(dtype)).to(self.device)[None, None])
        return self.kept_on_device[1]

    def timed_on_device(self, call):
        """On a GPU: of one of several calls given before one wait, as ours is timed."""
        if self.device == "cpu":
            return seconds_of(call)
        wait = self.torch().cuda.synchronize
        wait()
        seconds, _ = seconds_of(lambda: ([call() for _ in range(CALLS_ON_GPU)][-1], wait()))
        return seconds / CALLS_ON_GPU, call()


def source_from_target(session, axes, degrees):
    """Matrix and offset, x first, as requests.cpp has them: a turn about z and the centre of the source."""
    turn = numpy.deg2rad(float(degrees))
    c, s = numpy.cos(turn), numpy.sin(turn)
    rotation = numpy.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    centre = (numpy.array(session.volume.shape[::-1]) - 1) / 2 * (1, 1, 0)
    steps, firsts = numpy.array([a[1] for a in axes]), numpy.array([a[2] for a in axes])
    return rotation * steps, centre + rotation @ (firsts - centre)


def torch_grid_sample(session, axes, dtype, degrees=0):
    """What monai.transforms.Spacing and Affine do: affine_grid and grid_sample, bilinear, border, on float64 by default."""
    torch = session.torch()
    image = session.on_device(dtype)
    counts = numpy.array([a[0] for a in axes])
    sizes = numpy.array(session.volume.shape[::-1])
    matrix, offset = source_from_target(session, axes, degrees)
    # Normalised: voxel edges lie at -1 and 1.
    theta = numpy.column_stack([matrix * counts / sizes[:, None], (2 * offset + 1 + matrix @ (counts - 1)) / sizes - 1])
    theta = torch.as_tensor(theta[None], dtype=image.dtype, device=image.device)

    def call():
        grid = torch.nn.functional.affine_grid(theta, [1, 1, *map(int, counts[::-1])], align_corners=False)
        return torch.nn.functional.grid_sample(image, grid, "bilinear", "border", align_corners=False)

    return session.timed_on_device(call)


def torch_interpolate(session, axes, dtype):
    image = session.on_device(dtype)
    shape = [count for count, _, _ in reversed(axes)]
    return session.timed_on_device(
        lambda: session.torch().nn.functional.interpolate(image, shape, mode="trilinear", align_corners=False))


def scipy_affine(session, axes, order, mode):
    """The separable core of scipy.ndimage.zoom, on any axis-aligned grid; float64 within, float32 out."""
    from scipy import ndimage
    steps, firsts = [a[1] for a in reversed(axes)], [a[2] for a in reversed(axes)]
    out = numpy.zeros([a[0] for a in reversed(axes)], numpy.float32)
    return seconds_of(lambda: ndimage.affine_transform(session.volume, steps, firsts, out.shape, out, int(order), mode))


def scipy_turned(session, axes, order, mode, degrees):
    """scipy.ndimage.affine_transform with a whole matrix; float64 within, float32 out."""
    from scipy import ndimage
    matrix, offset = source_from_target(session, axes, degrees)
    matrix, offset = matrix[::-1, ::-1], offset[::-1]  # z first
    out = numpy.zeros([a[0] for a in reversed(axes)], numpy.float32)
    return seconds_of(lambda: ndimage.affine_transform(session.volume, matrix, offset, out.shape, out, int(order), mode))


def blocks(session):
    """The labels of operations.cpp."""
    z, y, x = (numpy.arange(count) // 16 for count in session.volume.shape)
    return ((x + 7 * y[:, None] + 3 * z[:, None, None]) % 5).astype(numpy.uint8)


def skimage_labels(session, axes):
    """batchgenerators' resize_segmentation, order 1, as nnU-Net calls it for segmentations."""
    from skimage.transform import resize
    segmentation, shape = blocks(session), [count for count, _, _ in reversed(axes)]

    def call():
        reshaped = numpy.zeros(shape, segmentation.dtype)
        for label in numpy.unique(segmentation):
            mask = (segmentation == label).astype(float)
            reshaped[resize(mask, shape, 1, mode="edge", clip=True, anti_aliasing=False) >= 0.5] = label
        return reshaped

    return seconds_of(call)


def skimage_resize(session, axes):
    """As nnU-Net's resample_data_or_seg calls it for images."""
    from skimage.transform import resize
    image = session.as_type("float64")
    shape = [count for count, _, _ in reversed(axes)]
    return seconds_of(lambda: resize(image, shape, order=3, mode="edge", clip=True, anti_aliasing=False))


RESAMPLING = {"torch_grid_sample": torch_grid_sample, "torch_interpolate": torch_interpolate,
              "scipy_affine": scipy_affine, "scipy_turned": scipy_turned, "skimage_resize": skimage_resize,
              "skimage_labels": skimage_labels}


def numpy_percentiles(session):
    seconds, found = seconds_of(lambda: numpy.percentile(session.volume, (0.5, 99.5)))
    return seconds, list(found)


def numpy_statistics(session):
    seconds, found = seconds_of(
        lambda: (numpy.mean(session.volume, dtype=numpy.float64), numpy.std(session.volume, dtype=numpy.float64)))
    return seconds, list(found)


def numpy_bincount(session):
    flat = session.volume.view(numpy.uint16).ravel()
    seconds, counts = seconds_of(lambda: numpy.bincount(flat, minlength=65536))
    return seconds, [int(numpy.count_nonzero(counts)), int(counts[0])]


def skimage_otsu(session):
    from skimage.filters import threshold_otsu
    seconds, found = seconds_of(lambda: threshold_otsu(session.volume))
    return seconds, [found]


def scipy_label(session, above):
    """Voxels above a value, joined through their faces."""
    from scipy import ndimage
    mask = session.volume > int(above)
    seconds, (_, count) = seconds_of(lambda: ndimage.label(mask))
    return seconds, [count]


FINDING = {"numpy_percentiles": numpy_percentiles, "numpy_statistics": numpy_statistics,
           "numpy_bincount": numpy_bincount, "skimage_otsu": skimage_otsu, "scipy_label": scipy_label}


def resample(call, session, options, words):
    numbers = [float(word) for word in words[:9]]
    axes = [(int(numbers[i]), numbers[i + 1], numbers[i + 2]) for i in (0, 3, 6)]
    seconds, result = call(session, axes, *options)
    if len(words) > 9:
        result = result.cpu().numpy() if hasattr(result, "cpu") else result
        numpy.asarray(result, numpy.float64).tofile(words[9])
    return seconds, []


def compare(ours, our_type, theirs, their_type, *numbers):
    """The greatest difference of two volumes of the same size, within [begin, end) of x, y and z, and which share of the
    voxels differs by half a unit or more: of labels this tells."""
    x, y, z, x0, x1, y0, y1, z0, z1 = map(int, numbers)
    pair = [numpy.memmap(path, dtype, "r", shape=(z, y, x)) for path, dtype in ((ours, our_type), (theirs, their_type))]
    worst, differing = 0.0, 0
    for k in range(z0, z1):
        slices = [volume[k, y0:y1, x0:x1].astype(numpy.float64) for volume in pair]
        difference = numpy.abs(slices[0] - slices[1])
        worst, differing = max(worst, float(difference.max())), differing + int(numpy.count_nonzero(difference >= 0.5))
    return worst, differing / ((z1 - z0) * (y1 - y0) * (x1 - x0))


def answer(session, line):
    head, *words = line.split()
    name, *options = head.split(":")
    if name == "version":
        return 0, versions(words)
    if name == "compare":
        return 0, compare(*words)
    if name in RESAMPLING:
        return resample(RESAMPLING[name], session, options, words)
    if name in FINDING:
        return FINDING[name](session, *options)
    raise ValueError(f"no operation {name}")


def versions(names):
    found = []
    for name in names:
        try:
            found.append(__import__(name).__version__)
        except ImportError:
            found.append("missing")
    return found


def main():
    threads, device, path, *size = sys.argv[1:]
    warnings.simplefilter("ignore")  # of scipy, that a call means something else since 0.18
    session = Session(int(threads), device, path, [int(count) for count in size])
    for line in sys.stdin:
        try:
            seconds, values = answer(session, line)
            print(seconds, *values, flush=True)
        except (ImportError, ValueError, RuntimeError) as error:
            print("unsupported", " ".join(str(error).split()), flush=True)


if __name__ == "__main__":
    main()
