/** What lies over the image: map, contours, numbers, diameters. Lines keep their width at every zoom. */

import { smoothLoop, signedArea, traceContours } from "./contours.js";
import { toStage } from "./transform.js";

export const COLOURS = {
  model: "#53d8ea",
  edited: "#ffb454",
  own: "#a6e36b",
  measure: "#ffe45c",
  earlier: "#c9a6ff",
};

/** The contours of a mask as one path in image px, ready for `drawLayers`. */
export function contourOf(mask, { colour, dash = [], lesions = [] }) {
  const path = new Path2D();
  const outer = [];
  for (const loop of traceContours(mask.data, mask.width, mask.height)) {
    const points = smoothLoop(loop);
    path.moveTo(points[0][0] + 0.5, points[0][1] + 0.5);
    for (const [x, y] of points) path.lineTo(x + 0.5, y + 0.5);
    path.closePath();
    if (signedArea(loop) > 0) outer.push(points);
  }
  return { path, colour, dash, numbers: lesions.map((lesion, i) => numberPlace(lesion, i, outer)) };
}

/** A lesion's number stands at the upper right of its outline. */
function numberPlace(lesion, index, loops) {
  const [row, col] = lesion.place.centroid_px;
  let best = null;
  let nearest = Infinity;
  for (const loop of loops) {
    const x = loop.reduce((sum, p) => sum + p[0], 0) / loop.length;
    const y = loop.reduce((sum, p) => sum + p[1], 0) / loop.length;
    const distance = Math.hypot(x - col, y - row);
    if (distance < nearest) {
      nearest = distance;
      best = loop;
    }
  }
  let place = { x: col, y: row };
  if (best) {
    const [x, y] = best.reduce((far, p) => (p[0] - p[1] > far[0] - far[1] ? p : far));
    place = { x, y };
  }
  return { text: String(index + 1), ...place };
}

/** The two diameters of measured lesions as lines in image points. */
export const diametersOf = (lesions) => lesions.flatMap((lesion) => [lesion.longest_ends_px, lesion.perpendicular_ends_px]
  .filter(Boolean)
  .map(([a, b]) => ({ a: { x: a[1], y: a[0] }, b: { x: b[1], y: b[0] } })));

/** Draw a stage's layers over its image. */
export function drawLayers(context, stage) {
  const { layers, view, image } = stage;
  if (layers.overlay) {
    context.globalAlpha = layers.overlay.opacity;
    context.drawImage(layers.overlay.picture, view.x, view.y, image.width * view.scale, image.height * view.scale);
    context.globalAlpha = 1;
  }
  for (const contour of layers.contours) drawContour(context, view, contour);
  for (const line of layers.diameters) drawLine(context, view, line, { colour: "#fff", width: 1.2, ends: "tick", opacity: 0.9 });
  for (const contour of layers.contours) for (const number of contour.numbers) drawNumber(context, view, number, contour);
}

function drawContour(context, view, { path, colour, dash, opacity = 1 }) {
  context.save();
  context.globalAlpha = opacity;
  context.translate(view.x, view.y);
  context.scale(view.scale, view.scale);
  context.lineJoin = "round";
  context.strokeStyle = "rgba(0,0,0,.55)";
  context.lineWidth = 3.6 / view.scale;
  context.stroke(path);
  context.strokeStyle = colour;
  context.lineWidth = 1.8 / view.scale;
  context.setLineDash(dash.map((part) => part / view.scale));
  context.stroke(path);
  context.restore();
}

function drawNumber(context, view, number, { colour, opacity = 1 }) {
  const { x, y } = toStage(view, number);
  drawTag(context, number.text, x + 12, y - 12, { colour, opacity });
}

/** A line with a halo; `ends` is "tick", "cross" or null. */
export function drawLine(context, view, { a, b }, { colour, width = 1.6, ends = "cross", dash = [], opacity = 1 }) {
  const p = toStage(view, a);
  const q = toStage(view, b);
  context.save();
  context.globalAlpha = opacity;
  for (const [style, extra] of [["rgba(0,0,0,.6)", 2.2], [colour, 0]]) {
    context.strokeStyle = style;
    context.lineWidth = width + extra;
    context.setLineDash(extra ? [] : dash);
    context.beginPath();
    context.moveTo(p.x, p.y);
    context.lineTo(q.x, q.y);
    context.stroke();
    context.setLineDash([]);
    if (ends === "tick") for (const end of [p, q]) drawTick(context, p, q, end);
    if (ends === "cross") for (const end of [p, q]) drawCross(context, end);
  }
  context.restore();
}

function drawTick(context, p, q, end) {
  const length = Math.hypot(q.x - p.x, q.y - p.y) || 1;
  const nx = -(q.y - p.y) / length * 5;
  const ny = (q.x - p.x) / length * 5;
  context.beginPath();
  context.moveTo(end.x - nx, end.y - ny);
  context.lineTo(end.x + nx, end.y + ny);
  context.stroke();
}

/** A small cross at a stage point. */
export function drawCross(context, { x, y }, size = 6) {
  context.beginPath();
  context.moveTo(x - size, y);
  context.lineTo(x + size, y);
  context.moveTo(x, y - size);
  context.lineTo(x, y + size);
  context.stroke();
}

/** A short text on a dark plate, its middle at a stage point. */
export function drawTag(context, text, x, y, { colour = "#fff", opacity = 1 } = {}) {
  context.save();
  context.globalAlpha = opacity;
  context.font = "600 13px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  const width = context.measureText(text).width + 10;
  context.fillStyle = "rgba(8,10,12,.82)";
  context.beginPath();
  context.roundRect(x - width / 2, y - 10, width, 20, 4);
  context.fill();
  context.fillStyle = colour;
  context.fillText(text, x, y + 1);
  context.restore();
}
