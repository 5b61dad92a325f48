"""Other detectors of text: functions of slices that give the boxes of each slice and its milliseconds, on one thread.

All look at the same 8-bit picture of a slice, from the 0.5 to the 99.9 percentile of its values. Boxes are x, y, width,
height in pixels of the slice. Tesseract's words count whatever they read. The settings of the two classical detectors
were chosen on text slices of seed 7, where PP-OCR without its limit of height finds 0.4 points more and blanks four times
as much of clean slices.
"""

import functools
import json
import pathlib
import shutil
import subprocess
import tempfile
import time

import numpy as np
from PIL import Image
from scipy import ndimage
from scipy.sparse import coo_matrix, csgraph
from scipy.spatial import cKDTree

PPOCR = pathlib.Path(__file__).resolve().parent / "ppocr"
TALLEST = 1.6  # a line, in heights of its tallest character
MARGIN = 2  # pixels around a line of characters


class NotInstalled(Exception):
    pass


def picture_of(values):
    low, high = np.percentile(values, (0.5, 99.9))
    return (255 * np.clip((values - low) / max(high - low, 1e-6), 0, 1)).astype(np.uint8)


def one_by_one(look):
    def run(slices):
        boxes, times = [], []
        for one in slices:
            picture = picture_of(one.values)
            start = time.perf_counter()
            boxes.append(look(picture))
            times.append(1000 * (time.perf_counter() - start))
        return boxes, times

    return run


