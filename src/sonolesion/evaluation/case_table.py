"""One row per case: truth, prediction and their scores.

A case without a prediction stays in every mean. It is counted as the worst that could have been
said: a lesion is missed and read as normal, a normal is marked and read as malignant, each with
probability 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonolesion.data.manifest import ManifestRow
from sonolesion.files import atomic_write_csv
from sonolesion.imaging.geometry import SquareFit
from sonolesion.types import LesionClass


@dataclass(frozen=True, slots=True)
class PackedMask:
    """A mask bool (H, W) at one bit per pixel, kept for pictures and batch figures."""

    shape: tuple[int, int]
    bits: bytes

    @staticmethod
    def pack(mask: NDArray[np.bool_]) -> PackedMask:
        """Pack a mask bool (H, W)."""
        return PackedMask((mask.shape[0], mask.shape[1]), np.packbits(mask).tobytes())

    def unpack(self) -> NDArray[np.bool_]:
        """Give the mask back, bool (H, W)."""
        bits = np.frombuffer(self.bits, np.uint8)
        count = self.shape[0] * self.shape[1]
        return np.unpackbits(bits, count=count).astype(np.bool_).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case came out. Sizes and distances are in the pixels of the compared masks.

    Attributes:
        case_id, group, label: from the manifest.
        predicted: class said; None when there is no prediction.
        class_prob: in `LesionClass` order; None when there is no prediction.
        class_logits: what the network gave before calibration; None where the predictor kept
            none or there is no prediction.
        dice, iou: None where both masks are empty (nothing to overlap).
        pixel_accuracy: share of agreeing pixels; 0 without a prediction.
        hd95_px, nsd: border scores of lesion cases, see `scoring.NSD_TOLERANCE`; None on normals.
        true_lesion_px, predicted_lesion_px: areas.
        height_px, width_px: size of the compared masks.
        missed: a lesion case of which no lesion pixel is marked (a mark beside it is a miss).
        false_positive: a normal case with a mark.
        error: why there is no prediction; empty when there is one.
        seconds: wall time of reading and predicting.
        flags: of the manifest.
        lesion_peak: robust maximum of the lesion map, [0, 1]; None as `class_logits`.
        unsure: the prediction asks to be read.
        prediction_set: classes that cannot be ruled out; empty without a joint decision.
        malignant_alert: p_malignant at or above the bundle's operating point.
    """

    case_id: str
    group: str
    label: LesionClass
    predicted: LesionClass | None
    class_prob: tuple[float, float, float] | None
    class_logits: tuple[float, float, float] | None
    dice: float | None
    iou: float | None
    pixel_accuracy: float
    hd95_px: float | None
    nsd: float | None
    true_lesion_px: int
    predicted_lesion_px: int
    height_px: int
    width_px: int
    missed: bool
    false_positive: bool
    error: str
    seconds: float
    flags: tuple[str, ...] = ()
    lesion_peak: float | None = None
    unsure: bool = False
    prediction_set: tuple[LesionClass, ...] = ()
    malignant_alert: bool = False

    @property
    def is_lesion(self) -> bool:
        """Whether the case's class is a lesion class."""
        return self.label is not LesionClass.NORMAL

    @property
    def has_truth(self) -> bool:
        """Whether lesion figures count the case: a lesion class with a lesion in its true mask."""
        return self.is_lesion and self.true_lesion_px > 0

    @property
    def counted_class(self) -> LesionClass:
        """The class that figures count: what was predicted, or the worst without a prediction."""
        if self.predicted is not None:
            return self.predicted
        return LesionClass.NORMAL if self.is_lesion else LesionClass.MALIGNANT

    @property
    def counted_prob(self) -> tuple[float, ...]:
        """The class probabilities that figures count; all on the worst without a prediction."""
        if self.class_prob is not None:
            return self.class_prob
        return tuple(float(c is self.counted_class) for c in LesionClass)


@dataclass(frozen=True, slots=True)
class ScoredCase:
    """A case's scores with the masks they come from.

    Attributes:
        result: the row of the table.
        row: the case's manifest row.
        truth: true mask as compared.
        predicted: predicted mask as compared; without a prediction the worst: empty where the
            truth has a lesion, else full.
        fit: how the image lies in the square that was compared; None at its own resolution.
    """

    result: CaseResult
    row: ManifestRow
    truth: PackedMask
    predicted: PackedMask
    fit: SquareFit | None = None


CASE_COLUMNS = (
    "case_id", "group", "label", "predicted", "prob_normal", "prob_benign", "prob_malignant",
    "logit_normal", "logit_benign", "logit_malignant", "lesion_peak", "unsure", "prediction_set",
    "malignant_alert", "dice", "iou", "pixel_accuracy", "hd95_px", "nsd", "true_lesion_px",
    "predicted_lesion_px", "height_px", "width_px", "missed", "false_positive", "error", "seconds",
    "flags",
)  # fmt: skip


def write_case_table(path: Path, results: Iterable[CaseResult]) -> None:
    """Write one row per case; an empty cell is a value that is not defined for the case.

    Raises:
        OutputWriteError: the file cannot be written.
    """
    atomic_write_csv(path, CASE_COLUMNS, (case_cells(result) for result in results))


def case_cells(result: CaseResult) -> dict[str, object]:
    """Cells of one row, by the names of `CASE_COLUMNS`."""
    cells: dict[str, object] = {
        name: getattr(result, name) for name in CASE_COLUMNS if hasattr(result, name)
    }
    for kind, values in (("prob", result.class_prob), ("logit", result.class_logits)):
        if values is not None:
            cells |= {f"{kind}_{c}": round(v, 6) for c, v in zip(LesionClass, values, strict=True)}
    for name in ("dice", "iou", "pixel_accuracy", "nsd", "hd95_px", "seconds", "lesion_peak"):
        value = cells[name]
        cells[name] = round(value, 6) if isinstance(value, float) else value
    flags = ("missed", "false_positive", "unsure", "malignant_alert")
    cells |= {name: int(bool(cells[name])) for name in flags}
    cells["prediction_set"] = ";".join(c.value for c in result.prediction_set)
    return cells | {"flags": ";".join(result.flags)}
