/** A reader's own words: BI-RADS category and probability, with optional calipers and outline. */

import { classMap, html, live, nothing } from "../shell/lit.js";
import { formatNumber, hasText, t } from "../shell/texts.js";
import { redraw } from "../shell/redraw.js";

export const CATEGORIES = ["0", "1", "2", "3", "4A", "4B", "4C", "5", "6"];

/** What was chosen so far; nothing is chosen beforehand, so that nothing is suggested. */
export const emptyDraft = () => ({ birads: null, probability: null, problem: null });

export const draftOf = (read) => ({ birads: read?.birads ?? null, probability: read?.probability ?? null, problem: null });

/** What is missing, as a text; null when the draft can be recorded. */
export function problemOf(draft) {
  if (draft.birads === null) return t("read.missing.birads");
  if (draft.probability === null) return t("read.missing.probability");
  return null;
}

/** Fields of a draft.
 *
 * @param name tells the radio groups of one page apart.
 */
export function renderFields(draft, name) {
  const pick = (birads) => {
    draft.birads = birads;
    draft.problem = null;
    redraw();
  };
  const slide = (event) => {
    draft.probability = Number(event.target.value);
    draft.problem = null;
    redraw();
  };
  const isSet = draft.probability !== null;
  return html`
    <fieldset class="birads">
      <legend>${t("read.birads")}</legend>
      <div class="birads-row">${CATEGORIES.map((category) => html`
        <label class=${classMap({ "birads-choice": true, "is-on": draft.birads === category })} title=${t(`birads.${category}`)}>
          <input type="radio" name=${`${name}-birads`} value=${category} .checked=${live(draft.birads === category)} @change=${() => pick(category)}>
          <span>${category}</span></label>`)}</div>
      <p class="quiet birads-meaning">${draft.birads && hasText(`birads.${draft.birads}`) ? t(`birads.${draft.birads}`) : t("read.birads.hint")}</p>
    </fieldset>
    <div class="probability">
      <label for=${`${name}-probability`}>${t("read.probability")}</label>
      <output class="number" for=${`${name}-probability`}>${isSet ? `${formatNumber(draft.probability)} %` : t("read.notSet")}</output>
      <input type="range" id=${`${name}-probability`} min="0" max="100" step="1" class=${classMap({ "is-unset": !isSet })}
        .value=${live(String(draft.probability ?? 50))} aria-valuetext=${isSet ? `${draft.probability} %` : t("read.notSet")}
        @input=${slide} @change=${slide} @click=${slide}>
      <div class="probability-ends quiet" aria-hidden="true"><span>0</span><span>50</span><span>100 %</span></div>
    </div>
    <p class="bad problem" role="alert">${draft.problem ?? ""}</p>`;
}

/** One recorded read in one line. */
export function renderRead(read, { hasTime = true } = {}) {
  if (!read) return nothing;
  return html`<strong>BI-RADS ${read.birads ?? "–"}</strong>${read.probability === null || read.probability === undefined ? nothing : html`, ${formatNumber(read.probability)} %`}
    ${hasTime && read.seconds ? html`<span class="quiet">${t("read.seconds", { seconds: formatNumber(read.seconds, 1) })}</span>` : nothing}`;
}
