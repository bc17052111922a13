/** Decoded pictures as arrays, and masks as PNG. */

import { greyOf } from "./levels.js";

function read(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height).data;
}

/** Grey levels of a picture. */
export const greyImage = (bitmap) => ({ width: bitmap.width, height: bitmap.height, data: greyOf(read(bitmap)) });

/** A mask of a picture: 1 where it is brighter than 127. */
export function maskOf(bitmap) {
  const { width, height, data } = greyImage(bitmap);
  for (let i = 0; i < data.length; i += 1) data[i] = data[i] > 127 ? 1 : 0;
  return { width, height, data };
}

/** A mask as PNG, black and white. */
export async function maskToPng(mask) {
  const canvas = new OffscreenCanvas(mask.width, mask.height);
  const context = canvas.getContext("2d");
  const words = new Uint32Array(mask.data.length);
  for (let i = 0; i < words.length; i += 1) words[i] = mask.data[i] ? 0xffffffff : 0xff000000;
  context.putImageData(new ImageData(new Uint8ClampedArray(words.buffer), mask.width, mask.height), 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}
