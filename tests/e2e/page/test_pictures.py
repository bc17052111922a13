"""The pictures of the documents, of generated phantoms; written only when asked for.

SONOLESION_WRITE_PICTURES=1 pytest tests/e2e/page/test_pictures.py
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from desk_page import draw_stroke, drop_files, note_read, open_case, open_page, uncover
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
MAX_BYTES = 200_000


def reduce_colours(picture: Image.Image) -> Image.Image:
    """Half of the palette for greys, of which a scan is made, half for colours, which are few."""
    pixels = np.asarray(picture).reshape(-1, 3)
    coloured = pixels[np.ptp(pixels.astype(int), axis=1) > 6]
    palette = [channel for grey in np.linspace(0, 255, 64).astype(int) for channel in [grey] * 3]
    if coloured.size:
        few = Image.fromarray(coloured[np.newaxis]).quantize(128)
        palette += (few.getpalette() or [])[: 128 * 3]
    colours = Image.new("P", (1, 1))
    colours.putpalette([int(value) for value in palette])
    return picture.quantize(palette=colours, dither=Image.Dither.NONE)


def keep(page: Page, repository: Path, name: str) -> None:
    """Take a picture; keep it below docs/img where that was asked for."""
    page.wait_for_timeout(400)
    picture = Image.open(io.BytesIO(page.screenshot()))
    buffer = io.BytesIO()
    reduce_colours(picture.convert("RGB")).save(buffer, "PNG", optimize=True)
    assert len(buffer.getvalue()) < MAX_BYTES, name
    if os.environ.get("SONOLESION_WRITE_PICTURES"):
        folder = repository / "docs" / "img"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.png").write_bytes(buffer.getvalue())


def open_address(page: Page, address: str) -> None:
    page.evaluate("(address) => { location.hash = address; }", address)
    page.wait_for_selector("#read-title")


def test_pictures(browser: Browser, desk: str, phantoms: list[Path], repository: Path) -> None:
    with open_page(browser, desk, color_scheme="light") as page:
        drop_files(page, phantoms)
        page.wait_for_function(
            "(n) => document.querySelectorAll('tbody .state.is-read').length === n",
            arg=len(phantoms),
        )
        page.wait_for_timeout(1000)  # the list is sorted once more
        # addresses, for the list may be sorted anew while one is read
        cases = page.locator("tbody a").evaluate_all("(links) => links.map((a) => a.hash)")
        for index, probability in ((0, 70), (1, 10)):
            open_address(page, cases[index])
            uncover(page, "4B" if index == 0 else "2", probability)
            page.keyboard.press("l")
            page.wait_for_selector("tbody tr")
        page.wait_for_selector(".class-word")
        keep(page, repository, "work-list")
        open_address(page, cases[2])
        note_read(page, "4A", 25)
        keep(page, repository, "own-read")
        uncover(page, "4A", 25)
        keep(page, repository, "case-answer")
        page.keyboard.press("b")
        draw_stroke(page, [(0.6, 0.5), (0.72, 0.56)])
        page.wait_for_selector("text=Not saved yet")
        page.wait_for_timeout(1500)
        keep(page, repository, "case-editing")
    with open_page(browser, desk, color_scheme="dark") as page:
        page.locator("#language").select_option("de")
        open_case(page, 0)
        note_read(page, "3", 10)
        page.get_by_role("button", name="Notieren und aufdecken").click()
        page.wait_for_selector("#answer-title")
        page.keyboard.press("x")
        page.wait_for_selector(".map-caption")
        keep(page, repository, "case-dark")
        page.keyboard.press("l")
        for row in (1, 2, 3):
            page.locator(f"tbody tr:nth-child({row}) input").check()
        page.locator(".filters .buttons .button").first.click()
        reader = page.evaluate("JSON.parse(localStorage['sonolesion.preferences']).reader")
        page.locator("dialog input[name=name]").fill("Pilot")
        page.locator("dialog input[name=readers]").fill(reader)
        page.locator("dialog button.is-main").click()
        page.locator(".card .is-main").last.click()
        page.locator("main button.is-main").click()
        page.wait_for_selector(".birads")
        page.wait_for_timeout(800)
        keep(page, repository, "study")
