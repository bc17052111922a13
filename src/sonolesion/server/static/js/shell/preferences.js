/** What this browser remembers: language, theme, who reads, looks of the viewer. */

const KEY = "sonolesion.preferences";
const DEFAULTS = {
  language: null,
  theme: "system",
  reader: null,
  letterKeys: true,
  fileNames: false,
  contourOpacity: 0.9,
  mapOpacity: 0.8,
  showDiameters: true,
  sort: "urgency",
};

let values = { ...DEFAULTS };
try {
  values = { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
} catch {
  // storage switched off or damaged: the defaults serve, nothing of a read lies here
}
if (!values.reader) {
  values.reader = `reader-${Array.from(crypto.getRandomValues(new Uint8Array(3)), (b) => b.toString(16).padStart(2, "0")).join("")}`;
  write();
}

/** One preference. */
export const preference = (name) => values[name];

/** Change and keep preferences. */
export function setPreferences(changes) {
  values = { ...values, ...changes };
  write();
}

function write() {
  try {
    localStorage.setItem(KEY, JSON.stringify(values));
  } catch {
    // kept for this visit only
  }
}

/** Bring the theme to the page: "system", "light" or "dark". */
export function applyTheme() {
  document.documentElement.dataset.theme = values.theme;
}
