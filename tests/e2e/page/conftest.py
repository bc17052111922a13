"""A desk with its page in a real browser: Debian's Chromium, and nothing but loopback.

The page is served by `sonolesion serve` in a process of its own; any address outside of this machine
is refused by the browser and counted as a failure.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from desk_page import open_page, set_own_read_first

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    missing = _find_missing()
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if missing:
                item.add_marker(pytest.mark.skip(reason=missing))


def _find_missing() -> str:
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed: pip install playwright"
    if importlib.util.find_spec("fastapi") is None:
        return "fastapi is not installed: pip install 'sonolesion[serve]'"
    if shutil.which("chromium") is None:
        return "chromium is not installed: apt-get install chromium"
    return ""


@pytest.fixture(scope="session")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Eight generated images, lesions first."""
    from sonolesion.data.phantom import write_phantoms

    folder = tmp_path_factory.mktemp("phantoms") / "set"
    write_phantoms(folder, count=12, seed=3)
    images = [p for p in folder.rglob("*.png") if "_mask" not in p.name]
    return sorted(images, key=lambda p: ("normal" in p.name, p.name))[:8]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        yield player.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a desk with an empty folder of its own."""
    from desk_process import run_desk

    with run_desk(tmp_path_factory.mktemp("desk")) as address:
        yield address


@pytest.fixture
def page(browser: Browser, desk: str) -> Iterator[Page]:
    """A page of a new browser profile: nothing remembered, another reader."""
    with open_page(browser, desk) as page:
        yield page


@pytest.fixture
def page_at_once(page: Page) -> Iterator[Page]:
    """A page on the desk while "own read first" is switched off."""
    set_own_read_first(page, False)
    yield page
    set_own_read_first(page, True)


@pytest.fixture(scope="module")
def module_page(browser: Browser, desk: str) -> Iterator[Page]:
    """One page for tests that only call its modules."""
    with open_page(browser, desk) as page:
        yield page
