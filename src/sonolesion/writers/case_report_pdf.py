"""One page about one case as PDF: A4, text that can be selected, no date, no name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonolesion import __version__
from sonolesion.bundle import BundleInfo
from sonolesion.types import Prediction
from sonolesion.types.explanation import Explanation
from sonolesion.writers.case_pictures import CasePictures, draw_case
from sonolesion.writers.case_report import CaseReport, TableRow, describe_case
from sonolesion.writers.pdf_page import (
    INK,
    LINE,
    MUTED,
    WIDTH_MM,
    PdfPage,
    line_height_mm,
    measure_mm,
    wrap_text,
)

_LEFT_MM, _TOP_MM = 14.0, 12.0
_INNER_MM = WIDTH_MM - 2 * _LEFT_MM
_GAP_MM = 6.0
_PICTURE_MM = (102.0, 74.0)
_MAP_MM = (74.0, 46.0)
_BESIDE_MAP_MM = _LEFT_MM + _MAP_MM[0] + _GAP_MM
_BAR_MM = 3.4
_TEXT_PT, _NOTE_PT, _HEAD_PT = 8.4, 7.2, 8.8
_ACCENT, _QUIET, _TRACK = "#1f5f8f", "#7d8896", "#e6eaf0"
_ALERT, _ALERT_LINE, _ALERT_FILL, _FLAG_FILL = "#8a2f0c", "#c8551c", "#fdeee4", "#f5f7f9"


def case_report_pdf(
    prediction: Prediction,
    pixels: NDArray[np.uint8],
    *,
    bundle: BundleInfo,
    explanation: Explanation | None = None,
    title: str = "",
) -> bytes:
    """Write the page; the words are those of `case_report_html`.

    Nothing of the input but its pixels is on it, and the file says neither when nor by whom it was
    made.

    Args:
        prediction: the result.
        pixels: grey levels uint8 (H, W) of the image that was predicted.
        bundle: what gave it: `predictor.info`.
        explanation: from `predictor.explain`; without one the page has no map.
        title: what to call the case; a sign that DejaVu Sans lacks becomes a question mark.

    Returns:
        The PDF. The same arguments give the same bytes.

    Raises:
        InvalidInputError: pixels, prediction and map are not of one size.
    """
    case = describe_case(prediction, bundle=bundle, explanation=explanation, title=title)
    drawn = draw_case(pixels, prediction, explanation)
    page = PdfPage()
    top = _write_head(page, case)
    top = max(_draw_picture(page, drawn.outline, top), _write_answer(page, case, top)) + 4.5
    top = _write_tables(page, case, top) + 4.5
    if drawn.why is None:
        top = _write_findings(page, case, _LEFT_MM, top)
    else:
        beside = _write_why(page, case, top)
        beside = _write_findings(page, case, _BESIDE_MAP_MM, beside + 1.5)
        top = max(_draw_map(page, drawn, top), beside)
    top += 3.0
    _write_origin(page, case, top)
    return page.to_bytes(
        {"Title": "sonolesion case report", "Subject": case.notice,
         "Creator": f"sonolesion {__version__}"}
    )  # fmt: skip


def _write_head(page: PdfPage, case: CaseReport) -> float:
    room = _INNER_MM - measure_mm(case.notice, size_pt=_TEXT_PT, bold=True) - _GAP_MM
    right = _LEFT_MM + _INNER_MM
    page.write_line(
        case.notice, right, _TOP_MM + 4.0, size_pt=_TEXT_PT, colour=_ALERT, bold=True, align="right"
    )
    below = page.write_paragraph(
        case.title, _LEFT_MM, _TOP_MM, width_mm=room, size_pt=12.0, bold=True
    )
    page.draw_rule(_LEFT_MM, below + 1.0, width_mm=_INNER_MM, colour=INK, pt=1.2)
    return page.write_paragraph(
        case.image, _LEFT_MM, below + 2.2, width_mm=_INNER_MM, size_pt=_NOTE_PT, colour=MUTED
    ) + 1.5  # fmt: skip


def _draw_picture(page: PdfPage, rgb: NDArray[np.uint8], top: float) -> float:
    width, height = _fit(rgb, *_PICTURE_MM)
    page.draw_picture(rgb, _LEFT_MM, top, width_mm=width, height_mm=height)
    return top + height


def _write_answer(page: PdfPage, case: CaseReport, top: float) -> float:
    left = _LEFT_MM + _PICTURE_MM[0] + _GAP_MM
    width = _INNER_MM - _PICTURE_MM[0] - _GAP_MM
    top = _write_heading(page, "Answer of the model", left, top)
    page.write_line(case.answer, left, top + 6.2, size_pt=17, bold=True)
    after = left + measure_mm(f"{case.answer} ", size_pt=17, bold=True)
    page.write_line(case.confidence, after, top + 6.2, size_pt=17)
    top += 10.5
    names, numbers = 19.0, 13.0
    track = width - names - numbers
    for bar in case.bars:
        colour = _ACCENT if bar.is_answer else _QUIET
        baseline = top + 2.9
        page.write_line(bar.name, left, baseline, size_pt=_TEXT_PT, bold=bar.is_answer)
        for length, fill in ((track, _TRACK), (track * bar.prob, colour)):
            page.draw_box(left + names, top, width_mm=length, height_mm=_BAR_MM, colour=fill)
        page.write_line(
            f"{bar.prob:.1%}", left + width, baseline, size_pt=_TEXT_PT, bold=bar.is_answer,
            align="right",
        )  # fmt: skip
        top += 5.2
    top += 1.5
    for flag in case.flags:
        top = _write_flag(page, flag.text, left, top, width=width, is_alert=flag.is_alert)
    return top


def _write_flag(
    page: PdfPage, text: str, left: float, top: float, *, width: float, is_alert: bool
) -> float:
    inside, edge = width - 6.0, 1.2
    lines = wrap_text(text, width_mm=inside, size_pt=_TEXT_PT, bold=is_alert)
    height = len(lines) * line_height_mm(_TEXT_PT) + 2.6
    fill, line = (_ALERT_FILL, _ALERT_LINE) if is_alert else (_FLAG_FILL, LINE)
    page.draw_box(left, top, width_mm=width, height_mm=height, colour=fill)
    page.draw_box(left, top, width_mm=edge, height_mm=height, colour=line)
    page.write_paragraph(
        text, left + 3.4, top + 1.1, width_mm=inside, size_pt=_TEXT_PT, bold=is_alert,
        colour=_ALERT if is_alert else INK,
    )  # fmt: skip
    return top + height + 1.6


def _write_tables(page: PdfPage, case: CaseReport, top: float) -> float:
    width = (_INNER_MM - _GAP_MM) / 2
    right = _LEFT_MM + width + _GAP_MM
    end = _write_heading(page, "Measurements", _LEFT_MM, top)
    end = _write_table(page, case, case.measurements, _LEFT_MM, end, width=width, names=32.0)
    notes = " ".join(case.measurement_notes)
    end = page.write_paragraph(
        notes, _LEFT_MM, end + 0.8, width_mm=width, size_pt=_NOTE_PT, colour=MUTED
    )
    if not case.draft:
        return end
    draft = _write_heading(page, "BI-RADS descriptors, draft", right, top)
    draft = _write_table(page, case, case.draft, right, draft, width=width, names=28.0)
    draft = page.write_paragraph(
        case.draft_notice, right, draft + 0.8, width_mm=width, size_pt=_NOTE_PT, colour=MUTED
    )
    return max(end, draft)


def _write_table(
    page: PdfPage,
    case: CaseReport,
    rows: tuple[TableRow, ...],
    left: float,
    top: float,
    *,
    width: float,
    names: float,
) -> float:
    if not rows:
        return top
    column = (width - names) / len(case.lesion_names)
    if len(case.lesion_names) > 1:
        for index, name in enumerate(case.lesion_names):
            x = left + names + index * column
            page.write_line(name, x, top + 2.9, size_pt=_NOTE_PT, bold=True)
        top += line_height_mm(_TEXT_PT)
    for row in rows:
        page.draw_rule(left, top, width_mm=width)
        top += 0.7
        ends = [
            page.write_paragraph(
                row.name, left, top, width_mm=names - 2, size_pt=_TEXT_PT, colour=MUTED
            )
        ]
        for index, cell in enumerate(row.cells):
            x, y = left + names + index * column, top
            for number, text in enumerate(cell):
                size, colour = (_NOTE_PT - 0.4, MUTED) if number else (_TEXT_PT, INK)
                y = page.write_paragraph(
                    text, x, y, width_mm=column - 2, size_pt=size, colour=colour
                )
            ends.append(y)
        top = max(ends) + 0.3
    return top


def _draw_map(page: PdfPage, drawn: CasePictures, top: float) -> float:
    if drawn.why is None or drawn.colour_bar is None:
        return top
    width, height = _fit(drawn.why, *_MAP_MM)
    page.draw_picture(drawn.why, _LEFT_MM, top, width_mm=width, height_mm=height)
    under = top + height + 0.8
    page.draw_picture(drawn.colour_bar, _LEFT_MM, under, width_mm=width, height_mm=2.2)
    for text, x, align in (
        (f"-{drawn.limit:.1f} against", _LEFT_MM, "left"),
        (f"for +{drawn.limit:.1f}", _LEFT_MM + width, "right"),
    ):
        page.write_line(text, x, under + 5.2, size_pt=_NOTE_PT, colour=MUTED, align=align)
    return under + 6.5


def _write_why(page: PdfPage, case: CaseReport, top: float) -> float:
    top = _write_heading(page, "Why", _BESIDE_MAP_MM, top)
    room = _LEFT_MM + _INNER_MM - _BESIDE_MAP_MM
    for number, line in enumerate(case.why):
        size, colour = (_NOTE_PT, MUTED) if number else (_TEXT_PT, INK)
        top = page.write_paragraph(
            line, _BESIDE_MAP_MM, top, width_mm=room, size_pt=size, colour=colour
        )
        top += 0.8
    return top


def _write_findings(page: PdfPage, case: CaseReport, left: float, top: float) -> float:
    top = _write_heading(page, "Remarks on the image", left, top)
    room = _LEFT_MM + _INNER_MM - left - 4
    for finding in case.findings:
        page.write_line("•", left + 0.5, top + 2.9, size_pt=_TEXT_PT, colour=MUTED)
        top = page.write_paragraph(finding, left + 4, top, width_mm=room, size_pt=_TEXT_PT)
    return top


def _write_origin(page: PdfPage, case: CaseReport, top: float) -> float:
    top = _write_heading(page, "Origin", _LEFT_MM, top)
    for name, value in case.provenance:
        page.write_line(name, _LEFT_MM, top + 2.6, size_pt=_NOTE_PT, colour=MUTED)
        top = page.write_paragraph(
            value, _LEFT_MM + 27, top, width_mm=_INNER_MM - 27, size_pt=_NOTE_PT
        )
    return top


def _write_heading(page: PdfPage, text: str, left: float, top: float) -> float:
    return page.write_paragraph(
        text, left, top, width_mm=_INNER_MM, size_pt=_HEAD_PT, bold=True
    ) + 0.6  # fmt: skip


def _fit(rgb: NDArray[np.uint8], width_mm: float, height_mm: float) -> tuple[float, float]:
    """Width and height of a picture in a box, its shape kept."""
    high, wide = rgb.shape[:2]
    scale = min(width_mm / wide, height_mm / high)
    return wide * scale, high * scale
