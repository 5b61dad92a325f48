#!/usr/bin/env python3
"""The peers that are Python libraries, asked one operation at a time (requests.h).

  peers.py THREADS DEVICE VOLUME X Y Z     DEVICE is what torch's operations run on, cpu or cuda

Each operation is called as its users call it, on the type that they give it; what converts to that type beforehand is not
timed, except where the tool itself does it in the call. A request is NAME[:OPTION...], where it resamples the axes (count
step first, three times) and, where it makes voxels, if they are wanted, a file for them: of what is resampled as float64, else as
the operation has them, but float64 as float32.
"""
import functools
import math
import sys
import time
import warnings

import numpy

from grids import SPACING_MM
from peer_maps import MAPS

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


def torch_grid_sample(session, axes, dtype, degrees=0, mode="bilinear"):
    """What monai.transforms.Spacing and Affine do: affine_grid and grid_sample, bilinear, border, on float64 by default."""
    image = session.on_device(dtype)
    call = grid_sampling(session, axes, degrees, mode)
    return session.timed_on_device(lambda: call(image))


def grid_sampling(session, axes, degrees=0, mode="bilinear"):
    """The function of an image that samples it at these axes."""
    torch = session.torch()
    counts = numpy.array([a[0] for a in axes])
    sizes = numpy.array(session.volume.shape[::-1])
    matrix, offset = source_from_target(session, axes, degrees)
    # Normalised: voxel edges lie at -1 and 1.
    theta = numpy.column_stack([matrix * counts / sizes[:, None], (2 * offset + 1 + matrix @ (counts - 1)) / sizes - 1])

    def call(image):
        grid = torch.nn.functional.affine_grid(torch.as_tensor(theta[None], dtype=image.dtype, device=image.device),
                                               [1, 1, *map(int, counts[::-1])], align_corners=False)
        return torch.nn.functional.grid_sample(image, grid, mode, "border", align_corners=False)

    return call


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


def antialias_sigma(axes):
    """In voxels of the source, z first: of Cardoso et al. (MICCAI 2015), as ours."""
    return [math.sqrt((step * step - 1) / (8 * math.log(2))) for _, step, _ in reversed(axes)]


def scipy_antialiased(session, axes):
    """scipy.ndimage.gaussian_filter, cut off at 4 sigma, and affine_transform; float64 within, float32 out."""
    from scipy import ndimage
    steps, firsts = [a[1] for a in reversed(axes)], [a[2] for a in reversed(axes)]
    sigma, shape = antialias_sigma(axes), [a[0] for a in reversed(axes)]
    smooth, out = numpy.zeros(session.volume.shape, numpy.float32), numpy.zeros(shape, numpy.float32)

    def call():
        ndimage.gaussian_filter(session.volume, sigma, output=smooth, mode="nearest")
        return ndimage.affine_transform(smooth, steps, firsts, out.shape, out, 1, "nearest")

    return seconds_of(call)


def torch_antialiased(session, axes):
    """A convolution along each axis, as monai.networks.layers.GaussianFilter has it, of scipy's weights; and grid_sample."""
    torch = session.torch()
    image, sample = session.on_device("float32"), grid_sampling(session, axes)
    kernels = []
    for axis, sigma in enumerate(antialias_sigma(axes)):
        reach = int(4 * sigma + 0.5)
        weights = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, dtype=torch.float64) / sigma) ** 2)
        shape, pad = [1] * 5, [0] * 6
        shape[2 + axis], pad[4 - 2 * axis], pad[5 - 2 * axis] = -1, reach, reach
        kernels.append(((weights / weights.sum()).reshape(shape).to(image), pad))

    def call():
        smooth = image
        for kernel, pad in kernels:
            smooth = torch.nn.functional.conv3d(torch.nn.functional.pad(smooth, pad, "replicate"), kernel)
        return sample(smooth)

    return session.timed_on_device(call)


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
              "skimage_labels": skimage_labels, "scipy_antialiased": scipy_antialiased,
              "torch_antialiased": torch_antialiased}


def numpy_map(name):
    call, _, dtype, scale = MAPS[name]

    def run(session, *options):
        image = session.as_type(dtype) * numpy.dtype(dtype).type(scale)
        return seconds_of(lambda: call(image, *options))

    return run


def torch_map(name):
    _, call, dtype, scale = MAPS[name]

    def run(session, *options):
        image = session.on_device(dtype)[0, 0] * scale
        return session.timed_on_device(lambda: call(image, *options))

    return run


