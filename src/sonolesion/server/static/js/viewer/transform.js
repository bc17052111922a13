/** Where the image lies on the stage. Image points are (x, y) in px, a pixel's centre at whole numbers;
 * stage points are in CSS px. Pure. */

export const MAX_SCALE = 32;

/** The transform that shows the whole image in the middle. */
export function fit(image, stage) {
  const scale = Math.min(stage.width / image.width, stage.height / image.height);
  return centre(image, stage, scale > 0 && Number.isFinite(scale) ? scale : 1);
}

/** The image at a scale, in the middle of the stage. */
export function centre(image, stage, scale) {
  return { scale, x: (stage.width - image.width * scale) / 2, y: (stage.height - image.height * scale) / 2 };
}

export const toStage = (view, point) => ({ x: view.x + (point.x + 0.5) * view.scale, y: view.y + (point.y + 0.5) * view.scale });
export const toImage = (view, point) => ({ x: (point.x - view.x) / view.scale - 0.5, y: (point.y - view.y) / view.scale - 0.5 });

/** Zoom by a factor; the stage point `at` stays where it is. */
export function zoomAt(view, factor, at, image, stage) {
  const smallest = fit(image, stage).scale / 2;
  const scale = Math.min(Math.max(view.scale * factor, smallest), MAX_SCALE);
  const real = scale / view.scale;
  return keepInSight({ scale, x: at.x - (at.x - view.x) * real, y: at.y - (at.y - view.y) * real }, image, stage);
}

/** Move by stage px. */
export const panBy = (view, dx, dy, image, stage) => keepInSight({ ...view, x: view.x + dx, y: view.y + dy }, image, stage);

/** At least a quarter of the image, or of the stage, stays in sight. */
export function keepInSight(view, image, stage) {
  const clamp = (offset, size, room) => {
    const least = Math.min(size, room) / 4;
    return Math.min(Math.max(offset, least - size), room - least);
  };
  return { scale: view.scale, x: clamp(view.x, image.width * view.scale, stage.width), y: clamp(view.y, image.height * view.scale, stage.height) };
}

/** Length between two image points: in mm where the spacing ([row, col]) is known, else in px. */
export function lengthOf(a, b, spacing) {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  return spacing ? { value: Math.hypot(dx * spacing[1], dy * spacing[0]), unit: "mm" } : { value: Math.hypot(dx, dy), unit: "px" };
}
