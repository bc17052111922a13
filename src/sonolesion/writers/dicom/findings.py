"""What is said of one image, as the DICOM objects need it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle import BundleInfo
from sonolesion.errors import InvalidInputError
from sonolesion.inference.measure import LesionMeasurement, MeasuredLesions
from sonolesion.inference.measure.components import find_lesions
from sonolesion.inference.measure.region import Region, Window
from sonolesion.types import Prediction, UltrasoundImage

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFindings:
    """One image, the answer to it, its measurements, and who gave them.

    Attributes:
        image: the whole frame, as it was read; a reader blackens what is not the scan.
        prediction: the answer; its mask has the image's shape.
        lesions: from `measure_lesions` of that mask. With a `spacing_mm` the objects state mm,
            so it must come from SequenceOfUltrasoundRegions or from the user's hand.
        bundle: the model that answered.
        frame: number of the frame, 1 for the first; None for a source with one frame.
    """

    image: UltrasoundImage
    prediction: Prediction
    lesions: MeasuredLesions
    bundle: BundleInfo
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class LesionPart:
    """One lesion in the image.

    Attributes:
        number: 1 for the largest.
        mask: bool (H, W), the mask's own pixels: holes stay open.
        region: the same with holes filled, as it was measured, in its bounding box.
        measurement: its figures.
    """

    number: int
    mask: Mask
    region: Region
    measurement: LesionMeasurement


@dataclass(frozen=True, slots=True)
class FoundParts:
    """The parts of a mask; together they are the mask, to the pixel.

    Attributes:
        lesions: one per measured lesion, the largest first.
        specks: bool (H, W), what was too small to be taken for a lesion.
    """

    lesions: tuple[LesionPart, ...]
    specks: Mask


def find_parts(findings: ImageFindings) -> FoundParts:
    """Take the mask apart as `measure_lesions` did.

    Raises:
        InvalidInputError: image, mask and measurements do not belong together.
    """
    mask, lesions = findings.prediction.mask, findings.lesions.lesions
    if mask.shape != findings.image.pixels.shape:
        raise InvalidInputError(
            f"prediction: its mask is {mask.shape}, the image {findings.image.pixels.shape}. "
            "Give the image that was predicted."
        )
    regions = find_lesions(mask).regions
    areas = [float(region.area_px) for region in regions]
    if areas != [lesion.size.area_px for lesion in lesions]:
        raise InvalidInputError(
            f"lesions: expected measurements of the {len(regions)} lesions of this mask, got "
            f"those of another ({len(lesions)} lesions). Measure the prediction's own mask."
        )
    whole = Window(0, mask.shape[0], 0, mask.shape[1])
    masks = [whole.place(region) & mask for region in regions]
    specks = mask.copy()
    for lesion_mask in masks:
        specks &= ~lesion_mask
    parts = tuple(
        LesionPart(number, *found)
        for number, found in enumerate(zip(masks, regions, lesions, strict=True), start=1)
    )
    return FoundParts(parts, specks)
