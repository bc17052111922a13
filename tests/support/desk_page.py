"""What a person does on the page, in the words of the page."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Route

LOOPBACK = {"127.0.0.1", "localhost", "::1"}

DROP = """async (files) => {
  const transfer = new DataTransfer();
  for (const {name, data} of files) {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    transfer.items.add(new File([bytes], name));
  }
  for (const kind of ["dragover", "drop"]) {
    document.querySelector("#main").dispatchEvent(
      new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: transfer}));
  }
}"""


@contextmanager
def open_page(browser: Browser, desk: str, **options: object) -> Iterator[Page]:
    """A fresh browser profile; errors of the page and foreign addresses are failures."""
    given = {"viewport": {"width": 1280, "height": 720}, "locale": "en-GB"} | options
    context = browser.new_context(reduced_motion="reduce", **given)  # type: ignore[arg-type]
    context.set_default_timeout(60_000)
    troubles: list[str] = []

    def guard(route: Route) -> None:
        if urlsplit(route.request.url).hostname in LOOPBACK:
            route.continue_()
        else:
            troubles.append(f"foreign address: {route.request.url}")
            route.abort()

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            troubles.append(f"console: {message.text}")

    context.route("**/*", guard)
    page = context.new_page()
    page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
    page.on("console", hear)
    page.goto(desk)
    page.wait_for_selector("#choose-files", state="attached")
    try:
        yield page
    finally:
        context.close()
    assert not troubles


def drop_files(page: Page, files: list[Path]) -> None:
    """Drop files on the work list as a file manager would."""
    content = [{"name": f.name, "data": base64.b64encode(f.read_bytes()).decode()} for f in files]
    page.evaluate(DROP, content)


def open_case(page: Page, index: int = 0) -> str:
    """Open a ready case of the work list; gives its id."""
    page.wait_for_selector(f".state.is-read >> nth={index}")
    page.locator("tr:has(.state.is-read) a").nth(index).click()
    page.wait_for_selector("#read-title")
    return page.url.rsplit("/", 1)[1]


def note_read(page: Page, category: str, probability: int) -> None:
    """Fill in category and probability of the form on show."""
    page.locator(f'.read-panel input[value="{category}"]').check()
    page.locator('.read-panel input[type="range"]').fill(str(probability))


def uncover(page: Page, category: str = "4A", probability: int = 35) -> None:
    """Record an own read, and wait for the answer."""
    note_read(page, category, probability)
    page.get_by_role("button", name="Record and uncover").click()
    page.wait_for_selector("#answer-title")


def set_own_read_first(page: Page, is_on: bool) -> None:
    """Turn the switch in the settings, and come back to the list."""
    desk = re.sub(r"#.*", "", page.url)
    page.goto(desk + "#/settings")
    page.locator("#own-read-first").wait_for()
    if page.locator("#own-read-first").is_checked() != is_on:
        page.locator("#own-read-first").click()
        page.wait_for_selector(".note")
    page.goto(desk + "#/")
    page.wait_for_selector("#choose-files", state="attached")


def stage_point(page: Page, across: float, down: float) -> tuple[float, float]:
    """A point of the window, given as shares of the stage."""
    box = page.locator(".stage canvas").first.bounding_box()
    assert box is not None
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def draw_stroke(page: Page, points: list[tuple[float, float]]) -> None:
    """Press, move over shares of the stage, let go."""
    page.mouse.move(*stage_point(page, *points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*stage_point(page, *point), steps=8)
    page.mouse.up()


def run_module(page: Page, body: str, argument: Any = None) -> Any:
    """Run JavaScript that may `import()` modules of the page."""
    return page.evaluate(f"async (given) => {{ {body} }}", argument)
