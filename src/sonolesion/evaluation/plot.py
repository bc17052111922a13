"""One picture of an evaluation: a PNG at 150 dpi, the CSV behind it, and SVG for the page.

Figures are made with `matplotlib.figure.Figure`, without pyplot and its global state.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonolesion.files import atomic_write_bytes, atomic_write_csv
from sonolesion.types import RESEARCH_USE_ONLY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, GRID = "#1d2531", "#66707d", "#d9dee5"
DPI = 150

# On the page these three follow the reader's light or dark scheme.
_PAGE_COLOUR = {INK: "var(--ink)", MUTED: "var(--muted)", GRID: "var(--line)"}


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawn picture with its numbers.

    Attributes:
        name: file stem, e.g. "roc".
        title: heading of the picture on the page.
        description: what a reader who cannot see it should know (the alt text).
        figure: the drawing.
        columns: columns of the CSV.
        rows: the numbers that were drawn.
    """

    name: str
    title: str
    description: str
    figure: Figure
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, object], ...]


def new_figure(*, width_in: float = 5.2, height_in: float = 4.2) -> tuple[Figure, Axes]:
    """Make an empty figure with one quiet axes and the research-use line below it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    figure.patch.set_facecolor("white")
    figure.supxlabel(RESEARCH_USE_ONLY, fontsize=6.5, color=MUTED, x=0.99, ha="right")
    axes = figure.add_subplot()
    axes.set_facecolor("none")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(MUTED)
    axes.tick_params(colors=MUTED, labelcolor=INK, labelsize=8.5, length=3)
    axes.grid(color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    return figure, axes


def label_axes(axes: Axes, *, x: str, y: str) -> None:
    """Name both axes in the house style."""
    axes.set_xlabel(x, fontsize=9.5, color=INK)
    axes.set_ylabel(y, fontsize=9.5, color=INK)


def add_legend(axes: Axes, **where: Any) -> None:
    """Add a legend without a box."""
    legend = axes.legend(fontsize=8.5, frameon=False, labelcolor=INK, **where)
    legend.get_title().set_color(INK)


def write_plot(plot: Plot, folder: Path) -> None:
    """Write NAME.png (150 dpi) and NAME.csv into `folder`.

    Raises:
        OutputWriteError: the folder cannot be written.
    """
    buffer = io.BytesIO()
    plot.figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    atomic_write_bytes(folder / f"{plot.name}.png", buffer.getvalue())
    atomic_write_csv(folder / f"{plot.name}.csv", plot.columns, plot.rows)


def inline_svg(plot: Plot) -> str:
    """Draw the plot as an SVG element for a page: no ids shared between plots, no addresses.

    Its ink, muted and grid colours become the page's CSS variables.
    """
    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context({"svg.hashsalt": plot.name, "svg.fonttype": "none"}):
        plot.figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg)
    svg = re.sub(r'\bid="', f'id="{plot.name}-', svg)
    svg = re.sub(r"url\(#", f"url(#{plot.name}-", svg)
    svg = re.sub(r'href="#', f'href="#{plot.name}-', svg)
    svg = _without_size(svg)
    for hex_code, variable in _PAGE_COLOUR.items():
        svg = svg.replace(hex_code, variable)
    return svg.replace("<svg", '<svg role="img" aria-label="' + _escape(plot.description) + '"', 1)


def _without_size(svg: str) -> str:
    """Drop width and height of the root element, so that the page sizes it by its view box."""
    end = svg.index(">")
    return re.sub(r'\s(?:width|height)="[^"]*"', "", svg[:end]) + svg[end:]


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def points(columns: Sequence[str], *series: Sequence[object]) -> tuple[dict[str, object], ...]:
    """Turn parallel columns of numbers into rows."""
    return tuple(dict(zip(columns, row, strict=True)) for row in zip(*series, strict=True))
