/** Says to screen readers what changed elsewhere on the page, and shows short notes. */

import { redraw } from "./redraw.js";

let note = null;
let timer = 0;

/** The note on show: `{text, isError}` or null. */
export const currentNote = () => note;

/** Say it without showing it. */
export function say(text) {
  const place = document.getElementById("said");
  place.textContent = "";
  // a repeated text is read again only when the node changes in another task
  setTimeout(() => { place.textContent = text; }, 30);
}

/** Show and say a note; an error stays until it is closed. */
export function show(text, { isError = false } = {}) {
  note = { text, isError };
  clearTimeout(timer);
  if (isError) {
    document.getElementById("said-now").textContent = text;
  } else {
    say(text);
    timer = setTimeout(closeNote, 6000);
  }
  redraw();
}

export function closeNote() {
  note = null;
  document.getElementById("said-now").textContent = "";
  redraw();
}
