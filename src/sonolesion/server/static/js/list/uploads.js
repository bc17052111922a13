/** Files on their way to the server: a few at a time, each with progress and its own error. */

import { uploadFile } from "../api.js";
import { preference } from "../shell/preferences.js";

const AT_ONCE = 3;
const MAX_TRIES = 6;
const MAX_LABEL = 200;

/** What a new case is called: nothing, or where the reader wants it the file's name. */
function labelOf(file) {
  if (!preference("fileNames")) return "";
  const printable = file.name.replace(/\p{C}/gu, "").replace(/\p{Z}/gu, " ");
  return [...printable].slice(0, MAX_LABEL).join("");
}

/** One batch after another; `onChange()` after each change, `onCase(case)` for each that arrived. */
export class Uploads {
  #queue = [];
  #running = 0;
  #onChange;
  #onCase;

  constructor({ onChange, onCase }) {
    this.#onChange = onChange;
    this.#onCase = onCase;
    this.items = [];
  }

  get isBusy() { return this.#running > 0 || this.#queue.length > 0; }
  get nDone() { return this.items.filter((item) => item.state === "done").length; }
  get failed() { return this.items.filter((item) => item.state === "failed"); }
  get sending() { return this.items.filter((item) => item.state === "sending"); }

  /** Share of the bytes that went out. */
  get progress() {
    const total = this.items.reduce((sum, item) => sum + item.file.size, 0);
    return total ? this.items.reduce((sum, item) => sum + item.file.size * item.progress, 0) / total : 0;
  }

  add(files) {
    if (!this.isBusy) this.items = this.failed;
    const items = files.map((file) => ({ file, name: file.name, progress: 0, state: "waiting", error: null, tries: 0 }));
    this.items = [...this.items, ...items];
    this.#queue.push(...items);
    this.#fill();
    this.#onChange();
    return items;
  }

  retry(item) {
    item.state = "waiting";
    item.tries = 0;
    this.#queue.push(item);
    this.#fill();
    this.#onChange();
  }

  dismiss() {
    this.items = this.items.filter((item) => item.state === "waiting" || item.state === "sending");
    this.#onChange();
  }

  #fill() {
    while (this.#running < AT_ONCE && this.#queue.length) this.#send(this.#queue.shift());
  }

  async #send(item) {
    this.#running += 1;
    item.state = "sending";
    item.tries += 1;
    try {
      const found = await uploadFile(item.file, {
        label: labelOf(item.file),
        onProgress: (share) => {
          item.progress = share;
          this.#onChange();
        },
      });
      item.progress = 1;
      item.state = "done";
      this.#onCase(found, item);
    } catch (error) {
      this.#fail(item, error);
    }
    this.#running -= 1;
    this.#fill();
    this.#onChange();
  }

  /** A server that is full is asked again after the time it names; anything else is shown. */
  #fail(item, error) {
    item.progress = 0;
    if ((error.status === 503 || error.status === 429) && item.tries < MAX_TRIES) {
      item.state = "waiting";
      setTimeout(() => {
        this.#queue.push(item);
        this.#fill();
      }, (error.retryAfter ?? 2 ** item.tries) * 1000);
      return;
    }
    item.state = "failed";
    item.error = error;
    item.progress = 1;
  }
}
