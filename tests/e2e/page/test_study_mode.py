"""Study mode: own order, both arms, resumed after a reload; in arm "alone" no answer is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from desk_page import drop_files, note_read

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow
ANSWERS = ("/prediction", "/mask.png", "/overlay.png", "/explanation.png")


def test_a_study_is_read_to_its_end(page: Page, phantoms: list[Path]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.split("?")[0]))
    drop_files(page, phantoms[:2])
    page.wait_for_selector("tbody tr:nth-child(2) .state.is-read")
    for row in (1, 2):
        page.locator(f"tbody tr:nth-child({row}) input").check()
    page.get_by_role("button", name="Make a study").click()
    reader = page.evaluate("JSON.parse(localStorage['sonolesion.preferences']).reader")
    page.locator("dialog input[name=name]").fill("Two by two")
    page.locator("dialog input[name=readers]").fill(reader)
    page.locator("dialog input[name=washout]").fill("0")
    page.get_by_role("button", name="Make the study").click()
    page.wait_for_selector(".card")
    page.locator(".card:has-text('Two by two') .is-main").last.click()
    page.get_by_role("button", name="Begin").click()

    arms: list[str] = []
    for turn in range(1, 5):
        page.wait_for_selector(f"text=Read {turn} of 4")
        page.wait_for_function(
            "() => !document.querySelector('#tool-fit')?.matches('[aria-disabled=true]')"
        )
        arm = page.locator(".case-bar .flag").inner_text()
        arms.append(arm)
        if arm == "Without the model":
            page.wait_for_timeout(400)
            assert page.locator("#answer-title").count() == 0
            assert not [url for url in asked if url.endswith(ANSWERS)]
        else:
            page.wait_for_selector("#answer-title")
        if turn == 2:
            # left and taken up again: the same turn is still to be read
            page.reload()
            page.get_by_role("button", name="Go on").click()
            page.wait_for_selector(f"text=Read {turn} of 4")
        page.wait_for_timeout(300)
        asked.clear()
        note_read(page, "4A", 10 * turn)
        page.get_by_role("button", name="Record, next case").click()
    page.wait_for_selector("text=All reads are done")
    assert sorted(arms) == ["With the model"] * 2 + ["Without the model"] * 2
    page.get_by_role("link", name="To the studies").click()
    page.wait_for_selector(".card")
    with page.expect_download() as found:
        page.locator(".card:has-text('Two by two') button", has_text="Rows as CSV").click()
    rows = Path(found.value.path()).read_text(encoding="utf-8").strip().splitlines()
    assert len(rows) == 1 + 4
    assert rows[0].split(",")[:4] == ["study", "reader", "case", "arm"]
