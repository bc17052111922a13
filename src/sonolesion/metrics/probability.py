"""From unbounded network outputs to probabilities, without overflow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def softmax(logits: NDArray[np.floating], *, temperature: float = 1.0) -> NDArray[np.float64]:
    """Turn class logits (..., C) into probabilities, float64 (..., C), each row summing to 1.

    Args:
        logits: any float dtype, finite.
        temperature: logits are divided by it first; above 1 makes the result less sure.

    >>> softmax(np.array([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """
    scaled = logits.astype(np.float64) / temperature
    raised = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    total = raised.sum(axis=-1, keepdims=True)
    return np.asarray(raised / total, dtype=np.float64)


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn mask logits, float32 of any shape, into probabilities, float32 in [0, 1].

    Written with tanh, which saturates where ``exp(-x)`` would overflow.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0], np.float32)).tolist()
    [0.0, 0.5, 1.0]
    """
    half = np.float32(0.5)
    return np.asarray(half * (np.tanh(half * logits) + np.float32(1.0)), dtype=np.float32)
