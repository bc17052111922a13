from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import expit
from scipy.special import softmax as scipy_softmax

from sonolesion.metrics.probability import sigmoid, softmax


def test_softmax_agrees_with_scipy() -> None:
    logits = np.random.default_rng(0).normal(size=(20, 3)) * 10
    np.testing.assert_allclose(softmax(logits), scipy_softmax(logits, axis=1), rtol=1e-12)
    np.testing.assert_allclose(
        softmax(logits, temperature=2.5), scipy_softmax(logits / 2.5, axis=1), rtol=1e-12
    )


def test_softmax_of_huge_float32_logits() -> None:
    prob = softmax(np.array([3e38, 0.0, -3e38], np.float32))
    assert prob.dtype == np.float64
    assert prob.tolist() == [1.0, 0.0, 0.0]


def test_softmax_by_hand() -> None:
    assert softmax(np.array([math.log(3.0), 0.0])).tolist() == pytest.approx([0.75, 0.25])


def test_sigmoid_agrees_with_scipy_and_keeps_float32() -> None:
    logits = np.linspace(-200, 200, 4001, dtype=np.float32)
    prob = sigmoid(logits)
    assert prob.dtype == np.float32
    np.testing.assert_allclose(prob, expit(logits), atol=2e-7)
