"""What comes in as a folder, and what goes out as DICOM, through the page itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from desk_page import draw_stroke, drop_files, stage_point, uncover
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow
WHAT = {"SEG": "Segmentation", "SR": "ComprehensiveSR", "SC": "SCImage"}


@pytest.fixture
def folder(tmp_path: Path, phantoms: list[Path]) -> Path:
    """Two images, one of them deeper, beside what an operating system and people put there."""
    top = tmp_path / "visit"
    (top / "left" / "deep").mkdir(parents=True)
    shutil.copy(phantoms[0], top / "a.png")
    shutil.copy(phantoms[1], top / "left" / "deep" / "b.png")
    (top / "left" / "note.txt").write_text("no image")
    for name in (".DS_Store", "Thumbs.db", "DICOMDIR"):
        (top / name).write_bytes(b"x")
    return top


def wait_for_rows(page: Page, count: int) -> None:
    page.wait_for_function(
        "(n) => document.querySelectorAll('tbody .state.is-read').length === n", arg=count
    )


def check_folder(page: Page, before: int) -> None:
    """Both images are cases, the note is refused by name, and nothing else was sent."""
    wait_for_rows(page, before + 2)
    errors = page.locator(".upload-errors li")
    assert errors.count() == 1
    assert "note.txt" in errors.inner_text()
    assert "2 of 3 sent" in page.locator(".uploads-head").inner_text()
    assert page.locator("tbody tr").count() == before + 2


def test_a_chosen_folder(page: Page, folder: Path) -> None:
    before = page.locator("tbody tr").count()
    page.locator("#choose-folder").set_input_files(folder)
    check_folder(page, before)


def test_cases_are_called_by_their_files_where_the_reader_wants_it(
    page: Page, folder: Path
) -> None:
    before = page.locator("tbody tr").count()
    odd = folder / f"scan\u00a0{'x' * 210}.png"
    shutil.copy(folder / "a.png", odd)
    page.goto(page.url.split("#")[0] + "#/settings")
    page.locator("#file-names").check()
    page.goto(page.url.split("#")[0] + "#/")
    page.locator("#choose-files").set_input_files([folder / "a.png", odd])
    wait_for_rows(page, before + 2)
    names = page.locator("tbody tr a").all_inner_texts()
    assert "a.png" in names
    assert f"scan {'x' * 195}" in names  # what a label may hold: printable, 200 characters


def test_a_dropped_folder(page: Page, folder: Path) -> None:
    """A real drop of the browser, for a script cannot make an entry of a folder."""
    page.wait_for_selector(".empty, tbody tr")
    page.wait_for_timeout(500)
    before = page.locator("tbody tr").count()
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 400, "y": 100, "data": data})
    check_folder(page, before)


def test_dicom_results_of_an_edited_outline(
    page: Page, phantoms: list[Path], tmp_path: Path
) -> None:
    pydicom = pytest.importorskip("pydicom", reason="needs the extra [dicom]")
    pytest.importorskip("highdicom", reason="needs the extra [dicom]")
    from dicom_source import add_region, make_source, save_source

    pixels = np.asarray(Image.open(phantoms[0]).convert("L"))
    source = add_region(make_source(pixels), (0.1, 0.1))
    drop_files(page, [save_source(source, tmp_path / "Roe^Rita.dcm")])
    page.wait_for_selector("#read-title")
    uncover(page)
    assert "0.100 mm per px, from the file" in page.locator(".status-line").inner_text()
    page.keyboard.press("b")
    draw_stroke(page, [(0.3, 0.5), (0.6, 0.5)])
    page.wait_for_selector("text=Not saved yet")
    page.keyboard.press("Control+s")
    page.wait_for_selector(".case-bar .flag.is-edited")
    page.mouse.move(*stage_point(page, 0.1, 0.1))
    page.locator("summary", has_text="Export").click()
    for kind in WHAT:
        with page.expect_download() as found:
            page.get_by_role("button", name=f"DICOM {kind}").click()
        path = tmp_path / found.value.suggested_filename
        found.value.save_as(path)
        assert path.name.endswith(f"-{kind.lower()}.dcm")
        made = pydicom.dcmread(path)
        assert made.StudyInstanceUID == source.StudyInstanceUID
        assert str(made.PatientName) == str(source.PatientName)
        if kind == "SEG":
            assert made.SegmentSequence[0].SegmentAlgorithmType == "SEMIAUTOMATIC"
            height, width = pixels.shape
            marked = made.pixel_array.reshape(-1, height, width).any(axis=0)
            assert marked[height // 2, int(0.35 * width) : int(0.55 * width)].all()
        check_validity(path, WHAT[kind])


def check_validity(path: Path, what: str) -> None:
    """Hold an object against the standard with dciodvfy, where that is installed."""
    if shutil.which("dciodvfy") is None:
        return
    done = subprocess.run(
        ["dciodvfy", "-new", str(path)], capture_output=True, text=True, timeout=60
    )
    lines = (done.stdout + done.stderr).splitlines()
    assert lines[0] == what
    assert not [line for line in lines if line.startswith("Error")]
