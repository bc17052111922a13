"""The confusion matrix, rows true and columns predicted.

Classes are indices in `LesionClass` order (0 normal, 1 benign, 2 malignant) unless `n_classes`
says otherwise.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import InvalidInputError
from sonolesion.metrics._arguments import (
    describe,
    require_at_least,
    require_labels,
    require_same_length,
)
from sonolesion.types import LesionClass


def confusion_matrix(
    truth: NDArray[np.integer],
    predicted: NDArray[np.integer],
    *,
    n_classes: int = len(LesionClass),
) -> NDArray[np.int64]:
    """Count cases by true and predicted class.

    Args:
        truth: integer (N,), true class indices in [0, n_classes).
        predicted: integer (N,), predicted class indices in [0, n_classes).
        n_classes: number of classes C, at least 2.

    Returns:
        int64 (C, C), rows true, columns predicted; all zero for N = 0.

    Raises:
        InvalidInputError: an array is no integer (N,), an index is out of range, or the lengths
            differ.

    >>> confusion_matrix(np.array([0, 1, 1]), np.array([0, 1, 2])).tolist()
    [[1, 0, 0], [0, 1, 1], [0, 0, 0]]
    """
    n_classes = require_at_least(n_classes, "n_classes", least=2)
    rows = require_labels(truth, "truth", n_classes=n_classes)
    columns = require_labels(predicted, "predicted", n_classes=n_classes)
    require_same_length(rows, columns)
    counts = np.bincount(rows * n_classes + columns, minlength=n_classes**2)
    return counts.reshape(n_classes, n_classes).astype(np.int64)


def accuracy(confusion: NDArray[np.integer]) -> float:
    """Share of cases on the diagonal of a confusion matrix (C, C), in [0, 1]; nan without a case.

    Raises:
        InvalidInputError: not a square matrix of counts.

    >>> accuracy(np.array([[5, 8, 0], [0, 37, 7], [0, 7, 14]]))
    0.717948717948718
    """
    counts = require_confusion(confusion)
    n = int(counts.sum())
    return int(np.trace(counts)) / n if n else math.nan


def require_confusion(confusion: object) -> NDArray[np.int64]:
    """Accept a square matrix of counts, integer (C, C); returned as int64."""
    if isinstance(confusion, np.ndarray) and confusion.dtype.kind in "iu" and confusion.ndim == 2:
        rows, columns = confusion.shape
        if rows == columns and rows > 0 and confusion.min() >= 0:
            return confusion.astype(np.int64)
    raise InvalidInputError(
        f"confusion: expected counts as integers (C, C), got {describe(confusion)}."
    )
