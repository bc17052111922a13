"""The raw outputs of models on cases that they have not seen, for calibration."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sonolesion.bundle.decision import measure_peak
from sonolesion.calibration import HeldOut
from sonolesion.data.manifest import Manifest
from sonolesion.data.rounds import TEST
from sonolesion.errors import ImageError
from sonolesion.evaluation.scoring import case_of
from sonolesion.evaluation.settings import CasePredictor
from sonolesion.imaging.read import read_image
from sonolesion.types import CLASS_INDEX


def collect_held_out(predictor: CasePredictor, manifest: Manifest) -> HeldOut:
    """Run a model on the part "test" of a round and keep what calibration needs.

    A case whose image cannot be read is left out here; scoring counts it.

    Raises:
        InvalidInputError: no case can be read.
    """
    root = Path(manifest.record.dataset_root)
    logits, peaks, labels, groups, datasets = [], [], [], [], []
    for row in manifest.part(TEST):
        try:
            square = predictor.predict_square(read_image(case_of(row, root).image_path))
        except ImageError:
            continue
        logits.append(square.class_logits)
        peaks.append(measure_peak(square.lesion_prob))
        labels.append(CLASS_INDEX[row.label])
        groups.append(row.group)
        datasets.append(row.dataset)
    return HeldOut(
        class_logits=np.array(logits, np.float64).reshape(-1, len(CLASS_INDEX)),
        lesion_peak=np.array(peaks, np.float64),
        labels=np.array(labels, np.int64),
        groups=np.array(groups, np.str_),
        datasets=np.array(datasets, np.str_),
    )
