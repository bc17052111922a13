"""Two visits side by side: outlines and diameters, at one scale where both scales are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from sonolesion.imaging.calipers import CALIPER_COLOUR
from sonolesion.imaging.captions import caption_lesions
from sonolesion.imaging.draw import PREDICTION_COLOUR
from sonolesion.imaging.lettering import (
    BACKGROUND,
    BRIGHT,
    DIM,
    EDGE_PX,
    FRAME,
    clip,
    font,
    printable,
    wrap,
)
from sonolesion.imaging.panels import draw_prediction, name_picture
from sonolesion.types import RESEARCH_USE_ONLY, Prediction

_PANEL_PX = 560
_GAP_PX = 24
_HEADER_PX = 76
_LINE_PX = 22
_SQUARE_TOLERANCE = 0.02


@dataclass(frozen=True, slots=True)
class VisitImage:
    """One visit as it is drawn.

    Attributes:
        title: what stands above, e.g. "Earlier".
        pixels: grey levels uint8 (H, W).
        prediction: the result on them.
        name: of the image; "" for what `name_picture` makes of its source.
    """

    title: str
    pixels: NDArray[np.uint8]
    prediction: Prediction
    name: str = ""


def draw_comparison(
    earlier: VisitImage, later: VisitImage, lines: Sequence[str]
) -> NDArray[np.uint8]:
    """Draw two visits side by side with lines of text below.

    Args:
        earlier: drawn on the left.
        later: drawn on the right.
        lines: what changed, one after the other; a line that is too long is wrapped.

    Returns:
        RGB uint8. Each image fits into 560x560 px; both have the same scale where both know the
        size of their pixels, and these are square.
    """
    visits = (earlier, later)
    scales = choose_scales(earlier, later)
    drawn = [
        draw_prediction(v.pixels, v.prediction, scale=scale)
        for v, scale in zip(visits, scales, strict=True)
    ]
    width = 2 * EDGE_PX + _GAP_PX + 2 * _PANEL_PX
    height = max(rgb.shape[0] for rgb in drawn)
    wrapped = [part for line in lines for part in wrap(line, width, size=15)]
    text_top = _HEADER_PX + height + 14
    canvas = Image.new("RGB", (width, text_top + _LINE_PX * (len(wrapped) + 2)), BACKGROUND)
    pen = ImageDraw.Draw(canvas)
    for index, (visit, rgb) in enumerate(zip(visits, drawn, strict=True)):
        left = EDGE_PX + index * (_PANEL_PX + _GAP_PX)
        name = visit.name or name_picture(visit.prediction.source)
        heading = clip(printable(f"{visit.title}: {name}"), _PANEL_PX, size=18)
        pen.text((left, 36), heading, fill=BRIGHT, font=font(18), anchor="ls")
        sizes = caption_lesions(visit.prediction.lesions) or "No lesion outlined"
        sizes = clip(sizes, _PANEL_PX, size=15)
        pen.text((left, 62), sizes, fill=CALIPER_COLOUR, font=font(15), anchor="ls")
        canvas.paste(Image.fromarray(rgb), (left, _HEADER_PX))
        box = (left - 1, _HEADER_PX - 1, left + rgb.shape[1], _HEADER_PX + rgb.shape[0])
        pen.rectangle(box, outline=FRAME)
    for row, line in enumerate(wrapped, 1):
        y = text_top + _LINE_PX * row - 6
        pen.text((EDGE_PX, y), line, fill=BRIGHT if row == 1 else DIM, font=font(15), anchor="ls")
    bottom = (EDGE_PX, text_top + _LINE_PX * (len(wrapped) + 1))
    pen.text(bottom, RESEARCH_USE_ONLY, fill=PREDICTION_COLOUR, font=font(15), anchor="ls")
    return np.asarray(canvas)


def choose_scales(earlier: VisitImage, later: VisitImage) -> tuple[float, float]:
    """Size of each drawn image against its own pixels; see `draw_comparison`."""
    sizes = [_pixel_mm(earlier), _pixel_mm(later)]
    fits = [_PANEL_PX / max(visit.pixels.shape) for visit in (earlier, later)]
    if sizes[0] is None or sizes[1] is None:
        return fits[0], fits[1]
    per_mm = min(fits[0] / sizes[0], fits[1] / sizes[1])
    return per_mm * sizes[0], per_mm * sizes[1]


def _pixel_mm(visit: VisitImage) -> float | None:
    """Side of a square pixel in mm; None where it is unknown or the pixels are oblong."""
    measured = visit.prediction.measured
    if measured is None or measured.spacing_mm is None:
        return None
    row, col = measured.spacing_mm
    return col if abs(row - col) <= _SQUARE_TOLERANCE * col else None
