/** Measured lesions: sizes with their intervals, and the draft in BI-RADS words with its numbers. */

import { html, nothing } from "../shell/lit.js";
import { formatNumber, hasText, t } from "../shell/texts.js";

const SIZES = ["longest", "perpendicular", "height", "width", "perimeter"];
const DESCRIPTORS = ["shape", "orientation", "margin", "echo_pattern", "posterior"];

/** A length as "12.3 mm" or "123 px". */
export const formatLength = ({ value, unit }) => `${formatNumber(value, unit === "mm" ? 1 : 0)} ${unit}`;

const sizeOf = (size, name, inMm) => size[`${name}_${inMm ? (name === "area" ? "mm2" : "mm") : "px"}`];

function renderSize(lesion, name, inMm) {
  const unit = { true: name === "area" ? "mm²" : "mm", false: name === "area" ? "px²" : "px" }[inMm];
  const digits = inMm ? 1 : 0;
  const value = sizeOf(lesion.size, name, inMm);
  const range = lesion.size_range;
  return html`<tr><th scope="row">${t(`size.${name}`)}</th>
    <td class="number">${lesion.is_lower_bound ? "≥ " : ""}${formatNumber(value, digits)} ${unit}</td>
    <td class="number quiet">${range ? `${formatNumber(sizeOf(range.low, name, inMm), digits)}–${formatNumber(sizeOf(range.high, name, inMm), digits)}` : "–"}</td></tr>`;
}

export function renderMeasurements(lesions, { isEdited, isMeasuring, spacing }) {
  const inMm = spacing !== null && spacing !== undefined;
  return html`
    <section class="panel" aria-labelledby="measure-title" aria-busy=${isMeasuring ? "true" : "false"}>
      <h2 id="measure-title">${t("measure.title")} ${isEdited ? html`<span class="flag is-edited">${t("flag.editedByReader")}</span>` : nothing}</h2>
      ${inMm ? nothing : html`<p class="quiet">${t("measure.noScale")}</p>`}
      ${lesions.length ? lesions.map((lesion, i) => renderLesion(lesion, i + 1, inMm)) : html`<p>${t("measure.none")}</p>`}
    </section>`;
}

function renderLesion(lesion, number, inMm) {
  const depth = inMm ? lesion.place.depth_top_mm : lesion.place.depth_top_px;
  return html`
    <div class="lesion">
      <h3>${t("measure.lesion", { number })}</h3>
      ${lesion.is_lower_bound ? html`<p class="quiet">${t("measure.cut")}</p>` : nothing}
      <table class="sizes"><thead><tr><th scope="col">${t("measure.figure")}</th><th scope="col">${t("measure.value")}</th><th scope="col">${t("measure.range")}</th></tr></thead>
        <tbody>${[...SIZES, "area"].map((name) => renderSize(lesion, name, inMm))}
          <tr><th scope="row">${t("size.depth")}</th><td class="number">${formatNumber(depth, inMm ? 1 : 0)} ${inMm ? "mm" : "px"}</td><td></td></tr>
          <tr><th scope="row">${t("size.ratio")}</th><td class="number">${formatNumber(lesion.form.height_to_width, 2)}</td><td></td></tr></tbody></table>
      <h4>${t("draft.title")}</h4>
      <dl class="draft">${DESCRIPTORS.map((name) => renderDescriptor(name, lesion.draft[name]))}</dl>
      <p class="quiet small">${t("draft.notice")}</p>
    </div>`;
}

/** A word of the lexicon in the page's language. */
function wordOf(name, word) {
  if (!word) return t("draft.unsaid");
  const key = `lexicon.${name}.${word.replace(/[^a-z]+/g, "_")}`;
  return hasText(key) ? t(key) : word;
}

function renderDescriptor(name, { word, reasons }) {
  return html`<dt>${t(`draft.${name}`)}</dt><dd>
    ${reasons.length ? html`<details><summary>${wordOf(name, word)}</summary>
      <ul class="reasons">${reasons.map((reason) => html`<li><code lang="en">${reason.figure}</code> ${reason.value === null ? "–" : formatNumber(reason.value, 2)}${reason.threshold === null || reason.threshold === undefined ? nothing : html` <span class="quiet">${t("draft.limit", { limit: formatNumber(reason.threshold, 2) })}</span>`}</li>`)}</ul></details>` : wordOf(name, word)}
  </dd>`;
}
