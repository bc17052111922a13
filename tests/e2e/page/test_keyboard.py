"""The whole way by keyboard alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from desk_page import drop_files

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow


def focused(page: Page) -> str:
    return page.evaluate(  # type: ignore[no-any-return]
        "() => { const a = document.activeElement; return a.id || a.name || a.className || a.tagName; }"
    )


def tab_to(page: Page, selector: str, most: int = 60, key: str = "Tab") -> None:
    """Press Tab until what a selector names has the focus."""
    for _ in range(most):
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press(key)
    pytest.fail(f"{selector} was not reached by {key}; now at {focused(page)}")


def test_a_case_from_list_to_final_read(page: Page, phantoms: list[Path]) -> None:
    drop_files(page, phantoms[:3])
    # all of them: the list is sorted by urgency, and a case that is read later may move
    page.wait_for_function("() => document.querySelectorAll('tbody .state.is-read').length === 3")
    page.wait_for_timeout(800)  # and the list has been sorted once more

    # rows: arrows and ends, Space selects, Enter opens
    tab_to(page, "tbody a")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('tr').rowIndex") == 2
    page.keyboard.press("Space")
    assert page.locator("tbody tr:nth-child(2) input").is_checked()
    page.keyboard.press("End")
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.closest('tr').rowIndex") == 1
    page.keyboard.press("Enter")
    page.wait_for_selector("#read-title")

    # an outline of the reader's own: a cross, moved by arrows, points by Enter
    page.keyboard.press("i")
    page.keyboard.press("o")
    for moves in (["ArrowUp"] * 3, ["ArrowRight"] * 4, ["ArrowDown"] * 5):
        for key in moves:
            page.keyboard.press(f"Shift+{key}")
        page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert "outlines 1" in page.locator(".read-panel").inner_text()
    # calipers by two points
    page.keyboard.press("c")
    page.keyboard.press("Enter")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    assert "calipers 1" in page.locator(".read-panel").inner_text()
    page.wait_for_function("() => document.getElementById('said').textContent === 'Length 30 px'")

    # category and probability, then uncover
    tab_to(page, "input[name=own-birads]")
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.locator('input[value="3"]').is_checked()
    page.keyboard.press("Tab")
    assert focused(page) == "own-probability"
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#answer-title")

    # brush by keyboard: paint where the cross is
    page.keyboard.press("i")
    page.keyboard.press("b")
    page.keyboard.press("]")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Not saved yet")
    page.keyboard.press("z")
    page.wait_for_selector("text=Measurements follow at once")
    page.keyboard.press("y")
    page.wait_for_selector("text=Not saved yet")
    page.keyboard.press("Control+s")
    page.wait_for_selector(".case-bar .flag.is-edited")

    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Change again")
    page.keyboard.press("l")
    page.wait_for_selector("tbody tr")
    assert page.locator("tbody").inner_text().count("Finished") >= 1


def test_no_trap_and_the_focus_always_shows(page: Page, phantoms: list[Path]) -> None:
    drop_files(page, phantoms[:1])
    page.wait_for_selector("#read-title")
    page.locator("a.skip").focus()
    seen: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        here = page.evaluate(
            """() => { const a = document.activeElement;
            if (a === document.body) return "body";
            const shown = a.closest("label") ?? a;
            const rings = [a, shown].map((n) => getComputedStyle(n)).filter((s) => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2);
            return (a.id || a.className || a.tagName || a.textContent) + (rings.length ? "" : " WITHOUT RING"); }"""
        )
        seen.append(here)
        if here == "body":
            break
    assert "body" in seen
    assert not [name for name in seen if "WITHOUT RING" in name]


def test_dialogs_give_the_focus_back(page: Page) -> None:
    page.locator("#keys").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    assert focused(page) == "keys"
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")


def test_letters_can_be_switched_off(page: Page) -> None:
    page.evaluate("location.hash = '#/settings'")
    page.locator("#letter-keys").uncheck()
    page.locator("h1").click()
    page.keyboard.press("l")
    page.keyboard.press("?")
    assert page.url.endswith("#/settings")
    assert page.locator("dialog").count() == 0


def test_language_is_switched_and_remembered(page: Page) -> None:
    page.locator("#language").select_option("de")
    page.wait_for_selector("text=Nur für Forschung, kein Medizinprodukt")
    assert page.evaluate("document.documentElement.lang") == "de"
    page.reload()
    page.wait_for_selector("text=Arbeitsliste")
