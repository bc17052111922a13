/** Window and level: which grey levels are spread over black to white. Pure but for `applyLevels`' canvas. */

export const FULL_RANGE = { window: 256, level: 128 };

/** Keep a window in 2 to 512 and a level in 0 to 255. */
export const clampLevels = ({ window, level }) => ({
  window: Math.min(Math.max(Math.round(window), 2), 512),
  level: Math.min(Math.max(Math.round(level), 0), 255),
});

/** What each of 256 grey levels becomes; the full range changes nothing. */
export function makeTable({ window, level }) {
  const table = new Uint8ClampedArray(256);
  const low = level - window / 2;
  for (let grey = 0; grey < 256; grey += 1) table[grey] = ((grey - low) * 255) / (window - 1);
  return table;
}

/** Grey levels of decoded RGBA pixels (the red channel; the server's pictures are grey). */
export function greyOf(rgba) {
  const grey = new Uint8Array(rgba.length / 4);
  for (let i = 0; i < grey.length; i += 1) grey[i] = rgba[4 * i];
  return grey;
}

/** RGBA pixels of grey levels through a table. */
export function applyTable(grey, table) {
  const words = new Uint32Array(grey.length);
  const wide = new Uint32Array(256);
  for (let i = 0; i < 256; i += 1) wide[i] = (0xff000000 | (table[i] << 16) | (table[i] << 8) | table[i]) >>> 0;
  for (let i = 0; i < grey.length; i += 1) words[i] = wide[grey[i]];
  return new Uint8ClampedArray(words.buffer);
}
