/** The server's own sentences (errors, remarks on an image, captions) in the language of the page.
 *
 * Each is looked up by its English text, with `{name}` for what changes, as gettext does. In a file of
 * sentences a value called `reasons`, `rest` or `message` is sentences again, and `class` names classes.
 */

import { currentLanguage, formatLike, hasText, t } from "./texts.js";

const NESTED = new Set(["reasons", "rest", "message"]);
// what a message is about stands before it; on the page that is in sight
const SUBJECT = /^(?:case [0-9a-f]{16}|upload|image|outline|mm_per_px): /;

let patterns = [];
let known = "en";

/** Load the sentences of the page's language; English needs none. */
export async function loadSentences() {
  const code = currentLanguage();
  if (code === known) return;
  let found = {};
  if (code !== "en") {
    const answer = await fetch(`/texts/sentences.${code}.json`);
    if (!answer.ok) throw new Error(`/texts/sentences.${code}.json: ${answer.status}`);
    found = await answer.json();
  }
  // what has more fixed text is the better fit
  patterns = Object.entries(found).map(([english, own]) => ({ ...compile(english), own })).toSorted((a, b) => b.length - a.length);
  known = code;
}

function compile(english) {
  const parts = english.split(/\{(\w+)\}/);
  const source = parts.map((part, at) => (at % 2 ? `(?<${part}>.+?)` : part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"))).join("");
  return { whole: new RegExp(`^${source}$`), begin: new RegExp(`^${source}(?= )`), length: parts.filter((_, at) => at % 2 === 0).join("").length };
}

/** A sentence, or several, in the page's language; null where one of them is not known. */
export function translated(text) {
  if (known === "en") return text;
  for (const { whole, own } of patterns) {
    const found = whole.exec(text);
    if (found) return fill(own, found.groups ?? {});
  }
  for (const { begin, own } of patterns) {
    const found = begin.exec(text);
    if (!found) continue;
    const rest = translated(text.slice(found[0].length + 1));
    if (rest !== null) return `${fill(own, found.groups ?? {})} ${rest}`;
  }
  return null;
}

function fill(own, values) {
  return own.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    if (value === undefined) return whole;
    if (NESTED.has(name)) return translated(value) ?? value.split("; ").map((one) => translated(one) ?? one).join("; ");
    if (name === "class") return inOneOf(value.split(" or "));
    return formatLike(value);
  });
}

function inOneOf(names) {
  const words = names.map((name) => (hasText(`class.${name}`) ? t(`class.${name}`).toLowerCase() : name));
  return new Intl.ListFormat(currentLanguage(), { type: "disjunction" }).format(words);
}

const begun = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** A remark of the server in the page's language, in English where it is not known. */
export const inWords = (text) => begun(translated(text) ?? text);

/** What an error says: by its own sentence, else by its id with the sentence behind it. */
export function explain({ id, message }) {
  const bare = message.replace(SUBJECT, "");
  const own = translated(bare);
  if (own !== null) return `${begun(own)} (${id})`;
  return hasText(`error.${id}`) ? `${t(`error.${id}`)} (${id}: ${bare})` : `${begun(bare)} (${id})`;
}
