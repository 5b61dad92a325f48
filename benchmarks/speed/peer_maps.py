"""What the peers that are Python libraries do to every voxel of a whole volume, (z, y, x), as their users write it."""
import numpy


def window(image, *numbers):
    """As monai.transforms.ScaleIntensityRange, after a rescale."""
    slope, intercept, low, high = map(float, numbers)
    return ((image * slope + intercept - low) / (high - low)).clip(0, 1)


def zscore(image):
    """torch divides by one voxel fewer."""
    return (image - image.mean()) / image.std()


def minmax(image):
    return (image - image.min()) / (image.max() - image.min())


def foreground_zscore(image):
    foreground = image[image > image.mean()]
    return (image - foreground.mean()) / foreground.std()


def numpy_percentile_window(image):
    low, high = numpy.percentile(image, (0.5, 99.5)).astype(numpy.float32)
    return ((image - low) / (high - low)).clip(0, 1)


def rescale_slices(image, slices):
    return image * (1 + slices / 1000) - slices


def numpy_rescale_slices(image):
    return rescale_slices(image, numpy.arange(len(image), dtype=numpy.float32)[:, None, None])


def torch_rescale_slices(image):
    import torch
    return rescale_slices(image, torch.arange(len(image), dtype=image.dtype, device=image.device)[:, None, None])


def turn(codes):
    """Axes and flips, z first, from LPS to the codes."""
    axes = [next(axis for axis, pair in enumerate(("LR", "PA", "SI")) if code in pair) for code in codes]
    return [2 - axis for axis in reversed(axes)], [i for i, code in enumerate(reversed(codes)) if code in "RAI"]


def numpy_orient(image, codes):
    order, flips = turn(codes)
    return numpy.ascontiguousarray(numpy.flip(image.transpose(order), flips))


def torch_orient(image, codes):
    order, flips = turn(codes)
    return image.permute(order).flip(flips).contiguous()


KNOTS = numpy.array([(40 * i - 200, i * i) for i in range(11)], numpy.float64).T  # from and to, as operations.cpp


def numpy_piecewise(image):
    return numpy.interp(image, *KNOTS)


def torch_piecewise(image):
    import torch
    knots, values = torch.as_tensor(KNOTS, dtype=image.dtype, device=image.device)
    piece = torch.bucketize(image, knots[1:-1])
    return (values.diff() / knots.diff())[piece] * (image - knots[piece]) + values[piece]


MAPS = {  # of a whole volume: numpy's call, torch's, the type that both are given, and what it is multiplied by beforehand
    "window": (window, window, "float32", 1),
    "zscore": (zscore, zscore, "float32", 1),
    "minmax": (minmax, minmax, "float32", 1),
    "foreground_zscore": (foreground_zscore, foreground_zscore, "float32", 1),
    "percentile_window": (numpy_percentile_window, None, "int16", 1),
    "rescale_slices": (numpy_rescale_slices, torch_rescale_slices, "float32", 1),
    "int16": (lambda image: image.round().clip(-32768, 32767).astype(numpy.int16),
              lambda image: image.round().clamp(-32768, 32767).short(), "float32", 0.1),
    "piecewise": (numpy_piecewise, torch_piecewise, "float32", 0.1),
    "float16": (lambda image: image.astype(numpy.float16), lambda image: image.half(), "float32", 0.1),
    "orient": (numpy_orient, torch_orient, "int16", 1),
}