def scipy_straighten(session, step):
    """Slice by slice."""
    from scipy import ndimage
    out = numpy.zeros(session.volume.shape, numpy.float32)

    def call():
        for k, (image, slice_out) in enumerate(zip(session.volume, out)):
            ndimage.shift(image, (-float(step) * (k - len(out) // 2), 0), slice_out, order=1, mode="constant")
        return out

    return seconds_of(call)


def torch_straighten(session, step):
    """All slices as a batch of images."""
    torch = session.torch()
    image = session.on_device("float64")[0].transpose(0, 1)
    depth, height = session.volume.shape[:2]
    theta = torch.zeros(depth, 2, 3, dtype=image.dtype, device=image.device)
    theta[:, 0, 0] = theta[:, 1, 1] = 1
    theta[:, 1, 2] = 2 * float(step) / height * (torch.arange(depth, dtype=image.dtype) - depth // 2)

    def call():
        grid = torch.nn.functional.affine_grid(theta, image.shape, align_corners=False)
        return torch.nn.functional.grid_sample(image, grid, "bilinear", "zeros", align_corners=False)

    return session.timed_on_device(call)


def ball(radius_mm):
    """All voxels whose centres lie within the radius."""
    reach = [int(radius_mm / spacing) for spacing in reversed(SPACING_MM)]
    offsets = numpy.meshgrid(*(numpy.arange(-n, n + 1) for n in reach), indexing="ij")
    return sum((offset * spacing) ** 2 for offset, spacing in zip(offsets, reversed(SPACING_MM))) <= radius_mm**2


def cube(reach):
    return numpy.ones([2 * int(reach) + 1] * 3, bool)


def scipy_morphology(session, operation, element, reach, above):
    """What lies beyond the volume is no background to an erosion, as ours has it."""
    from scipy import ndimage
    mask, structure = session.volume > int(above), {"ball": ball, "box": cube}[element](float(reach))
    dilate = functools.partial(ndimage.binary_dilation, structure=structure)
    erode = functools.partial(ndimage.binary_erosion, structure=structure, border_value=1)
    steps = {"dilate": [dilate], "erode": [erode], "close": [dilate, erode]}[operation]
    return seconds_of(lambda: functools.reduce(lambda image, step: step(image), steps, mask))


def torch_morphology(session, operation, element, reach, above):
    """The usual trick: the greatest value of a box is its dilation, the least its erosion."""
    if (operation, element) != ("close", "box"):
        raise ValueError("max_pool3d closes by a box alone")
    mask, reach = (session.on_device("int16") > int(above)).float(), int(reach)
    pool = functools.partial(session.torch().nn.functional.max_pool3d, kernel_size=2 * reach + 1, stride=1, padding=reach)
    seconds, result = session.timed_on_device(lambda: -pool(-pool(mask)))
    return seconds, result.byte()


def numpy_masked_zscore(session, above):
    image, mask = session.as_type("float32"), session.volume > int(above)

    def call():
        values = session.volume[mask]
        return (image - numpy.float32(values.mean())) / numpy.float32(values.std())

    return seconds_of(call)


def numpy_nnunet_ct(session, above):
    """nnU-Net's CTNormalization, by what all voxels above a value say."""
    image, mask = session.as_type("float32"), session.volume > int(above)

    def call():
        values = session.volume[mask]
        low, high = numpy.percentile(values, (0.5, 99.5)).astype(numpy.float32)
        mean, deviation = numpy.float32(values.mean()), numpy.float32(max(values.std(), 1e-8))
        return (image.clip(low, high) - mean) / deviation

    return seconds_of(call)


MAPPING = ({f"numpy_{name}": numpy_map(name) for name in MAPS} | {f"torch_{name}": torch_map(name) for name in MAPS}
           | {"numpy_masked_zscore": numpy_masked_zscore, "numpy_nnunet_ct": numpy_nnunet_ct,
              "scipy_straighten": scipy_straighten, "torch_straighten": torch_straighten,
              "scipy_morphology": scipy_morphology, "torch_morphology": torch_morphology})


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


def numpy_landmarks(session):
    seconds, found = seconds_of(
        lambda: numpy.percentile(session.volume[session.volume > session.volume.mean()], (1, *range(10, 100, 10), 99)))
    return seconds, list(found)


def numpy_box(session, above):
    """First and last along x, y and z, as nnU-Net and MONAI look for them."""
    def call():
        mask = session.volume > float(above)
        lines = [numpy.flatnonzero(mask.any(axes)) for axes in ((0, 1), (0, 2), (1, 2))]
        return [line[0] for line in lines] + [line[-1] for line in lines]

    return seconds_of(call)


def torch_box(session, above):
    image = session.on_device("int16")[0, 0]

    def call():
        mask = image > float(above)
        plane = mask.any(0)
        lines = [line.nonzero() for line in (plane.any(0), plane.any(1), mask.any(2).any(1))]
        return [int(line[0]) for line in lines] + [int(line[-1]) for line in lines]

    return session.timed_on_device(call)


def scipy_label(session, above):
    """Voxels above a value, joined through their faces."""
    from scipy import ndimage
    mask = session.volume > int(above)
    seconds, (_, count) = seconds_of(lambda: ndimage.label(mask))
    return seconds, [count]


FINDING = {"numpy_percentiles": numpy_percentiles, "numpy_statistics": numpy_statistics,
           "numpy_bincount": numpy_bincount, "skimage_otsu": skimage_otsu, "scipy_label": scipy_label,
           "numpy_landmarks": numpy_landmarks, "numpy_box": numpy_box, "torch_box": torch_box}


def resample(call, session, options, words):
    numbers = [float(word) for word in words[:9]]
    axes = [(int(numbers[i]), numbers[i + 1], numbers[i + 2]) for i in (0, 3, 6)]
    seconds, result = call(session, axes, *options)
    for file in words[9:]:
        numpy.asarray(on_host(result), numpy.float64).tofile(file)
    return seconds, []


def on_host(result):
    return result.cpu().numpy() if hasattr(result, "cpu") else result


def map_voxels(call, session, options, files):
    seconds, result = call(session, *options)
    for file in files:
        result = on_host(result)
        result.astype(numpy.float32 if result.dtype == numpy.float64 else result.dtype).tofile(file)
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
    if name in MAPPING:
        return map_voxels(MAPPING[name], session, options, words)
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
