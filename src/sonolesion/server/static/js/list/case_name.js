/** What a case is called on the page. */

import { t } from "../shell/texts.js";

/** The label that its user gave, else a part of its id. */
export const caseName = (found) => found.label || t("case.unnamed", { id: found.id.slice(0, 6) });
