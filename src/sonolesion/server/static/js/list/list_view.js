/** The work list as a page. */

import { classMap, html, ifDefined, live, nothing, repeat } from "../shell/lit.js";
import { formatNumber, formatPercent, formatTime, t } from "../shell/texts.js";
import { show } from "../shell/announce.js";
import { errorText } from "../shell/errors.js";
import { explain, inWords } from "../shell/sentences.js";
import { caseAddress, routeTo } from "../shell/router.js";
import { preference } from "../shell/preferences.js";
import { redraw } from "../shell/redraw.js";
import { confirmDialog } from "../shell/dialogs.js";
import { caseName } from "./case_name.js";
import { openListExports } from "./list_exports.js";
import { newStudyDialog } from "../study/new_study.js";
import { filesOfDrop, usable } from "./files.js";
import { addFiles, list, reload, removeSelected, setFilter, showMore, states, uploads, visibleRows } from "./work_list.js";

let isOver = false;
let searchTimer = 0;

export const title = () => t("list.title");

export function enter() {
  reload();
}

export function leave() {
  isOver = false;
}

/** Files may be dropped anywhere on the list's page. */
export function dragOver(event) {
  if (![...event.dataTransfer.types].includes("Files")) return;
  event.preventDefault();
  if (!isOver) {
    isOver = true;
    redraw();
  }
}

export function dragLeave(event) {
  if (event.relatedTarget !== null) return;
  isOver = false;
  redraw();
}

export async function drop(event) {
  event.preventDefault();
  isOver = false;
  redraw();
  addFiles(await filesOfDrop(event.dataTransfer));
}

export function render() {
  return html`
    <main id="main" class="list-view" tabindex="-1">
      <h1 class="visually-hidden">${t("list.title")}</h1>
      ${renderDrop()} ${renderUploads()} ${renderFilters()} ${renderTable()}
    </main>`;
}

function renderDrop() {
  const choose = (event) => {
    addFiles(usable([...event.target.files]));
    event.target.value = "";
  };
  return html`
    <section class=${classMap({ drop: true, "is-over": isOver, "is-small": list.total > 0 })} aria-label=${t("upload.title")}>
      <p class="drop-text"><strong>${t("upload.invite")}</strong> <span>${t("upload.kinds")} ${t(preference("fileNames") ? "upload.named" : "upload.unnamed")}</span></p>
      <div class="buttons">
        <label class="button is-main"><input class="visually-hidden" type="file" id="choose-files" multiple @change=${choose}>${t("upload.choose")}</label>
        <label class="button"><input class="visually-hidden" type="file" id="choose-folder" webkitdirectory @change=${choose}>${t("upload.chooseFolder")}</label>
      </div>
    </section>`;
}

function renderUploads() {
  const { items, failed, nDone } = uploads;
  if (!items.length) return nothing;
  const total = items.length;
  if (!uploads.isBusy && !failed.length) return nothing;
  return html`
    <section class="uploads" aria-label=${t("upload.progress")}>
      <div class="uploads-head">
        <span>${t("upload.count", { done: nDone, total })}${failed.length ? html`, <strong class="bad">${t("upload.failed", { n: failed.length })}</strong>` : nothing}</span>
        <progress max="1" .value=${uploads.progress} aria-label=${t("upload.progress")}></progress>
        ${uploads.isBusy ? nothing : html`<button type="button" class="button is-small" @click=${() => uploads.dismiss()}>${t("upload.dismiss")}</button>`}
      </div>
      ${failed.length ? html`<ul class="upload-errors">${failed.map((item) => html`
        <li><span class="file-name">${item.name}</span> <span>${errorText(item.error)}</span>
          <button type="button" class="button is-small" @click=${() => uploads.retry(item)}>${t("upload.retry")}<span class="visually-hidden"> ${item.name}</span></button></li>`)}</ul>` : nothing}
    </section>`;
}

