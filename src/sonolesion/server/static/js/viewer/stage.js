/** The canvas on which an image lies: zoom, pan, levels, layers, and one tool that takes pointer and keys.
 *
 * A tool is an object with `name`, `cursor`, and any of `down(point, event)`, `move`, `up`, `cancel()`,
 * `hover(point)`, `key(event, point) -> handled`, `draw(context, stage)`. Points are image points.
 */

import { FULL_RANGE, applyTable, clampLevels, makeTable } from "./levels.js";
import { centre, fit, keepInSight, panBy, toImage, toStage, zoomAt } from "./transform.js";
import { drawLayers } from "./layers.js";

const KEY_ZOOM = 1.25;
const PAN_STEP_PX = 60;

export class Stage {
  constructor({ onView = () => {}, onHover = () => {}, onDraw = () => {} } = {}) {
    this.onView = onView;
    this.onHover = onHover;
    this.onDraw = onDraw;
    this.element = document.createElement("div");
    this.element.className = "stage";
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.element.append(this.canvas);
    this.context = this.canvas.getContext("2d");
    this.size = { width: 1, height: 1 };
    this.image = null;
    this.view = { scale: 1, x: 0, y: 0 };
    this.isFitted = true;
    this.levels = FULL_RANGE;
    this.layers = { contours: [], diameters: [], overlay: null, tint: null };
    this.tool = null;
    this.cursor = null;
    this.pointers = new Map();
    this.gesture = null;
    this.isDirty = false;
    this.listen();
  }

  /** Give the canvas its name for screen readers, and the id of what explains it. */
  describe(label, describedBy = null) {
    this.canvas.setAttribute("aria-label", label);
    if (describedBy) this.canvas.setAttribute("aria-describedby", describedBy);
  }

  /** Show an image ({width, height, data: grey levels}); null for none. */
  setImage(image) {
    const isSameSize = this.image && image && this.image.width === image.width && this.image.height === image.height;
    this.image = image;
    this.cursor = null;
    if (image) {
      this.picture = new OffscreenCanvas(image.width, image.height);
      this.repaintPicture();
      if (!isSameSize) this.fit();
    }
    this.redraw();
  }

  setLevels(levels) {
    this.levels = clampLevels(levels);
    this.repaintPicture();
    this.changed();
  }

  repaintPicture() {
    if (!this.image) return;
    const { width, height, data } = this.image;
    this.picture.getContext("2d").putImageData(new ImageData(applyTable(data, makeTable(this.levels)), width, height), 0, 0);
  }

  setLayers(layers) {
    this.layers = { ...this.layers, ...layers };
    this.redraw();
  }

  setTool(tool) {
    if (this.tool === tool) return;
    this.tool?.cancel?.();
    this.tool = tool;
    this.canvas.style.cursor = tool?.cursor ?? "default";
    this.redraw();
  }

  fit() {
    if (!this.image) return;
    this.view = fit(this.image, this.size);
    this.isFitted = true;
    this.changed();
  }

  /** One image pixel on one CSS pixel. */
  actualSize() {
    if (!this.image) return;
    this.view = centre(this.image, this.size, 1);
    this.isFitted = false;
    this.changed();
  }

  /** Zoom by a factor at a stage point, by default the keyboard cursor or the middle. */
  zoom(factor, at = null) {
    if (!this.image) return;
    const here = at ?? (this.cursor ? toStage(this.view, this.cursor) : { x: this.size.width / 2, y: this.size.height / 2 });
    this.view = zoomAt(this.view, factor, here, this.image, this.size);
    this.isFitted = false;
    this.changed();
  }

  pan(dx, dy) {
    if (!this.image) return;
    this.view = panBy(this.view, dx, dy, this.image, this.size);
    this.isFitted = false;
    this.changed();
  }

  /** Take over place and zoom of another stage with an image of the same aspect. */
  follow(view, size) {
    if (!this.image) return;
    const scale = view.scale * Math.min(this.size.width / size.width, this.size.height / size.height);
    const middle = { x: (size.width / 2 - view.x) / view.scale, y: (size.height / 2 - view.y) / view.scale };
    this.view = keepInSight(
      { scale, x: this.size.width / 2 - middle.x * scale, y: this.size.height / 2 - middle.y * scale }, this.image, this.size,
    );
    this.isFitted = false;
    this.redraw();
  }

  changed() {
    this.redraw();
    this.onView(this);
  }

  redraw() {
    if (this.isDirty) return;
    this.isDirty = true;
    requestAnimationFrame(() => {
      this.isDirty = false;
      this.draw();
    });
  }

