/** What the work list knows: the rows in the server's order, filter, selection, uploads. */

import { deleteCase, listCases } from "../api.js";
import { onChange } from "../events.js";
import { preference, setPreferences } from "../shell/preferences.js";
import { redraw } from "../shell/redraw.js";
import { say, show } from "../shell/announce.js";
import { routeTo } from "../shell/router.js";
import { t } from "../shell/texts.js";
import { errorText } from "../shell/errors.js";
import { Uploads } from "./uploads.js";

const PAGE = 200;
const STATES = ["", "waiting", "reading", "read", "refused"];

export const list = {
  rows: [],
  total: 0,
  limit: PAGE,
  sort: preference("sort"),
  state: "",
  q: "",
  mine: "",
  selected: new Set(),
  current: 0,
  isLoaded: false,
  error: null,
};

export const states = STATES;

export const uploads = new Uploads({
  onChange: redraw,
  onCase(found, item) {
    const known = list.rows.findIndex((row) => row.id === found.id);
    if (known < 0) {
      list.rows = [...list.rows, found];
      list.total += 1;
    }
    if (item.opensCase) routeTo("case", found.id);
    reloadSoon();
    if (!uploads.isBusy) say(t("upload.done", { n: uploads.nDone }));
  },
});

let loading = null;
let reloadTimer = 0;

/** Fetch the list again. */
export async function reload() {
  loading?.abort();
  loading = new AbortController();
  try {
    const { sort, state, q, limit } = list;
    const found = await listCases({ sort, state, q, limit, signal: loading.signal });
    const currentId = visibleRows()[list.current]?.id;
    list.rows = found.cases;
    list.total = found.total;
    list.isLoaded = true;
    list.error = null;
    const here = visibleRows().findIndex((row) => row.id === currentId);
    list.current = Math.max(here, 0);
  } catch (error) {
    if (error.name === "AbortError") return;
    list.error = error;
  }
  redraw();
}

/** Fetch the list a little later; many changes make one request. */
export function reloadSoon() {
  if (reloadTimer) return;
  reloadTimer = setTimeout(() => {
    reloadTimer = 0;
    reload();
  }, 300);
}

/** The rows to show: the server has filtered by state and text, the page by the reader's own progress. */
export function visibleRows() {
  if (list.mine === "open") return list.rows.filter((row) => row.state === "read" && !row.final_read_done);
  if (list.mine === "done") return list.rows.filter((row) => row.final_read_done);
  return list.rows;
}

export function setFilter(changes) {
  Object.assign(list, changes, { current: 0, limit: PAGE });
  if ("sort" in changes) setPreferences({ sort: changes.sort });
  if ("mine" in changes) redraw();
  else reload();
}

export function showMore() {
  list.limit += PAGE;
  reload();
}

/** Take files in; a single one is opened at once. */
export function addFiles(files) {
  if (!files.length) {
    show(t("upload.nothing"), { isError: true });
    return;
  }
  const items = uploads.add(files);
  if (items.length === 1 && files.length === 1) items[0].opensCase = true;
  else say(t("upload.started", { n: files.length }));
}

/** Remove the selected cases, after a question. */
export async function removeSelected() {
  const ids = [...list.selected];
  for (const id of ids) {
    try {
      await deleteCase(id);
      list.selected.delete(id);
    } catch (error) {
      show(errorText(error), { isError: true });
      break;
    }
  }
  await reload();
}

/** The case after or before one in the list's order; null at the end. */
export function neighbour(id, step) {
  const rows = visibleRows();
  const at = rows.findIndex((row) => row.id === id);
  return at < 0 ? null : (rows[at + step] ?? null);
}

onChange((kind, data) => {
  if (kind === "case" && data?.id) {
    const at = list.rows.findIndex((row) => row.id === data.id);
    if (at >= 0 && data.state === "removed") list.rows = list.rows.toSpliced(at, 1);
    else if (at >= 0) list.rows = list.rows.with(at, { ...list.rows[at], ...data });
    if (at >= 0) redraw();
  }
  if (list.isLoaded) reloadSoon();
});
