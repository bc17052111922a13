/** Reading one study: case after case in this reader's own order; nothing of the answer in arm "alone". */

import { addStudyAnswer, nextInStudy } from "../api.js";
import { onChange } from "../events.js";
import { OpenCase } from "../case/open_case.js";
import { Workbench } from "../case/workbench.js";
import { emptyDraft, problemOf, renderFields } from "../case/read_form.js";
import { placeTabStop, renderToolbar } from "../case/toolbar.js";
import { renderAnswer } from "../case/answer.js";
import { renderMeasurements } from "../case/measurements.js";
import { renderFoot } from "../case/viewer_foot.js";
import { errorText } from "../shell/errors.js";
import { html, nothing } from "../shell/lit.js";
import { preference } from "../shell/preferences.js";
import { redraw } from "../shell/redraw.js";
import { say, show } from "../shell/announce.js";
import { formatTime, t } from "../shell/texts.js";

let id = null;
let turn = null;
let open = null;
let bench = null;
let draft = emptyDraft();
let error = null;
let isBegun = false;
let isSending = false;

export const title = () => t("study.title");
export const currentBench = () => bench;

export function enter(studyId) {
  id = studyId;
  isBegun = false;
  fetchTurn();
}

export function leave() {
  closeCase();
  turn = null;
  error = null;
  id = null;
}

function closeCase() {
  open?.close();
  bench?.close();
  open = null;
  bench = null;
}

async function fetchTurn() {
  try {
    turn = await nextInStudy(id);
    error = null;
    if (isBegun) openTurn();
  } catch (failure) {
    error = failure;
  }
  redraw();
}

function begin() {
  isBegun = true;
  openTurn();
}

function openTurn() {
  closeCase();
  draft = emptyDraft();
  if (!turn?.case) {
    redraw();
    return;
  }
  const { arm, session } = turn;
  open = new OpenCase(turn.case.id, {
    study: { id, arm, session },
    ownReadFirst: false,
    onImage: (image) => bench.showImage(image),
    onMask: () => bench.showLayers(),
  });
  bench = new Workbench(open);
  open.open();
  say(t("study.progress", { done: turn.done + 1, total: turn.total }));
  redraw();
}

async function record() {
  draft.problem = problemOf(draft);
  if (draft.problem || isSending || !open?.image) {
    redraw();
    return;
  }
  isSending = true;
  try {
    await addStudyAnswer(id, {
      case: open.id, arm: turn.arm, session: turn.session, birads: draft.birads, probability: draft.probability, seconds: open.timer.seconds,
    });
    await fetchTurn();
    document.getElementById("main")?.focus();
  } catch (failure) {
    show(errorText(failure), { isError: true });
  } finally {
    isSending = false;
    redraw();
  }
}

onChange((kind, data) => {
  if (open && (kind === "poll" || (kind === "case" && data?.id === open.id))) open.look();
});

export function key(event) {
  if (!(event.ctrlKey || event.metaKey) || event.key !== "Enter" || !open) return false;
  record();
  return true;
}

export function letter(event) {
  if (!bench || !open.image) return false;
  const run = {
    h: () => bench.pickTool("pan"), w: () => bench.pickTool("levels"), r: () => bench.pickTool("ruler"),
    f: () => bench.stage.fit(), 1: () => bench.stage.actualSize(), 0: () => bench.resetLevels(), i: () => bench.stage.canvas.focus(),
    d: open.prediction && (() => bench.toggleContour()),
  }[event.key];
  if (!run) return false;
  run();
  redraw();
  return true;
}

export const afterRender = placeTabStop;

export function render() {
  if (error) return html`<main id="main" class="page" tabindex="-1"><h1>${t("study.title")}</h1><p class="bad" role="alert">${errorText(error)}</p><p><a href="#/studies">${t("study.back")}</a></p></main>`;
  if (!turn) return html`<main id="main" class="page" tabindex="-1"><h1>${t("study.title")}</h1><p role="status">${t("case.loading")}</p></main>`;
  if (!turn.case && turn.not_before) {
    return html`<main id="main" class="page" tabindex="-1"><h1>${t("study.title")}</h1><p>${t("study.washout", { when: formatTime(turn.not_before) })}</p><p><a class="button is-main" href="#/studies">${t("study.back")}</a></p></main>`;
  }
  if (!turn.case) return html`<main id="main" class="page" tabindex="-1"><h1>${t("study.doneTitle")}</h1><p>${t("study.done", { total: turn.total })}</p><p><a class="button is-main" href="#/studies">${t("study.back")}</a></p></main>`;
  if (!isBegun) return renderStart();
  return html`
    <main id="main" class="case-view" tabindex="-1">
      <div class="case-bar"><a class="button is-small" href="#/studies">${t("study.pause")}</a>
        <h1>${t("study.progress", { done: turn.done + 1, total: turn.total })}</h1><span class="flag">${t(`study.arm.${turn.arm}`)}</span>
        <progress class="at-end" max=${turn.total} .value=${turn.done} aria-label=${t("study.progressLabel")}></progress></div>
      <div class="case-body">
        ${renderToolbar(bench)}
        <div class="viewer"><div class="stages"><div class="stage-room">${bench.stage.element}${open.error ? html`<p class="stage-note bad" role="alert">${errorText(open.error)}</p>` : nothing}</div></div>
          <p class="visually-hidden" id="viewer-help">${t("viewer.help")}</p>${renderFoot(bench)}</div>
        <div class="side" role="region" aria-label=${t("case.side")}>
          <section class="panel read-panel" aria-labelledby="read-title"><h2 id="read-title">${t("study.yourRead")}</h2>
            <form @submit=${(event) => { event.preventDefault(); record(); }}>
              ${renderFields(draft, `study-${turn.done}`)}
              <button class="button is-main is-wide" ?disabled=${isSending} aria-keyshortcuts="Control+Enter">${t("study.record")}</button>
            </form></section>
          ${turn.arm === "with" && open.prediction ? html`${renderAnswer(open.prediction)} ${renderMeasurements(open.lesions, { isEdited: false, isMeasuring: false, spacing: open.case.spacing_mm })}` : nothing}
        </div>
      </div>
    </main>`;
}

function renderStart() {
  return html`
    <main id="main" class="page" tabindex="-1">
      <h1>${t("study.title")}</h1>
      <p>${t("study.youAre")} <strong>${preference("reader")}</strong>. <a href="#/settings">${t("study.changeName")}</a></p>
      <p>${t("study.left", { done: turn.done, total: turn.total })} ${t(`study.armText.${turn.arm}`)}</p>
      <p>${t("study.timed")}</p>
      <p><button type="button" class="button is-main" @click=${begin}>${t(turn.done ? "study.resume" : "study.begin")}</button></p>
    </main>`;
}
