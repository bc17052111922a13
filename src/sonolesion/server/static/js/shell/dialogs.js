/** Dialogs on the browser's own `<dialog>`: focus goes in and comes back, Escape closes. */

import { html, nothing, render } from "./lit.js";
import { t } from "./texts.js";

/** Open a dialog; the promise is kept with what `close(value)` was given, null when it was left.
 *
 * @param body a function of `close` and `again` (draws the dialog anew) that returns a template.
 */
export function openDialog({ title, body, isWide = false }) {
  const dialog = document.createElement("dialog");
  dialog.className = isWide ? "dialog is-wide" : "dialog";
  dialog.setAttribute("aria-labelledby", "dialog-title");
  document.getElementById("dialogs").append(dialog);
  return new Promise((resolve) => {
    let value = null;
    const close = (given = null) => {
      value = given;
      dialog.close();
    };
    const draw = () => render(html`
      <h2 id="dialog-title">${title}</h2>
      <button type="button" class="button is-quiet dialog-close" aria-label=${t("dialog.close")} @click=${() => close()}>✕</button>
      <div class="dialog-body">${body(close, draw)}</div>
      <p class="ruo-plain">${t("ruo")}</p>`, dialog);
    draw();
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(value);
    });
    // a click beside the dialog leaves it
    dialog.addEventListener("click", (event) => { if (event.target === dialog) close(); });
    dialog.showModal();
  });
}

/** Ask before something that cannot be taken back. */
export async function confirmDialog({ title, text, yes }) {
  return (await openDialog({
    title,
    body: (close) => html`<p>${text}</p>
      <div class="buttons at-end">
        <button type="button" class="button" autofocus @click=${() => close(false)}>${t("dialog.cancel")}</button>
        <button type="button" class="button is-danger" @click=${() => close(true)}>${yes}</button>
      </div>`,
  })) === true;
}

/** Ask for one number or text; null when left. */
export function askDialog({ title, text, label, value = "", type = "text", unit = "", yes = t("dialog.ok"), check = () => null }) {
  let error = null;
  return openDialog({
    title,
    body: (close, again) => {
      const submit = (event) => {
        event.preventDefault();
        const given = event.target.elements.answer.value.trim();
        error = check(given);
        if (error) again();
        else close(given);
      };
      return html`<form @submit=${submit} novalidate>
        ${text ? html`<p>${text}</p>` : nothing}
        <label class="field"><span>${label}</span><span class="with-unit">
          <input name="answer" autofocus autocomplete="off" .defaultValue=${value} inputmode=${type === "number" ? "decimal" : "text"}
            aria-invalid=${error ? "true" : "false"} aria-describedby="ask-error">${unit}</span></label>
        <p id="ask-error" class="bad" role="alert">${error ?? ""}</p>
        <div class="buttons at-end"><button type="button" class="button" @click=${() => close()}>${t("dialog.cancel")}</button>
          <button class="button is-main">${yes}</button></div>
      </form>`;
    },
  });
}
