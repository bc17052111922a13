/** The dialog that shows every key. */

import { html } from "./lit.js";
import { openDialog } from "./dialogs.js";
import { preference } from "./preferences.js";
import { t } from "./texts.js";

const GROUPS = {
  everywhere: [["?", "help"], ["l", "list"], ["/", "search"], ["Esc", "escape"]],
  list: [["↑ ↓", "rows"], ["Home End", "ends"], ["Enter", "openRow"], ["Space", "selectRow"]],
  image: [["i", "focusImage"], ["h w", "panLevels"], ["+ −", "zoom"], ["f 1", "fit"], ["0", "resetLevels"], ["← ↑ → ↓", "move"], ["Shift ←", "moveFar"], ["Enter", "drop"], ["Backspace", "takeBack"], ["v", "wide"]],
  measure: [["r c k", "measure"], ["o", "own"], ["d m x", "layers"]],
  edit: [["b e g", "edit"], ["[ ]", "size"], ["z y", "undo"], ["Ctrl Z", "undoControl"], ["Ctrl S", "save"]],
  read: [["Ctrl Enter", "record"], ["n p", "neighbours"]],
};

let isOpen = false;

export async function showKeyMap() {
  if (isOpen) return;
  isOpen = true;
  await openDialog({
    title: t("keys.title"),
    isWide: true,
    body: () => html`
      ${preference("letterKeys") ? "" : html`<p>${t("keys.off")}</p>`}
      <div class="key-groups">${Object.entries(GROUPS).map(([group, keys]) => html`
        <section><h3>${t(`keys.${group}`)}</h3><dl class="keys">${keys.map(([key, name]) => html`<dt>${key.split(" ").map((one) => html`<kbd>${one}</kbd> `)}</dt><dd>${t(`key.${name}`)}</dd>`)}</dl></section>`)}</div>
      <p class="quiet">${t("keys.mouse")}</p>`,
  });
  isOpen = false;
}
