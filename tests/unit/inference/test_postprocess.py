from __future__ import annotations

import numpy as np
import pytest

from sonolesion.inference.postprocess import describe_conflict, measure_coverage, threshold_mask
from sonolesion.types import LesionClass


def test_threshold_is_inclusive() -> None:
    prob = np.array([[0.1, 0.3, 0.30001]], np.float32)
    # .3 as float32 is above .3 as float64: the threshold is rounded the same way
    assert threshold_mask(prob, 0.3).tolist() == [[False, True, True]]


def test_coverage_of_empty_and_full() -> None:
    assert measure_coverage(np.zeros((0, 4), np.bool_)) == 0.0
    assert measure_coverage(np.ones((2, 3), np.bool_)) == 1.0


@pytest.mark.parametrize(
    ("label", "coverage", "remarks"),
    [
        (LesionClass.NORMAL, 0.0, 0),
        (LesionClass.NORMAL, 0.01, 1),
        (LesionClass.BENIGN, 0.0, 1),
        (LesionClass.MALIGNANT, 0.2, 0),
    ],
)
def test_conflicts(label: LesionClass, coverage: float, remarks: int) -> None:
    assert len(describe_conflict(label, coverage)) == remarks
