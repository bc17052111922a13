"""Where the ridge of the presence should draw its weights: to the class head, or to zero.

    sonolesion prepare Dataset_BUSI_with_GT -o prepared --image-size 224
    python benchmarks/presence_centre.py prepared/processed Dataset_BUSI_with_GT

Runs the bundle `small` on the validation and test images of its own split and cross-fits the
decision in 5 folds by group, for 10 draws of the folds. The training images are left out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle.decision import measure_peak
from sonolesion.calibration import HeldOut, cross_fit, presence
from sonolesion.data.manifest import Manifest, read_manifest
from sonolesion.errors import InvalidInputError
from sonolesion.imaging.read import read_image
from sonolesion.inference import load_predictor
from sonolesion.metrics import brier_score, expected_calibration_error
from sonolesion.types import CLASS_INDEX

DRAWS, FOLDS = 10, 5
CENTRES = {"class head (1, 0)": (1.0, 0.0), "zero (0, 0)": (0.0, 0.0)}


def collect(manifest: Manifest, root: Path) -> HeldOut:
    """Run the shipped bundle on what it was not trained on."""
    predictor = load_predictor("small")
    if predictor.info.training["split_hash"] != manifest.record.split_hash:
        raise InvalidInputError("the bundle was trained on another split.")
    rows = manifest.part("val", "test")
    squares = [predictor.predict_square(read_image(root / row.image)) for row in rows]
    return HeldOut(
        np.array([square.class_logits for square in squares]),
        np.array([measure_peak(square.lesion_prob) for square in squares]),
        np.array([CLASS_INDEX[row.label] for row in rows]),
        np.array([row.group for row in rows]),
    )


def draw_folds(groups: NDArray[np.str_], seed: int) -> NDArray[np.int64]:
    """Deal the groups out to the folds."""
    names, index = np.unique(groups, return_inverse=True)
    return np.random.default_rng(seed).integers(0, FOLDS, len(names))[index]


def main() -> None:
    """Print one line per centre."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("processed", type=Path)
    parser.add_argument("dataset", type=Path)
    arguments = parser.parse_args()
    held_out = collect(read_manifest(arguments.processed), arguments.dataset)
    labels, is_lesion = held_out.labels, held_out.labels > 0
    print(f"n = {len(labels)}, {np.bincount(labels)} normal, benign, malignant")
    for name, centre in CENTRES.items():
        presence.CENTRE = centre
        figures = []
        for seed in range(DRAWS):
            prob = cross_fit(held_out, draw_folds(held_out.groups, seed)).class_prob
            lesion_prob = 1 - prob[:, 0]
            said = np.where(is_lesion, lesion_prob, prob[:, 0])
            figures.append(
                (
                    -np.log(said).mean(),
                    brier_score(labels, prob),
                    expected_calibration_error(labels, prob, n_bins=10),
                    (prob.argmax(axis=1) == labels).mean(),
                )
            )
        loss, brier, ece, accuracy = np.mean(figures, axis=0)
        print(
            f"{name:20} log loss of presence {loss:.4f}, Brier {brier:.4f}, ECE {ece:.4f}, "
            f"accuracy {accuracy:.4f}"
        )


if __name__ == "__main__":
    main()
