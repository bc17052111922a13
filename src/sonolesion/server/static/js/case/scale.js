/** The scale by hand: a line along the image's own ruler, and its length in mm. */

import { askDialog } from "../shell/dialogs.js";
import { formatNumber, t } from "../shell/texts.js";

/** A length as a person types it, with point or comma; null where it is none above 0. */
export function readLength(text) {
  const value = Number(text.replace(",", "."));
  return text.trim() && Number.isFinite(value) && value > 0 ? value : null;
}

/** Ask how long a line of so many px is in mm; null when left. */
export async function askScale(lengthPx) {
  const given = await askDialog({
    title: t("scale.title"),
    text: t("scale.text", { px: formatNumber(lengthPx, 1) }),
    label: t("scale.length"),
    type: "number",
    unit: "mm",
    check: (text) => (readLength(text) === null ? t("scale.wrong") : null),
  });
  return given === null ? null : readLength(given);
}
