from __future__ import annotations

import math

import numpy as np
import pytest

from sonolesion.calibration import fit_temperature
from sonolesion.errors import InvalidInputError
from sonolesion.metrics.probability import softmax


def nll(logits: np.ndarray, labels: np.ndarray, temperature: float) -> float:
    prob = softmax(logits, temperature=temperature)
    return float(-np.log(prob[np.arange(len(labels)), labels]).mean())


def test_hand_worked_two_class_case() -> None:
    # Always logits (4, 0), right in 3 of 4: best is sigmoid(4 / T) = 3/4, so T = 4 / ln 3.
    logits = np.array([[4.0, 0.0]] * 4)
    assert fit_temperature(logits, np.array([0, 0, 0, 1])) == pytest.approx(4 / math.log(3))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("scale", [0.3, 1.0, 5.0])
def test_agrees_with_a_brute_force_grid(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(80, 3)) * scale
    labels = np.where(rng.random(80) < 0.5, logits.argmax(axis=1), rng.integers(0, 3, 80))
    grid = np.geomspace(0.05, 20, 20_001)
    best = grid[np.argmin([nll(logits, labels, t) for t in grid])]
    assert fit_temperature(logits, labels) == pytest.approx(best, rel=1e-3)


def test_scaling_the_logits_scales_the_temperature() -> None:
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(50, 3)), rng.integers(0, 3, 50)
    logits[np.arange(50), labels] += 1.0
    assert fit_temperature(3 * logits, labels) == pytest.approx(3 * fit_temperature(logits, labels))


def test_all_right_gives_the_lower_and_all_wrong_the_upper_bound() -> None:
    logits = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    assert fit_temperature(logits, np.array([0, 1])) == 0.05
    assert fit_temperature(logits, np.array([1, 0])) == 20.0


def test_logits_that_say_nothing_leave_one() -> None:
    assert fit_temperature(np.full((4, 3), 7.0), np.array([0, 1, 2, 0])) == 1.0


def test_huge_logits_do_not_overflow() -> None:
    logits = np.array([[1e4, 0.0, -1e4], [1e4, 0.0, -1e4]])
    assert fit_temperature(logits, np.array([0, 1])) == 20.0


@pytest.mark.parametrize(
    ("logits", "labels"),
    [
        (np.zeros((0, 3)), np.zeros(0, int)),
        (np.zeros((2, 3)), np.zeros(3, int)),
        (np.zeros(3), np.zeros(3, int)),
        (np.array([[np.nan, 0.0, 1.0]]), np.array([0])),
        (np.zeros((1, 3)), np.array([3])),
        (np.zeros((1, 3)), np.array([-1])),
        (np.zeros((1, 3)), np.array([0.0])),
    ],
)
def test_bad_input_is_refused(logits: np.ndarray, labels: np.ndarray) -> None:
    with pytest.raises(InvalidInputError):
        fit_temperature(logits, labels)
