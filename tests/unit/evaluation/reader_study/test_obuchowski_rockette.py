"""Against the output of OR-DBM MRMC 2.51 on the Van Dyke data, and against pseudovalues.

The data themselves (114 cases, 5 readers) are passed on under terms that do not fit this
repository. Here stand the printed readers' AUCs and covariances, from which the rest follows; the
way from the ratings to these was checked by hand (docs/explanation/reader-study.md).
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from sonolesion.errors import InvalidInputError
from sonolesion.evaluation.reader_study.obuchowski_rockette import (
    analyse,
    analyse_fixed_readers,
    split_components,
)
from sonolesion.evaluation.reader_study.reader_values import ReaderValues, auc_values

AREAS = np.array([
    [0.91964573, 0.85877617, 0.90386473, 0.97310789, 0.82979066],
    [0.94782609, 0.90531401, 0.92173913, 0.99935588, 0.92995169],
])  # fmt: skip
VARIANCE, COV1, COV3 = (0.00101410, 0.00059047), 0.00034661, 0.00023903
COV2 = (0.00048396, 0.00020419)


@pytest.fixture
def van_dyke() -> ReaderValues:
    """Each covariance as its printed mean."""
    covariance = np.empty((2, 5, 2, 5))
    same = np.eye(5, dtype=bool)
    for a in range(2):
        for b in range(2):
            own, other = (VARIANCE[a], COV2[a]) if a == b else (COV1, COV3)
            covariance[a, :, b, :] = np.where(same, own, other)
    return ReaderValues(AREAS, covariance)


def test_van_dyke_components(van_dyke: ReaderValues) -> None:
    parts = split_components(van_dyke)
    printed = (0.00479617, 0.00383620, 0.00055103, 0.00080229, 0.00034661, 0.00034407, 0.00023903)
    found = (parts.ms_arm, parts.ms_reader, parts.ms_arm_reader, parts.variance, parts.cov1,
             parts.cov2, parts.cov3)  # fmt: skip
    assert found == pytest.approx(printed, abs=1.1e-8)


def test_van_dyke_random_readers_and_cases(van_dyke: ReaderValues) -> None:
    found = analyse(van_dyke).difference
    assert found is not None
    assert found.value == pytest.approx(0.04380032, abs=1e-8)
    assert found.standard_error == pytest.approx(0.02075, abs=5e-6)
    assert found.df == pytest.approx(15.26, abs=0.005)
    assert (found.value / found.standard_error) ** 2 == pytest.approx(4.46, abs=0.005)
    assert found.p == pytest.approx(0.0517, abs=5e-5)
    assert (found.low, found.high) == pytest.approx((-0.00036, 0.08796), abs=5e-6)


def test_van_dyke_single_arms(van_dyke: ReaderValues) -> None:
    first, second = analyse(van_dyke).arms
    assert (first.value, first.standard_error) == pytest.approx((0.89703704, 0.03317360), abs=1e-6)
    assert (first.low, first.high) == pytest.approx((0.82522360, 0.96885048), abs=1e-6)
    assert (second.low, second.high) == pytest.approx((0.89413783, 0.98753689), abs=1e-6)
    assert (first.df, second.df) == pytest.approx((12.74, 12.71), abs=0.006)


def test_van_dyke_fixed_readers(van_dyke: ReaderValues) -> None:
    found = analyse_fixed_readers(van_dyke)
    assert found.standard_error == pytest.approx(0.01872, abs=5e-6)
    assert found.p == pytest.approx(0.0193, abs=5e-5)
    assert (found.low, found.high) == pytest.approx((0.00711, 0.08049), abs=6e-6)


def test_it_is_the_analysis_of_pseudovalues() -> None:
    """Dorfman, Berbaum and Metz: F = MS(T) / (MS(TR) + max(MS(TC) - MS(TRC), 0))."""
    rng = np.random.default_rng(11)
    positive = np.arange(40) < 15
    scores = rng.normal(size=(2, 4, 40)) + rng.normal(size=(1, 1, 40)) + positive
    scores[1] += 0.4 * positive
    n, readers = 40, 4
    pseudo = np.empty((2, readers, n))
    for a in range(2):
        for r in range(readers):
            whole = roc_auc_score(positive, scores[a, r])
            for k in range(n):
                kept = np.arange(n) != k
                part = roc_auc_score(positive[kept], scores[a, r, kept])
                pseudo[a, r, k] = n * whole - (n - 1) * part
    t, tr = pseudo.mean(axis=(1, 2)), pseudo.mean(axis=2)
    tc, r_, c = pseudo.mean(axis=1), pseudo.mean(axis=(0, 2)), pseudo.mean(axis=(0, 1))
    rc, grand = pseudo.mean(axis=0), pseudo.mean()
    ms_t = readers * n * ((t - grand) ** 2).sum()
    ms_tr = n * ((tr - t[:, None] - r_ + grand) ** 2).sum() / (readers - 1)
    ms_tc = readers * ((tc - t[:, None] - c + grand) ** 2).sum() / (n - 1)
    rest = (
        pseudo - tr[:, :, None] - tc[:, None, :] - rc[None] + t[:, None, None]
        + r_[None, :, None] + c[None, None, :] - grand
    )  # fmt: skip
    ms_trc = (rest**2).sum() / ((readers - 1) * (n - 1))
    error = ms_tr + max(ms_tc - ms_trc, 0.0)
    df = error**2 / (ms_tr**2 / (readers - 1))
    found = analyse(auc_values(scores, positive)).difference
    assert found is not None
    assert found.df == pytest.approx(df, rel=1e-9)
    assert (found.value / found.standard_error) ** 2 == pytest.approx(ms_t / error, rel=1e-9)
    assert found.p == pytest.approx(stats.f.sf(ms_t / error, 1, df), rel=1e-7)


def test_one_reader_is_delongs_test() -> None:
    """Hand-made: variances 0.004 and 0.005, covariance 0.003; z = 0.06 / sqrt(0.003)."""
    covariance = np.array([[0.004, 0.003], [0.003, 0.005]]).reshape(2, 1, 2, 1)
    found = analyse(ReaderValues(np.array([[0.80], [0.86]]), covariance))
    assert found.difference is not None
    assert not found.readers_are_random
    assert found.difference.standard_error == pytest.approx(math.sqrt(0.003))
    assert found.difference.p == pytest.approx(2 * stats.norm.sf(0.06 / math.sqrt(0.003)))
    assert found.arms[0].standard_error == pytest.approx(math.sqrt(0.004))


def test_nothing_varies() -> None:
    found = analyse(ReaderValues(np.ones((2, 3)), np.zeros((2, 3, 2, 3))))
    assert found.difference is not None
    assert found.difference.standard_error == 0.0
    assert math.isnan(found.difference.p)


def test_readers_who_all_gain_alike_leave_the_normal_distribution() -> None:
    values = np.array([[0.7, 0.8], [0.75, 0.85]])
    covariance = np.full((2, 2, 2, 2), 0.001)
    covariance[0, :, 0, :] = covariance[1, :, 1, :] = 0.002
    found = analyse(ReaderValues(values, covariance)).difference
    assert found is not None
    assert found.df == math.inf or found.df > 1e20
    assert found.standard_error == pytest.approx(math.sqrt(2 * 0.001))


def test_three_arms_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="two arms"):
        analyse(ReaderValues(np.ones((3, 2)), np.zeros((3, 2, 3, 2))))
