from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from report_case import INFO, make_case, make_fullest, make_map

from sonolesion import case_report_pdf
from sonolesion.writers.case_report import describe_case
from sonolesion.writers.pdf_page import HEIGHT_MM, PdfPage, measure_mm, wrap_text

Written = list[tuple[str, float]]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    """Each line that is written, with its baseline."""
    lines: Written = []
    write_line = PdfPage.write_line

    def keep(self: PdfPage, text: str, x_mm: float, baseline_mm: float, **style: object) -> None:
        lines.append((text, baseline_mm))
        write_line(self, text, x_mm, baseline_mm, **style)  # type: ignore[arg-type]

    monkeypatch.setattr(PdfPage, "write_line", keep)
    return lines


def render(title: str = "Case 17", *, with_map: bool = True) -> bytes:
    pixels, prediction = make_case()
    explanation = make_map(pixels.shape) if with_map else None
    return case_report_pdf(prediction, pixels, bundle=INFO, explanation=explanation, title=title)


def test_it_is_one_sheet_of_a4_with_fonts_and_pictures_inside() -> None:
    data = render()
    assert data.startswith(b"%PDF-1.")
    assert len(re.findall(rb"/Type /Page\b", data)) == 1
    assert re.search(rb"/MediaBox \[ 0 0 595\.2755\d* 841\.8897\d* \]", data)
    assert data.count(b"/Subtype /Image") == 3
    assert render(with_map=False).count(b"/Subtype /Image") == 1
    assert b"/ToUnicode" in data


def test_it_says_neither_when_nor_by_whom() -> None:
    data = render()
    for key in (b"/CreationDate", b"/ModDate", b"/Author", b"/Producer"):
        assert key not in data
    assert b"/Title (sonolesion case report)" in data
    assert b"/Subject (Research use only, not a medical device.)" in data


def test_it_holds_the_words_of_the_other_form(written: Written) -> None:
    pixels, prediction = make_case()
    case_report_pdf(prediction, pixels, bundle=INFO, title="Case 17")
    shown = " ".join(text for text, _ in written)
    case = describe_case(prediction, bundle=INFO, title="Case 17")
    for text in (
        case.title, case.image, case.answer, case.confidence, case.notice, case.draft_notice,
        *(flag.text for flag in case.flags),
        *(bar.name for bar in case.bars),
        *(word for row in (*case.measurements, *case.draft) for cell in row.cells for word in cell),
        *case.findings, *(value for _, value in case.provenance),
    ):  # fmt: skip
        assert text in shown, text


def test_the_fullest_page_ends_above_the_edge(written: Written) -> None:
    pixels, prediction, explanation, title = make_fullest()
    data = case_report_pdf(prediction, pixels, bundle=INFO, explanation=explanation, title=title)
    assert len(re.findall(rb"/Type /Page\b", data)) == 1
    assert max(baseline for _, baseline in written) < HEIGHT_MM - 10.0
    assert any("5 more remarks" in text for text, _ in written)


def test_the_text_can_be_selected(tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed: apt-get install poppler-utils")
    (tmp_path / "a.pdf").write_bytes(render("Fall 17: größer ≤ 5 mm"))
    done = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / "a.pdf"), "-"], capture_output=True, check=True
    )
    text = done.stdout.decode("utf-8")
    assert "Fall 17: größer ≤ 5 mm" in text
    assert "Research use only, not a medical device." in text
    assert "BI-RADS descriptors, draft" in text
    assert "ab" * 32 in text


@pytest.mark.parametrize("title", ["$x_1$ \\frac{1}{2} 100 %", "患者", "a\nb\tc\x07", ")(Tj <b>"])
def test_any_title_is_text(title: str) -> None:
    assert render(title).startswith(b"%PDF-1.")


def test_the_same_case_gives_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    code = (
        "import sys, hashlib; sys.path.insert(0, sys.argv[1])\n"
        "from report_case import *\n"
        "from sonolesion import case_report_pdf\n"
        "pixels, prediction = make_case()\n"
        "found = make_map(pixels.shape)\n"
        "data = case_report_pdf(prediction, pixels, bundle=INFO, explanation=found)\n"
        "print(hashlib.sha256(data).hexdigest())"
    )
    support = Path(__file__).resolve().parents[2] / "support"
    found = {
        subprocess.run(
            [sys.executable, "-c", code, str(support)],
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(found) == 1


def test_lines_fit_and_long_words_are_broken() -> None:
    text = "a few words and " + "x" * 200
    lines = wrap_text(text, width_mm=40.0, size_pt=8.0)
    assert all(measure_mm(line, size_pt=8.0) <= 40.0 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert lines[0].startswith("a few words and")
    assert wrap_text("", width_mm=40.0, size_pt=8.0) == ()


def test_a_width_is_that_of_the_font() -> None:
    """DejaVu Sans is 0.636 em wide per digit: 1303 of 2048 units."""
    assert measure_mm("0000", size_pt=10.0) == pytest.approx(
        4 * 1303 / 2048 * 10 * 25.4 / 72, rel=0.01
    )
