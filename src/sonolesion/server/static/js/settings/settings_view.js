/** Settings of the desk (kept by the server) and of this browser. */

import { getStatus } from "../api.js";
import { errorText } from "../shell/errors.js";
import { html, live, nothing } from "../shell/lit.js";
import { preference, setPreferences } from "../shell/preferences.js";
import { redraw } from "../shell/redraw.js";
import { show } from "../shell/announce.js";
import { formatNumber, t } from "../shell/texts.js";
import { changeSettings, refreshSettings } from "./desk_settings.js";

let settings = null;
let status = null;
let error = null;

const STATUS = [
  "version", "bundle", "cases_waiting", "cases_reading", "cases_read", "cases_refused", "workers", "workers_busy",
  "tasks_waiting", "worker_crashes", "has_inbox", "audit_rows", "audit_head",
];

function shown(value) {
  if (typeof value === "boolean") return t(value ? "status.yes" : "status.no");
  return typeof value === "number" ? formatNumber(value) : value;
}

export const title = () => t("settings.title");

export async function enter() {
  try {
    [settings, status] = await Promise.all([refreshSettings(), getStatus()]);
    error = null;
  } catch (failure) {
    error = failure;
  }
  redraw();
}

export function leave() {
  settings = null;
}

async function setOwnReadFirst(event) {
  const wanted = event.target.checked;
  const before = settings;
  settings = { ...settings, own_read_first: wanted };
  try {
    settings = await changeSettings({ own_read_first: wanted });
    show(t("settings.saved"));
  } catch (failure) {
    settings = before;
    show(errorText(failure), { isError: true });
  }
  redraw();
}

function setReader(event) {
  event.preventDefault();
  const name = event.target.elements.reader.value.trim();
  if (!name) return;
  setPreferences({ reader: name });
  show(t("settings.saved"));
}

export function render() {
  return html`
    <main id="main" class="page" tabindex="-1">
      <h1>${t("settings.title")}</h1>
      ${error ? html`<p class="bad" role="alert">${errorText(error)}</p>` : nothing}
      <section class="card"><h2>${t("settings.reader")}</h2>
        <form class="inline" @submit=${setReader}><label class="field"><span>${t("settings.reader.label")}</span><input name="reader" maxlength="80" autocomplete="off" .defaultValue=${preference("reader")}></label>
          <button class="button">${t("settings.reader.set")}</button></form>
        <p class="quiet">${t("settings.reader.text")}</p></section>
      ${settings ? html`<section class="card"><h2>${t("settings.reading")}</h2>
        <label class="check"><input type="checkbox" id="own-read-first" .checked=${live(settings.own_read_first)} @change=${setOwnReadFirst}><span>${t("settings.ownReadFirst")}</span></label>
        <p class="quiet">${t("settings.ownReadFirst.text")}</p></section>` : nothing}
      <section class="card"><h2>${t("settings.newCases")}</h2>
        <label class="check"><input type="checkbox" id="file-names" .checked=${live(preference("fileNames"))} @change=${(e) => { setPreferences({ fileNames: e.target.checked }); redraw(); }}><span>${t("settings.fileNames")}</span></label>
        <p class="quiet">${t("settings.fileNames.text")}</p></section>
      <section class="card"><h2>${t("settings.keys")}</h2>
        <label class="check"><input type="checkbox" id="letter-keys" .checked=${live(preference("letterKeys"))} @change=${(e) => { setPreferences({ letterKeys: e.target.checked }); redraw(); }}><span>${t("settings.letterKeys")}</span></label>
        <p class="quiet">${t("settings.letterKeys.text")}</p></section>
      ${status ? html`<section class="card"><h2>${t("settings.status")}</h2>
        <dl class="facts wide-facts">${STATUS.map((name) => html`<dt>${t(`status.${name}`)}</dt><dd>${shown(status[name])}</dd>`)}</dl></section>` : nothing}
    </main>`;
}
