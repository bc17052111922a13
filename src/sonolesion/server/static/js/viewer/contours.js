/** Outlines of a binary mask as closed lines between its pixels. Pure. */

/** Closed outlines of a mask.
 *
 * @param {Uint8Array} mask 0 or 1, row by row.
 * @returns {Array<Array<[number, number]>>} of each outline its points (x, y) in image px, where a pixel's
 *   centre is whole: inner ones run the other way round. Empty for an empty mask. Pixels that touch by a
 *   corner only are parted.
 */
export function traceContours(mask, width, height) {
  // one directed edge per side of a pixel that faces background, the lesion on its right hand
  const stride = width + 1;
  const next = new Map();
  const add = (from, to) => {
    const there = next.get(from);
    if (there === undefined) next.set(from, [to]);
    else there.push(to);
  };
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (!mask[y * width + x]) continue;
      const corner = y * stride + x;
      if (y === 0 || !mask[(y - 1) * width + x]) add(corner, corner + 1);
      if (x === width - 1 || !mask[y * width + x + 1]) add(corner + 1, corner + stride + 1);
      if (y === height - 1 || !mask[(y + 1) * width + x]) add(corner + stride + 1, corner + stride);
      if (x === 0 || !mask[y * width + x - 1]) add(corner + stride, corner);
    }
  }
  const loops = [];
  while (next.size) {
    const [start] = next.keys();
    const loop = [];
    let at = start;
    let came = 0;
    do {
      const ways = next.get(at);
      // where two pixels touch by a corner, turn right: it keeps them apart
      const way = ways.length > 1 ? ways.findIndex((to) => to - at === turnRight(came, stride)) : 0;
      const [to] = ways.splice(Math.max(way, 0), 1);
      if (!ways.length) next.delete(at);
      loop.push([(at % stride) - 0.5, Math.floor(at / stride) - 0.5]);
      came = to - at;
      at = to;
    } while (at !== start);
    loops.push(loop);
  }
  return loops;
}

function turnRight(step, stride) {
  if (step === 1) return stride;
  if (step === stride) return -1;
  if (step === -1) return -stride;
  return 1;
}

/** Take the stairs out of an outline: the middles of its steps, smoothed over a few of them. */
export function smoothLoop(loop, passes = 2) {
  let points = loop.map((point, i) => {
    const after = loop[(i + 1) % loop.length];
    return [(point[0] + after[0]) / 2, (point[1] + after[1]) / 2];
  });
  for (let pass = 0; pass < passes; pass += 1) {
    const n = points.length;
    points = points.map((point, i) => {
      const before = points[(i + n - 1) % n];
      const after = points[(i + 1) % n];
      return [(before[0] + 2 * point[0] + after[0]) / 4, (before[1] + 2 * point[1] + after[1]) / 4];
    });
  }
  return points;
}

/** Twice the signed area of a closed line; above 0 for an outer outline. */
export function signedArea(loop) {
  let sum = 0;
  for (let i = 0; i < loop.length; i += 1) {
    const [x0, y0] = loop[i];
    const [x1, y1] = loop[(i + 1) % loop.length];
    sum += x0 * y1 - x1 * y0;
  }
  return sum;
}
