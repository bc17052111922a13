"""The pictures of a one-page report, at a size that prints sharply and stays light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import InvalidInputError
from sonolesion.types import Prediction
from sonolesion.types.explanation import Explanation

LONGEST_SIDE_PX = 1000
_BAR_PX = (12, 400)


@dataclass(frozen=True, slots=True)
class CasePictures:
    """What a report shows.

    Attributes:
        outline: RGB uint8 (h, w, 3), the image with outline and diameters.
        why: the same size, the map over the image; None where there is none.
        colour_bar: RGB uint8, from blue to orange; None likewise.
        limit: log-odds at the ends of the bar; 0 likewise.
    """

    outline: NDArray[np.uint8]
    why: NDArray[np.uint8] | None = None
    colour_bar: NDArray[np.uint8] | None = None
    limit: float = 0.0


def draw_case(
    pixels: NDArray[np.uint8], prediction: Prediction, explanation: Explanation | None = None
) -> CasePictures:
    """Draw the pictures, their longer side 1,000 px.

    Args:
        pixels: grey levels uint8 (H, W) of the image that was predicted.
        prediction: its result.
        explanation: why, where it was asked for.

    Raises:
        InvalidInputError: pixels, prediction and map are not of one size.
    """
    # imported here: OpenCV and fonts, which only who wants a report pays for
    from sonolesion.imaging.evidence import draw_colour_bar, draw_evidence
    from sonolesion.imaging.evidence_colours import colour_limit
    from sonolesion.imaging.panels import draw_prediction

    shapes = [prediction.mask.shape]
    if explanation is not None:
        shapes.append(explanation.evidence.shape)
    if any(shape != pixels.shape for shape in shapes):
        raise InvalidInputError(
            f"report: the pixels are {pixels.shape}, the results {shapes}. Give the image that was "
            "predicted, with its own results."
        )
    scale = LONGEST_SIDE_PX / max(pixels.shape)
    outline = draw_prediction(pixels, prediction, scale=scale)
    if explanation is None:
        return CasePictures(outline)
    return CasePictures(
        outline,
        draw_evidence(pixels, prediction, explanation, scale=scale),
        draw_colour_bar(*_BAR_PX),
        colour_limit(explanation.figures.scale),
    )
