"""Confusion matrix and what follows from it: by hand, the published figures, scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.errors import InvalidInputError
from sonolesion.metrics import (
    Average,
    accuracy,
    average_scores,
    class_scores,
    confusion_matrix,
)

PUBLISHED = np.array([[5, 8, 0], [0, 37, 7], [0, 7, 14]])  # the mission's model, 78 test images
NOTHING = np.zeros(0, np.int64)


def test_confusion_rows_are_true_and_columns_predicted() -> None:
    got = confusion_matrix(np.array([0, 2, 2, 1]), np.array([1, 2, 0, 1]))
    assert got.tolist() == [[0, 1, 0], [0, 1, 0], [1, 0, 1]]
    assert got.dtype == np.int64


def test_the_published_figures_follow_from_the_published_matrix() -> None:
    weighted = average_scores(class_scores(PUBLISHED), Average.WEIGHTED)
    assert round(accuracy(PUBLISHED), 4) == 0.7179
    assert round(weighted.precision, 4) == 0.7475
    assert round(weighted.recall, 4) == 0.7179
    assert round(weighted.f1, 4) == 0.7069
    assert weighted.n == 78


def test_class_scores_by_hand() -> None:
    scores = class_scores(np.array([[3, 1], [2, 4]]))
    assert scores.precision.tolist() == [3 / 5, 4 / 5]
    assert scores.recall.tolist() == [3 / 4, 4 / 6]
    assert scores.f1.tolist() == [6 / 9, 8 / 11]
    assert scores.support.tolist() == [4, 6]
    assert average_scores(scores, Average.MACRO).precision == pytest.approx(0.7)


@pytest.mark.parametrize("zero_division", [0.0, 1.0])
@pytest.mark.parametrize("average", list(Average))
@pytest.mark.parametrize("seed", range(6))
def test_against_scikit_learn(seed: int, average: Average, zero_division: float) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 30))
    truth, predicted = rng.integers(0, 1 + seed % 3, n), rng.integers(0, 3, n)  # classes may lack
    matrix = confusion_matrix(truth, predicted)
    np.testing.assert_array_equal(matrix, sk.confusion_matrix(truth, predicted, labels=[0, 1, 2]))
    assert accuracy(matrix) == pytest.approx(sk.accuracy_score(truth, predicted))
    scores = class_scores(matrix, zero_division=zero_division)
    keywords = {"labels": [0, 1, 2], "zero_division": zero_division}
    expected = sk.precision_recall_fscore_support(truth, predicted, average=None, **keywords)
    for got, want in zip(
        (scores.precision, scores.recall, scores.f1, scores.support), expected, strict=True
    ):
        np.testing.assert_allclose(got, want, atol=1e-12)
    mean = average_scores(scores, average)
    want = sk.precision_recall_fscore_support(truth, predicted, average=average.value, **keywords)
    assert (mean.precision, mean.recall, mean.f1) == pytest.approx(want[:3], abs=1e-12)


def test_zero_division_as_nan_stays_visible_in_the_macro_mean() -> None:
    scores = class_scores(np.array([[2, 0, 0], [1, 1, 0], [0, 0, 0]]), zero_division=math.nan)
    assert np.isnan(scores.precision).tolist() == [False, False, True]
    assert math.isnan(average_scores(scores, Average.MACRO).recall)
    assert average_scores(scores, Average.WEIGHTED).recall == 0.75  # weight 0 for the absent class


def test_no_case_gives_nan() -> None:
    matrix = confusion_matrix(NOTHING, NOTHING)
    assert matrix.tolist() == [[0, 0, 0]] * 3
    assert math.isnan(accuracy(matrix))
    mean = average_scores(class_scores(matrix), Average.MACRO)
    assert math.isnan(mean.f1)
    assert mean.n == 0


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1))
def test_weighted_recall_is_accuracy_and_f1_lies_between(pairs) -> None:
    truth, predicted = np.array(pairs).T
    matrix = confusion_matrix(truth, predicted, n_classes=4)
    scores = class_scores(matrix)
    assert matrix.sum() == len(pairs)
    assert average_scores(scores, Average.WEIGHTED).recall == pytest.approx(accuracy(matrix))
    low, high = (
        np.minimum(scores.precision, scores.recall),
        np.maximum(scores.precision, scores.recall),
    )
    assert ((low - 1e-12 <= scores.f1) & (scores.f1 <= high + 1e-12)).all()


@pytest.mark.parametrize(
    ("truth", "predicted", "message"),
    [
        (np.array([0.0]), np.array([0]), r"truth: expected an integer array \(N,\).*got float64"),
        (np.array([0]), np.array(["benign"]), "predicted: expected an integer array"),
        (
            np.array([0, 3]),
            np.array([0, 0]),
            "truth: expected class indices from 0 to 2, got 0 to 3",
        ),
        (
            np.array([0]),
            np.array([-1]),
            "predicted: expected class indices from 0 to 2, got -1 to -1",
        ),
        (np.array([0]), np.array([0, 1]), "one entry per case in both arrays, got 1 and 2"),
        (np.array([[0]]), np.array([0]), r"got int64 \(1, 1\)"),
    ],
)
def test_confusion_refuses(truth, predicted, message) -> None:
    with pytest.raises(InvalidInputError, match=message):
        confusion_matrix(truth, predicted)


def test_a_single_class_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="n_classes: expected an integer of at least 2"):
        confusion_matrix(NOTHING, NOTHING, n_classes=1)


@pytest.mark.parametrize("score", [accuracy, class_scores])
@pytest.mark.parametrize(
    "confusion",
    [
        np.ones((2, 3), int),
        np.ones((2, 2)),
        np.array([[1, -1], [0, 1]]),
        np.ones((0, 0), int),
        [[1]],
    ],
)
def test_what_is_no_matrix_of_counts_is_refused(score, confusion) -> None:
    with pytest.raises(InvalidInputError, match=r"confusion: expected counts as integers \(C, C\)"):
        score(confusion)
