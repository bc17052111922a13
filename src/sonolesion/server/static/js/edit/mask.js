/** Drawing into a binary mask. Pure: each function changes the mask given and returns the box it touched. */

/** A mask of nothing. */
export const emptyMask = (width, height) => ({ width, height, data: new Uint8Array(width * height) });

export const copyMask = (mask) => ({ ...mask, data: mask.data.slice() });

export const isEmpty = (mask) => !mask.data.includes(1);

const NO_BOX = null;

/** The smallest box around two boxes; null is no box. */
export function uniteBoxes(a, b) {
  if (!a || !b) return a ?? b;
  const left = Math.min(a.left, b.left);
  const top = Math.min(a.top, b.top);
  return {
    left,
    top,
    width: Math.max(a.left + a.width, b.left + b.width) - left,
    height: Math.max(a.top + a.height, b.top + b.height) - top,
  };
}

function clipBox(mask, left, top, right, bottom) {
  const box = { left: Math.max(left, 0), top: Math.max(top, 0) };
  box.width = Math.min(right, mask.width - 1) - box.left + 1;
  box.height = Math.min(bottom, mask.height - 1) - box.top + 1;
  return box.width > 0 && box.height > 0 ? box : NO_BOX;
}

/** Set every pixel whose centre lies within `radius` px of the line from a to b to `value`. */
export function paintLine(mask, a, b, radius, value) {
  const box = clipBox(
    mask,
    Math.floor(Math.min(a.x, b.x) - radius),
    Math.floor(Math.min(a.y, b.y) - radius),
    Math.ceil(Math.max(a.x, b.x) + radius),
    Math.ceil(Math.max(a.y, b.y) + radius),
  );
  if (!box) return NO_BOX;
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const length2 = dx * dx + dy * dy;
  const limit = radius * radius;
  for (let y = box.top; y < box.top + box.height; y += 1) {
    for (let x = box.left; x < box.left + box.width; x += 1) {
      const along = length2 ? Math.min(Math.max(((x - a.x) * dx + (y - a.y) * dy) / length2, 0), 1) : 0;
      const ox = x - a.x - along * dx;
      const oy = y - a.y - along * dy;
      if (ox * ox + oy * oy <= limit) mask.data[y * mask.width + x] = value;
    }
  }
  return box;
}

/** Set every pixel whose centre lies inside a polygon (even-odd rule) to `value`; fewer than 3 points do nothing. */
export function fillPolygon(mask, points, value) {
  if (points.length < 3) return NO_BOX;
  const xs = points.map((p) => p.x);
  const ys = points.map((p) => p.y);
  const box = clipBox(mask, Math.ceil(Math.min(...xs)), Math.ceil(Math.min(...ys)), Math.floor(Math.max(...xs)), Math.floor(Math.max(...ys)));
  if (!box) return NO_BOX;
  for (let y = box.top; y < box.top + box.height; y += 1) {
    const crossings = [];
    for (let i = 0; i < points.length; i += 1) {
      const p = points[i];
      const q = points[(i + 1) % points.length];
      // half-open, so that a corner on the row counts once
      if (p.y <= y !== q.y <= y) crossings.push(p.x + ((y - p.y) * (q.x - p.x)) / (q.y - p.y));
    }
    crossings.sort((m, n) => m - n);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const from = Math.max(Math.ceil(crossings[i]), 0);
      const to = Math.min(Math.floor(crossings[i + 1]), mask.width - 1);
      for (let x = from; x <= to; x += 1) mask.data[y * mask.width + x] = value;
    }
  }
  return box;
}

/** The pixels of a box, row by row. */
export function cutBox(mask, box) {
  const pixels = new Uint8Array(box.width * box.height);
  for (let row = 0; row < box.height; row += 1) {
    const from = (box.top + row) * mask.width + box.left;
    pixels.set(mask.data.subarray(from, from + box.width), row * box.width);
  }
  return pixels;
}

/** Put pixels that `cutBox` took back. */
export function pasteBox(mask, box, pixels) {
  for (let row = 0; row < box.height; row += 1) {
    mask.data.set(pixels.subarray(row * box.width, (row + 1) * box.width), (box.top + row) * mask.width + box.left);
  }
}