function renderFilters() {
  const search = (event) => {
    clearTimeout(searchTimer);
    const q = event.target.value.trim();
    searchTimer = setTimeout(() => setFilter({ q }), 200);
  };
  const n = list.selected.size;
  return html`
    <div class="filters" role="search" aria-label=${t("list.filters")}>
      <label class="field"><span>${t("list.search")}</span>
        <input type="search" id="search" autocomplete="off" .value=${live(list.q)} @input=${(e) => { list.q = e.target.value; search(e); }}></label>
      <label class="field"><span>${t("list.state")}</span>
        <select id="filter-state" .value=${live(list.state)} @change=${(e) => setFilter({ state: e.target.value })}>
          ${states.map((state) => html`<option value=${state} ?selected=${state === list.state}>${t(state ? `state.${state}` : "list.all")}</option>`)}
        </select></label>
      <label class="field"><span>${t("list.mine")}</span>
        <select id="filter-mine" .value=${live(list.mine)} @change=${(e) => setFilter({ mine: e.target.value })}>
          ${["", "open", "done"].map((mine) => html`<option value=${mine} ?selected=${mine === list.mine}>${t(mine ? `list.mine.${mine}` : "list.all")}</option>`)}
        </select></label>
      <label class="field"><span>${t("list.sort")}</span>
        <select id="sort" .value=${live(list.sort)} @change=${(e) => setFilter({ sort: e.target.value })}>
          ${["urgency", "time"].map((sort) => html`<option value=${sort} ?selected=${sort === list.sort}>${t(`list.sort.${sort}`)}</option>`)}
        </select></label>
      <div class="buttons at-end">
        <span class="quiet">${t("list.selected", { n })}</span>
        <button type="button" class="button" ?disabled=${!n} @click=${makeStudy}>${t("list.makeStudy")}</button>
        <button type="button" class="button" @click=${() => openListExports()}>${t("list.export")}</button>
        <button type="button" class="button is-danger" ?disabled=${!n} @click=${askRemove}>${t("list.remove")}</button>
      </div>
    </div>`;
}

/** A study of what was selected; refused images cannot be read. */
function makeStudy() {
  const refused = new Set(list.rows.filter((row) => row.state === "refused").map((row) => row.id));
  const cases = [...list.selected].filter((id) => !refused.has(id));
  if (cases.length) newStudyDialog(cases);
  else show(t("list.noneReadable"), { isError: true });
}

async function askRemove() {
  const n = list.selected.size;
  if (await confirmDialog({ title: t("list.remove.title", { n }), text: t("list.remove.text"), yes: t("list.remove.yes", { n }) })) removeSelected();
}

function renderTable() {
  const rows = visibleRows();
  if (list.error) return html`<p class="empty bad" role="alert">${errorText(list.error)}</p>`;
  if (!list.isLoaded) return html`<p class="empty" role="status">${t("list.loading")}</p>`;
  if (!rows.length) return html`<p class="empty">${list.q || list.state || list.mine ? t("list.noneFound") : t("list.empty")}</p>`;
  const areAll = rows.every((row) => list.selected.has(row.id));
  return html`
    <div class="table-room" role="region" aria-label=${t("list.title")} tabindex="-1">
      <table class="cases" aria-rowcount=${list.total + 1} @keydown=${rowKey}>
        <caption class="visually-hidden">${t("list.caption", { n: list.total })}</caption>
        <thead><tr>
          <th scope="col" class="tick"><label class="target"><input type="checkbox" .checked=${live(areAll)} @change=${(e) => selectAll(rows, e.target.checked)}><span class="visually-hidden">${t("list.selectAll")}</span></label></th>
          <th scope="col">${t("list.case")}</th>
          <th scope="col" aria-sort=${ifDefined(list.sort === "time" ? "descending" : undefined)}>${t("list.received")}</th>
          <th scope="col">${t("list.state")}</th>
          <th scope="col" aria-sort=${ifDefined(list.sort === "urgency" ? "descending" : undefined)}>${t("list.answer")}</th>
          <th scope="col">${t("list.flags")}</th>
          <th scope="col">${t("list.yourRead")}</th>
          <th scope="col">${t("list.image")}</th>
        </tr></thead>
        <tbody>${repeat(rows, (row) => row.id, renderRow)}</tbody>
      </table>
      ${list.rows.length < list.total ? html`<p class="more"><button type="button" class="button" @click=${showMore}>${t("list.more", { shown: list.rows.length, total: list.total })}</button></p>` : nothing}
    </div>`;
}

