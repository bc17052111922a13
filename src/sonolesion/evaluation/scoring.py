"""Predict and score the cases of a manifest's part.

The manifest is iterated, never a folder of outputs, so that a case without a prediction cannot
drop out of a mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle.decision import measure_peak
from sonolesion.data.manifest import Manifest, ManifestRow, SplitRecord
from sonolesion.data.masks import read_united_mask
from sonolesion.errors import DatasetError, ImageError, InvalidInputError, MaskMismatchError
from sonolesion.evaluation.case_table import CaseResult, PackedMask, ScoredCase
from sonolesion.evaluation.settings import CasePredictor, Convention, EvaluationSettings
from sonolesion.imaging.geometry import SquareFit, mask_to_square, plan_fit
from sonolesion.imaging.read import read_image
from sonolesion.metrics import dice, iou, pixel_accuracy, surface_scores
from sonolesion.types import CLASS_INDEX, Case, LesionClass

NSD_TOLERANCE = 2 / 256
"""Tolerance of the surface Dice as a share of the image's longer side: 2 px of a 256 px square."""

MISSION_THRESHOLD = 0.5

Progress = Callable[[int, int, str], None]
"""Called after each case with (done, total, case id)."""


def score_cases(
    predictor: CasePredictor,
    manifest: Manifest,
    *,
    settings: EvaluationSettings,
    progress: Progress | None = None,
) -> tuple[ScoredCase, ...]:
    """Predict and score each case of the part, in the published counting's order of classes.

    Order: normal, benign, malignant, and by image file name inside a class. The honest figures do
    not depend on it; the mission's batch Dice does, and the published order is unknown.

    Raises:
        InvalidInputError: the manifest has no such part (the parts it has are named).
        DatasetError: the raw data set is not where the manifest says.
    """
    rows = manifest.part(settings.part)
    if not rows:
        known = ", ".join(sorted({row.part for row in manifest.rows})) or "none"
        raise InvalidInputError(
            f"part {settings.part!r} has no case in {manifest.folder}; parts there: {known}."
        )
    root = find_dataset_root(manifest, settings)
    rows = tuple(sorted(rows, key=lambda r: (CLASS_INDEX[r.label], Path(r.image).name, r.case_id)))
    is_mission = settings.convention is Convention.MISSION
    square = manifest.record if is_mission else None
    scored: list[ScoredCase] = []
    for row in rows:
        scored.append(_score_case(predictor, row, root, square=square))
        if progress is not None:
            progress(len(scored), len(rows), row.case_id)
    return tuple(scored)


def find_dataset_root(manifest: Manifest, settings: EvaluationSettings) -> Path:
    """Return the raw data set's folder: the settings' if given, else the manifest's.

    Raises:
        DatasetError: it is not a folder.
    """
    root = settings.dataset_root or Path(manifest.record.dataset_root)
    if not root.is_dir():
        raise DatasetError(
            f"{root}: the raw data set is not there; masks are compared at the images' own "
            "resolution. Give its folder with --dataset."
        )
    return root


def case_of(row: ManifestRow, root: Path) -> Case:
    """Make the case of a manifest row, with its files under `root`."""
    return Case(
        case_id=row.case_id,
        dataset=row.dataset,
        label=row.label,
        image_path=root / row.image,
        mask_paths=tuple(root / mask for mask in row.masks),
    )


