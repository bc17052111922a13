/** What is said of a failed request. */

import { explain } from "./sentences.js";
import { t } from "./texts.js";

/** The server's message with its id; of a server that does not answer, the page's own. */
export function errorText(error) {
  if (error?.status === 0) return t("error.offline");
  if (error?.id) return explain(error);
  return String(error?.message ?? error);
}
