"""One A4 page, drawn in millimetres from its upper left corner, and turned into a PDF.

matplotlib draws it: it is a base dependency, and its PDF backend keeps text as text, embeds its
font and pictures at their own resolution, and writes the same bytes each time. Nothing global is
read or set: fonts come from its own files, and user texts are never taken for formulas.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

WIDTH_MM, HEIGHT_MM = 210.0, 297.0
INK, MUTED, LINE = "#17202b", "#4d5968", "#d4dae2"
_MM_PER_PT = 25.4 / 72
_MM_PER_INCH = 25.4
_LEADING = 1.27
_MEASURED_AT_PT = 100
# matplotlib's text layout keeps caches that several threads must not fill at once
_ONE_AT_A_TIME = threading.Lock()


class PdfPage:
    """An empty page; each `write_*` and `draw_*` adds to it."""

    def __init__(self) -> None:
        from matplotlib.figure import Figure

        self._figure = Figure(figsize=(WIDTH_MM / _MM_PER_INCH, HEIGHT_MM / _MM_PER_INCH), dpi=72)
        self._figure.patch.set_facecolor("white")

    def write_line(
        self,
        text: str,
        x_mm: float,
        baseline_mm: float,
        *,
        size_pt: float,
        colour: str = INK,
        bold: bool = False,
        align: str = "left",
    ) -> None:
        """Write one line; a sign that the font lacks becomes a question mark.

        Args:
            text: any text; it is not wrapped.
            x_mm: its left end, centre or right end, as `align` says.
            baseline_mm: from the page's upper edge.
            size_pt: of the letters.
            colour: as #rrggbb.
            bold: in the bold font.
            align: "left", "center" or "right".
        """
        self._figure.text(
            x_mm / WIDTH_MM,
            1.0 - baseline_mm / HEIGHT_MM,
            _writable(text, bold=bold),
            fontproperties=_font(bold=bold),
            fontsize=size_pt,
            color=colour,
            ha=align,
            va="baseline",
            parse_math=False,
            usetex=False,
        )

    def write_paragraph(
        self,
        text: str,
        x_mm: float,
        top_mm: float,
        *,
        width_mm: float,
        size_pt: float,
        colour: str = INK,
        bold: bool = False,
    ) -> float:
        """Write a text on as many lines as it takes; return where the next one may begin, in mm."""
        for line in wrap_text(text, width_mm=width_mm, size_pt=size_pt, bold=bold):
            baseline = top_mm + 0.95 * size_pt * _MM_PER_PT
            self.write_line(line, x_mm, baseline, size_pt=size_pt, colour=colour, bold=bold)
            top_mm += line_height_mm(size_pt)
        return top_mm

    def draw_box(
        self, x_mm: float, top_mm: float, *, width_mm: float, height_mm: float, colour: str
    ) -> None:
        """Fill a rectangle; one without width or height is left out."""
        from matplotlib.patches import Rectangle

        if width_mm <= 0 or height_mm <= 0:
            return
        corner = (x_mm / WIDTH_MM, 1.0 - (top_mm + height_mm) / HEIGHT_MM)
        size = (width_mm / WIDTH_MM, height_mm / HEIGHT_MM)
        transform = self._figure.transFigure
        box = Rectangle(corner, *size, facecolor=colour, linewidth=0, transform=transform, zorder=0)
        self._figure.add_artist(box)

    def draw_rule(
        self, x_mm: float, top_mm: float, *, width_mm: float, colour: str = LINE, pt: float = 0.6
    ) -> None:
        """Draw a horizontal line."""
        height = pt * _MM_PER_PT
        self.draw_box(x_mm, top_mm, width_mm=width_mm, height_mm=height, colour=colour)

    def draw_picture(
        self,
        rgb: NDArray[np.uint8],
        x_mm: float,
        top_mm: float,
        *,
        width_mm: float,
        height_mm: float,
    ) -> None:
        """Embed RGB uint8 (h, w, 3) at its own resolution, stretched to the box."""
        box = (x_mm / WIDTH_MM, 1.0 - (top_mm + height_mm) / HEIGHT_MM,
               width_mm / WIDTH_MM, height_mm / HEIGHT_MM)  # fmt: skip
        axes = self._figure.add_axes(box)
        axes.set_axis_off()
        axes.imshow(rgb, aspect="auto", interpolation="none")

    def to_bytes(self, metadata: Mapping[str, str]) -> bytes:
        """The PDF, without a date; the same page gives the same bytes."""
        from matplotlib.backends.backend_pdf import FigureCanvasPdf

        buffer = io.BytesIO()
        entries = {"CreationDate": None, "Producer": None, "Creator": None} | dict(metadata)
        with _ONE_AT_A_TIME:
            canvas: Any = FigureCanvasPdf(self._figure)
            canvas.print_pdf(buffer, metadata=entries)
        return buffer.getvalue()


def line_height_mm(size_pt: float) -> float:
    """From one line to the next."""
    return size_pt * _MM_PER_PT * _LEADING


def wrap_text(text: str, *, width_mm: float, size_pt: float, bold: bool = False) -> tuple[str, ...]:
    """Break a text at spaces, and a word that is too long inside; none for an empty text."""
    lines: list[str] = []
    for word in _writable(text, bold=bold).split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and measure_mm(longer, size_pt=size_pt, bold=bold) <= width_mm:
            lines[-1] = longer
            continue
        while len(word) > 1 and measure_mm(word, size_pt=size_pt, bold=bold) > width_mm:
            keep = len(word) - 1
            while keep > 1 and measure_mm(word[:keep], size_pt=size_pt, bold=bold) > width_mm:
                keep -= 1
            lines.append(word[:keep])
            word = word[keep:]
        lines.append(word)
    return tuple(lines)


def measure_mm(text: str, *, size_pt: float, bold: bool = False) -> float:
    """Width of one line."""
    return (
        float(_measuring_font(bold=bold).getlength(text)) / _MEASURED_AT_PT * size_pt * _MM_PER_PT
    )


def _writable(text: str, *, bold: bool) -> str:
    known = _known_signs(bold=bold)
    plain = "".join(c if c.isprintable() else " " for c in text)
    return "".join(c if ord(c) in known else "?" for c in plain)


@cache
def _font_file(*, bold: bool) -> Path:
    """DejaVu Sans, which comes with matplotlib and is free to embed."""
    import matplotlib as mpl

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(mpl.get_data_path()) / "fonts" / "ttf" / name


@cache
def _measuring_font(*, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_font_file(bold=bold)), _MEASURED_AT_PT)


@cache
def _font(*, bold: bool) -> FontProperties:
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=str(_font_file(bold=bold)))


@cache
def _known_signs(*, bold: bool) -> frozenset[int]:
    """Code points that the font has a sign for."""
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(_font_file(bold=bold))).get_charmap())
