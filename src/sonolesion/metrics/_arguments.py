"""What the metrics accept: each check returns the array it was given, or says what is off."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import InvalidInputError

PROB_TOLERANCE = 1e-4
"""By how much a row of probabilities may miss a sum of 1 (float32 softmax stays below 1e-6)."""

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


def describe(value: object) -> str:
    """Name an argument's dtype and shape, or its type, for an error message."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    return type(value).__name__


def require_mask(mask: object, name: str) -> BoolArray:
    """Accept a bool array (H, W) with at least one pixel."""
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.ndim != 2:
        raise InvalidInputError(f"{name}: expected a bool array (H, W), got {describe(mask)}.")
    if mask.size == 0:
        raise InvalidInputError(f"{name}: expected at least one pixel, got {describe(mask)}.")
    return mask


def require_mask_pair(pred: object, truth: object) -> tuple[BoolArray, BoolArray]:
    """Accept two masks of one shape."""
    pred, truth = require_mask(pred, "pred"), require_mask(truth, "truth")
    if pred.shape != truth.shape:
        raise InvalidInputError(
            f"expected pred and truth of one shape, got pred {pred.shape}, truth {truth.shape}."
        )
    return pred, truth


def require_flags(flags: object, name: str) -> BoolArray:
    """Accept a bool array (N,)."""
    if not isinstance(flags, np.ndarray) or flags.dtype != np.bool_ or flags.ndim != 1:
        raise InvalidInputError(f"{name}: expected a bool array (N,), got {describe(flags)}.")
    return flags


def require_finite(values: object, name: str) -> FloatArray:
    """Accept a float array (N,) without nan or infinity; returned as float64."""
    if not isinstance(values, np.ndarray) or values.dtype.kind != "f" or values.ndim != 1:
        raise InvalidInputError(f"{name}: expected a float array (N,), got {describe(values)}.")
    n_bad = int(np.count_nonzero(~np.isfinite(values)))
    if n_bad:
        raise InvalidInputError(
            f"{name}: expected finite values, got {n_bad} nan or infinite of {values.size}. "
            "Select the cases on which the value is defined first, and report their number."
        )
    return values.astype(np.float64)


def require_same_length(first: NDArray[np.generic], second: NDArray[np.generic]) -> None:
    """Refuse two per-case arrays of different length."""
    if len(first) != len(second):
        raise InvalidInputError(
            f"expected one entry per case in both arrays, got {len(first)} and {len(second)}."
        )


def require_labels(labels: object, name: str, *, n_classes: int) -> IntArray:
    """Accept an integer array (N,) of class indices in [0, n_classes); returned as int64."""
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iu" or labels.ndim != 1:
        raise InvalidInputError(
            f"{name}: expected an integer array (N,) of class indices, got {describe(labels)}."
        )
    if labels.size and not (labels.min() >= 0 and labels.max() < n_classes):
        raise InvalidInputError(
            f"{name}: expected class indices from 0 to {n_classes - 1}, "
            f"got {labels.min()} to {labels.max()}."
        )
    return labels.astype(np.int64)


def require_class_prob(truth: object, class_prob: object) -> tuple[IntArray, FloatArray]:
    """Accept class indices (N,) and float (N, C) rows of probabilities; as int64 and float64."""
    is_float = isinstance(class_prob, np.ndarray) and class_prob.dtype.kind == "f"
    if not isinstance(class_prob, np.ndarray) or not is_float or class_prob.ndim != 2:
        raise InvalidInputError(
            f"class_prob: expected a float array (N, C), got {describe(class_prob)}."
        )
    if class_prob.shape[1] < 2:
        raise InvalidInputError(f"class_prob: expected 2 or more columns, got {class_prob.shape}.")
    prob = class_prob.astype(np.float64)
    # Negated, so that a nan fails too.
    off = ~((prob >= 0.0).all(axis=1) & (np.abs(prob.sum(axis=1) - 1.0) <= PROB_TOLERANCE))
    if off.any():
        row = int(np.flatnonzero(off)[0])
        raise InvalidInputError(
            f"class_prob: expected rows of probabilities in [0, 1] that sum to 1, "
            f"got {prob[row].tolist()} in row {row} ({int(off.sum())} such rows)."
        )
    labels = require_labels(truth, "truth", n_classes=prob.shape[1])
    require_same_length(labels, prob)
    return labels, prob


def require_fraction(value: float, name: str) -> float:
    """Accept a number strictly between 0 and 1."""
    if not 0.0 < value < 1.0:
        raise InvalidInputError(f"{name}: expected a number between 0 and 1, got {value}.")
    return float(value)


def require_at_least(value: object, name: str, *, least: int) -> int:
    """Accept an integer of at least `least`; True and False are no integers here."""
    if isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= least:
        return int(value)
    raise InvalidInputError(f"{name}: expected an integer of at least {least}, got {value!r}.")


def require_spacing(spacing: Sequence[float]) -> tuple[float, float]:
    """Accept (row, col) pixel spacing, both positive and finite."""
    if len(spacing) != 2 or not all(math.isfinite(s) and s > 0 for s in spacing):
        raise InvalidInputError(f"spacing: expected two positive (row, col), got {spacing}.")
    return float(spacing[0]), float(spacing[1])