function renderRow(row, index) {
  const isCurrent = index === list.current;
  const tab = isCurrent ? "0" : "-1";
  const pick = (event) => {
    if (event.target.closest("a, input, label")) return;
    routeTo("case", row.id);
  };
  return html`
    <tr aria-rowindex=${index + 2} data-id=${row.id} class=${classMap({ "is-picked": list.selected.has(row.id) })} @click=${pick}>
      <td class="tick"><label class="target"><input type="checkbox" tabindex=${tab} .checked=${live(list.selected.has(row.id))} @change=${() => toggle(row.id)}><span class="visually-hidden">${t("list.select", { name: caseName(row) })}</span></label></td>
      <th scope="row" class="name"><a href=${caseAddress(row.id)} tabindex=${tab} @focus=${() => { if (list.current !== index) { list.current = index; redraw(); } }}>${caseName(row)}</a></th>
      <td class="short">${formatTime(row.created)}</td>
      <td class="short"><span class=${`state is-${row.state}`}>${t(`state.${row.state}`)}</span></td>
      <td>${renderAnswer(row)}</td>
      <td><div class="flags">${renderFlags(row)}</div></td>
      <td class="short">${row.state === "refused" ? html`<span class="quiet">–</span>` : row.final_read_done ? t("list.read.final") : row.own_read_done ? t("list.read.own") : html`<span class="quiet">${t("list.read.none")}</span>`}</td>
      <td class="quiet number short">${row.width_px ? `${formatNumber(row.width_px)} × ${formatNumber(row.height_px)}` : ""}${row.spacing_mm ? ` · ${t("list.inMm")}` : ""}</td>
    </tr>`;
}

function renderAnswer(row) {
  if (row.state === "refused") return html`<span class="bad refusal" title=${row.error ? explain(row.error) : ""}>${row.error ? explain(row.error) : ""}</span>`;
  if (row.state !== "read") return html`<span class="quiet">–</span>`;
  if (!row.answer) return html`<span class="quiet">${t("list.afterRead")}</span>`;
  const { label, class_prob: prob } = row.answer;
  return html`<span class=${`class-word is-${label}`}>${t(`class.${label}`)}</span>
    <span class="quiet number">${label === "malignant" ? formatPercent(prob.malignant) : t("list.malignant", { share: formatPercent(prob.malignant) })}</span>`;
}

function renderFlags(row) {
  return html`
    ${row.answer?.malignant_alert ? html`<span class="flag is-alert">${t("flag.alert")}</span>` : nothing}
    ${row.answer?.unsure ? html`<span class="flag is-unsure">${t("flag.unsure")}</span>` : nothing}
    ${row.notes?.length ? html`<span class="flag is-gate" title=${row.notes.map(inWords).join("\n")}>${t("flag.gate")}</span>` : nothing}
    ${row.is_edited ? html`<span class="flag is-edited">${t("flag.edited")}</span>` : nothing}`;
}

function toggle(id) {
  if (!list.selected.delete(id)) list.selected.add(id);
  redraw();
}

function selectAll(rows, isOn) {
  for (const row of rows) {
    if (isOn) list.selected.add(row.id);
    else list.selected.delete(row.id);
  }
  redraw();
}

/** Arrows, Home, End and the page keys go from row to row; Space selects. */
function rowKey(event) {
  const here = event.target.closest("tbody tr");
  if (!here || event.ctrlKey || event.metaKey || event.altKey) return;
  const rows = [...here.parentElement.children];
  const at = rows.indexOf(here);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1, PageDown: at + 10, PageUp: at - 10 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    const row = rows[Math.min(Math.max(to, 0), rows.length - 1)];
    list.current = rows.indexOf(row);
    redraw();
    row.querySelector(event.target.matches("input") ? "input" : "a").focus();
  } else if (event.key === " " && event.target.matches("a")) {
    event.preventDefault();
    toggle(here.dataset.id);
  }
}
