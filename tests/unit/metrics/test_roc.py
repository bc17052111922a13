"""ROC curve and the areas under it: by hand, against scikit-learn, and their laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sonolesion.errors import InvalidInputError
from sonolesion.metrics import malignant_vs_benign_auc, one_vs_rest_auc, roc_auc, roc_curve

LAWS = settings(max_examples=30, deadline=None, derandomize=True)
RANKED = st.lists(st.tuples(st.booleans(), st.integers(-4, 4)), min_size=1, max_size=40)


def random_prob(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.dirichlet([1.0, 1.0, 1.0], size=n)


def test_area_with_a_tie_by_hand() -> None:
    # pairs (positive, negative): .8>.6, .8>.3, .6=.6 half, .6>.3 -> 3.5 of 4
    truth, scores = np.array([True, True, False, False]), np.array([0.8, 0.6, 0.6, 0.3])
    assert roc_auc(truth, scores) == 3.5 / 4
    curve = roc_curve(truth, scores)
    assert curve.thresholds.tolist() == [math.inf, 0.8, 0.6, 0.3]
    assert curve.true_positive_rate.tolist() == [0.0, 0.5, 1.0, 1.0]
    assert curve.false_positive_rate.tolist() == [0.0, 0.0, 0.5, 1.0]


def test_perfect_reversed_and_uninformative_scores() -> None:
    truth = np.array([False, False, True])
    assert roc_auc(truth, np.array([0.1, 0.2, 0.3])) == 1.0
    assert roc_auc(truth, np.array([0.3, 0.2, 0.1])) == 0.0
    assert roc_auc(truth, np.array([0.5, 0.5, 0.5])) == 0.5


@pytest.mark.parametrize("truth", [[True, True], [False, False], []])
def test_area_without_both_classes_is_undefined(truth: list[bool]) -> None:
    flags, scores = np.array(truth, np.bool_), np.linspace(0.0, 1.0, len(truth))
    assert math.isnan(roc_auc(flags, scores))
    curve = roc_curve(flags, scores)
    assert np.isnan(curve.false_positive_rate).all() == (not np.any(~flags))
    assert np.isnan(curve.true_positive_rate).all() == (not flags.any())


@pytest.mark.parametrize("decimals", [1, 2, 9])  # 1: many ties, 9: none
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(5))
def test_curve_and_area_against_scikit_learn(seed: int, dtype, decimals: int) -> None:
    rng = np.random.default_rng(seed)
    truth = np.append(rng.random(80) < 0.3, [True, False])
    scores = np.round(rng.random(82) + 0.2 * truth, decimals).astype(dtype)
    fpr, tpr, thresholds = sk.roc_curve(truth, scores, drop_intermediate=False)
    curve = roc_curve(truth, scores)
    np.testing.assert_allclose(curve.false_positive_rate, fpr)
    np.testing.assert_allclose(curve.true_positive_rate, tpr)
    np.testing.assert_allclose(curve.thresholds, thresholds)
    assert roc_auc(truth, scores) == pytest.approx(sk.roc_auc_score(truth, scores), abs=1e-12)


@LAWS
@given(RANKED)
def test_area_sees_only_the_ranking(cases: list[tuple[bool, int]]) -> None:
    truth = np.array([t for t, _ in cases])
    assume(truth.any() and not truth.all())
    scores = np.array([s for _, s in cases], np.float64)
    area = roc_auc(truth, scores)
    assert 0.0 <= area <= 1.0
    assert roc_auc(truth, np.exp(scores)) == area
    assert roc_auc(truth, 3.0 * scores - 7.0) == area
    assert roc_auc(truth[::-1], scores[::-1]) == area
    assert roc_auc(truth, -scores) == pytest.approx(1.0 - area)
    assert roc_auc(~truth, -scores) == area
    wins = np.sign(scores[truth][:, np.newaxis] - scores[~truth])  # every pair
    assert area == pytest.approx((wins.mean() + 1) / 2)


@pytest.mark.parametrize("seed", range(4))
def test_one_vs_rest_against_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, prob = np.append(rng.integers(0, 3, 60), [0, 1, 2]), random_prob(rng, 63)
    expected = sk.roc_auc_score(truth, prob, multi_class="ovr", average=None)
    np.testing.assert_allclose(one_vs_rest_auc(truth, prob), expected)


def test_one_vs_rest_of_an_absent_class_is_undefined() -> None:
    areas = one_vs_rest_auc(np.array([0, 1, 1]), random_prob(np.random.default_rng(0), 3))
    assert np.isnan(areas).tolist() == [False, False, True]


def test_malignant_vs_benign_by_hand() -> None:
    prob = np.array([[0.0, 0.4, 0.6], [0.8, 0.15, 0.05], [0.9, 0.02, 0.08], [0.1, 0.0, 0.9]])
    truth = np.array([1, 1, 2, 0])
    # shares: benign .6, .25; malignant .8; the normal case is left out although it scores 1
    assert malignant_vs_benign_auc(truth, prob) == 1.0
    assert roc_auc(truth == 2, prob[:, 2]) < 1.0  # the bare malignant probability ranks worse


def test_malignant_vs_benign_scores_a_case_without_either_as_one_half() -> None:
    prob = np.array([[1.0, 0.0, 0.0], [0.2, 0.3, 0.5], [0.2, 0.5, 0.3]])
    assert malignant_vs_benign_auc(np.array([2, 1, 1]), prob) == 0.5


@pytest.mark.parametrize("seed", range(4))
def test_malignant_vs_benign_against_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, prob = np.append(rng.integers(0, 3, 60), [0, 1, 2]), random_prob(rng, 63)
    kept = truth > 0
    share = prob[kept, 2] / prob[kept, 1:].sum(axis=1)
    expected = sk.roc_auc_score(truth[kept] == 2, share)
    assert malignant_vs_benign_auc(truth, prob) == pytest.approx(expected, abs=1e-12)


def test_malignant_vs_benign_without_one_of_them_is_undefined() -> None:
    prob = random_prob(np.random.default_rng(1), 2)
    assert math.isnan(malignant_vs_benign_auc(np.array([0, 2]), prob))


@pytest.mark.parametrize("score", [roc_auc, roc_curve])
@pytest.mark.parametrize(
    ("truth", "scores", "message"),
    [
        (np.array([1, 0]), np.array([0.1, 0.2]), r"truth: expected a bool array \(N,\), got int64"),
        (np.array([True]), np.array([1]), r"scores: expected a float array \(N,\), got int64"),
        (np.array([True, False]), np.array([0.1, math.nan]), "got 1 nan or infinite of 2"),
        (np.array([True, False]), np.array([0.1, math.inf]), "scores: expected finite values"),
        (np.array([True, False]), np.array([0.1]), "got 2 and 1"),
    ],
)
def test_curves_refuse(score, truth, scores, message) -> None:
    with pytest.raises(InvalidInputError, match=message):
        score(truth, scores)


@pytest.mark.parametrize("score", [one_vs_rest_auc, malignant_vs_benign_auc])
@pytest.mark.parametrize(
    ("truth", "prob", "message"),
    [
        (np.array([0]), np.array([0.2, 0.8]), r"class_prob: expected a float array \(N, C\)"),
        (np.array([0]), np.array([[0.5, 0.5, 0.5]]), r"sum to 1, got \[0.5, 0.5, 0.5\] in row 0"),
        (np.array([0]), np.array([[-0.5, 1.0, 0.5]]), "rows of probabilities"),
        (np.array([0]), np.array([[math.nan, 0.5, 0.5]]), "rows of probabilities"),
        (np.array([0]), np.array([[1.0]]), "expected 2 or more columns"),
        (np.array([3]), np.array([[1.0, 0.0, 0.0]]), "truth: expected class indices from 0 to 2"),
        (np.array([0, 1]), np.array([[1.0, 0.0, 0.0]]), "got 2 and 1"),
    ],
)
def test_class_areas_refuse(score, truth, prob, message) -> None:
    with pytest.raises(InvalidInputError, match=message):
        score(truth, prob)


def test_malignant_vs_benign_needs_three_columns() -> None:
    with pytest.raises(InvalidInputError, match="class_prob: expected 3 columns, got 2"):
        malignant_vs_benign_auc(np.array([0]), np.array([[0.5, 0.5]]))
