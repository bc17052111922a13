/** The tools of the stage that measure: points dropped one by one, by pointer or by Enter. */

import { COLOURS, drawLine, drawTag } from "./layers.js";
import { lengthOf, toStage } from "./transform.js";

/** Drag to move the image; with the keyboard the arrows do. */
export const panTool = (stage) => ({
  name: "pan",
  cursor: "grab",
  move(_point, _event, by) { stage.pan(by.x, by.y); },
  doubleClick(point) {
    const shown = toStage(stage.view, point);
    stage.pan(stage.size.width / 2 - shown.x, stage.size.height / 2 - shown.y);
  },
});

/** Drag to set window (across) and level (up and down). */
export const levelsTool = (stage) => ({
  name: "levels",
  cursor: "ns-resize",
  move(_point, _event, by) { stage.dragLevels(by.x, by.y); },
});

const CLICK_PX = 4;

/** Lines of two points each. A press and a drag make a line, so do two clicks or two Enters.
 *
 * `onLine(line, lines)` is called for each finished line; after `maxLines` the oldest makes room.
 */
export class LineTool {
  constructor(stage, { name, maxLines, colour = COLOURS.measure, label = null, onLine = () => {}, onPoint = () => {} }) {
    Object.assign(this, { stage, name, maxLines, colour, label, onLine, onPoint });
    this.cursor = "crosshair";
    this.lines = [];
    this.start = null;
    this.end = null;
    this.pressed = null;
  }

  down(point, event) {
    const here = this.stage.clamp(point);
    if (this.start) {
      this.finish(here);
      return;
    }
    this.start = here;
    this.end = here;
    this.pressed = event.clientX === undefined ? null : { x: event.clientX, y: event.clientY };
    this.onPoint(here);
  }

  move(point) {
    if (this.start) this.end = this.stage.clamp(point);
  }

  hover(point) {
    this.move(point);
  }

  up(point, event) {
    if (!this.start || !this.pressed) return;
    const moved = Math.hypot(event.clientX - this.pressed.x, event.clientY - this.pressed.y);
    this.pressed = null;
    if (moved > CLICK_PX) this.finish(this.stage.clamp(point));
  }

  finish(point) {
    const line = { a: this.start, b: point };
    this.start = null;
    this.end = null;
    if (line.a.x === line.b.x && line.a.y === line.b.y) return;
    this.lines = [...this.lines, line].slice(-this.maxLines);
    this.onLine(line, this.lines);
  }

  cancel() {
    this.start = null;
    this.end = null;
  }

  key(event) {
    if (event.key === "Escape" && this.start) {
      this.cancel();
      return true;
    }
    if ((event.key === "Backspace" || event.key === "Delete") && (this.start || this.lines.length)) {
      if (this.start) this.cancel();
      else this.lines = this.lines.slice(0, -1);
      this.onLine(null, this.lines);
      return true;
    }
    return false;
  }

  draw(context, stage) {
    if (this.start) drawMeasure(context, stage, { a: this.start, b: this.end }, this.colour, [5, 4]);
  }
}

/** A line with its length beside it. */
export function drawMeasure(context, stage, line, colour, dash = []) {
  drawLine(context, stage.view, line, { colour, dash });
  if (!stage.formatLength) return;
  const p = toStage(stage.view, line.a);
  const q = toStage(stage.view, line.b);
  const end = p.x > q.x ? p : q;
  drawTag(context, stage.formatLength(lengthOf(line.a, line.b, stage.spacing)), end.x + 38, end.y, { colour });
}

/** A closed outline of corners; Enter or a click on the first corner closes it, Backspace takes one back. */
export class PolygonTool {
  constructor(stage, { name, colour, onClose, onPoint = () => {} }) {
    Object.assign(this, { stage, name, colour, onClose, onPoint });
    this.cursor = "crosshair";
    this.points = [];
    this.end = null;
    this.isDrawing = false;
  }

  down(point, event) {
    const here = this.stage.clamp(point);
    if (this.points.length >= 3 && this.isAtStart(here)) {
      this.close();
      return;
    }
    const last = this.points.at(-1);
    if (last && last.x === here.x && last.y === here.y) {
      if (event.key === "Enter") this.close();
      return;
    }
    this.points.push(here);
    this.isDrawing = true;
    this.onPoint(here, this.points.length);
  }

  isAtStart(point) {
    const a = toStage(this.stage.view, point);
    const b = toStage(this.stage.view, this.points[0]);
    return Math.hypot(a.x - b.x, a.y - b.y) < 10;
  }

  move(point) {
    const here = this.stage.clamp(point);
    this.end = here;
    const last = this.points.at(-1);
    if (!this.isDrawing || !last) return;
    const a = toStage(this.stage.view, here);
    const b = toStage(this.stage.view, last);
    if (Math.hypot(a.x - b.x, a.y - b.y) > 6) this.points.push(here);
  }

  up(point) {
    this.isDrawing = false;
    if (this.points.length > 8 && this.isAtStart(this.stage.clamp(point))) this.close();
  }

  hover(point) {
    this.end = this.stage.clamp(point);
  }

  close() {
    const { points } = this;
    this.cancel();
    if (points.length >= 3) this.onClose(points);
  }

  doubleClick() {
    this.close();
  }

  /** A second finger came: the point of the first one was not meant. */
  interrupt() {
    this.points.pop();
    this.isDrawing = false;
  }

  cancel() {
    this.points = [];
    this.end = null;
    this.isDrawing = false;
  }

  key(event) {
    if (event.key === "Escape" && this.points.length) {
      this.cancel();
      return true;
    }
    if ((event.key === "Backspace" || event.key === "Delete") && this.points.length) {
      this.points.pop();
      return true;
    }
    return false;
  }

  draw(context, stage) {
    if (!this.points.length) return;
    const path = this.end && !this.isDrawing ? [...this.points, this.end] : this.points;
    for (let i = 0; i + 1 < path.length; i += 1) drawLine(context, stage.view, { a: path[i], b: path[i + 1] }, { colour: this.colour, ends: null });
    const start = toStage(stage.view, this.points[0]);
    context.strokeStyle = this.colour;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(start.x, start.y, 6, 0, 7);
    context.stroke();
  }
}

/** Paints into a mask. `onStroke(isDone)` is called after each touch of the mask. */
export class BrushTool {
  constructor(stage, { name, value, session }) {
    Object.assign(this, { stage, name, value, session });
    this.cursor = "none";
    this.last = null;
    this.at = null;
  }

  down(point) {
    this.session.begin();
    this.last = point;
    this.session.paint(point, point, this.value);
  }

  move(point) {
    this.at = point;
    if (!this.last) return;
    this.session.paint(this.last, point, this.value);
    this.last = point;
  }

  up() {
    if (!this.last) return;
    this.last = null;
    this.session.commit();
  }

  cancel() {
    this.at = null;
    if (!this.last) return;
    this.last = null;
    this.session.rollBack();
  }

  hover(point) {
    this.at = point;
  }

  draw(context, stage) {
    const point = this.at ?? stage.cursor;
    if (!point) return;
    const { x, y } = toStage(stage.view, point);
    for (const [colour, width] of [["rgba(0,0,0,.7)", 3], ["#fff", 1.3]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      context.arc(x, y, Math.max(this.session.radius * stage.view.scale, 1.5), 0, 7);
      context.stroke();
    }
  }
}
