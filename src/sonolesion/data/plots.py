"""Plots of a prepared data set: classes, split, and sample images with their outlines."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from sonolesion.data.manifest import LEFT_OUT, Manifest, ManifestRow
from sonolesion.data.summary import count_classes, part_names
from sonolesion.imaging.draw import TRUTH_COLOUR
from sonolesion.types import RESEARCH_USE_ONLY, LesionClass

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLASS_COLOURS = {
    LesionClass.NORMAL: "#0072b2",
    LesionClass.BENIGN: "#009e73",
    LesionClass.MALIGNANT: "#d55e00",
}
"""Okabe and Ito's palette: told apart with any kind of colour vision."""
SAMPLES_PER_CLASS = 4
_OUTLINE = "#{:02x}{:02x}{:02x}".format(*TRUTH_COLOUR)


def draw_prepared(manifest: Manifest) -> dict[str, bytes]:
    """Draw the plots of a prepared folder.

    Returns:
        file name -> PNG bytes: class_distribution.png, split_distribution.png,
        sample_images.png. The same manifest gives the same bytes.
    """
    used = [row for row in manifest.rows if row.part != LEFT_OUT]
    return {
        "class_distribution.png": _draw_classes(used),
        "split_distribution.png": _draw_split(used),
        "sample_images.png": _draw_samples(manifest, used),
    }


def _draw_classes(rows: Sequence[ManifestRow]) -> bytes:
    figure = _new_figure((5.5, 4.0))
    axes = figure.add_subplot()
    counts = count_classes(rows)
    bars = axes.bar([c.value for c in counts], list(counts.values()),
                    color=[CLASS_COLOURS[c] for c in counts])  # fmt: skip
    total = max(1, sum(counts.values()))
    axes.bar_label(bars, [f"{n}\n{n / total:.0%}" for n in counts.values()], padding=2)
    axes.set(title=f"Classes (n = {sum(counts.values())})", ylabel="images")
    axes.margins(y=0.18)
    return _to_png(figure)


def _draw_split(rows: Sequence[ManifestRow]) -> bytes:
    parts = part_names(rows)
    figure = _new_figure((max(5.5, 1.3 * len(parts)), 4.0))
    axes = figure.add_subplot()
    places = np.arange(len(parts))
    for i, label in enumerate(LesionClass):
        numbers = [sum(r.part == part and r.label is label for r in rows) for part in parts]
        bars = axes.bar(places + (i - 1) * 0.27, numbers, 0.25, label=label.value,
                        color=CLASS_COLOURS[label])  # fmt: skip
        axes.bar_label(bars, padding=1, fontsize=8)
    axes.set_xticks(places, [f"{p}\n(n = {sum(r.part == p for r in rows)})" for p in parts])
    axes.set(title="Split", ylabel="images")
    axes.margins(y=0.12)
    axes.legend(frameon=False)
    return _to_png(figure)


def _draw_samples(manifest: Manifest, rows: Sequence[ManifestRow]) -> bytes:
    figure = _new_figure((2.3 * SAMPLES_PER_CLASS, 2.5 * len(LesionClass)))
    grid = figure.subplots(len(LesionClass), SAMPLES_PER_CLASS, squeeze=False)
    for line, label in zip(grid, LesionClass, strict=True):
        shown = _spread([row for row in rows if row.label is label], SAMPLES_PER_CLASS)
        for axes in line:
            axes.axis("off")
        for axes, row in zip(line, shown, strict=False):
            pixels = _read_grey(manifest, row.processed_image)
            mask = _read_grey(manifest, row.processed_mask) >= 128
            axes.imshow(pixels, cmap="gray", vmin=0, vmax=255)
            if mask.any() and not mask.all():
                axes.contour(mask, levels=[0.5], colors=[_OUTLINE], linewidths=1.2)
            axes.set_title(f"{row.case_id}, {row.part}", fontsize=8)
    figure.suptitle("Sample images; the outline is the data set's own mask", fontsize=10)
    return _to_png(figure)


def _spread(rows: Sequence[ManifestRow], count: int) -> list[ManifestRow]:
    if len(rows) <= count:
        return list(rows)
    return [rows[(2 * i + 1) * len(rows) // (2 * count)] for i in range(count)]


def _read_grey(manifest: Manifest, name: str) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    with Image.open(manifest.folder / name) as image:
        return np.array(image.convert("L"))


def _new_figure(size_inch: tuple[float, float]) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=size_inch, layout="constrained")


def _to_png(figure: Figure) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.supxlabel(RESEARCH_USE_ONLY, fontsize=7, color="#555555")
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    # without the version tag the bytes depend on the pixels alone
    figure.savefig(buffer, format="png", dpi=150, metadata={"Software": None})
    return buffer.getvalue()