def tesseract(psm, scale=1, inverted=False):
    try:
        import tesserocr
    except ImportError:
        raise NotInstalled("the package python3-tesserocr is not installed") from None
    if "kor" not in tesserocr.get_languages()[1]:
        raise NotInstalled("the package tesseract-ocr-kor is not installed")
    api = tesserocr.PyTessBaseAPI(lang="eng+kor", psm=psm)

    def look(picture):
        picture = Image.fromarray(255 - picture if inverted else picture)
        api.SetImage(picture.resize([scale * n for n in picture.size], Image.Resampling.BICUBIC))
        api.SetSourceResolution(70)  # dots an inch, as the program takes where a file does not tell
        api.Recognize()
        corners = [word.BoundingBox(tesserocr.RIL.WORD)
                   for word in tesserocr.iterate_level(api.GetIterator(), tesserocr.RIL.WORD)
                   if not word.Empty(tesserocr.RIL.WORD) and word.GetUTF8Text(tesserocr.RIL.WORD).strip()]
        return [[x0 // scale, y0 // scale, -(-x1 // scale) - x0 // scale, -(-y1 // scale) - y0 // scale]
                for x0, y0, x1, y1 in corners]

    return one_by_one(look)


def reader():
    """Values in, all that Tesseract reads of them in either polarity out: psm 11 at twice the size, where it reads most."""
    try:
        import tesserocr
    except ImportError:
        raise NotInstalled("the package python3-tesserocr is not installed") from None
    api = tesserocr.PyTessBaseAPI(lang="eng+kor", psm=11)

    def read(values):
        picture, texts = picture_of(values), []
        for one in (picture, 255 - picture):
            api.SetImage(Image.fromarray(one).resize([2 * n for n in reversed(one.shape)], Image.Resampling.BICUBIC))
            api.SetSourceResolution(70)
            texts.append(api.GetUTF8Text())
        return "\n".join(texts)

    return read


def lines_of(boxes):
    """Boxes around characters of like height that stand side by side, three of them at least."""
    if len(boxes) == 0:
        return []
    x, y, width, height = boxes.T
    centres, reach = boxes[:, :2] + boxes[:, 2:] / 2, 2.2 * np.maximum(width, height)  # covers every pair joined below
    near = cKDTree(centres).query_ball_point(centres, reach, p=np.inf)
    a, b = np.repeat(np.arange(len(boxes)), [len(some) for some in near]), np.concatenate(near).astype(int)
    low, high = np.minimum(height[a], height[b]), np.maximum(height[a], height[b])
    shared_rows = np.minimum((y + height)[a], (y + height)[b]) - np.maximum(y[a], y[b])
    gap = np.maximum(x[a], x[b]) - np.minimum((x + width)[a], (x + width)[b])
    joined = (high <= 2 * low) & (shared_rows >= 0.6 * low) & (gap <= 1.2 * high)
    graph = coo_matrix((np.ones(joined.sum()), (a[joined], b[joined])), (len(boxes), len(boxes)))
    count, labels = csgraph.connected_components(graph, directed=False)

    def of_lines(extreme, values):
        return extreme(values, labels, range(count)).astype(int)

    left, top = of_lines(ndimage.minimum, x), of_lines(ndimage.minimum, y)
    right, bottom = of_lines(ndimage.maximum, x + width), of_lines(ndimage.maximum, y + height)
    is_line = ((np.bincount(labels) >= 3) & (right - left >= 1.5 * (bottom - top))
               & (bottom - top <= TALLEST * of_lines(ndimage.maximum, height)))
    lines = np.stack([left - MARGIN, top - MARGIN, right - left + 2 * MARGIN, bottom - top + 2 * MARGIN], 1)
    return lines[is_line].tolist()


def along_both_axes(find_characters):
    """Lines along the rows, and along the columns where text is turned."""

    def look(picture):
        characters = find_characters(picture)
        turned = lines_of(characters[:, [1, 0, 3, 2]])
        return lines_of(characters) + [[y, x, height, width] for x, y, width, height in turned]

    return one_by_one(look)


def like_characters(boxes):
    _x, _y, width, height = boxes.T
    long, short = np.maximum(width, height), np.minimum(width, height)
    return boxes[(long >= 5) & (long <= 64) & (long <= 12 * short)]


def mser():
    """Maximally stable extremal regions (Matas et al. 2002), OpenCV's, in the picture at 2x."""
    try:
        import cv2
    except ImportError:
        raise NotInstalled("the package python3-opencv is not installed") from None
    cv2.setNumThreads(1)
    detector = cv2.MSER_create(8, 30, 8000)  # delta in grey values, smallest and largest area in pixels

    def find_characters(picture):
        twice = cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        _regions, boxes = detector.detectRegions(twice)
        return like_characters(np.unique(np.reshape(boxes, (-1, 4)), axis=0) // 2)

    return along_both_axes(find_characters)


def classical():
    """What is narrower than 9 pixels and stands out by a quarter of the picture's range, bright or dark."""

    def find_characters(picture):
        grey, found = picture.astype(np.float32), []
        for hat in (ndimage.white_tophat(grey, 9), ndimage.black_tophat(grey, 9)):
            labels, _count = ndimage.label(hat > 64, np.ones((3, 3)))
            found += [[x.start, y.start, x.stop - x.start, y.stop - y.start] for y, x in ndimage.find_objects(labels)]
        return like_characters(np.reshape(found, (-1, 4)).astype(int))

    return along_both_axes(find_characters)


def ppocr(tallest):
    """PP-OCRv4's detection; boxes with a short side above `tallest` pixels are left out."""
    if not shutil.which("node") or not (PPOCR / "node_modules").exists():
        raise NotInstalled("node is missing, or `npm ci --ignore-scripts` was not run in benchmarks/pixels/ppocr")
    return functools.partial(run_ppocr, tallest)


def run_ppocr(tallest, slices):
    boxes, times = [None] * len(slices), [0.0] * len(slices)
    for shape in {one.values.shape for one in slices}:
        members = [n for n, one in enumerate(slices) if one.values.shape == shape]
        with tempfile.NamedTemporaryFile() as file:
            file.write(np.array([len(members), shape[1], shape[0]], "<u4").tobytes())
            file.writelines(picture_of(slices[n].values).tobytes() for n in members)
            file.flush()
            printed = subprocess.run(["node", PPOCR / "ppocr.mjs", file.name], check=True, stdout=subprocess.PIPE,
                                     text=True).stdout
        for n, line in zip(members, printed.splitlines(), strict=True):
            answer = json.loads(line)
            boxes[n], times[n] = [box[:4] for box in answer["boxes"] if box[4] <= tallest], answer["ms"]
    return boxes, times


PEERS = {
    "Tesseract psm 3, inverted": functools.partial(tesseract, 3, inverted=True),
    "Tesseract psm 11, 2x": functools.partial(tesseract, 11, scale=2),
    "MSER 2x + lines": mser,
    "top-hat + components + lines": classical,
    "PP-OCRv4 detection 2x, boxes to 48 px": functools.partial(ppocr, 48),
}
