"""The raw outputs of models on cases that they have not seen, for calibration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle.decision import measure_peak
from sonolesion.calibration import HeldOut
from sonolesion.data.manifest import Manifest, ManifestRow
from sonolesion.data.rounds import TEST, TRAIN
from sonolesion.errors import ImageError
from sonolesion.evaluation.scoring import case_of
from sonolesion.evaluation.settings import CasePredictor
from sonolesion.imaging.read import read_image
from sonolesion.types import CLASS_INDEX

FEATURE_CASES = 400
"""Training cases of each data set whose features tell what is ordinary."""


@dataclass(frozen=True, slots=True)
class RoundOutputs:
    """What one model gave on the cases that its round holds out.

    Attributes:
        held_out: what the decision is fitted on.
        features: float32 (N, F), of the same cases; None from a bundle without features.
    """

    held_out: HeldOut
    features: NDArray[np.float32] | None


def collect_held_out(predictor: CasePredictor, manifest: Manifest) -> RoundOutputs:
    """Run a model on the part "test" of a round and keep what calibration needs.

    A case whose image cannot be read is left out here; scoring counts it.

    Raises:
        InvalidInputError: no case can be read.
    """
    root = Path(manifest.record.dataset_root)
    rows: list[ManifestRow] = []
    logits, peaks, features = [], [], []
    for row in manifest.part(TEST):
        try:
            square = predictor.predict_square(read_image(case_of(row, root).image_path))
        except ImageError:
            continue
        rows.append(row)
        logits.append(square.class_logits)
        peaks.append(measure_peak(square.lesion_prob))
        features.append(square.features)
    held_out = HeldOut(
        class_logits=np.array(logits, np.float64).reshape(-1, len(CLASS_INDEX)),
        lesion_peak=np.array(peaks, np.float64),
        labels=np.array([CLASS_INDEX[row.label] for row in rows], np.int64),
        groups=np.array([row.group for row in rows], np.str_),
        datasets=np.array([row.dataset for row in rows], np.str_),
    )
    return RoundOutputs(held_out, _stack(features))


def collect_training_features(
    predictor: CasePredictor, manifest: Manifest, *, most: int = FEATURE_CASES
) -> NDArray[np.float32] | None:
    """Run a model on cases that it was trained on and keep the encoder's features.

    Args:
        predictor: the model of the round.
        manifest: of the round.
        most: cases of each data set, drawn at random (always the same ones) where there are more.

    Returns:
        float32 (N, F); None from a bundle without features, or where nothing was trained on.

    Raises:
        UnreadableImageError: a processed file is missing or damaged.
    """
    rows = manifest.part(TRAIN)
    features: list[NDArray[np.float32] | None] = []
    for name in sorted({row.dataset for row in rows}):
        of_set = [row for row in rows if row.dataset == name]
        drawn = np.random.default_rng(0).permutation(len(of_set))[:most]
        for index in np.sort(drawn).tolist():
            path = manifest.folder / of_set[index].processed_image
            features.append(predictor.predict_square(read_image(path)).features)
            if features[0] is None:
                return None
    return _stack(features)


def _stack(features: Iterable[NDArray[np.float32] | None]) -> NDArray[np.float32] | None:
    found = [values for values in features if values is not None]
    return np.stack(found) if found else None
