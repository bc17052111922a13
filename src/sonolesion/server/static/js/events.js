/** Live changes of cases: server-sent events, and polling while there is no stream. */

import { readEvents } from "./api.js";

const POLL_MS = 2000;
const listeners = new Set();
let isLive = false;

/** Call `listener(kind, data)` on each change; kind "poll" says: look yourself. */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(kind, data) {
  for (const listener of listeners) listener(kind, data);
}

/** Run for as long as the page is open. */
export async function followEvents() {
  let pause = 500;
  setInterval(() => { if (!isLive && document.visibilityState === "visible") tell("poll", null); }, POLL_MS);
  for (;;) {
    try {
      await readEvents(tell, () => {
        if (pause > 500) tell("poll", null);
        isLive = true;
        pause = 500;
      });
    } catch {
      isLive = false;
    }
    await new Promise((resolve) => { setTimeout(resolve, pause); });
    pause = Math.min(pause * 2, 15_000);
  }
}
