"""From drop to first contour: how long a reader waits, measured in the browser.

One PNG of 800x600 is dropped on the work list of a running desk ("own read first" off, as nothing
would be shown before the read otherwise); the page opens it by itself. Measured is the time from
the drop event until the frame in which the contour was painted, by the browser's own clock.

    python benchmarks/first_contour.py --rounds 20
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "support")]
WIDTH_PX, HEIGHT_PX = 800, 600

MEASURE = """async (data) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], "scan.png"));
  performance.clearMarks("first-contour");
  const done = new Promise((resolve) => {
    new PerformanceObserver((list, observer) => {
      if (!list.getEntriesByName("first-contour").length) return;
      observer.disconnect();
      // the mark is set while the frame is drawn; it is on screen when the next one begins
      requestAnimationFrame(() => resolve(performance.now()));
    }).observe({type: "mark", buffered: false});
  });
  const start = performance.now();
  document.querySelector("#main").dispatchEvent(
    new DragEvent("drop", {bubbles: true, cancelable: true, dataTransfer: transfer}));
  return await done - start;
}"""


def make_png(seed: int) -> bytes:
    """A phantom with a lesion, 800x600."""
    from sonolesion.data.phantom import PhantomSettings, make_phantom
    from sonolesion.types import LesionClass

    settings = PhantomSettings(width_px=(WIDTH_PX, WIDTH_PX), height_px=(HEIGHT_PX, HEIGHT_PX))
    phantom = make_phantom(np.random.default_rng(seed), LesionClass.BENIGN, settings=settings)
    image = Image.fromarray(phantom.pixels).resize((WIDTH_PX, HEIGHT_PX))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def measure(rounds: int) -> dict[str, object]:
    """Median and spread of so many drops, the first two not counted."""
    from desk_page import set_own_read_first
    from desk_process import run_desk
    from playwright.sync_api import sync_playwright

    times_ms: list[float] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        run_desk(Path(folder)) as address,
        sync_playwright() as player,
    ):
        browser = player.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(address)
        page.wait_for_selector("#choose-files", state="attached")
        set_own_read_first(page, False)
        for turn in range(rounds + 2):
            data = base64.b64encode(make_png(turn)).decode()
            times_ms.append(page.evaluate(MEASURE, data))
            page.evaluate("location.hash = '#/'")
            page.wait_for_selector("#choose-files", state="attached")
            page.wait_for_timeout(500)
        browser.close()
    counted = sorted(times_ms[2:])
    return {
        "what": "drop to first contour on screen, ms",
        "image": f"PNG {WIDTH_PX}x{HEIGHT_PX}",
        "bundle": "fast",
        "n": len(counted),
        "median_ms": round(statistics.median(counted), 1),
        "p90_ms": round(counted[int(0.9 * (len(counted) - 1))], 1),
        "max_ms": round(counted[-1], 1),
        "share_below_1000_ms": sum(t < 1000 for t in counted) / len(counted),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    given = parser.parse_args()
    figures = measure(given.rounds)
    text = json.dumps(figures, indent=2)
    print(text)
    if given.out:
        given.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
