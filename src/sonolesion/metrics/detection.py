"""Per image: is a lesion found at all, and is a normal image left alone.

A prediction is *marked* when it has at least `min_area_px` pixels, wherever they lie. The rates
take one flag per case, so that a case without a prediction is counted too (as not marked).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.metrics._arguments import (
    require_at_least,
    require_flags,
    require_mask,
    require_same_length,
)


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` of `n`; `value` is their ratio in [0, 1], nan for n = 0."""

    count: int
    n: int

    @property
    def value(self) -> float:
        """The ratio count / n, nan for n = 0."""
        return self.count / self.n if self.n else math.nan


def is_marked(pred: NDArray[np.bool_], *, min_area_px: int = 1) -> bool:
    """Say whether a predicted mask, bool (H, W), has at least `min_area_px` (1 or more) pixels.

    Raises:
        InvalidInputError: the mask is not bool (H, W), or min_area_px is below 1.

    >>> is_marked(np.array([[True, False]])), is_marked(np.array([[True, False]]), min_area_px=2)
    (True, False)
    """
    least = require_at_least(min_area_px, "min_area_px", least=1)
    return int(np.count_nonzero(require_mask(pred, "pred"))) >= least


def missed_lesions(marked: NDArray[np.bool_], has_lesion: NDArray[np.bool_]) -> Rate:
    """Count the cases with a lesion on which nothing is marked.

    A mark beside the lesion is no miss here; pass `dice > 0` as `marked` to count it as one.

    Args:
        marked: bool (N,), what `is_marked` says of each prediction; False for a case without one.
        has_lesion: bool (N,), whether the truth has a lesion.

    Returns:
        Misses of the cases with a lesion; value nan when there is none.

    Raises:
        InvalidInputError: an array is not bool (N,), or the lengths differ.

    >>> missed_lesions(np.array([True, False, True]), np.array([True, True, False]))
    Rate(count=1, n=2)
    """
    marked, has_lesion = _require_case_flags(marked, has_lesion)
    return Rate(int(np.count_nonzero(~marked & has_lesion)), int(np.count_nonzero(has_lesion)))


def false_positives_on_normals(marked: NDArray[np.bool_], has_lesion: NDArray[np.bool_]) -> Rate:
    """Count the cases without a lesion on which something is marked.

    Args:
        marked: bool (N,), what `is_marked` says of each prediction.
        has_lesion: bool (N,), whether the truth has a lesion.

    Returns:
        Marked cases of those without a lesion; value nan when there is none.

    Raises:
        InvalidInputError: an array is not bool (N,), or the lengths differ.

    >>> false_positives_on_normals(np.array([True, False, True]), np.array([True, True, False]))
    Rate(count=1, n=1)
    """
    marked, has_lesion = _require_case_flags(marked, has_lesion)
    return Rate(int(np.count_nonzero(marked & ~has_lesion)), int(np.count_nonzero(~has_lesion)))


def _require_case_flags(
    marked: NDArray[np.bool_], has_lesion: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    marked = require_flags(marked, "marked")
    has_lesion = require_flags(has_lesion, "has_lesion")
    require_same_length(marked, has_lesion)
    return marked, has_lesion
