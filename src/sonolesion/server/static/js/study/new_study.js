/** Making a study of selected cases. */

import { addStudy } from "../api.js";
import { openDialog } from "../shell/dialogs.js";
import { errorText } from "../shell/errors.js";
import { html } from "../shell/lit.js";
import { routeTo } from "../shell/router.js";
import { t } from "../shell/texts.js";
import { preference } from "../shell/preferences.js";

/** Names out of a text with commas, each once. */
export const namesOf = (text) => [...new Set(text.split(/[,;\n]/).map((name) => name.trim()).filter(Boolean))];

/** Ask what the study is called and who reads; leads to the list of studies when it was made. */
export async function newStudyDialog(cases) {
  let problem = "";
  const made = await openDialog({
    title: t("study.new", { n: cases.length }),
    body: (close, again) => {
      const submit = async (event) => {
        event.preventDefault();
        const { name, readers, seed, arms, washout } = event.target.elements;
        const study = { name: name.value.trim(), cases, readers: namesOf(readers.value), seed: Number(seed.value), arms: arms.value.split(" "), washout_days: Number(washout.value.replace(",", ".")) };
        if (!study.name || !study.readers.length || !Number.isInteger(study.seed) || !(study.washout_days >= 0)) {
          problem = t("study.incomplete");
          again();
          return;
        }
        try {
          close(await addStudy(study));
        } catch (error) {
          problem = errorText(error);
          again();
        }
      };
      return html`<form class="stack" @submit=${submit} novalidate>
        <label class="field"><span>${t("study.name")}</span><input name="name" autofocus autocomplete="off"></label>
        <label class="field"><span>${t("study.readers")}</span><input name="readers" autocomplete="off" .defaultValue=${preference("reader")}></label>
        <label class="field"><span>${t("study.arms")}</span><select name="arms"><option value="alone with">${t("study.arms.both")}</option><option value="alone">${t("study.arm.alone")}</option><option value="with">${t("study.arm.with")}</option></select></label>
        <label class="field"><span>${t("study.seed")}</span><input name="seed" inputmode="numeric" .defaultValue=${"0"}></label>
        <label class="field"><span>${t("study.washoutDays")}</span><input name="washout" inputmode="decimal" .defaultValue=${"28"}></label>
        <p class="quiet">${t("study.orderText")}</p>
        <p class="bad" role="alert">${problem}</p>
        <div class="buttons at-end"><button type="button" class="button" @click=${() => close()}>${t("dialog.cancel")}</button><button class="button is-main">${t("study.make")}</button></div>
      </form>`;
    },
  });
  if (made) routeTo("studies");
}
