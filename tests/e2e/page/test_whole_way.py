"""The whole way of one case: drop, own read, uncover, edit, measure, export, reload, nothing lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from desk_page import draw_stroke, drop_files, note_read, open_case, stage_point, uncover
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request

pytestmark = pytest.mark.slow
ANSWERS = ("/prediction", "/mask.png", "/overlay.png", "/explanation.png", "/outline")


FIGURES = "[...document.querySelectorAll('.sizes')].map((table) => table.innerText).join()"


def figures(page: Page) -> str:
    """All sizes of all lesions on show."""
    return str(page.evaluate(FIGURES))


def wait_for_figures(page: Page, test: str, figures: str) -> None:
    """Wait until the sizes are, or are not, those given."""
    page.wait_for_function(f"(given) => {FIGURES} {test} given", arg=figures)


def test_from_drop_to_reload(page: Page, phantoms: list[Path], tmp_path: Path) -> None:
    asked: list[str] = []

    def hear(request: Request) -> None:
        asked.append(request.url.split("?")[0])

    page.on("request", hear)
    junk = tmp_path / "note.txt"
    junk.write_text("no image")
    drop_files(page, [*phantoms[:3], junk])

    # a file that is no image has its error, by name, in the server's words
    page.wait_for_selector(".upload-errors")
    assert "note.txt" in page.locator(".upload-errors").inner_text()

    # before the own read neither list nor case say anything of the answer, nor was it asked for
    case_id = open_case(page)
    page.wait_for_timeout(500)
    assert not [url for url in asked if url.endswith(ANSWERS)]
    assert page.locator("#answer-title, .class-word").count() == 0

    # an incomplete read is not recorded
    page.get_by_role("button", name="Record and uncover").click()
    assert "BI-RADS" in page.locator(".problem").inner_text()

    # calipers and an outline of the reader's own
    page.keyboard.press("c")
    draw_stroke(page, [(0.4, 0.4), (0.6, 0.45)])
    page.keyboard.press("o")
    draw_stroke(page, [(0.4, 0.3), (0.6, 0.3), (0.6, 0.6), (0.4, 0.6), (0.4, 0.302)])
    assert "calipers 1, outlines 1" in page.locator(".read-panel").inner_text()
    uncover(page, "4B", 55)
    assert [url for url in asked if url.endswith("/prediction")]

    # an edited outline is measured at once, and saved
    before = figures(page)
    page.keyboard.press("b")
    draw_stroke(page, [(0.2, 0.5), (0.8, 0.5)])
    wait_for_figures(page, "!==", before)
    edited = figures(page)
    page.keyboard.press("Control+z")
    wait_for_figures(page, "!==", edited)
    page.keyboard.press("Control+Shift+z")
    wait_for_figures(page, "===", edited)
    page.keyboard.press("Control+s")
    page.wait_for_selector(".case-bar .flag.is-edited")

    # the final read is a changed one
    note_read(page, "4C", 70)
    page.get_by_role("button", name="Record the changed read").click()
    page.wait_for_selector("text=Change again")

    # exports hold the edited outline
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as found:
        page.get_by_role("button", name="Mask", exact=True).click()
    mask = np.asarray(Image.open(found.value.path()).convert("L")) > 127
    height, width = mask.shape
    assert mask[height // 2, int(0.3 * width) : int(0.7 * width)].all()
    with page.expect_download() as found:
        page.get_by_role("button", name="JSON").click()
    assert "research_use_only" in json.loads(Path(found.value.path()).read_text())

    # a reload: the reads, the edited outline and its measurements are still there
    page.reload()
    page.wait_for_selector(".sizes tbody tr")
    assert page.url.endswith(case_id)
    assert page.locator(".case-bar .flag.is-edited").count() == 1
    assert figures(page) == edited
    panel = page.locator(".read-panel").inner_text()
    assert "BI-RADS 4B" in panel
    assert "BI-RADS 4C" in panel

    # back to the model's outline
    page.get_by_role("button", name="Back to the model's outline").click()
    page.locator("dialog").get_by_role("button", name="Back to the model's outline").click()
    wait_for_figures(page, "===", before)


def test_an_unsaved_edit_is_not_left_by_accident(page: Page, phantoms: list[Path]) -> None:
    drop_files(page, phantoms[:1])
    page.wait_for_selector("#read-title")
    uncover(page)
    page.keyboard.press("g")
    for point in ((0.3, 0.3), (0.5, 0.3), (0.4, 0.6)):
        page.mouse.click(*stage_point(page, *point))
    page.keyboard.press("Enter")
    page.mouse.click(*stage_point(page, 0.3, 0.3))
    page.wait_for_selector("text=Not saved yet")
    page.keyboard.press("l")
    page.locator("dialog").get_by_role("button", name="Cancel").click()
    assert page.locator(".edit-panel").count() == 1


def test_scale_by_two_clicks_gives_mm(page_at_once: Page, phantoms: list[Path]) -> None:
    page = page_at_once
    drop_files(page, phantoms[:1])
    page.wait_for_selector(".sizes")
    assert " px" in figures(page)
    page.keyboard.press("k")
    for point in ((0.3, 0.5), (0.5, 0.5)):
        page.mouse.click(*stage_point(page, *point))
    page.locator("dialog input").fill("ten")
    page.keyboard.press("Enter")
    assert "number above 0" in page.locator("dialog [role=alert]").inner_text()
    page.locator("dialog input").fill("10")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => document.querySelector('.sizes tbody tr').innerText.includes(' mm')"
    )
    assert "set by hand" in page.locator(".status-line").inner_text()
    page.wait_for_selector("text=Scale set")
    # the ruler measures in mm from now on: the same stretch is 10 mm long
    page.keyboard.press("r")
    draw_stroke(page, [(0.3, 0.5), (0.5, 0.5)])
    page.wait_for_function("() => document.getElementById('said').textContent.includes('10.0 mm')")


def test_earlier_visit_stands_beside(page_at_once: Page, phantoms: list[Path]) -> None:
    page = page_at_once
    drop_files(page, phantoms[:2])
    open_case(page)
    page.get_by_role("button", name="Choose the earlier visit").click()
    page.locator("dialog .choice-list button").first.click()
    page.wait_for_selector(".stages.is-pair canvas >> nth=1")
    page.locator("#visits-title").scroll_into_view_if_needed()
    assert page.locator(".changes tbody tr, .read-panel ~ .panel .notes").count() > 0
    page.get_by_role("button", name="Take away").click()
    page.wait_for_selector(".stages.is-pair", state="detached")


def test_change_waits_for_the_own_read_of_the_earlier_visit(
    page: Page, phantoms: list[Path]
) -> None:
    drop_files(page, phantoms[:2])
    now = open_case(page)
    uncover(page)
    page.get_by_role("button", name="Choose the earlier visit").click()
    page.locator("dialog .choice-list button").first.click()
    page.get_by_role("link", name="Read the earlier visit").click()
    page.wait_for_function("(id) => !location.hash.endsWith(id)", arg=now)
    uncover(page)
    page.goto(page.url.rsplit("/", 1)[0] + f"/{now}")
    page.wait_for_selector(".stages.is-pair canvas >> nth=1")


def test_zoom_and_window_by_mouse(page: Page, phantoms: list[Path]) -> None:
    drop_files(page, phantoms[:1])
    page.wait_for_selector("#read-title")
    shown = page.locator(".status-line").inner_text()
    page.mouse.move(*stage_point(page, 0.3, 0.3))
    page.mouse.wheel(0, -400)
    page.wait_for_function(
        "(old) => document.querySelector('.status-line').innerText !== old", arg=shown
    )
    page.mouse.down(button="right")
    page.mouse.move(*stage_point(page, 0.4, 0.4), steps=4)
    page.mouse.up(button="right")
    assert page.locator("#slide-window").input_value() != "256"
    page.keyboard.press("0")
    page.wait_for_function("() => document.getElementById('slide-window').value === '256'")


def test_files_sent_without_a_name_and_rows_live(page: Page, phantoms: list[Path]) -> None:
    bodies: list[bytes] = []

    def hear(request: Request) -> None:
        if request.method == "POST" and request.url.split("?")[0].endswith("/cases"):
            bodies.append(request.post_data_buffer or b"")

    page.on("request", hear)
    drop_files(page, phantoms[:2])
    page.wait_for_selector("tbody tr:nth-child(2) .state.is-read")
    assert len(bodies) == 2
    assert not [
        b for b in bodies if phantoms[0].stem.encode() in b or phantoms[1].stem.encode() in b
    ]
