"""The target grids that peers make of a volume: for each axis (count, step, first) in voxels of the source, x first.

Source index of target index t is first + t * step.
"""
import math

SPACING_MM = (0.7, 0.7, 1.25)
TARGET_MM, COARSE_MM = 1.0, 3.0


def centred(size, target_mm=TARGET_MM):
    """Naru's own: the centre of the volume stays where it is, the spacing is exact."""
    axes = []
    for count_in, spacing in zip(size, SPACING_MM):
        step = target_mm / spacing
        count = max(1, math.floor(count_in / step + 0.5))
        axes.append((count, step, (count_in - 1 - step * (count - 1)) / 2))
    return axes


def coarse(size):
    return centred(size, COARSE_MM)


def same(size):
    """The source's own."""
    return [(count, 1.0, 0.0) for count in size]


def monai(size):
    """monai.transforms.Spacing: the first centres coincide, the spacing is exact."""
    steps = [TARGET_MM / spacing for spacing in SPACING_MM]
    return [(round((count_in - 1) / step + 1), step, 0.0) for count_in, step in zip(size, steps)]


def corners(size):
    """nnU-Net, scikit-image's resize, torch's interpolate: the outer faces coincide, the spacing is nearly the one wanted."""
    axes = []
    for count_in, spacing in zip(size, SPACING_MM):
        count = round(count_in * spacing / TARGET_MM)
        step = count_in / count
        axes.append((count, step, step / 2 - 0.5))
    return axes


def words(axes):
    """Axes as a request has them."""
    return " ".join(f"{count} {step!r} {first!r}" for count, step, first in axes)


def voxel_count(axes):
    return math.prod(count for count, _, _ in axes)


def inside(axes, size):
    """Begin and end, along x, y and z, of the target voxels whose centres lie between the outer centres of the source."""
    ranges = []
    for (count, step, first), count_in in zip(axes, size):
        within = [t for t in range(count) if 0 <= first + t * step <= count_in - 1]
        ranges.append((within[0], within[-1] + 1))
    return ranges


def inner_half(axes, _):
    """Of the middle half along x and y: what stays within the source when it is turned or sheared by a few degrees."""
    return [(count // 4, count - count // 4) for count, _, _ in axes[:2]] + [(1, axes[2][0] - 1)]
