/** The case on show: what was loaded of it, and what its reader did so far. */

import { addRead, getCase, getChange, getPicture, getPrediction, getReads, measureMask, patchCase } from "../api.js";
import { greyImage, maskOf } from "../viewer/pictures.js";
import { redraw } from "../shell/redraw.js";

/** Seconds since something began, the time in hidden tabs left out. */
export class Stopwatch {
  #total = 0;
  #since = performance.now();

  constructor() {
    document.addEventListener("visibilitychange", this.toggle);
  }

  toggle = () => {
    if (document.hidden) {
      this.#total += performance.now() - this.#since;
      this.#since = null;
    } else if (this.#since === null) {
      this.#since = performance.now();
    }
  };

  get seconds() {
    const running = this.#since === null ? 0 : performance.now() - this.#since;
    return Math.round((this.#total + running) / 100) / 10;
  }

  stop() {
    document.removeEventListener("visibilitychange", this.toggle);
  }
}

/** One case. `study` is null or {id, arm, session}: in arm "alone" the answer is never asked for. */
export class OpenCase {
  constructor(id, { study = null, ownReadFirst, onImage, onMask }) {
    Object.assign(this, { id, study, ownReadFirst, onImage, onMask });
    this.case = null;
    this.reads = [];
    this.image = null;
    this.prediction = null;
    this.modelMask = null;
    this.editedMask = null;
    this.measured = null;
    this.error = null;
    this.isClosed = false;
    this.timer = new Stopwatch();
    this.earlier = null;
    this.heldBack = null;
  }

  get ownRead() { return this.lastRead("own_read"); }
  get finalRead() { return this.lastRead("final_read"); }
  lastRead(event) { return this.reads.findLast((read) => read.event === event) ?? null; }

  /** Whether the model's answer may be asked for. */
  get mayUncover() {
    if (this.study) return this.study.arm === "with";
    return !this.ownReadFirst || this.ownRead !== null;
  }

  /** Lesions of the newest outline, the reader's own where it was edited. */
  get lesions() { return this.measured?.lesions ?? this.prediction?.lesions ?? []; }

  /** The mask on show: a reader's edit before the model's. */
  get mask() { return this.editedMask ?? this.modelMask; }

  async open() {
    try {
      const [found, reads] = await Promise.all([getCase(this.id, this.study?.id), this.study ? [] : getReads(this.id)]);
      if (this.isClosed) return;
      this.case = found;
      this.reads = reads;
      redraw();
      await this.follow();
      await this.look();
      if (!this.isClosed && !this.study) addRead(this.id, { event: "opened" }).catch(() => {});
    } catch (error) {
      this.fail(error);
    }
  }

  /** Look at the case again, after an event or a poll, while it is being read. */
  async look() {
    // an event may come while an older answer is still on its way: then look once more after it
    this.hasNews = true;
    if (this.isClosed || !this.case || this.isLooking) return;
    this.isLooking = true;
    try {
      while (this.hasNews && !this.isClosed && this.case.state !== "read" && this.case.state !== "refused") {
        this.hasNews = false;
        this.case = await getCase(this.id, this.study?.id);
        await this.follow();
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.isLooking = false;
    }
  }

  /** Load what the case's state allows. */
  async follow() {
    if (this.case.state === "read") {
      await Promise.all([this.loadImage(), this.mayUncover ? this.loadAnswer() : null]);
      this.onRead?.();
    }
    redraw();
  }

  async loadImage() {
    if (this.image) return;
    const { bitmap } = await getPicture(this.id, "image.png", { study: this.study?.id });
    if (this.isClosed) return;
    this.image = greyImage(bitmap);
    this.onImage(this.image);
    redraw();
  }

  /** The model's answer and the outline; only where `mayUncover`. */
  async loadAnswer() {
    const study = this.study?.id;
    let found;
    try {
      found = await Promise.all([
        getPrediction(this.id, study),
        getPicture(this.id, "mask.png", { study, of: "model" }),
        this.case.is_edited && !this.study ? this.loadOutline() : null,
      ]);
      this.heldBack = null;
    } catch (error) {
      if (error.id !== "E-READ-001") throw error;
      // the switch was turned on meanwhile, or a study comes first: the server holds the answer back
      this.ownReadFirst = true;
      this.heldBack = error;
      redraw();
      return;
    }
    const [prediction, mask, edited] = found;
    if (this.isClosed) return;
    this.prediction = prediction;
    this.modelMask = maskOf(mask.bitmap);
    this.editedMask = edited?.mask ?? null;
    this.editedMeasured = edited?.measured ?? null;
    this.measured = this.editedMeasured;
    this.onMask();
    if (this.case.earlier && !this.study) this.loadEarlier();
    redraw();
  }

  /** The edited outline, measured. */
  async loadOutline() {
    const { bitmap, file } = await getPicture(this.id, "outline");
    return { mask: maskOf(bitmap), measured: await measureMask(this.id, file) };
  }

  /** Outline and figures as the server has them now. */
  async reloadAnswer() {
    this.case = await getCase(this.id);
    await this.follow();
  }

  /** Change label, scale or earlier visit. With another scale the image is read again; `look` follows that. */
  async change(changes) {
    this.case = await patchCase(this.id, changes);
    redraw();
    if (this.case.state !== "read") await this.look();
  }

  async loadEarlier() {
    this.earlier = { id: this.case.earlier, image: null, mask: null, change: null, error: null };
    const { earlier } = this;
    try {
      const [image, mask, change] = await Promise.all([
        getPicture(earlier.id, "image.png"), getPicture(earlier.id, "mask.png"), getChange(this.id),
      ]);
      earlier.image = greyImage(image.bitmap);
      earlier.mask = maskOf(mask.bitmap);
      earlier.change = change;
    } catch (error) {
      earlier.error = error;
    }
    this.onEarlier?.();
    redraw();
  }

  async record(read) {
    const kept = await addRead(this.id, read);
    this.reads = [...this.reads, { ...read, ...kept }];
    redraw();
  }

  fail(error) {
    if (this.isClosed) return;
    this.error = error;
    redraw();
  }

  close() {
    this.isClosed = true;
    this.timer.stop();
  }
}
