/** Undo and redo of changes to a mask: of each change the box it touched, before and after. Pure. */

import { cutBox, pasteBox } from "./mask.js";

/** The oldest steps are let go beyond this many bytes. */
const MAX_BYTES = 64 * 1024 * 1024;

export class UndoStack {
  #done = [];
  #undone = [];
  #bytes = 0;

  get canUndo() { return this.#done.length > 0; }
  get canRedo() { return this.#undone.length > 0; }
  get length() { return this.#done.length; }

  /** Keep a change; `before` is the mask as it was, `after` as it is. A box of null is no change. */
  push(before, after, box) {
    if (!box) return;
    const step = { box, before: cutBox(before, box), after: cutBox(after, box) };
    this.#done.push(step);
    for (const lost of this.#undone) this.#bytes -= 2 * lost.before.length;
    this.#undone = [];
    this.#bytes += 2 * step.before.length;
    while (this.#bytes > MAX_BYTES && this.#done.length > 1) this.#bytes -= 2 * this.#done.shift().before.length;
  }

  /** Take the last change back in the mask; false where there is none. */
  undo(mask) {
    const step = this.#done.pop();
    if (!step) return false;
    pasteBox(mask, step.box, step.before);
    this.#undone.push(step);
    return true;
  }

  /** Make the last undone change again; false where there is none. */
  redo(mask) {
    const step = this.#undone.pop();
    if (!step) return false;
    pasteBox(mask, step.box, step.after);
    this.#done.push(step);
    return true;
  }
}
