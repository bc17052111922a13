"""The input gate: what is no breast ultrasound is refused, what is odd is remarked upon.

It looks at pixels only and knows nothing of what a breast looks like. It keeps a confident class
from being written under a photograph, a CT slice, a page of text or a black frame. The limits
stand where no BUSI or BUS-BRA image comes near them; docs/explanation/input-gate.md has the
measured rates.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import ImageSizeError, UnsupportedImageError
from sonolesion.imaging.background import measure_background
from sonolesion.imaging.content import find_emptiness
from sonolesion.imaging.dual_view import find_seam
from sonolesion.imaging.finding import Finding, Severity
from sonolesion.imaging.histogram import LevelCounts, count_levels
from sonolesion.imaging.texture import Texture, measure_texture, split_layers
from sonolesion.types import UltrasoundImage

MIN_SIDE_PX = 64
THUMBNAIL_SIDE_PX = 128
COLOUR_REMARK = 5e-5
COLOUR_PICTURE = 0.3
COLOUR_GRAIN = 0.5
TURNED_GRAIN = -0.4
PAPER_LEVEL = 200
UPSIDE_DOWN = -0.25


@dataclass(frozen=True, slots=True)
class Limit:
    """Where a number becomes odd and where it becomes a refusal.

    Attributes:
        subject: see `Finding`.
        warn: odd beyond this.
        refuse: refused beyond this; infinite for a number that never refuses. It lies above
            `warn` where high values are odd, below where low ones are.
        text: what is odd about it.
    """

    subject: str
    warn: float
    refuse: float
    text: str

    def judge(self, value: float) -> Finding | None:
        """Return what is to be said of `value`; None when it is ordinary."""
        sign = 1.0 if self.refuse > self.warn else -1.0
        for severity, limit in ((Severity.REFUSE, self.refuse), (Severity.WARN, self.warn)):
            if sign * value > sign * limit:
                return Finding(self.subject, severity, f"{self.text} ({value:.2f})")
        return None


# Extremes of 2,655 BUSI and BUS-BRA images: grain .295 to 1.01, evenness .71, link -.14, flatness
# .03, white .44, background .36. Strong JPEG compression moves evenness and flatness, so they
# refuse late; the sharp rim of a cyst that fills the picture is to the link what the letters of a
# page are, so it only warns.
GRAIN = Limit("grain", 0.25, 0.15, "its grain lies in no direction, ultrasound's lies in the rows")
STRIPES = Limit("grain", 1.1, 1.16, "it is made of level lines, like stripes or text")
EVENNESS = Limit("evenness", 0.85, 1.5, "its texture is uneven, speckle fills what is lit")
LINK = Limit("brightness", -0.58, -math.inf, "its texture is strongest where it is dark")
FLATNESS = Limit("flatness", 0.2, 0.6, "much of what is lit is flat, without speckle")
PAPER = Limit("paper", 0.45, 0.6, "it is mostly white, like a page or a screen")
BACKGROUND = Limit("paper", 0.45, 0.6, "most of it has one light grey level, like a page")


def check_content(image: UltrasoundImage, *, name: str) -> tuple[str, ...]:
    """Refuse a picture that is no ultrasound; remark on one that is odd.

    Args:
        image: the decoded image.
        name: what to call it in messages.

    Returns:
        Remarks for the result; empty for an ordinary image.

    Raises:
        ImageSizeError: a side under 64 px.
        UnsupportedImageError: no ultrasound content, with all reasons.
    """
    findings = inspect_content(image)
    refused = [f for f in findings if f.severity is Severity.REFUSE]
    if not refused:
        return tuple(f.reason for f in findings)
    reasons = "; ".join(f.reason for f in refused)
    if refused[0].subject == "size":
        raise ImageSizeError(f"{name}: {reasons}. Give the image as the scanner saved it.")
    raise UnsupportedImageError(
        f"{name}: no ultrasound content ({reasons}). Give a B-mode image as the scanner saved it."
    )


def inspect_content(image: UltrasoundImage) -> tuple[Finding, ...]:
    """Return all that is odd about a picture, without raising; empty for an ordinary image.

    A picture that holds nothing or is too small gives that one finding and no other.
    """
    pixels = image.pixels
    height, width = pixels.shape
    levels = count_levels(pixels)
    empty = find_emptiness(pixels, levels)
    if empty:
        return (Finding("content", Severity.REFUSE, empty),)
    if min(height, width) < MIN_SIDE_PX:
        reason = f"{width}x{height} px, expected at least {MIN_SIDE_PX} px a side"
        return (Finding("size", Severity.REFUSE, reason),)
    return tuple(_look(image, levels))


def _look(image: UltrasoundImage, levels: LevelCounts) -> Iterator[Finding]:
    pixels = image.pixels
    height, width = pixels.shape
    if min(height, width) < THUMBNAIL_SIDE_PX:
        reason = f"{width}x{height} px: a thumbnail, outline and class are not to be relied upon"
        yield Finding("size", Severity.WARN, reason)
    layers = split_layers(pixels)
    texture = measure_texture(layers)
    yield from _judge_colour(image.colour_fraction, texture.grain)
    yield from _judge_texture(texture)
    white = float(levels[PAPER_LEVEL:].sum() / pixels.size)
    paper = PAPER.judge(white) or BACKGROUND.judge(measure_background(levels))
    if paper:
        yield paper
    if texture.grain < GRAIN.warn:
        return  # seams and depth mean something in ultrasound only
    seam = find_seam(layers.fine)
    if seam is not None:
        reason = f"two images side by side, seam at {seam:.0%} of the width: give one at a time"
        yield Finding("dual view", Severity.WARN, reason)
    if _compare_ends(pixels) < UPSIDE_DOWN:
        reason = "dark above and bright below: is it upside down?"
        yield Finding("orientation", Severity.WARN, reason)


def _judge_colour(fraction: float, grain: float) -> Iterator[Finding]:
    """Doppler and marks are local; a picture that is coloured all over is none, or tinted."""
    if fraction >= COLOUR_PICTURE and grain < COLOUR_GRAIN:
        reason = f"a colour picture, {fraction:.0%} of the pixels are coloured"
        yield Finding("colour", Severity.REFUSE, reason)
    elif fraction > COLOUR_REMARK:
        share = f"{fraction:.1%}" if fraction >= 0.001 else "under 0.1%"
        reason = f"{share} of the pixels are coloured (Doppler or marks)"
        yield Finding("colour", Severity.WARN, reason)


def _judge_texture(texture: Texture) -> Iterator[Finding]:
    if texture.grain < TURNED_GRAIN:
        reason = f"its grain stands upright ({texture.grain:.2f}): is it turned by 90 degrees?"
        yield Finding("grain", Severity.REFUSE, reason)
    elif grain := GRAIN.judge(texture.grain) or STRIPES.judge(texture.grain):
        yield grain
    for limit, value in (
        (EVENNESS, texture.evenness),
        (LINK, texture.brightness_link),
        (FLATNESS, texture.flat_share),
    ):
        if finding := limit.judge(value):
            yield finding


def _compare_ends(pixels: NDArray[np.uint8]) -> float:
    """Upper less lower eighth of the rows, over their sum; (-1, 1), mostly above 0."""
    eighth = pixels.shape[0] // 8
    top, bottom = cv2.mean(pixels[:eighth])[0], cv2.mean(pixels[-eighth:])[0]
    return (top - bottom) / (top + bottom + 10.0)
