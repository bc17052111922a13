/** Exports of the whole list. */

import { download } from "../api.js";
import { html } from "../shell/lit.js";
import { openDialog } from "../shell/dialogs.js";
import { t } from "../shell/texts.js";
import { show } from "../shell/announce.js";
import { errorText } from "../shell/errors.js";

const FILES = [
  ["csv", "/export/cases.csv", "cases.csv"],
  ["json", "/export/cases.jsonl", "cases.jsonl"],
  ["dataset", "/export/dataset.zip", "dataset.zip"],
];

export function openListExports() {
  const get = async (path, name) => {
    try {
      await download(path, name);
    } catch (error) {
      show(errorText(error), { isError: true });
    }
  };
  return openDialog({
    title: t("export.list"),
    body: () => html`<ul class="export-list">${FILES.map(([kind, path, name]) => html`
      <li><button type="button" class="button" @click=${() => get(path, name)}>${t(`export.${kind}`)}</button> <span class="quiet">${t(`export.${kind}.what`)}</span></li>`)}</ul>`,
  });
}
