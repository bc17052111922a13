/** The studies of this desk. */

import { download, listStudies } from "../api.js";
import { errorText } from "../shell/errors.js";
import { html, nothing } from "../shell/lit.js";
import { preference } from "../shell/preferences.js";
import { redraw } from "../shell/redraw.js";
import { show } from "../shell/announce.js";
import { t } from "../shell/texts.js";

let studies = null;
let error = null;

export const title = () => t("study.title");

export async function enter() {
  try {
    studies = await listStudies();
    error = null;
  } catch (failure) {
    error = failure;
  }
  redraw();
}

export function leave() {
  studies = null;
}

async function rows(study) {
  try {
    await download(`/studies/${encodeURIComponent(study.id)}/rows.csv`, `study-${study.id.slice(0, 6)}.csv`);
  } catch (failure) {
    show(errorText(failure), { isError: true });
  }
}

export function render() {
  return html`
    <main id="main" class="page" tabindex="-1">
      <h1>${t("study.title")}</h1>
      <p>${t("study.intro")}</p>
      <p>${t("study.youAre")} <strong>${preference("reader")}</strong>. <a href="#/settings">${t("study.changeName")}</a></p>
      ${error ? html`<p class="bad" role="alert">${errorText(error)}</p>` : nothing}
      ${studies?.length === 0 ? html`<p class="empty">${t("study.none")}</p>` : nothing}
      ${studies?.length ? html`<ul class="cards">${studies.map((study) => html`
        <li class="card"><h2>${study.name}</h2>
          <p class="quiet">${t("study.size", { n: study.n_cases ?? study.cases?.length ?? 0 })} · ${(study.readers ?? []).join(", ")} · ${study.arms.map((arm) => t(`study.arm.${arm}`)).join(", ")}</p>
          <p>${t("study.left", { done: study.done?.[preference("reader")] ?? 0, total: study.total?.[preference("reader")] ?? 0 })}</p>
          <div class="buttons"><a class="button is-main" href=${`#/study/${encodeURIComponent(study.id)}`}>${t("study.read")}<span class="visually-hidden"> ${study.name}</span></a>
            <button type="button" class="button" @click=${() => rows(study)}>${t("study.rows")}<span class="visually-hidden"> ${study.name}</span></button></div></li>`)}</ul>` : nothing}
    </main>`;
}
