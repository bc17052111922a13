/** One case as a page: tools, image, and what is known and said of it. */

import { onChange } from "../events.js";
import { classMap, html, nothing } from "../shell/lit.js";
import { askDialog } from "../shell/dialogs.js";
import { errorText } from "../shell/errors.js";
import { redraw } from "../shell/redraw.js";
import { caseAddress, routeTo } from "../shell/router.js";
import { knownSettings, refreshSettings } from "../settings/desk_settings.js";
import { show } from "../shell/announce.js";
import { t } from "../shell/texts.js";
import { icon } from "../shell/icons.js";
import { caseName } from "../list/case_name.js";
import { list, neighbour, reload, reloadSoon } from "../list/work_list.js";
import { renderAnswer } from "./answer.js";
import { discardEdit, renderEditPanel, saveOutline } from "./edit_panel.js";
import { renderExports } from "./exports.js";
import { renderMeasurements } from "./measurements.js";
import { OpenCase } from "./open_case.js";
import { ReadPanel } from "./own_read.js";
import { placeTabStop, renderToolbar } from "./toolbar.js";
import { renderFoot, renderMapPanel } from "./viewer_foot.js";
import { EarlierStage, renderVisits } from "./visits.js";
import { Workbench } from "./workbench.js";

let open = null;
let bench = null;
let reading = null;
let earlierStage = null;
let isWide = false;
// the case that the address names while settings are still on their way
let wanted = null;

export const title = () => (open?.case ? caseName(open.case) : t("case.title"));
export const currentBench = () => bench;

export async function enter(id) {
  wanted = id;
  const known = knownSettings();
  if (known) refreshSettings().catch(() => {});
  let isFirst = known?.own_read_first ?? true;
  try {
    if (!known) isFirst = (await refreshSettings()).own_read_first;
  } catch (error) {
    show(errorText(error), { isError: true });
  }
  if (wanted !== id) return;
  start(id, isFirst);
  if (!list.isLoaded) reload();
}

function start(id, ownReadFirst) {
  close();
  open = new OpenCase(id, {
    ownReadFirst,
    onImage: (image) => bench.showImage(image),
    onMask: () => {
      bench.showSpacing();
      bench.showLayers();
    },
  });
  open.onRead = () => bench?.showSpacing();
  bench = new Workbench(open);
  const here = bench;
  reading = new ReadPanel(open, { marks: () => here.marks, onUncover: () => document.getElementById("answer-title")?.scrollIntoView({ block: "nearest" }) });
  open.onEarlier = showEarlier;
  const { stage } = bench;
  stage.onView = () => {
    earlierStage?.goAlong(stage);
    redraw();
  };
  open.open();
}

function showEarlier() {
  if (!open.earlier?.image) {
    earlierStage = null;
    return;
  }
  earlierStage ??= new EarlierStage(bench.stage);
  earlierStage.show(open.earlier);
}

export function leave() {
  wanted = null;
  close();
}

function close() {
  open?.close();
  bench?.close();
  open = null;
  bench = null;
  reading = null;
  earlierStage = null;
}

/** Whether leaving would lose an edit; the router asks. */
export async function mayLeave() {
  return !bench?.edit?.isChanged || discardEdit(bench);
}

export const hasUnsaved = () => Boolean(bench?.edit?.isChanged);

onChange((kind, data) => {
  if (!open) return;
  if (kind === "poll" || (kind === "case" && data?.id === open.id)) open.look();
});

export function step(by) {
  const next = neighbour(open.id, by);
  if (next) routeTo("case", next.id);
  else show(t(by > 0 ? "case.last" : "case.first"));
}

async function rename() {
  const label = await askDialog({ title: t("case.rename"), text: t("case.rename.text"), label: t("case.label"), value: open.case.label ?? "" });
  if (label === null) return;
  try {
    await open.change({ label });
    reloadSoon();
  } catch (error) {
    show(errorText(error), { isError: true });
  }
}

export function toggleWide() {
  isWide = !isWide;
  if (isWide) document.documentElement.requestFullscreen?.().catch(() => {});
  else if (document.fullscreenElement) document.exitFullscreen();
  redraw();
}

document.addEventListener("fullscreenchange", () => {
  if (!document.fullscreenElement) isWide = false;
  redraw();
});

/** Keys of this page; true when one was used. */
export function key(event) {
  if (!bench || !open.image) return false;
  const { edit, stage } = bench;
  const withControl = event.ctrlKey || event.metaKey;
  if (withControl && event.key === "Enter") reading.submit();
  else if (withControl && event.key.toLowerCase() === "z") (event.shiftKey ? edit?.redo() : edit?.undo());
  else if (withControl && event.key.toLowerCase() === "y") edit?.redo();
  else if (withControl && event.key.toLowerCase() === "s") saveOutline(bench);
  else return false;
  stage.redraw();
  redraw();
  return true;
}

