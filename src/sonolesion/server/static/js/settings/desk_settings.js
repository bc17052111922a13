/** The desk's settings as last heard; the server holds to its own whatever the page believes. */

import { getSettings, putSettings } from "../api.js";

let known = null;

export const knownSettings = () => known;

export async function refreshSettings() {
  known = await getSettings();
  return known;
}

export async function changeSettings(changes) {
  known = { ...known, ...(await putSettings(changes)) };
  return known;
}
