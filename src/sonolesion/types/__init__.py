"""The values that pass through sonolesion: frozen, without behaviour.

`LesionClass` is the one place that fixes the class names and their order. Everything that
holds one number per class (network outputs, probabilities, confusion matrices) uses it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonolesion.types.lesion import LesionMeasurement, MeasuredLesions
from sonolesion.types.notice import RESEARCH_USE_ONLY

__all__ = [
    "CLASS_INDEX",
    "CLASS_NAMES",
    "RESEARCH_USE_ONLY",
    "Case",
    "LesionClass",
    "LesionMeasurement",
    "MeasuredLesions",
    "Prediction",
    "ScanArea",
    "UltrasoundImage",
]


class LesionClass(StrEnum):
    """What an image shows; the order of definition is the class index.

    >>> [c.value for c in LesionClass]
    ['normal', 'benign', 'malignant']
    """

    NORMAL = "normal"
    BENIGN = "benign"
    MALIGNANT = "malignant"


CLASS_NAMES: tuple[str, ...] = tuple(c.value for c in LesionClass)
CLASS_INDEX: dict[LesionClass, int] = {c: i for i, c in enumerate(LesionClass)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanArea:
    """The part of a frame that is the scan: not the names, rulers and logos around it.

    Attributes:
        top_px, left_px: its first row and column.
        height_px, width_px: its size, at least 1; it lies inside of the frame.
    """

    top_px: int
    left_px: int
    height_px: int
    width_px: int


@dataclass(frozen=True, slots=True)
class UltrasoundImage:
    """One decoded B-mode image.

    Attributes:
        pixels: uint8 (H, W), grey levels in [0, 255]; 0 outside of `area`.
        colour_fraction: share of the pixels (of `area`) in [0, 1] whose colour is not grey
            (Doppler, calipers).
        notes: what the reader did to get here ("16-bit scaled", "EXIF orientation applied").
        spacing_mm: size of a pixel (row, col) in mm, where the file says so; None otherwise.
        area: what of it is the scan, where the file says so; None for all of it. Nothing outside
            of it reaches the network.
    """

    pixels: NDArray[np.uint8]
    colour_fraction: float = 0.0
    notes: tuple[str, ...] = ()
    spacing_mm: tuple[float, float] | None = None
    area: ScanArea | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One image of a data set with its truth, as files.

    Attributes:
        case_id: unique inside its data set, e.g. "benign (433)".
        dataset: name of the data set, e.g. "busi".
        label: the class that the data set states.
        image_path: the image file.
        mask_paths: any number of mask files (united when read); empty for none.
        patient_id: patient, where the data set says so; None otherwise.
    """

    case_id: str
    dataset: str
    label: LesionClass
    image_path: Path
    mask_paths: tuple[Path, ...] = ()
    patient_id: str | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a bundle says of one image, at the image's own resolution.

    Attributes:
        source: name of the input (file name or "array").
        label: the most probable class.
        class_prob: float64 (3,), in `LesionClass` order, sums to 1. With a decision in the bundle
            the joint probabilities of outline and class, else those of the class head alone.
        lesion_prob: float32 (H, W) in [0, 1], what the network gave, whatever the label.
        mask: bool (H, W), `lesion_prob` at or above the bundle's threshold. With a decision it is
            empty where, and only where, the label is normal: a lesion without a pixel at the
            threshold is marked at or above half of the map's maximum.
        mask_coverage: share of the image that the mask covers, [0, 1].
        bundle: name and version of the bundle, e.g. "small-classic 0.1".
        seconds: wall time from decoded pixels to this result.
        notes: what the reader or the quality gate remarked, and why an answer is not sure.
        class_logits: float64 (3,), before the temperature; None where the maker kept none.
        lesion_peak: robust maximum of the lesion map in the network's square, [0, 1]; None where
            the maker kept none.
        prediction_set: the classes that cannot be ruled out, in `LesionClass` order, the label
            among them; empty only without a decision in the bundle.
        unsure: have the image read; without a decision only where it is far from the training data.
        malignant_alert: the probability of malignant is at or above the bundle's operating
            point, whatever the label; False without a decision.
        disagreement: the outline alone and the class head alone contradicted each other.
        measured: the lesions of `mask`, each with sizes, form and a draft in the words of the
            BI-RADS lexicon; None where the maker did not measure.
    """

    source: str
    label: LesionClass
    class_prob: NDArray[np.float64]
    lesion_prob: NDArray[np.float32]
    mask: NDArray[np.bool_]
    mask_coverage: float
    bundle: str
    seconds: float
    notes: tuple[str, ...] = field(default=())
    class_logits: NDArray[np.float64] | None = None
    lesion_peak: float | None = None
    prediction_set: tuple[LesionClass, ...] = ()
    unsure: bool = False
    malignant_alert: bool = False
    disagreement: bool = False
    measured: MeasuredLesions | None = None

    @property
    def confidence(self) -> float:
        """Probability of `label`, [0, 1]."""
        return float(self.class_prob.max())

    @property
    def lesions(self) -> tuple[LesionMeasurement, ...]:
        """The measured lesions, the largest first; empty for an empty mask or none measured."""
        return () if self.measured is None else self.measured.lesions
