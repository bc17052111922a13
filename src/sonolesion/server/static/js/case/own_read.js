/** Own read first, then the model's answer, then what is kept or changed. */

import { html, nothing } from "../shell/lit.js";
import { formatNumber, t } from "../shell/texts.js";
import { redraw } from "../shell/redraw.js";
import { say, show } from "../shell/announce.js";
import { errorText } from "../shell/errors.js";
import { Stopwatch } from "./open_case.js";
import { draftOf, emptyDraft, problemOf, renderFields, renderRead } from "./read_form.js";

const asPairs = (lines) => lines.map(({ a, b }) => [[a.y, a.x], [b.y, b.x]]);
const asRing = (points) => points.map(({ x, y }) => [round(y), round(x)]);
const round = (value) => Math.round(value * 100) / 100;

/** The read of one open case. `marks()` gives the reader's own calipers and outlines. */
export class ReadPanel {
  constructor(open, { marks, onUncover }) {
    this.open = open;
    this.marks = marks;
    this.onUncover = onUncover;
    this.own = emptyDraft();
    this.final = null;
    this.isSending = false;
    this.afterTimer = null;
  }

  /** Record the own read, then ask for the answer. */
  async recordOwn() {
    this.own.problem = problemOf(this.own);
    if (this.own.problem || this.isSending) {
      redraw();
      return;
    }
    const { calipers, outlines } = this.marks();
    await this.send(async () => {
      await this.open.record({
        event: "own_read",
        birads: this.own.birads,
        probability: this.own.probability,
        seconds: this.open.timer.seconds,
        calipers_px: calipers.length ? asPairs(calipers) : null,
        outline_px: outlines.length ? outlines.map(asRing) : null,
      });
      this.open.case.own_read_done = true;
      await this.open.record({ event: "uncovered" });
      await this.open.loadAnswer();
      this.afterTimer = new Stopwatch();
      say(t("read.uncovered"));
      this.onUncover();
    });
  }

  /** Record the final read; the own one as it is, or a changed one. */
  async recordFinal(draft) {
    draft.problem = problemOf(draft);
    if (draft.problem || this.isSending) {
      redraw();
      return;
    }
    const { ownRead } = this.open;
    const isKept = ownRead !== null && ownRead.birads === draft.birads && ownRead.probability === draft.probability;
    await this.send(async () => {
      await this.open.record({
        event: "final_read",
        birads: draft.birads,
        probability: draft.probability,
        decision: isKept || ownRead === null ? "kept" : "changed",
        seconds: (this.afterTimer ?? this.open.timer).seconds,
      });
      this.open.case.final_read_done = true;
      this.final = null;
      show(t("read.recorded"));
    });
  }

  async send(work) {
    this.isSending = true;
    redraw();
    try {
      await work();
    } catch (error) {
      show(errorText(error), { isError: true });
    } finally {
      this.isSending = false;
      redraw();
    }
  }

  render() {
    const { ownRead, finalRead, ownReadFirst } = this.open;
    if (this.open.heldBack && ownRead) return this.renderHeldBack();
    if (!this.open.image) return nothing;
    if (finalRead && !this.final) return this.renderDone(ownRead, finalRead);
    if (ownReadFirst && !ownRead) return this.renderOwn();
    return this.renderFinal(ownRead);
  }

  renderHeldBack() {
    return html`<section class="panel" aria-labelledby="read-title"><h2 id="read-title">${t("read.done.title")}</h2>
      <p>${t("read.own.short")}: ${renderRead(this.open.ownRead)}</p><p class="quiet" lang="en">${errorText(this.open.heldBack)}</p></section>`;
  }

  renderOwn() {
    const { calipers, outlines } = this.marks();
    return html`
      <section class="panel read-panel" aria-labelledby="read-title">
        <h2 id="read-title">${t("read.own.title")}</h2>
        <p class="quiet">${t("read.own.text")}</p>
        <form @submit=${(event) => { event.preventDefault(); this.recordOwn(); }}>
          ${renderFields(this.own, "own")}
          <p class="quiet">${t("read.own.marks", { calipers: formatNumber(calipers.length), outlines: formatNumber(outlines.length) })}</p>
          <button class="button is-main is-wide" ?disabled=${this.isSending} aria-keyshortcuts="Control+Enter">${t("read.own.record")}</button>
        </form>
      </section>`;
  }

  renderFinal(ownRead) {
    this.final ??= draftOf(ownRead);
    const { final } = this;
    const isSame = ownRead && ownRead.birads === final.birads && ownRead.probability === final.probability;
    return html`
      <section class="panel read-panel" aria-labelledby="read-title">
        <h2 id="read-title">${t("read.final.title")}</h2>
        ${ownRead ? html`<p>${t("read.yours")} ${renderRead(ownRead)}</p>` : html`<p class="quiet">${t("read.final.text")}</p>`}
        <form @submit=${(event) => { event.preventDefault(); this.recordFinal(final); }}>
          ${renderFields(final, "final")}
          <button class="button is-main is-wide" ?disabled=${this.isSending} aria-keyshortcuts="Control+Enter">${t(ownRead ? (isSame ? "read.keep" : "read.change") : "read.note")}</button>
        </form>
      </section>`;
  }

  renderDone(ownRead, finalRead) {
    return html`
      <section class="panel read-panel" aria-labelledby="read-title">
        <h2 id="read-title">${t("read.done.title")}</h2>
        <dl class="facts">
          ${ownRead ? html`<dt>${t("read.own.short")}</dt><dd>${renderRead(ownRead)}</dd>` : nothing}
          <dt>${t("read.final.short")}</dt><dd>${renderRead(finalRead)}</dd>
        </dl>
        <button type="button" class="button" @click=${() => { this.final = draftOf(finalRead); redraw(); }}>${t("read.again")}</button>
      </section>`;
  }

  /** What Control+Enter does now. */
  submit() {
    const { ownRead, finalRead, ownReadFirst } = this.open;
    if (this.open.case?.state !== "read") return;
    if (ownReadFirst && !ownRead) this.recordOwn();
    else if (!finalRead || this.final) this.recordFinal((this.final ??= draftOf(ownRead)));
  }
}
