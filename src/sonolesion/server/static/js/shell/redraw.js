/** One redraw of the whole page per frame, however many changes there were. */

let paint = () => {};
let waiting = false;

/** Set the function that renders the page. */
export function setPainter(painter) {
  paint = painter;
}

/** Ask for a redraw; the promise is kept when it is done. */
export function redraw() {
  if (waiting) return;
  waiting = true;
  queueMicrotask(() => {
    waiting = false;
    paint();
  });
}
