/** What is said of a failed request. */

import { t } from "./texts.js";

/** The server's message with its id; of a server that does not answer, the page's own. */
export function errorText(error) {
  if (error?.status === 0) return t("error.offline");
  if (error?.id) return `${error.message} (${error.id})`;
  return String(error?.message ?? error);
}
