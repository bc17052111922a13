/** The model's answer in words and bars. */

import { html, nothing } from "../shell/lit.js";
import { formatNumber, formatPercent, t } from "../shell/texts.js";

const CLASSES = ["normal", "benign", "malignant"];

export function renderAnswer(prediction) {
  return html`
    <section class="panel" aria-labelledby="answer-title">
      <h2 id="answer-title">${t("answer.title")}</h2>
      <p class="answer-line"><span class=${`class-word is-${prediction.label}`}>${t(`class.${prediction.label}`)}</span>
        <span class="number">${formatPercent(prediction.confidence)}</span>
        ${prediction.malignant_alert ? html`<span class="flag is-alert">${t("flag.alert")}</span>` : nothing}
        ${prediction.unsure ? html`<span class="flag is-unsure">${t("flag.unsure")}</span>` : nothing}</p>
      <table class="bars"><caption class="visually-hidden">${t("answer.bars")}</caption><tbody>${CLASSES.map((name) => html`
        <tr><th scope="row">${t(`class.${name}`)}</th>
          <td class="bar-room"><svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <rect class="bar-ground" width="100" height="8"></rect><rect class=${`bar-fill is-${name}`} width=${100 * prediction.class_prob[name]} height="8"></rect></svg></td>
          <td class="number">${formatPercent(prediction.class_prob[name], 1)}</td></tr>`)}</tbody></table>
      ${prediction.prediction_set.length ? html`<p>${t("answer.set")} <strong>${prediction.prediction_set.map((name) => t(`class.${name}`)).join(", ")}</strong></p>` : nothing}
      ${prediction.malignant_alert ? html`<p class="quiet">${t("answer.alert")}</p>` : nothing}
      ${prediction.unsure ? html`<p class="quiet">${t("answer.unsure")}</p>` : nothing}
      ${prediction.notes.length ? html`<h3>${t("answer.notes")}</h3><ul class="notes" lang="en">${prediction.notes.map((note) => html`<li>${note}</li>`)}</ul>` : nothing}
      <p class="quiet small">${prediction.bundle} · ${t("answer.seconds", { seconds: formatNumber(prediction.seconds, 2) })}</p>
    </section>`;
}