def _score_case(
    predictor: CasePredictor, row: ManifestRow, root: Path, *, square: SplitRecord | None
) -> ScoredCase:
    """Score one case, in the network's square if `square` says how the split was prepared."""
    case = case_of(row, root)
    started = perf_counter()
    truth = np.zeros((row.height_px, row.width_px), np.bool_)
    try:
        truth = read_united_mask(case, truth.shape)
        image = read_image(case.image_path)
        if image.pixels.shape != truth.shape:
            raise MaskMismatchError(
                f"{case.image_path}: {image.pixels.shape[1]}x{image.pixels.shape[0]} px, the "
                f"manifest says {row.width_px}x{row.height_px}. Run `sonolesion prepare` again."
            )
        if square is not None:
            network = predictor.predict_square(image)
            truth = mask_to_square(truth, network.fit)
            said = _Said(
                label=tuple(LesionClass)[int(np.argmax(network.class_prob))],
                mask=network.lesion_prob >= MISSION_THRESHOLD,
                prob=network.class_prob,
                logits=network.class_logits,
                peak=measure_peak(network.lesion_prob),
                fit=network.fit,
            )
        else:
            prediction = predictor.predict(case.image_path)
            said = _Said(
                label=prediction.label,
                mask=prediction.mask,
                prob=prediction.class_prob,
                logits=prediction.class_logits,
                peak=prediction.lesion_peak,
                unsure=prediction.unsure,
                prediction_set=prediction.prediction_set,
                malignant_alert=prediction.malignant_alert,
            )
    except ImageError as error:
        # Reports travel: they name files inside the data set, not folders of this machine.
        reason = str(error).replace(f"{root}/", "").replace(f"{root}\\", "")
        fit = None
        if square is not None:  # no network has said its square: take the prepared one's
            fit = plan_fit(*truth.shape, square.image_size_px, square.resize)
            truth = mask_to_square(truth, fit)
        return _unpredicted(row, truth, reason, perf_counter() - started, fit=fit)
    return _predicted(row, truth, said, perf_counter() - started)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a predictor said of a case, in either convention; the mission's has no decision."""

    label: LesionClass
    mask: NDArray[np.bool_]
    prob: NDArray[np.float64]
    logits: NDArray[np.float64] | None
    peak: float | None
    fit: SquareFit | None = None
    unsure: bool = False
    prediction_set: tuple[LesionClass, ...] = ()
    malignant_alert: bool = False


def _predicted(
    row: ManifestRow, truth: NDArray[np.bool_], said: _Said, seconds: float
) -> ScoredCase:
    overlap, is_lesion = dice(said.mask, truth), row.label is not LesionClass.NORMAL
    tolerance_px = NSD_TOLERANCE * max(truth.shape)
    border = surface_scores(said.mask, truth, tolerance=tolerance_px) if is_lesion else None
    result = CaseResult(
        case_id=row.case_id,
        group=row.group,
        label=row.label,
        predicted=said.label,
        class_prob=_triple(said.prob),
        class_logits=None if said.logits is None else _triple(said.logits),
        dice=_none_if_nan(overlap),
        iou=_none_if_nan(iou(said.mask, truth)),
        pixel_accuracy=pixel_accuracy(said.mask, truth),
        hd95_px=None if border is None else _none_if_nan(border.hd95),
        nsd=None if border is None else _none_if_nan(border.nsd),
        true_lesion_px=int(truth.sum()),
        predicted_lesion_px=int(said.mask.sum()),
        height_px=truth.shape[0],
        width_px=truth.shape[1],
        missed=is_lesion and overlap == 0.0,
        false_positive=not is_lesion and bool(said.mask.any()),
        error="",
        seconds=seconds,
        flags=row.flags,
        lesion_peak=said.peak,
        unsure=said.unsure,
        prediction_set=said.prediction_set,
        malignant_alert=said.malignant_alert,
    )
    return ScoredCase(result, row, PackedMask.pack(truth), PackedMask.pack(said.mask), said.fit)


def _unpredicted(
    row: ManifestRow,
    truth: NDArray[np.bool_],
    error: str,
    seconds: float,
    *,
    fit: SquareFit | None,
) -> ScoredCase:
    is_lesion = row.label is not LesionClass.NORMAL
    result = CaseResult(
        case_id=row.case_id,
        group=row.group,
        label=row.label,
        predicted=None,
        class_prob=None,
        class_logits=None,
        dice=0.0,
        iou=0.0,
        pixel_accuracy=0.0,
        hd95_px=math.hypot(*truth.shape) if is_lesion else None,
        nsd=0.0 if is_lesion else None,
        true_lesion_px=int(truth.sum()) or _scaled_lesion_px(row, truth.size),
        predicted_lesion_px=0,
        height_px=truth.shape[0],
        width_px=truth.shape[1],
        missed=is_lesion,
        false_positive=not is_lesion,
        error=error,
        seconds=seconds,
        flags=row.flags,
    )
    worst = np.full(truth.shape, not truth.any())
    return ScoredCase(result, row, PackedMask.pack(truth), PackedMask.pack(worst), fit)


def _scaled_lesion_px(row: ManifestRow, size: int) -> int:
    """Take the lesion's area from the manifest, for a truth that cannot be read."""
    return round(row.lesion_px * size / (row.height_px * row.width_px))


def _triple(values: NDArray[np.float64]) -> tuple[float, float, float]:
    normal, benign, malignant = (float(v) for v in values)
    return normal, benign, malignant


def _none_if_nan(value: float) -> float | None:
    return None if math.isnan(value) else value