/** Letters, while they are switched on and no field has the focus; true when one was used. */
export function letter(event) {
  if (!bench || !open.image) return event.key === "n" || event.key === "p" ? (step(event.key === "n" ? 1 : -1), true) : false;
  const { stage, edit } = bench;
  const hasAnswer = open.prediction !== null;
  const run = {
    h: () => bench.pickTool("pan"),
    w: () => bench.pickTool("levels"),
    r: () => bench.pickTool("ruler"),
    c: () => bench.pickTool("calipers"),
    k: () => bench.pickTool("scale"),
    o: () => bench.pickTool("own"),
    b: hasAnswer && (() => bench.pickTool("brush")),
    e: hasAnswer && (() => bench.pickTool("eraser")),
    g: hasAnswer && (() => bench.pickTool("polygon")),
    z: () => edit?.undo(),
    y: () => edit?.redo(),
    "[": () => edit?.resize(0.8),
    "]": () => edit?.resize(1.25),
    f: () => stage.fit(),
    1: () => stage.actualSize(),
    0: () => bench.resetLevels(),
    "+": () => stage.zoom(1.25),
    "-": () => stage.zoom(0.8),
    d: hasAnswer && (() => bench.toggleContour()),
    m: hasAnswer && (() => bench.toggleDiameters()),
    x: hasAnswer && (() => bench.toggleMap()),
    i: () => stage.canvas.focus(),
    v: toggleWide,
    n: () => step(1),
    p: () => step(-1),
  }[event.key];
  if (!run) return false;
  run();
  stage.redraw();
  redraw();
  return true;
}

export function afterRender() {
  placeTabStop();
}

export function render() {
  if (!open) return html`<main id="main" class="case-view" tabindex="-1"><p class="empty" role="status">${t("case.loading")}</p></main>`;
  if (open.error && !open.case) {
    return html`<main id="main" class="case-view" tabindex="-1"><h1 class="visually-hidden">${t("case.title")}</h1><p class="empty bad" role="alert">${errorText(open.error)}</p><p class="empty"><a href="#/">${t("case.back")}</a></p></main>`;
  }
  return html`
    <main id="main" class=${classMap({ "case-view": true, "is-wide": isWide })} tabindex="-1">
      ${renderBar()}
      <div class="case-body">
        ${renderToolbar(bench)}
        <div class="viewer">
          <div class=${classMap({ stages: true, "is-pair": earlierStage !== null })}>
            <div class="stage-room">${bench.stage.element}${earlierStage ? html`<span class="stage-name">${t("visits.thisVisit")}</span>` : nothing}${renderState()}</div>
            ${earlierStage ? html`<div class="stage-room">${earlierStage.stage.element}<span class="stage-name">${t("visits.earlierVisit")}</span></div>` : nothing}
          </div>
          <p class="visually-hidden" id="viewer-help">${t("viewer.help")}</p>
          ${renderFoot(bench)}
        </div>
        ${isWide ? (bench.isMapOn ? html`<div class="side is-over">${renderMapPanel(bench)}</div>` : nothing) : renderSide()}
      </div>
    </main>`;
}

function renderBar() {
  const found = open.case;
  const [before, after] = [neighbour(open.id, -1), neighbour(open.id, 1)];
  const link = (to, text, name) => (to ? html`<a class="button is-small" href=${caseAddress(to.id)}>${text}<span class="visually-hidden"> ${name}</span></a>` : html`<span class="button is-small is-off" aria-hidden="true">${text}</span>`);
  return html`
    <div class="case-bar">
      <a class="button is-small" href="#/">${t("case.back")}</a>
      <h1>${found ? caseName(found) : t("case.title")}</h1>
      ${found ? html`<button type="button" class="button is-small is-quiet" @click=${rename}>${t("case.rename")}</button>` : nothing}
      ${found?.is_edited ? html`<span class="flag is-edited">${t("flag.editedByReader")}</span>` : nothing}
      <nav class="buttons at-end" aria-label=${t("case.neighbours")}>
        ${link(before, t("case.previous"), before ? caseName(before) : "")} ${link(after, t("case.next"), after ? caseName(after) : "")}
        <button type="button" class="button is-small" aria-pressed=${isWide ? "true" : "false"} @click=${toggleWide}>${icon("full")} ${t("case.wide")}</button>
      </nav>
    </div>`;
}

function renderState() {
  const { case: found, error } = open;
  if (error) return html`<p class="stage-note bad" role="alert">${errorText(error)}</p>`;
  if (!found) return html`<p class="stage-note" role="status">${t("case.loading")}</p>`;
  if (found.state === "refused") return html`<p class="stage-note" role="alert"><strong>${t("state.refused")}</strong><br><span lang="en">${found.error ? errorText(found.error) : ""}</span></p>`;
  if (found.state !== "read" && open.image) return html`<p class="stage-name is-right" role="status">${t(`case.${found.state}`)}</p>`;
  if (found.state !== "read") return html`<p class="stage-note" role="status">${t(`case.${found.state}`)}</p>`;
  if (!open.image) return html`<p class="stage-note" role="status">${t("case.loading")}</p>`;
  return nothing;
}

function renderSide() {
  const found = open.case;
  if (!found || !open.image) return html`<div class="side"></div>`;
  const { prediction } = open;
  const notes = prediction ? [] : (found.notes ?? []);
  return html`
    <div class="side" role="region" aria-label=${t("case.side")}>
      ${renderEditPanel(bench)}
      ${notes.length ? html`<section class="panel" aria-label=${t("answer.notes")}><ul class="notes" lang="en">${notes.map((note) => html`<li>${note}</li>`)}</ul></section>` : nothing}
      ${renderMapPanel(bench)}
      ${reading.render()}
      ${prediction ? html`
        ${renderAnswer(prediction)}
        ${renderMeasurements(open.lesions, { isEdited: bench.edit !== null || open.editedMask !== null, isMeasuring: bench.edit?.isMeasuring ?? false, spacing: found.spacing_mm })}
        ${renderVisits(open, { onChange: showEarlier })}
        ${renderExports(open)}` : nothing}
    </div>`;
}