  draw() {
    const ratio = window.devicePixelRatio || 1;
    const { context } = this;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.size.width, this.size.height);
    if (!this.image) return;
    const { view, image } = this;
    context.imageSmoothingEnabled = view.scale < 4;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.picture, view.x, view.y, image.width * view.scale, image.height * view.scale);
    drawLayers(context, this);
    this.tool?.draw?.(context, this);
    if (this.cursor && document.activeElement === this.canvas) this.drawCursor(context);
    this.onDraw(this);
  }

  drawCursor(context) {
    const { x, y } = toStage(this.view, this.cursor);
    for (const [colour, width] of [["rgba(0,0,0,.8)", 4], ["#fff", 1.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        context.moveTo(x + dx * 4, y + dy * 4);
        context.lineTo(x + dx * 14, y + dy * 14);
      }
      context.stroke();
    }
  }

  listen() {
    new ResizeObserver(() => this.resize()).observe(this.element);
    const { canvas } = this;
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), this.at(event));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.pointerDown(event));
    canvas.addEventListener("pointermove", (event) => this.pointerMove(event));
    canvas.addEventListener("pointerup", (event) => this.pointerUp(event, false));
    canvas.addEventListener("pointercancel", (event) => this.pointerUp(event, true));
    canvas.addEventListener("pointerleave", () => this.onHover(null));
    canvas.addEventListener("dblclick", (event) => this.tool?.doubleClick?.(this.pointOf(event), event));
    canvas.addEventListener("keydown", (event) => this.keyDown(event));
    canvas.addEventListener("focus", () => this.redraw());
    canvas.addEventListener("blur", () => this.redraw());
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !height) return;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.size = { width, height };
    if (this.isFitted) this.fit();
    this.draw();
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  pointOf(event) {
    return toImage(this.view, this.at(event));
  }

  pointerDown(event) {
    if (!this.image) return;
    this.canvas.focus({ preventScroll: true });
    this.cursor = null;
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.at(event));
    if (this.pointers.size === 2) {
      if (this.gesture === "tool") (this.tool?.interrupt ?? this.tool?.cancel)?.call(this.tool);
      this.gesture = "pinch";
    } else if (event.button === 2) {
      this.gesture = "levels";
    } else if (event.button === 1 || (event.button === 0 && !this.tool)) {
      this.gesture = "pan";
      event.preventDefault();
    } else if (event.button === 0 && this.gesture === null) {
      this.gesture = "tool";
      this.tool.down?.(this.pointOf(event), event);
    }
    this.redraw();
  }

  pointerMove(event) {
    if (!this.image) return;
    const now = this.at(event);
    this.onHover(toImage(this.view, now));
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      this.tool?.hover?.(toImage(this.view, now));
      this.redraw();
      return;
    }
    if (this.gesture === "pinch") this.pinch(event.pointerId, before, now);
    else if (this.gesture === "pan") this.pan(now.x - before.x, now.y - before.y);
    else if (this.gesture === "levels") this.dragLevels(now.x - before.x, now.y - before.y);
    else if (this.gesture === "tool") {
      for (const part of event.getCoalescedEvents?.() ?? [event]) this.tool?.move?.(this.pointOf(part), part, { x: now.x - before.x, y: now.y - before.y });
    }
    this.pointers.set(event.pointerId, now);
    this.redraw();
  }

  pointerUp(event, isCancelled) {
    if (!this.pointers.delete(event.pointerId)) return;
    if (this.gesture === "tool") {
      if (isCancelled) this.tool?.cancel?.();
      else this.tool?.up?.(this.pointOf(event), event);
    }
    if (this.pointers.size === 0) this.gesture = null;
    this.redraw();
  }

  pinch(id, before, now) {
    const other = [...this.pointers].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const distance = (p) => Math.max(Math.hypot(p.x - other.x, p.y - other.y), 1);
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    this.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
    this.zoom(distance(now) / distance(before), middle);
  }

  dragLevels(dx, dy) {
    this.setLevels({ window: this.levels.window + dx, level: this.levels.level - dy / 2 });
  }

  /** Keys while the image has the focus; what is not used goes on to the page. */
  keyDown(event) {
    if (!this.image || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.tool?.key?.(event, this.cursor ?? this.middle())) {
      this.taken(event);
      return;
    }
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step) {
      if (this.tool && this.tool.name !== "pan" && this.tool.name !== "levels") this.moveCursor(step, event.shiftKey ? 10 : 1);
      else if (this.tool?.name === "levels") this.dragLevels(step[0] * 8, step[1] * 8);
      else this.pan(-step[0] * PAN_STEP_PX, -step[1] * PAN_STEP_PX);
      this.taken(event);
    } else if (event.key === "+" || event.key === "=") {
      this.zoom(KEY_ZOOM);
      this.taken(event);
    } else if (event.key === "-") {
      this.zoom(1 / KEY_ZOOM);
      this.taken(event);
    } else if (event.key === "Enter" && this.tool?.down) {
      const point = this.cursor ?? this.middle();
      this.cursor = point;
      this.tool.down(point, event);
      this.tool.up?.(point, event);
      this.taken(event);
    }
  }

  taken(event) {
    event.preventDefault();
    event.stopPropagation();
    this.redraw();
  }

  middle() {
    const point = toImage(this.view, { x: this.size.width / 2, y: this.size.height / 2 });
    return this.clamp({ x: Math.round(point.x), y: Math.round(point.y) });
  }

  clamp(point) {
    return { x: Math.min(Math.max(point.x, 0), this.image.width - 1), y: Math.min(Math.max(point.y, 0), this.image.height - 1) };
  }

  moveCursor([dx, dy], pixels) {
    const from = this.cursor ?? this.middle();
    this.cursor = this.clamp({ x: Math.round(from.x) + dx * pixels, y: Math.round(from.y) + dy * pixels });
    const shown = toStage(this.view, this.cursor);
    const margin = 30;
    const over = (value, room) => (value < margin ? margin - value : value > room - margin ? room - margin - value : 0);
    const move = { x: over(shown.x, this.size.width), y: over(shown.y, this.size.height) };
    if (!this.isFitted && (move.x || move.y)) this.pan(move.x, move.y);
    this.tool?.hover?.(this.cursor);
    this.onHover(this.cursor, true);
  }
}
