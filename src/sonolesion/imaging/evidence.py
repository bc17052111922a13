"""The picture of an explanation: the image and the map over it, with a colour bar and words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from sonolesion.imaging.draw import (
    HALO_COLOUR,
    PREDICTION_COLOUR,
    RGB,
    draw_lines,
    find_contours,
    line_width,
    scale_grey,
)
from sonolesion.imaging.evidence_caption import AXIS_LABEL, caption_evidence, describe_method
from sonolesion.imaging.evidence_colours import colour_evidence, colour_limit
from sonolesion.imaging.geometry import resize
from sonolesion.imaging.lettering import (
    BACKGROUND,
    BRIGHT,
    DIM,
    EDGE_PX,
    FRAME,
    clip,
    font,
    wrap,
)
from sonolesion.imaging.panels import draw_prediction
from sonolesion.types import CLASS_NAMES, RESEARCH_USE_ONLY, Prediction
from sonolesion.types.explanation import Explanation

OUTLINE_COLOUR: RGB = (255, 255, 255)
BAR_GREY = 110
_PANEL_PX = 460
_MIN_WIDTH_PX = 640
_GAP_PX = 20
_TOP_PX = 84
_BAR_HEIGHT_PX = 14
_BAR_ROOM_PX = 66
_LINE_PX = 21


def draw_evidence(
    pixels: NDArray[np.uint8],
    prediction: Prediction,
    explanation: Explanation,
    *,
    scale: float = 1.0,
) -> NDArray[np.uint8]:
    """Draw the map over the image, and the outline in white.

    The colour is full at `colour_limit` of the map's scale.

    Args:
        pixels: grey levels uint8 (H, W) of the image that was predicted.
        prediction: its result, of the same size.
        explanation: the map, of the same size.
        scale: size of the picture against the image.

    Returns:
        RGB uint8 (round(H * scale), round(W * scale), 3).
    """
    grey = scale_grey(pixels, scale)
    height, width = grey.shape
    figures = explanation.figures
    strength = resize(explanation.evidence, height_px=height, width_px=width)
    rgb = colour_evidence(grey, strength * (figures.scale / colour_limit(figures.scale)))
    factor = (height / pixels.shape[0], width / pixels.shape[1])
    lines = [line * factor for line in find_contours(prediction.mask)]
    thickness = line_width(rgb)
    draw_lines(rgb, lines, width_px=thickness + 2, colour=HALO_COLOUR)
    draw_lines(rgb, lines, width_px=thickness, colour=OUTLINE_COLOUR)
    return rgb


def draw_colour_bar(height_px: int, width_px: int) -> NDArray[np.uint8]:
    """Draw all colours of a map from blue to orange over medium grey, RGB uint8 (H, W, 3)."""
    grey = np.full((height_px, width_px), BAR_GREY, np.uint8)
    return colour_evidence(grey, np.broadcast_to(np.linspace(-1, 1, width_px), grey.shape))


def draw_evidence_panels(
    pixels: NDArray[np.uint8], prediction: Prediction, explanation: Explanation
) -> NDArray[np.uint8]:
    """Draw image and map side by side with colour bar, shares, method and what a map is not.

    Args:
        pixels: grey levels uint8 (H, W) of the image that was predicted.
        prediction: its result, of the same size.
        explanation: the map, of the same size.

    Returns:
        RGB uint8; each panel fits into 460x460 px, all text lies outside of the images.
    """
    scale = min(_PANEL_PX / pixels.shape[0], _PANEL_PX / pixels.shape[1])
    panels = (
        ("Image, outline, diameters", draw_prediction(pixels, prediction, scale=scale)),
        (
            f"What speaks for and against {explanation.figures.target}",
            draw_evidence(pixels, prediction, explanation, scale=scale),
        ),
    )
    height, width = panels[0][1].shape[:2]
    total = 2 * EDGE_PX + 2 * width + _GAP_PX
    canvas_width = max(total, _MIN_WIDTH_PX)
    words = [
        (caption_evidence(explanation.figures), BRIGHT),
        (explanation.notice, DIM),
        (describe_method(explanation.figures), DIM),
        (f"Bundle {prediction.bundle}.", DIM),
        (RESEARCH_USE_ONLY, PREDICTION_COLOUR),
    ]
    lines = [(line, c) for text, c in words for line in wrap(text, canvas_width, size=15)]
    text_top = _TOP_PX + height + _BAR_ROOM_PX
    canvas = Image.new("RGB", (canvas_width, text_top + _LINE_PX * len(lines) + 20), BACKGROUND)
    pen = ImageDraw.Draw(canvas)
    # no name of the input: pictures travel, and names may be people's
    title = f"Why {explanation.figures.target} ({_probability(prediction, explanation):.1%})?"
    pen.text((EDGE_PX, 48), title, fill=BRIGHT, font=font(26), anchor="ls")
    left = (canvas_width - total) // 2 + EDGE_PX
    for caption, panel in panels:
        caption = clip(caption, width, size=15)
        pen.text((left, _TOP_PX - 9), caption, fill=DIM, font=font(15), anchor="ls")
        canvas.paste(Image.fromarray(panel), (left, _TOP_PX))
        pen.rectangle((left - 1, _TOP_PX - 1, left + width, _TOP_PX + height), outline=FRAME)
        left += width + _GAP_PX
    under = _TOP_PX + height + 12
    _draw_bar(canvas, explanation, left=left - width - _GAP_PX, top=under, width=width)
    for row, (line, colour) in enumerate(lines):
        y = text_top + _LINE_PX * (row + 1)
        pen.text((EDGE_PX, y), line, fill=colour, font=font(15), anchor="ls")
    return np.asarray(canvas)


def _probability(prediction: Prediction, explanation: Explanation) -> float:
    """Of the class that is explained, which need not be the label."""
    return float(prediction.class_prob[CLASS_NAMES.index(explanation.figures.target)])


def _draw_bar(
    canvas: Image.Image, explanation: Explanation, *, left: int, top: int, width: int
) -> None:
    """The colour bar under the map, with its ends in log-odds and in words."""
    pen = ImageDraw.Draw(canvas)
    canvas.paste(Image.fromarray(draw_colour_bar(_BAR_HEIGHT_PX, width)), (left, top))
    pen.rectangle((left - 1, top - 1, left + width, top + _BAR_HEIGHT_PX), outline=FRAME)
    limit = colour_limit(explanation.figures.scale)
    under = top + _BAR_HEIGHT_PX + 16
    for x, anchor, text in (
        (left, "ls", f"-{limit:.1f} against"),
        (left + width // 2, "ms", "0"),
        (left + width, "rs", f"for +{limit:.1f}"),
    ):
        pen.text((x, under), text, fill=BRIGHT, font=font(14), anchor=anchor)
    label = clip(AXIS_LABEL, width, size=13)
    pen.text((left + width // 2, under + 17), label, fill=DIM, font=font(13), anchor="ms")
