/** The earlier visit: choosing it, its picture beside this one, and what changed. */

import { listCases } from "../api.js";
import { openDialog } from "../shell/dialogs.js";
import { errorText } from "../shell/errors.js";
import { html, nothing, repeat } from "../shell/lit.js";
import { redraw } from "../shell/redraw.js";
import { caseAddress } from "../shell/router.js";
import { show } from "../shell/announce.js";
import { inWords } from "../shell/sentences.js";
import { formatNumber, formatPercent, formatTime, t } from "../shell/texts.js";
import { caseName } from "../list/case_name.js";
import { COLOURS, contourOf } from "../viewer/layers.js";
import { Stage } from "../viewer/stage.js";
import { panTool } from "../viewer/tools.js";

/** A second stage that shows the earlier visit and goes along with the first one. */
export class EarlierStage {
  constructor(main) {
    this.stage = new Stage({ onView: (stage) => this.lead(stage, main) });
    this.stage.setTool(panTool(this.stage));
    this.stage.describe(t("visits.earlierImage"));
    this.isLinked = true;
    this.shown = null;
  }

  lead(from, to) {
    if (this.isLinked && !this.isFollowing && !from.isFitted) {
      this.isFollowing = true;
      to.follow(from.view, from.size);
      this.isFollowing = false;
    }
  }

  /** Called when the main stage moved. */
  goAlong(main) {
    if (this.isLinked && !this.isFollowing && this.stage.image && !main.isFitted) this.stage.follow(main.view, main.size);
    else if (main.isFitted && !this.stage.isFitted && !this.isFollowing) this.stage.fit();
  }

  show(earlier) {
    if (!earlier?.image || this.shown === earlier) return;
    this.shown = earlier;
    this.stage.setImage(earlier.image);
    this.stage.setLayers({ contours: [contourOf(earlier.mask, { colour: COLOURS.earlier })] });
  }
}

async function choose(open) {
  const { cases } = await listCases({ sort: "time", state: "read" });
  const others = cases.filter((found) => found.id !== open.id);
  return openDialog({
    title: t("visits.choose"),
    body: (close) => (others.length
      ? html`<ul class="choice-list">${repeat(others, (found) => found.id, (found) => html`<li><button type="button" class="button" @click=${() => close(found.id)}>${caseName(found)} <span class="quiet">${formatTime(found.created)}</span></button></li>`)}</ul>`
      : html`<p>${t("visits.noOther")}</p>`),
  });
}

export function renderVisits(open, { onChange }) {
  const set = async (id) => {
    try {
      await open.change({ earlier: id });
      open.earlier = null;
      if (id) await open.loadEarlier();
      onChange();
      redraw();
    } catch (error) {
      show(errorText(error), { isError: true });
    }
  };
  const pick = async () => {
    try {
      const id = await choose(open);
      if (id) await set(id);
    } catch (error) {
      show(errorText(error), { isError: true });
    }
  };
  return html`
    <section class="panel" aria-labelledby="visits-title">
      <h2 id="visits-title">${t("visits.title")}</h2>
      ${open.earlier?.change ? renderChange(open.earlier.change) : nothing}
      ${open.earlier?.error ? renderObstacle(open) : nothing}
      <div class="buttons">
        <button type="button" class="button" @click=${pick}>${t(open.case.earlier ? "visits.other" : "visits.set")}</button>
        ${open.case.earlier ? html`<button type="button" class="button" @click=${() => set(null)}>${t("visits.unset")}</button>` : nothing}
      </div>
    </section>`;
}

/** With own reads first the change waits for that of the earlier visit, and the way there is one click. */
function renderObstacle({ earlier, case: { earlier: id } }) {
  if (earlier.error.id !== "E-READ-001") return html`<p class="bad">${errorText(earlier.error)}</p>`;
  return html`<p>${t("visits.readFirst")} <a href=${caseAddress(id)}>${t("visits.read")}</a></p>`;
}

function renderChange(change) {
  const digits = change.unit === "mm" ? 1 : 0;
  const row = (name, one, unit) => html`
    <tr><th scope="row">${name}</th><td class="number">${formatNumber(one.earlier, digits)}</td><td class="number">${formatNumber(one.later, digits)} ${unit}</td>
      <td class="number">${one.difference > 0 ? "+" : ""}${formatNumber(one.difference, digits)} (${one.share > 0 ? "+" : ""}${formatPercent(one.share)})</td>
      <td>${t(`visits.verdict.${one.exceeds_error}`, { error: formatNumber(one.error, digits) })}</td></tr>`;
  return html`
    ${change.changes.length ? html`<table class="changes"><caption class="visually-hidden">${t("visits.table")}</caption>
      <thead><tr><th scope="col">${t("visits.figure")}</th><th scope="col">${t("visits.earlier")}</th><th scope="col">${t("visits.later")}</th><th scope="col">${t("visits.difference")}</th><th scope="col">${t("visits.error")}</th></tr></thead>
      <tbody>${change.changes.map((one) => html`
        ${row(t("visits.longest", { number: one.later_number }), one.longest, change.unit)}
        ${row(t("visits.area", { number: one.later_number }), one.area, change.unit === "mm" ? "mm²" : "px²")}`)}</tbody></table>` : nothing}
    ${change.only_earlier.map((number) => html`<p>${t("visits.onlyEarlier", { number })}</p>`)}
    ${change.only_later.map((number) => html`<p>${t("visits.onlyLater", { number })}</p>`)}
    ${change.warnings.length ? html`<ul class="notes">${change.warnings.map((warning) => html`<li>${inWords(warning)}</li>`)}</ul>` : nothing}`;
}
