"""The picture of a plain viewer: outline and diameters on the scan, everything else below it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sonolesion.imaging.calipers import draw_calipers
from sonolesion.imaging.draw import draw_overlay
from sonolesion.imaging.panels import add_caption
from sonolesion.inference.measure import LesionMeasurement
from sonolesion.types import CLASS_NAMES, RESEARCH_USE_ONLY
from sonolesion.types.notice import OUTLINE_EDITED
from sonolesion.writers.dicom.findings import ImageFindings

BANNER = "RESEARCH USE ONLY"
_WIDTH_PX = 640


def draw_picture(findings: ImageFindings, *, scale_sentence: str) -> NDArray[np.uint8]:
    """Draw outline, diameters and the figures of one image.

    The image is drawn on as it was read, so what the reader has blackened outside of the scan
    area, a name perhaps, is not in the picture.

    Args:
        findings: what was found.
        scale_sentence: the unit of the sizes, and why.

    Returns:
        RGB uint8 (H, W, 3); images narrower than 640 px are enlarged to it.
    """
    pixels = findings.image.pixels
    scale = max(1.0, _WIDTH_PX / pixels.shape[1])
    rgb = draw_overlay(pixels, prediction=findings.prediction.mask, scale=scale)
    factor = (rgb.shape[0] / pixels.shape[0], rgb.shape[1] / pixels.shape[1])
    draw_calipers(rgb, findings.lesions.lesions, factor=factor)
    return add_caption(rgb, tuple(_caption(findings, scale_sentence)))


def _caption(findings: ImageFindings, scale_sentence: str) -> Iterator[str]:
    prediction = findings.prediction
    yield BANNER
    pairs = zip(CLASS_NAMES, prediction.class_prob, strict=True)
    yield (
        f"Image: {prediction.label.value} ({', '.join(f'{name} {p:.1%}' for name, p in pairs)})."
        f"{' Unsure, have it read.' if prediction.unsure else ''}"
        f"{' Malignant alert.' if prediction.malignant_alert else ''}"
    )
    for number, lesion in enumerate(findings.lesions.lesions, start=1):
        yield _describe_lesion(number, lesion)
    if OUTLINE_EDITED in prediction.notes:
        yield "Outline edited by a reader."
    if not prediction.mask.any():
        yield "No lesion was outlined."
    yield f"{scale_sentence} Model {findings.bundle.label}."
    yield RESEARCH_USE_ONLY


def _describe_lesion(number: int, lesion: LesionMeasurement) -> str:
    size, place = lesion.size, lesion.place
    cut = " Cut by an edge of the image: lower bounds." if lesion.is_lower_bound else ""
    row, col = place.centroid_px
    where = f"Lesion {number} (centre at row {row:.0f}, column {col:.0f})"
    if size.longest_mm is None or size.perpendicular_mm is None:
        sizes = (
            f"{size.longest_px:.0f} x {size.perpendicular_px:.0f} px, area {size.area_px:.0f} px, "
            f"depth {place.depth_top_px:.0f} px"
        )
    else:
        sizes = (
            f"{size.longest_mm:.1f} x {size.perpendicular_mm:.1f} mm, area {size.area_mm2:.1f} "
            f"mm2, depth {place.depth_top_mm:.1f} mm"
        )
    return f"{where}: {sizes}.{cut}"
