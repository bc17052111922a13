/** The edited outline: saved, discarded, reverted. */

import { deleteOutline, putOutline } from "../api.js";
import { confirmDialog } from "../shell/dialogs.js";
import { errorText } from "../shell/errors.js";
import { html, live, nothing } from "../shell/lit.js";
import { redraw } from "../shell/redraw.js";
import { show } from "../shell/announce.js";
import { formatNumber, t } from "../shell/texts.js";
import { MAX_RADIUS_PX, MIN_RADIUS_PX } from "../edit/edit_session.js";
import { maskToPng } from "../viewer/pictures.js";

/** Send the mask to the server; true when it is kept there. */
export async function saveOutline(bench) {
  const { edit, open } = bench;
  if (!edit) return false;
  try {
    await putOutline(open.id, await maskToPng(edit.mask));
    edit.markSaved();
    open.case.is_edited = true;
    bench.endEdit();
    await open.reloadAnswer();
    bench.showLayers();
    show(t("edit.saved"));
    return true;
  } catch (error) {
    show(errorText(error), { isError: true });
    return false;
  }
}

export async function discardEdit(bench) {
  if (bench.edit?.isChanged && !(await confirmDialog({ title: t("edit.discard.title"), text: t("edit.discard.text"), yes: t("edit.discard") }))) return false;
  bench.open.measured = bench.open.editedMeasured ?? null;
  bench.endEdit();
  redraw();
  return true;
}

async function revert(bench) {
  if (!(await confirmDialog({ title: t("edit.revert.title"), text: t("edit.revert.text"), yes: t("edit.revert") }))) return;
  try {
    await deleteOutline(bench.open.id);
    await bench.open.reloadAnswer();
    bench.showLayers();
    show(t("edit.reverted"));
  } catch (error) {
    show(errorText(error), { isError: true });
  }
}

export function renderEditPanel(bench) {
  const { edit, open } = bench;
  if (!edit && !open.case.is_edited) return nothing;
  if (!edit) {
    return html`<section class="panel edit-panel" aria-labelledby="edit-title">
      <h2 id="edit-title"><span class="flag is-edited">${t("flag.editedByReader")}</span></h2>
      <p class="quiet">${t("edit.inExports")}</p>
      <div class="buttons"><button type="button" class="button" @click=${() => revert(bench)}>${t("edit.revert")}</button></div>
    </section>`;
  }
  const size = (event) => {
    edit.radius = Number(event.target.value);
    bench.stage.redraw();
    redraw();
  };
  return html`
    <section class="panel edit-panel" aria-labelledby="edit-title">
      <h2 id="edit-title">${t("edit.title")}</h2>
      <p class="quiet">${t(edit.isChanged ? "edit.unsaved" : "edit.hint")}</p>
      <label class="slider"><span>${t("edit.radius")}</span><input type="range" min=${MIN_RADIUS_PX} max=${MAX_RADIUS_PX} .value=${live(String(edit.radius))} @input=${size}><output class="number">${formatNumber(edit.radius)} px</output></label>
      <div class="buttons">
        <button type="button" class="button is-main" ?disabled=${!edit.isChanged} aria-keyshortcuts="Control+S" @click=${() => saveOutline(bench)}>${t("edit.save")}</button>
        <button type="button" class="button" @click=${() => discardEdit(bench)}>${t(edit.isChanged ? "edit.discard" : "edit.end")}</button>
        <button type="button" class="button" @click=${() => edit.clear()}>${t("edit.clear")}</button>
      </div>
    </section>`;
}
