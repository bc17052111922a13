from __future__ import annotations

import numpy as np
import pytest

from sonolesion.calibration import fit_operating_point
from sonolesion.errors import InvalidInputError


def prob(malignant: list[float]) -> np.ndarray:
    rest = 1 - np.array(malignant)
    return np.stack([rest / 2, rest / 2, malignant], axis=1)


def test_by_hand() -> None:
    # 20 malignant: one may be missed. The second lowest has .30; of 5 others .35 is above it.
    malignant = [0.1, 0.3, *np.linspace(0.5, 0.9, 18)]
    others = [0.0, 0.05, 0.2, 0.29, 0.35]
    labels = np.array([2] * 20 + [0, 1, 1, 0, 1])
    point = fit_operating_point(prob([*malignant, *others]), labels)
    assert point.threshold == 0.3
    assert (point.sensitivity, point.specificity) == (0.95, 0.8)
    assert (point.n_malignant, point.n_other) == (20, 5)


def test_sensitivity_is_kept_in_each_data_set() -> None:
    easy, hard = np.linspace(0.5, 0.9, 60), np.r_[0.1, 0.2, np.linspace(0.3, 0.8, 18)]
    malignant, others = np.r_[easy, hard], [0.25] * 9 + [0.15]
    labels = np.repeat([2, 1], [80, 10])
    names = np.repeat(["easy", "hard", "easy"], [60, 20, 10])
    pooled = fit_operating_point(prob([*malignant, *others]), labels)
    assert pooled.threshold == 0.3
    # the harder set has malignant cases alone, so it has no point of its own
    same = fit_operating_point(prob([*malignant, *others]), labels, datasets=names)
    assert same == pooled
    names[-5:] = "hard"
    careful = fit_operating_point(prob([*malignant, *others]), labels, datasets=names)
    # of its 20 one may be missed, the one with .10; of all others only that with .15 is below .20
    assert careful.threshold == 0.2
    assert (careful.sensitivity, careful.specificity) == (79 / 80, 0.1)


def test_all_must_alert_where_one_miss_is_too_many() -> None:
    point = fit_operating_point(prob([0.2, 0.6, 0.1]), np.array([2, 2, 1]))
    assert (point.threshold, point.sensitivity, point.specificity) == (0.2, 1.0, 1.0)


@pytest.mark.parametrize("labels", [[2, 2], [0, 1]])
def test_both_kinds_are_needed(labels: list[int]) -> None:
    with pytest.raises(InvalidInputError, match="needs both"):
        fit_operating_point(prob([0.1, 0.2]), np.array(labels))
