from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from sonolesion.errors import InvalidInputError
from sonolesion.evaluation.reader_study.reader_values import (
    CovarianceMethod,
    auc_values,
    share_values,
)

POSITIVE = np.arange(23) < 9


@pytest.fixture
def scores() -> np.ndarray:
    """Two arms, three readers, 23 cases, whole numbers with many ties."""
    drawn = np.random.default_rng(5).normal(size=(2, 3, 23)) + POSITIVE
    return np.round(2.0 * drawn)


def test_area_is_scikit_learns(scores: np.ndarray) -> None:
    found = auc_values(scores, POSITIVE).values
    for a in range(2):
        for r in range(3):
            assert found[a, r] == pytest.approx(roc_auc_score(POSITIVE, scores[a, r]), abs=1e-12)


def test_jackknife_is_that_of_leaving_each_case_out(scores: np.ndarray) -> None:
    n = len(POSITIVE)
    left_out = np.empty((n, 6))
    for k in range(n):
        kept = np.arange(n) != k
        areas = [roc_auc_score(POSITIVE[kept], s[kept]) for s in scores.reshape(6, n)]
        left_out[k] = areas
    centred = left_out - left_out.mean(axis=0)
    by_hand = (n - 1) / n * centred.T @ centred
    found = auc_values(scores, POSITIVE, method=CovarianceMethod.JACKKNIFE).covariance
    assert found.reshape(6, 6) == pytest.approx(by_hand, abs=1e-12)


def test_delong_is_that_of_the_pairs_kernel(scores: np.ndarray) -> None:
    high, low = scores[..., POSITIVE].reshape(6, -1), scores[..., ~POSITIVE].reshape(6, -1)
    kernel = (high[:, :, None] > low[:, None, :]) + 0.5 * (high[:, :, None] == low[:, None, :])
    by_hand = np.cov(kernel.mean(axis=2)) / 9 + np.cov(kernel.mean(axis=1)) / 14
    found = auc_values(scores, POSITIVE, method=CovarianceMethod.DELONG).covariance
    assert found.reshape(6, 6) == pytest.approx(by_hand, abs=1e-12)


def test_share_has_the_variance_of_a_mean() -> None:
    calls = np.array([[[1.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0]]])
    found = share_values(calls)
    assert found.values.tolist() == [[0.75, 0.5]]
    assert found.covariance[0, 0, 0, 0] == pytest.approx(0.25 / 4)  # p(1-p)n/(n-1) / n
    assert found.covariance[0, 0, 0, 1] == pytest.approx(np.cov(calls[0])[0, 1] / 4)


def test_one_case_of_a_kind_has_no_variance() -> None:
    found = auc_values(np.array([[[1.0, 2.0, 3.0]]]), np.array([False, False, True]))
    assert found.values.tolist() == [[1.0]]
    assert np.isnan(found.covariance).all()


def test_gaps_and_one_kind_are_refused(scores: np.ndarray) -> None:
    with pytest.raises(InvalidInputError, match="only one kind"):
        auc_values(scores, np.ones(23, bool))
    scores[0, 0, 0] = np.nan
    with pytest.raises(InvalidInputError, match="1 missing"):
        auc_values(scores, POSITIVE)
