"""One row per predicted image: the columns of predictions.csv and of predictions.jsonl."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sonolesion.inference import FailedInput
from sonolesion.types import CLASS_NAMES, RESEARCH_USE_ONLY, LesionMeasurement, Prediction
from sonolesion.types.explanation import EvidenceFigures
from sonolesion.types.lesion import Spacing
from sonolesion.writers.lesion_record import (
    LESION_COLUMNS,
    lesion_to_json,
    lesions_to_csv,
    round_numbers,
)

SCHEMA_VERSION = 4
CSV_COLUMNS = (
    "source", "stem", "label", "confidence", *(f"{name}_prob" for name in CLASS_NAMES),
    "unsure", "prediction_set", "malignant_alert", "disagreement", "mask_coverage", "mask_px",
    "width_px", "height_px", "row_spacing_mm", "col_spacing_mm", *LESION_COLUMNS,
    "evidence_share", "evidence_ratio", "bundle", "seconds", "notes",
    "mask_file", "overlay_file", "picture_file", "text_file", "why_file", "html_file", "pdf_file",
    "seg_file", "sr_file", "sc_file", "sha256", "research_use_only",
)  # fmt: skip
ERROR_COLUMNS = ("source", "code", "message")


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """A prediction without its arrays, and the files that hold them.

    Attributes:
        source: the input's path as text.
        stem: what its output files are called.
        label: the most probable class.
        confidence: its probability, [0, 1].
        class_prob: one probability per class, in `LesionClass` order.
        unsure: have the image read; without a decision only where it is far from the training data.
        prediction_set: classes that cannot be ruled out; empty only without a decision.
        malignant_alert: probability of malignant at or above the bundle's operating point.
        disagreement: outline and class contradicted each other before the joint decision.
        mask_coverage: share of the image that the mask covers, [0, 1].
        mask_px: pixels of the mask.
        width_px, height_px: size of image and mask.
        bundle: name and version.
        seconds: wall time of the prediction.
        notes: remarks.
        files: kind ("mask", "overlay", "picture", "text", "why", of reports "html", "pdf", of
            DICOM results "seg", "sr", "sc") -> path relative to the output folder.
        spacing_mm: size of a pixel (row, col) in mm; None where it is unknown.
        lesions: the measured lesions, the largest first; empty where nothing is marked, None
            where nothing was measured.
        n_specks: parts of the mask too small to be taken for lesions.
        sha256: of the input file's bytes, 64 hex digits; "" where no file was read.
        explanation: how much of what speaks for the answer lies on the lesion; None where nobody
            asked why.
    """

    source: str
    stem: str
    label: str
    confidence: float
    class_prob: tuple[float, ...]
    unsure: bool
    prediction_set: tuple[str, ...]
    malignant_alert: bool
    disagreement: bool
    mask_coverage: float
    mask_px: int
    width_px: int
    height_px: int
    bundle: str
    seconds: float
    notes: tuple[str, ...]
    files: dict[str, str]
    spacing_mm: Spacing | None = None
    lesions: tuple[LesionMeasurement, ...] | None = None
    n_specks: int = 0
    sha256: str = ""
    explanation: EvidenceFigures | None = None


def make_row(
    prediction: Prediction,
    *,
    stem: str,
    files: dict[str, str],
    sha256: str = "",
    explanation: EvidenceFigures | None = None,
) -> PredictionRow:
    """Take from a prediction what goes into a table; probabilities to 6, seconds to 4 digits."""
    height, width = prediction.mask.shape
    measured = prediction.measured
    return PredictionRow(
        source=prediction.source,
        stem=stem,
        label=prediction.label.value,
        confidence=round(prediction.confidence, 6),
        class_prob=tuple(round(float(p), 6) for p in prediction.class_prob),
        unsure=prediction.unsure,
        prediction_set=tuple(c.value for c in prediction.prediction_set),
        malignant_alert=prediction.malignant_alert,
        disagreement=prediction.disagreement,
        mask_coverage=round(prediction.mask_coverage, 6),
        mask_px=int(np.count_nonzero(prediction.mask)),
        width_px=width,
        height_px=height,
        bundle=prediction.bundle,
        seconds=round(prediction.seconds, 4),
        notes=prediction.notes,
        files=files,
        spacing_mm=None if measured is None else measured.spacing_mm,
        lesions=None if measured is None else measured.lesions,
        n_specks=0 if measured is None else measured.n_specks,
        sha256=sha256,
        explanation=explanation,
    )


def row_to_json(row: PredictionRow) -> dict[str, Any]:
    """One line of predictions.jsonl; the schema is in docs/reference/predictions.md."""
    return {
        "schema_version": SCHEMA_VERSION,
        "source": row.source,
        "stem": row.stem,
        "label": row.label,
        "confidence": row.confidence,
        "class_prob": dict(zip(CLASS_NAMES, row.class_prob, strict=True)),
        "unsure": row.unsure,
        "prediction_set": list(row.prediction_set),
        "malignant_alert": row.malignant_alert,
        "disagreement": row.disagreement,
        "mask_coverage": row.mask_coverage,
        "mask_px": row.mask_px,
        "width_px": row.width_px,
        "height_px": row.height_px,
        "spacing_mm": None if row.spacing_mm is None else list(row.spacing_mm),
        "lesions": None if row.lesions is None else [lesion_to_json(x) for x in row.lesions],
        "n_specks": row.n_specks,
        "explanation": None if row.explanation is None else round_numbers(asdict(row.explanation)),
        "bundle": row.bundle,
        "seconds": row.seconds,
        "notes": list(row.notes),
        "files": row.files,
        "sha256": row.sha256,
        "research_use_only": RESEARCH_USE_ONLY,
    }


def row_to_csv(row: PredictionRow) -> dict[str, object]:
    """One row of predictions.csv, by the names of `CSV_COLUMNS`; flags are 0 or 1."""
    values = row_to_json(row)
    for name, prob in values.pop("class_prob").items():
        values[f"{name}_prob"] = prob
    for name in ("unsure", "malignant_alert", "disagreement"):
        values[name] = int(values[name])
    row_mm, col_mm = row.spacing_mm or (None, None)
    values |= {"row_spacing_mm": row_mm, "col_spacing_mm": col_mm} | lesions_to_csv(row.lesions)
    on_lesion = None if row.explanation is None else row.explanation.lesion
    values["evidence_share"] = None if on_lesion is None else round(on_lesion.evidence, 4)
    values["evidence_ratio"] = None if on_lesion is None else round(on_lesion.ratio, 4)
    for name in ("spacing_mm", "lesions", "n_specks", "explanation"):
        del values[name]
    values["prediction_set"] = "; ".join(row.prediction_set)
    values["notes"] = "; ".join(row.notes)
    values |= {f"{kind}_file": path for kind, path in values.pop("files").items()}
    return values


def error_to_csv(failed: FailedInput) -> dict[str, object]:
    """One row of errors.csv, by the names of `ERROR_COLUMNS`."""
    return {
        "source": failed.source,
        "code": failed.error.code,
        "message": failed.error.message,
    }
