/** Files of one case. */

import { caseFile, download } from "../api.js";
import { errorText } from "../shell/errors.js";
import { html, nothing } from "../shell/lit.js";
import { show } from "../shell/announce.js";
import { t } from "../shell/texts.js";

const FILES = [
  ["pdf", "report.pdf"], ["html", "report.html"], ["overlay", "overlay.png"], ["mask", "mask.png"], ["case.json", "prediction"],
  ["csv", "row.csv"], ["seg", "seg.dcm"], ["sr", "sr.dcm"], ["sc", "sc.dcm"], ["zip", "export.zip"],
];
const DICOM_ONLY = ["seg", "sr", "sc"];
const NAMES = { prediction: "prediction.json" };

export function renderExports(open) {
  const get = async (file) => {
    try {
      await download(caseFile(open.id, file), `case-${open.id.slice(0, 6)}-${NAMES[file] ?? file}`);
    } catch (error) {
      show(errorText(error), { isError: true });
    }
  };
  const isDicom = open.case.media === "application/dicom";
  const offered = FILES.filter(([kind]) => isDicom || !DICOM_ONLY.includes(kind));
  return html`
    <section class="panel" aria-labelledby="export-title">
      <details class="fold"><summary><h2 id="export-title">${t("export.title")}</h2></summary>
        ${open.case.is_edited ? html`<p class="quiet">${t("edit.inExports")}</p>` : nothing}
        <div class="buttons export-buttons">${offered.map(([kind, file]) => html`<button type="button" class="button" title=${t(`export.${kind}.what`)} @click=${() => get(file)}>${t(`export.${kind}`)}</button>`)}</div>
        ${isDicom ? nothing : html`<p class="quiet small">${t("export.dicomOnly")}</p>`}
      </details>
    </section>`;
}
