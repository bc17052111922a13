from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from sonolesion.errors import InvalidInputError
from sonolesion.evaluation.reader_study.kappa import (
    Weights,
    cohen_kappa,
    fleiss_kappa,
    joint_counts,
)


@pytest.mark.parametrize("weights", list(Weights))
@pytest.mark.parametrize("seed", range(4))
def test_it_is_scikit_learns(weights: Weights, seed: int) -> None:
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 8, 60)
    second = np.clip(first + rng.integers(-2, 3, 60), 0, 7)
    expected = cohen_kappa_score(
        first, second, labels=range(8), weights=None if weights is Weights.NONE else "quadratic"
    )
    counts = joint_counts(
        first.astype(float), second.astype(float), n_categories=8, cases=np.ones((1, 60))
    )
    assert cohen_kappa(counts, weights)[0] == pytest.approx(expected, abs=1e-12)


def test_a_resample_is_the_repeated_cases() -> None:
    first, second = np.array([0.0, 1.0, 1.0, 0.0, np.nan]), np.array([0.0, 1.0, 0.0, 1.0, 1.0])
    times = np.array([[3.0, 2.0, 1.0, 0.0, 5.0]])
    counts = joint_counts(first, second, n_categories=2, cases=times)
    assert counts[0].tolist() == [[3.0, 0.0], [1.0, 2.0]]
    repeated = [0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 0]
    assert cohen_kappa(counts)[0] == pytest.approx(cohen_kappa_score(*repeated))


def test_worked_example_of_fleiss() -> None:
    """14 readers, 10 cases, 5 categories: the textbook example, kappa 0.210."""
    votes = [
        (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
    ]  # fmt: skip
    answers = np.array([np.repeat(np.arange(5.0), row) for row in votes]).T
    found = fleiss_kappa(answers, n_categories=5, cases=np.ones((1, 10)))
    assert found[0] == pytest.approx(0.210, abs=5e-4)


def test_one_answer_throughout_has_no_kappa() -> None:
    assert np.isnan(cohen_kappa(np.array([[9.0, 0.0], [0.0, 0.0]])))
    assert np.isnan(fleiss_kappa(np.zeros((3, 4)), n_categories=2, cases=np.ones((1, 4)))[0])


def test_what_has_no_kappa_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        cohen_kappa(np.ones((2, 3)))
    with pytest.raises(InvalidInputError):
        fleiss_kappa(np.zeros((1, 4)), n_categories=2, cases=np.ones((1, 4)))
