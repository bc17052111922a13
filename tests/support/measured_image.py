"""A prediction with measured lesions, drawn: no network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from drawn_shapes import draw_ellipse
from numpy.typing import NDArray

from sonolesion.inference.measure import measure_lesions
from sonolesion.types import LesionClass, Prediction

SHAPE = (240, 320)
Ellipse = tuple[float, float, float, float, float]
"""Row and column of the centre, both half axes in px, angle in degrees."""
ONE: tuple[Ellipse, ...] = ((110.0, 150.0, 60.0, 40.0, 20.0),)
TWO: tuple[Ellipse, ...] = ((110.0, 100.0, 60.0, 40.0, 20.0), (160.0, 250.0, 25.0, 18.0, 0.0))


def make_measured(
    ellipses: Sequence[Ellipse] = ONE,
    *,
    spacing_mm: tuple[float, float] | None = None,
    shape: tuple[int, int] = SHAPE,
    source: str = "scans/a.png",
) -> tuple[NDArray[np.uint8], Prediction]:
    """Pixels and a measured prediction whose border is at .3 and .7 two pixels out and in."""
    levels = {0.35: 2.0, 0.2: 0.0, 0.3: -2.0}
    prob = np.zeros(shape, np.float32)
    mask = np.zeros(shape, np.bool_)
    for row, col, a, b, angle in ellipses:
        soft = np.zeros(shape, np.float32)
        for weight, wider in levels.items():
            half_axes = (a + wider, b + wider)
            soft += np.float32(weight) * draw_ellipse(
                shape, centre=(row, col), half_axes=half_axes, angle_deg=angle
            )
        mask |= draw_ellipse(shape, centre=(row, col), half_axes=(a, b), angle_deg=angle)
        prob = np.maximum(prob, soft)
    pixels = np.random.default_rng(5).integers(80, 140, shape).astype(np.uint8)
    pixels[mask] //= 2
    prediction = Prediction(
        source=source,
        label=LesionClass.BENIGN if mask.any() else LesionClass.NORMAL,
        class_prob=np.array([0.1, 0.7, 0.2]),
        lesion_prob=prob,
        mask=mask,
        mask_coverage=float(mask.mean()),
        bundle="tiny 0.1",
        seconds=0.1,
        measured=measure_lesions(mask, pixels, spacing_mm=spacing_mm, lesion_prob=prob),
    )
    return pixels, prediction
