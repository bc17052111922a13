"""axe-core finds nothing on any view, in both themes; the notice is in sight wherever one is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from desk_page import drop_files, open_case, open_page, stage_point, uncover

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NOTICE = "Research use only, not a medical device"


def violations(page: Page) -> list[str]:
    """Rules broken, each with the first place."""
    # the page's policy forbids foreign scripts in its own world, not in the debugger's
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS
    )
    return [
        f"{rule['id']}: {rule['nodes'][0]['target']} {rule['nodes'][0]['failureSummary']}"
        for rule in found["violations"]
    ]


def notice_in_sight(page: Page) -> bool:
    """Whether the notice lies inside the window and nothing covers it."""
    return bool(
        page.evaluate(
            """(notice) => [...document.querySelectorAll(".ruo, .ruo-plain")].some((node) => {
              const box = node.getBoundingClientRect();
              if (!box.width || box.top < 0 || box.bottom > innerHeight) return false;
              const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
              return node.textContent.includes(notice) && (node.contains(top) || top.tagName === "DIALOG");
            })""",
            NOTICE,
        )
    )


def check(page: Page, where: str) -> None:
    page.wait_for_timeout(200)
    assert violations(page) == [], where
    assert notice_in_sight(page), where


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_violation_on_any_view(
    browser: Browser, desk: str, phantoms: list[Path], theme: str
) -> None:
    with open_page(browser, desk, color_scheme=theme) as page:
        check(page, "list, maybe empty")
        broken = phantoms[0].parent / "broken.png"
        broken.write_bytes(b"no image")
        drop_files(page, [*phantoms[:3], broken])
        page.wait_for_selector(".upload-errors")
        broken.unlink()
        page.wait_for_selector("tbody tr:nth-child(3) .state.is-read")
        check(page, "list with cases and an error")
        page.locator("#keys").click()
        check(page, "keys")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Export").click()
        check(page, "exports of the list")
        page.keyboard.press("Escape")
        page.locator("thead input").check()
        page.get_by_role("button", name="Make a study").click()
        check(page, "new study")
        page.locator("dialog input[name=name]").fill("axe")
        page.locator("dialog input[name=readers]").fill(
            page.evaluate("JSON.parse(localStorage['sonolesion.preferences']).reader")
        )
        # with the model at once: a read alone that is still open would hold back the answers below
        page.locator("dialog select[name=arms]").select_option("with")
        page.get_by_role("button", name="Make the study").click()
        page.wait_for_selector(".card")
        check(page, "studies")
        page.locator(".card .is-main").last.click()
        page.get_by_role("button", name="Begin").wait_for()
        check(page, "study, start")
        page.get_by_role("button", name="Begin").click()
        page.wait_for_selector(".birads")
        check(page, "study, reading")
        page.goto(desk + "/#/settings")
        page.wait_for_selector("#own-read-first")
        check(page, "settings")
        page.goto(desk + "/#/")
        open_case(page)
        check(page, "own read")
        uncover(page)
        page.locator("summary", has_text="Export").click()
        check(page, "answer")
        page.keyboard.press("x")
        page.keyboard.press("b")
        page.mouse.click(*stage_point(page, 0.5, 0.5))
        page.wait_for_selector("text=Not saved yet")
        check(page, "editing with the map on")
        page.keyboard.press("v")
        check(page, "full screen")


def test_the_notice_is_printed(page: Page) -> None:
    page.emulate_media(media="print")
    assert notice_in_sight(page)


def test_nothing_moves_where_motion_is_unwanted(page: Page) -> None:
    assert (
        page.evaluate(
            """() => { const node = document.createElement("span"); node.className = "state is-reading";
        document.body.append(node); return getComputedStyle(node, "::before").animationName; }"""
        )
        == "none"
    )


def _target_sizes(page: Page) -> list[str]:
    return page.evaluate(  # type: ignore[no-any-return]
        """() => [...document.querySelectorAll("button, a, input:not(.visually-hidden), select, summary")].filter((node) => {
          if (node.matches(".skip") || !node.checkVisibility() || node.closest("p")) return false;
          const area = node.matches("input[type=checkbox], input[type=radio]") ? node.closest("label") : node;
          const box = area.getBoundingClientRect();
          return box.width && (box.width < 24 || box.height < 24);
        }).map((node) => node.outerHTML.slice(0, 90))"""
    )


def _open_list(page: Page, phantoms: list[Path]) -> None:
    drop_files(page, phantoms[:2])
    page.wait_for_selector("tbody tr:nth-child(2)")


def _open_answer(page: Page, phantoms: list[Path]) -> None:
    drop_files(page, phantoms[:1])
    page.wait_for_selector("#read-title")
    uncover(page)
    page.keyboard.press("b")


@pytest.mark.parametrize("enter", [_open_list, _open_answer])
def test_targets_have_24_px(
    page: Page, phantoms: list[Path], enter: Callable[[Page, list[Path]], None]
) -> None:
    enter(page, phantoms)
    assert _target_sizes(page) == []


def test_a_tablet_shows_everything_in_its_width(
    browser: Browser, desk: str, phantoms: list[Path]
) -> None:
    for size in ((1024, 768), (820, 1180)):
        viewport = {"width": size[0], "height": size[1]}
        with open_page(browser, desk, viewport=viewport, has_touch=True) as page:
            drop_files(page, phantoms[:1])
            page.wait_for_selector("#read-title")
            uncover(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
            assert notice_in_sight(page)


def test_two_fingers_zoom(browser: Browser, desk: str, phantoms: list[Path]) -> None:
    with open_page(browser, desk, has_touch=True) as page:
        drop_files(page, phantoms[:1])
        page.wait_for_selector("#read-title")
        before = page.locator(".status-line").inner_text()
        session = page.context.new_cdp_session(page)

        def touch(kind: str, *shares: tuple[float, float]) -> None:
            points = [dict(zip("xy", stage_point(page, *s), strict=True)) for s in shares]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", (0.45, 0.5), (0.55, 0.5))
        for spread in (0.1, 0.15, 0.2):
            touch("touchMove", (0.5 - spread, 0.5), (0.5 + spread, 0.5))
        touch("touchEnd")
        page.wait_for_function(
            "(old) => document.querySelector('.status-line').innerText !== old", arg=before
        )
