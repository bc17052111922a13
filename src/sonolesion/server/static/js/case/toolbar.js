/** The tools beside the image; one tab stop, arrows go from button to button. */

import { classMap, html, ifDefined, nothing } from "../shell/lit.js";
import { icon } from "../shell/icons.js";
import { t } from "../shell/texts.js";

const VIEW_TOOLS = [["pan", "h"], ["levels", "w"], ["ruler", "r"], ["calipers", "c"], ["scale", "k"], ["own", "o"]];
// an answer in a study holds category and probability, and no reader changes the scale for the others
const STUDY_TOOLS = VIEW_TOOLS.slice(0, 3);
const EDIT_TOOLS = [["brush", "b"], ["eraser", "e"], ["polygon", "g"]];

export function renderToolbar(bench) {
  const { open, stage } = bench;
  const mayNote = open.image !== null;
  const tool = ([name, key], isOff = false) => button({
    name, key, label: t(`tool.${name}`), isOff, isPressed: bench.toolName === name, run: () => bench.pickTool(name),
  });
  const action = (name, key, run, { isOff = false, isPressed } = {}) => button({ name, key, label: t(`do.${name}`), isOff, isPressed, run });
  const edit = bench.edit;
  return html`
    <div class="toolbar" role="toolbar" aria-orientation="vertical" aria-label=${t("viewer.tools")} @keydown=${rove} @focusin=${remember}>
      <div class="tool-group">${(open.study ? STUDY_TOOLS : VIEW_TOOLS).map((one) => tool(one, !mayNote))}</div>
      <div class="tool-group">
        ${action("fit", "f", () => stage.fit())} ${action("actual", "1", () => stage.actualSize())}
        ${action("zoomIn", "+", () => stage.zoom(1.25))} ${action("zoomOut", "-", () => stage.zoom(0.8))}
        ${action("reset", "0", () => bench.resetLevels())}
      </div>
      ${open.prediction ? html`<div class="tool-group">
        ${action("contour", "d", () => bench.toggleContour(), { isPressed: bench.isContourOn })}
        ${action("diameters", "m", () => bench.toggleDiameters(), { isPressed: bench.isDiametersOn })}
        ${action("map", "x", () => bench.toggleMap(), { isPressed: bench.isMapOn })}
      </div>` : nothing}
      ${bench.mayEdit ? html`<div class="tool-group">
        ${EDIT_TOOLS.map((one) => tool(one))}
        ${action("undo", "z", () => edit.undo(), { isOff: !edit?.undoStack.canUndo })}
        ${action("redo", "y", () => edit.redo(), { isOff: !edit?.undoStack.canRedo })}
      </div>` : nothing}
    </div>`;
}

function button({ name, key, label, isOff, isPressed, run }) {
  return html`<button type="button" class=${classMap({ tool: true, "is-on": isPressed === true })} id=${`tool-${name}`} tabindex="-1"
    aria-label=${label} title=${`${label} (${key})`} aria-pressed=${ifDefined(isPressed === undefined ? undefined : String(isPressed))}
    aria-disabled=${isOff ? "true" : "false"} @click=${() => { if (!isOff) run(); }}>${icon(name)}<span class="tool-name" aria-hidden="true">${label}</span></button>`;
}

let last = "tool-pan";

/** After each drawing one button is the tab stop: the one used last. */
export function placeTabStop() {
  const bar = document.querySelector(".toolbar");
  if (!bar) return;
  const buttons = [...bar.querySelectorAll("button")];
  const stop = buttons.find((one) => one.id === last) ?? buttons[0];
  for (const one of buttons) one.tabIndex = one === stop ? 0 : -1;
}

function remember(event) {
  last = event.target.closest("button")?.id ?? last;
  placeTabStop();
}

function rove(event) {
  const buttons = [...event.currentTarget.querySelectorAll("button")];
  const at = buttons.indexOf(event.target);
  const to = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (to === undefined || at < 0) return;
  event.preventDefault();
  buttons[(to + buttons.length) % buttons.length].focus();
}
