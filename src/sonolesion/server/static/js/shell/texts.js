/** The catalogue of texts: one JSON file per language, flat keys, `{name}` placeholders. */

export const LANGUAGES = { en: "English", de: "Deutsch" };

let catalogue = {};
let language = "en";
// numbers and dates as the browser's region writes them, where it speaks the same language
let region = "en";
let plurals = new Intl.PluralRules("en");
const formats = new Map();

/** Load a language; an unknown one is taken for English. */
export async function setLanguage(wanted) {
  const code = wanted in LANGUAGES ? wanted : "en";
  const answer = await fetch(`/texts/${code}.json`);
  if (!answer.ok) throw new Error(`/texts/${code}.json: ${answer.status}`);
  catalogue = await answer.json();
  language = code;
  region = navigator.languages.find((tag) => tag.startsWith(code)) ?? (code === "en" ? "en-GB" : code);
  plurals = new Intl.PluralRules(code);
  formats.clear();
  document.documentElement.lang = code;
}

export const currentLanguage = () => language;

/** Whether the catalogue has a key. */
export const hasText = (key) => key in catalogue;

/** The text of a key; with `n`, `key.one` or `key.other` where the catalogue has them. */
export function t(key, values = {}) {
  let text = catalogue[key];
  if (text === undefined && "n" in values) text = catalogue[`${key}.${plurals.select(values.n)}`] ?? catalogue[`${key}.other`];
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    if (!(name in values)) return whole;
    const value = values[name];
    return typeof value === "number" ? formatNumber(value) : String(value);
  });
}

/** A number as people of the language write it. */
export function formatNumber(value, digits = null) {
  const key = `n${digits}`;
  if (!formats.has(key)) {
    const options = digits === null ? {} : { minimumFractionDigits: digits, maximumFractionDigits: digits };
    formats.set(key, new Intl.NumberFormat(region, options));
  }
  return formats.get(key).format(value);
}

/** A share of 1 as per cent. */
export function formatPercent(share, digits = 0) {
  const key = `p${digits}`;
  if (!formats.has(key)) {
    formats.set(key, new Intl.NumberFormat(region, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits }));
  }
  return formats.get(key).format(share);
}

/** Date and time of an ISO 8601 string. */
export function formatTime(iso) {
  if (!iso) return "";
  if (!formats.has("t")) formats.set("t", new Intl.DateTimeFormat(region, { dateStyle: "short", timeStyle: "short" }));
  return formats.get("t").format(new Date(iso));
}
