"""The picture of one prediction: input, mask and overlay side by side, text outside the image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from sonolesion.imaging.calipers import CALIPER_COLOUR, draw_calipers
from sonolesion.imaging.captions import caption_lesions
from sonolesion.imaging.draw import PREDICTION_COLOUR, RGB, draw_overlay, grey_to_rgb, scale_grey
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
from sonolesion.types import CLASS_NAMES, RESEARCH_USE_ONLY, Prediction
from sonolesion.types.notice import OUTLINE_EDITED

_PANEL_PX = 400
_MIN_WIDTH_PX = 860
_GAP_PX = 16
_TRACK: RGB = (42, 49, 59)
_CAPTIONS = ("Input", "Predicted mask", "Overlay")
_HEADER_PX = 112
_CAPTION_PX = 26
_BAR_WIDTH_PX = 200


def draw_panels(pixels: NDArray[np.uint8], prediction: Prediction) -> NDArray[np.uint8]:
    """Draw the three-panel picture of one prediction.

    Args:
        pixels: grey levels uint8 (H, W) of the image that was predicted.
        prediction: its result, of the same size.

    Returns:
        RGB uint8; each panel fits into 400x400 px, header and footer lie outside the image.
    """
    scale = min(_PANEL_PX / pixels.shape[0], _PANEL_PX / pixels.shape[1])
    panels = (
        grey_to_rgb(scale_grey(pixels, scale)),
        grey_to_rgb(_scale_mask(prediction.mask, scale)),
        draw_prediction(pixels, prediction, scale=scale),
    )
    height, width = panels[0].shape[:2]
    total = 2 * EDGE_PX + 3 * width + 2 * _GAP_PX
    canvas_width = max(total, _MIN_WIDTH_PX)
    notes = wrap("Note: " + "; ".join(prediction.notes), canvas_width) if prediction.notes else []
    top = _HEADER_PX + _CAPTION_PX
    footer = 64 + 20 * len(notes) + (22 if prediction.lesions else 0)
    canvas = Image.new("RGB", (canvas_width, top + height + footer), BACKGROUND)
    pen = ImageDraw.Draw(canvas)
    _draw_header(pen, prediction, canvas_width)
    left = (canvas_width - total) // 2 + EDGE_PX
    for panel, caption in zip(panels, _CAPTIONS, strict=True):
        pen.text((left, top - 8), caption, fill=DIM, font=font(15), anchor="ls")
        canvas.paste(Image.fromarray(panel), (left, top))
        pen.rectangle((left - 1, top - 1, left + width, top + height), outline=FRAME)
        left += width + _GAP_PX
    _draw_footer(pen, prediction, notes=notes, top=top + height + 30, width=canvas_width)
    return np.asarray(canvas)


def draw_prediction(
    pixels: NDArray[np.uint8], prediction: Prediction, *, scale: float = 1.0
) -> NDArray[np.uint8]:
    """Draw the outline of a prediction and the diameters of its lesions on its image.

    Args:
        pixels: grey levels uint8 (H, W) of the image that was predicted.
        prediction: its result, of the same size.
        scale: size of the picture against the image.

    Returns:
        RGB uint8 (round(H * scale), round(W * scale), 3).
    """
    rgb = draw_overlay(pixels, prediction=prediction.mask, scale=scale)
    factor = (rgb.shape[0] / pixels.shape[0], rgb.shape[1] / pixels.shape[1])
    draw_calipers(rgb, prediction.lesions, factor=factor)
    return rgb


def add_margin(rgb: NDArray[np.uint8], prediction: Prediction) -> NDArray[np.uint8]:
    """Put class, confidence, diameters, bundle and the research sentence below an RGB image.

    The image's own pixels are not touched; text wider than the image is wrapped.
    """
    text = (
        f"{prediction.label.value} {prediction.confidence:.1%}, mask "
        f"{prediction.mask_coverage:.1%}, bundle {prediction.bundle}. "
        f"{_sentence(caption_lesions(prediction.lesions))}"
        f"{'Unsure, have it read. ' if prediction.unsure else ''}"
        f"{'Outline edited by a reader. ' if OUTLINE_EDITED in prediction.notes else ''}"
        f"{RESEARCH_USE_ONLY}"
    )
    return add_caption(rgb, (text,))


def add_caption(rgb: NDArray[np.uint8], paragraphs: Sequence[str]) -> NDArray[np.uint8]:
    """Put text below an RGB image (H, W, 3), each paragraph on lines of its own.

    The image's own pixels are not touched; text wider than the image is wrapped.
    """
    height, width = rgb.shape[:2]
    lines = [line for text in paragraphs for line in wrap(text, width, size=13, edge_px=8)]
    canvas = Image.new("RGB", (width, height + 18 * len(lines) + 10), BACKGROUND)
    canvas.paste(Image.fromarray(rgb), (0, 0))
    pen = ImageDraw.Draw(canvas)
    for row, line in enumerate(lines):
        pen.text((8, height + 18 * (row + 1)), line, fill=BRIGHT, font=font(13), anchor="ls")
    return np.asarray(canvas)


def _draw_header(pen: ImageDraw.ImageDraw, prediction: Prediction, width: int) -> None:
    bars_left = width - EDGE_PX - _BAR_WIDTH_PX - 66
    room = bars_left - 90 - 2 * EDGE_PX
    # the file's name only: pictures travel, and folders may name people
    name = clip(printable(prediction.source.rsplit("/", 1)[-1]), room, size=15)
    pen.text((EDGE_PX, 36), name, fill=DIM, font=font(15), anchor="ls")
    title = prediction.label.value.capitalize()
    pen.text((EDGE_PX, 80), title, fill=BRIGHT, font=font(36), anchor="ls")
    after = EDGE_PX + pen.textlength(title, font=font(36)) + 14
    confidence = f"{prediction.confidence:.1%}"
    pen.text((after, 80), confidence, fill=PREDICTION_COLOUR, font=font(36), anchor="ls")
    for row, (label, prob) in enumerate(zip(CLASS_NAMES, prediction.class_prob, strict=True)):
        chosen = label == prediction.label.value
        text_colour, bar_colour = (BRIGHT, PREDICTION_COLOUR) if chosen else (DIM, DIM)
        y = 36 + 24 * row
        pen.text((bars_left - 12, y), label, fill=text_colour, font=font(15), anchor="rs")
        box = (bars_left, y - 11, bars_left + _BAR_WIDTH_PX, y - 1)
        pen.rounded_rectangle(box, radius=5, fill=_TRACK)
        length = round(float(prob) * _BAR_WIDTH_PX)
        if length >= 2:
            filled = (box[0], box[1], box[0] + length, box[3])
            pen.rounded_rectangle(filled, radius=min(5, length // 2), fill=bar_colour)
        number = f"{prob:.1%}"
        pen.text((width - EDGE_PX, y), number, fill=text_colour, font=font(15), anchor="rs")


def _draw_footer(
    pen: ImageDraw.ImageDraw, prediction: Prediction, *, notes: list[str], top: int, width: int
) -> None:
    height_px, width_px = prediction.mask.shape
    sizes = caption_lesions(prediction.lesions)
    facts = (
        f"Mask covers {prediction.mask_coverage:.1%} of {width_px} x {height_px} px"
        f"   |   bundle {prediction.bundle}"
    )
    pen.text((EDGE_PX, top), facts, fill=BRIGHT, font=font(15), anchor="ls")
    right = (width - EDGE_PX, top)
    pen.text(right, RESEARCH_USE_ONLY, fill=PREDICTION_COLOUR, font=font(15), anchor="rs")
    if sizes:
        pen.text((EDGE_PX, top + 22), sizes, fill=CALIPER_COLOUR, font=font(15), anchor="ls")
        top += 22
    for row, line in enumerate(notes):
        pen.text((EDGE_PX, top + 22 + 20 * row), line, fill=DIM, font=font(14), anchor="ls")


def _scale_mask(mask: NDArray[np.bool_], scale: float) -> NDArray[np.uint8]:
    grey = scale_grey(mask.astype(np.uint8) * np.uint8(255), scale)
    return (grey >= 128).astype(np.uint8) * np.uint8(255)


def _sentence(text: str) -> str:
    return f"{text}. " if text else ""
