"""Where lesions go: under the skin, inside the image, two of them side by side."""

from __future__ import annotations

import numpy as np

from sonolesion.data.phantom.fields import Shape
from sonolesion.data.phantom.outline import Placement
from sonolesion.data.phantom.settings import PhantomSettings
from sonolesion.types import LesionClass

_MARGIN = 1.15  # an outline reaches beyond the ellipse of its area


def place_lesions(
    rng: np.random.Generator,
    label: LesionClass,
    shape: Shape,
    settings: PhantomSettings,
    *,
    count: int,
) -> tuple[Placement, ...]:
    """Draw positions and sizes of `count` lesions that do not overlap.

    Areas are log-normal, cancers larger, within `settings.lesion_area` (shared by two lesions).
    Benign lesions are mostly wider than tall, cancers often taller than wide.

    Args:
        rng: source of randomness.
        label: benign or malignant.
        shape: rows and columns of the image.
        settings: holds the range of areas.
        count: 1 or 2; each lesion gets its own vertical strip of the image.

    Returns:
        One placement per lesion, from left to right.
    """
    malignant = label is LesionClass.MALIGNANT
    strip = shape[1] / count
    order = [i * strip for i in range(count)]
    return tuple(
        _place(rng, (left, left + strip), shape, settings, malignant=malignant, share=1.0 / count)
        for left in order
    )


def _place(
    rng: np.random.Generator,
    strip: tuple[float, float],
    shape: Shape,
    settings: PhantomSettings,
    *,
    malignant: bool,
    share: float,
) -> Placement:
    height, width = shape
    low, high = settings.lesion_area
    wanted = float(np.exp(rng.normal(np.log(0.11 if malignant else 0.065), 0.55)))
    area = share * float(np.clip(wanted, low, high)) * height * width
    aspect = float(rng.uniform(0.65, 1.6) if malignant else rng.uniform(1.15, 2.5))
    mean = float(np.sqrt(area / np.pi))
    widest, tallest = 0.46 * (strip[1] - strip[0]), 0.38 * height
    aspect = float(np.clip(aspect, (_MARGIN * mean / tallest) ** 2, (widest / mean / _MARGIN) ** 2))
    tilt = float(rng.normal(0.0, 9.0))
    ry, rx = (_MARGIN * r for r in Placement((0.0, 0.0), area, aspect, 0.0).radii_yx)
    turn = np.deg2rad(tilt)
    reach_y = float(np.hypot(ry * np.cos(turn), rx * np.sin(turn)))
    reach_x = float(np.hypot(rx * np.cos(turn), ry * np.sin(turn)))
    row = _between(rng, 0.07 * height + reach_y, 0.86 * height - reach_y, favour=0.3)
    column = _between(rng, strip[0] + reach_x, strip[1] - reach_x, favour=0.5)
    return Placement((row, column), area, aspect, tilt)


def _between(rng: np.random.Generator, low: float, high: float, *, favour: float) -> float:
    """Draw from [low, high], most often near its share `favour`; the middle if it is empty."""
    if high <= low:
        return (low + high) / 2.0
    return low + (high - low) * float(rng.beta(1.0 + 3.0 * favour, 1.0 + 3.0 * (1.0 - favour)))
