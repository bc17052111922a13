/** Starts the page: texts, theme, header, the view of the address, keys. */

import { setToken, setUnauthorisedHandler } from "./api.js";
import { followEvents } from "./events.js";
import * as caseView from "./case/case_view.js";
import * as listView from "./list/list_view.js";
import * as settingsView from "./settings/settings_view.js";
import * as studiesView from "./study/studies_view.js";
import * as studyView from "./study/study_view.js";
import { closeNote, currentNote } from "./shell/announce.js";
import { askDialog } from "./shell/dialogs.js";
import { showKeyMap } from "./shell/key_map.js";
import { html, ifDefined, live, nothing, render } from "./shell/lit.js";
import { applyTheme, preference, setPreferences } from "./shell/preferences.js";
import { redraw, setPainter } from "./shell/redraw.js";
import { refreshSettings } from "./settings/desk_settings.js";
import { readRoute, routeTo } from "./shell/router.js";
import { LANGUAGES, currentLanguage, setLanguage, t } from "./shell/texts.js";

const VIEWS = { list: listView, case: caseView, settings: settingsView, studies: studiesView, study: studyView };

let route = { view: "list", id: null };
let shownHash = location.hash;

const view = () => VIEWS[route.view];

function paint() {
  const root = document.getElementById("app");
  const row = document.activeElement?.closest("tr[data-id]");
  const kind = document.activeElement?.localName;
  render(html`${renderHeader()} ${view().render()} ${renderNote()}`, root);
  // a row that moved in the list has lost the focus on its way
  if (row && document.activeElement === document.body) document.querySelector(`tr[data-id="${row.dataset.id}"] ${kind}`)?.focus();
  view().afterRender?.();
  document.title = `${view().title()} · sonolesion`;
}

function renderHeader() {
  const link = (name, key) => html`<a href=${`#/${name === "list" ? "" : name}`} aria-current=${ifDefined(route.view === name ? "page" : undefined)}>${t(key)}</a>`;
  return html`
    <header class="page-head">
      <a class="skip" href="#main" @click=${(event) => { event.preventDefault(); document.getElementById("main").focus(); }}>${t("shell.skip")}</a>
      <span class="brand">sonolesion</span>
      <nav aria-label=${t("shell.nav")}>${link("list", "list.title")} ${link("studies", "study.title")} ${link("settings", "settings.title")}</nav>
      <p class="ruo" id="ruo">${t("ruo")}</p>
      <label class="head-choice"><span class="visually-hidden">${t("shell.theme")}</span>
        <select id="theme" @change=${(event) => { setPreferences({ theme: event.target.value }); applyTheme(); redraw(); }}>
          ${["system", "light", "dark"].map((theme) => html`<option value=${theme} ?selected=${theme === preference("theme")}>${t(`theme.${theme}`)}</option>`)}
        </select></label>
      <label class="head-choice"><span class="visually-hidden">${t("shell.language")}</span>
        <select id="language" .value=${live(currentLanguage())} @change=${pickLanguage}>
          ${Object.entries(LANGUAGES).map(([code, name]) => html`<option value=${code} lang=${code} ?selected=${code === currentLanguage()}>${name}</option>`)}
        </select></label>
      <button type="button" class="button is-small" id="keys" @click=${showKeyMap}>${t("shell.keys")}</button>
    </header>`;
}

function renderNote() {
  const note = currentNote();
  if (!note) return nothing;
  return html`<aside class=${note.isError ? "note is-error" : "note"} aria-label=${t("note.title")}><p>${note.text}</p><button type="button" class="button is-small" @click=${closeNote}>${t("note.close")}</button></aside>`;
}

async function pickLanguage(event) {
  setPreferences({ language: event.target.value });
  await setLanguage(event.target.value);
  redraw();
}

async function follow() {
  if (route.view === "case" && !(await caseView.mayLeave())) {
    history.replaceState(null, "", shownHash);
    return;
  }
  view().leave();
  shownHash = location.hash;
  const before = route;
  route = readRoute(location.hash);
  view().enter(route.id);
  redraw();
  if (before.view !== route.view) requestAnimationFrame(() => document.getElementById("main")?.focus({ preventScroll: true }));
}

const isField = (target) => target.closest?.("input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select, dialog") !== null;

function onKey(event) {
  if (event.defaultPrevented) return;
  if (event.key === "Escape" && currentNote()) closeNote();
  if (!event.target.closest?.("dialog") && view().key?.(event)) {
    event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || !preference("letterKeys") || isField(event.target)) return;
  const run = { "?": showKeyMap, l: () => routeTo("list"), "/": () => (document.getElementById("search") ?? { focus: () => routeTo("list") }).focus() }[event.key];
  if (run) run();
  else if (!view().letter?.(event)) return;
  event.preventDefault();
}

async function askToken() {
  const token = await askDialog({ title: t("token.title"), text: t("token.text"), label: t("token.label") });
  if (!token) return;
  setToken(token);
  location.reload();
}

async function start() {
  applyTheme();
  await setLanguage(preference("language") ?? navigator.language.slice(0, 2));
  let isAsking = false;
  setUnauthorisedHandler(() => {
    if (isAsking) return;
    isAsking = true;
    askToken();
  });
  const root = document.getElementById("app");
  root.replaceChildren();
  setPainter(paint);
  window.addEventListener("hashchange", follow);
  window.addEventListener("keydown", onKey);
  window.addEventListener("beforeunload", (event) => { if (caseView.hasUnsaved()) event.preventDefault(); });
  window.addEventListener("dragover", (event) => (route.view === "list" ? listView.dragOver(event) : event.preventDefault()));
  window.addEventListener("dragleave", (event) => listView.dragLeave(event));
  window.addEventListener("drop", (event) => (route.view === "list" ? listView.drop(event) : event.preventDefault()));
  route = readRoute(location.hash);
  view().enter(route.id);
  paint();
  followEvents();
  refreshSettings().catch(() => {});
}

start();
