/** Editing an outline: the mask at work, undo, and the measurements that follow it. */

import { measureMask } from "../api.js";
import { maskToPng } from "../viewer/pictures.js";
import { copyMask, emptyMask, fillPolygon, paintLine, uniteBoxes } from "./mask.js";
import { UndoStack } from "./undo.js";

const MEASURE_AFTER_MS = 250;
export const MIN_RADIUS_PX = 1;
export const MAX_RADIUS_PX = 120;

export class EditSession {
  #before = null;
  #box = null;
  #timer = 0;
  #request = null;
  #steps = 0;

  /** @param callbacks `onMask()` when the mask changed, `onMeasured(measured)`, `onError(error)`. */
  constructor({ caseId, mask, width, height, onMask, onMeasured, onError }) {
    Object.assign(this, { caseId, onMask, onMeasured, onError });
    this.mask = mask ? copyMask(mask) : emptyMask(width, height);
    this.undoStack = new UndoStack();
    this.radius = Math.max(4, Math.round(Math.min(width, height) / 50));
    this.isMeasuring = false;
    this.savedSteps = 0;
  }

  get isChanged() { return this.#steps !== this.savedSteps; }

  resize(factor) {
    const wanted = factor > 1 ? Math.max(this.radius + 1, Math.round(this.radius * factor)) : Math.min(this.radius - 1, Math.round(this.radius * factor));
    this.radius = Math.min(Math.max(wanted, MIN_RADIUS_PX), MAX_RADIUS_PX);
  }

  begin() {
    this.#before = copyMask(this.mask);
    this.#box = null;
  }

  paint(a, b, value) {
    this.#box = uniteBoxes(this.#box, paintLine(this.mask, a, b, this.radius, value));
    this.onMask();
  }

  fill(points, value = 1) {
    this.begin();
    this.#box = fillPolygon(this.mask, points, value);
    this.commit();
  }

  clear() {
    this.begin();
    this.mask.data.fill(0);
    this.#box = { left: 0, top: 0, width: this.mask.width, height: this.mask.height };
    this.commit();
  }

  commit() {
    if (this.#box) {
      this.undoStack.push(this.#before, this.mask, this.#box);
      this.#steps += 1;
    }
    this.#before = null;
    this.#changed();
  }

  /** Take back an unfinished stroke. */
  rollBack() {
    if (this.#before) this.mask.data.set(this.#before.data);
    this.#before = null;
    this.onMask();
  }

  undo() {
    if (!this.undoStack.undo(this.mask)) return false;
    this.#steps -= 1;
    this.#changed();
    return true;
  }

  redo() {
    if (!this.undoStack.redo(this.mask)) return false;
    this.#steps += 1;
    this.#changed();
    return true;
  }

  #changed() {
    this.onMask();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.measure(), MEASURE_AFTER_MS);
  }

  /** Ask the server for the figures of the mask as it is; an older question is dropped. */
  async measure() {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    this.isMeasuring = true;
    try {
      const measured = await measureMask(this.caseId, await maskToPng(this.mask), request.signal);
      if (this.#request === request) this.onMeasured(measured);
    } catch (error) {
      if (error.name !== "AbortError") this.onError(error);
    } finally {
      if (this.#request === request) this.isMeasuring = false;
    }
  }

  close() {
    clearTimeout(this.#timer);
    this.#request?.abort();
  }

  markSaved() {
    this.savedSteps = this.#steps;
  }
}
