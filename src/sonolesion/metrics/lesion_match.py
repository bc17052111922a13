"""Per lesion: which lesions of the truth are found, and which marks are false.

Lesions and marks are the 8-connected components of the two masks, matched by shared pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import InvalidInputError
from sonolesion.metrics._arguments import require_at_least, require_mask_pair


@dataclass(frozen=True, slots=True)
class LesionMatch:
    """Lesions and marks of one image, or of several summed, see `match_lesions`.

    Attributes:
        n_images: images counted.
        n_lesions: lesions of the truth.
        n_found: lesions that a mark covers well enough.
        n_marks: marks of the prediction that are large enough.
        n_false_marks: marks that share no pixel with any lesion.
    """

    n_images: int
    n_lesions: int
    n_found: int
    n_marks: int
    n_false_marks: int

    @property
    def sensitivity(self) -> float:
        """Share of lesions found, [0, 1]; nan without a lesion."""
        return self.n_found / self.n_lesions if self.n_lesions else math.nan

    @property
    def false_marks_per_image(self) -> float:
        """False marks per image, 0 or more; nan without an image."""
        return self.n_false_marks / self.n_images if self.n_images else math.nan


def match_lesions(
    pred: NDArray[np.bool_],
    truth: NDArray[np.bool_],
    *,
    min_area_px: int = 1,
    min_coverage: float = 0.0,
) -> LesionMatch:
    """Match the lesions of one image with the marks of its prediction.

    Args:
        pred: bool (H, W), the predicted lesions; components below `min_area_px` are dropped.
        truth: bool (H, W), the true lesions; components of any size count.
        min_area_px: area of the smallest mark, 1 or more.
        min_coverage: a lesion is found when marks cover more than 0 and at least this share of
            its pixels, [0, 1]. A mark that touches a lesion is never false.

    Returns:
        The counts of this image; an empty truth has no lesions, so all its marks are false.

    Raises:
        InvalidInputError: a mask is not bool (H, W), has no pixels, the shapes differ, or a
            threshold is out of its range.

    >>> match_lesions(np.array([[True, False, True]]), np.array([[True, False, False]]))
    LesionMatch(n_images=1, n_lesions=1, n_found=1, n_marks=2, n_false_marks=1)
    """
    pred, truth = require_mask_pair(pred, truth)
    least = require_at_least(min_area_px, "min_area_px", least=1)
    if not 0.0 <= min_coverage <= 1.0:
        raise InvalidInputError(f"min_coverage: expected 0 to 1, got {min_coverage}.")
    lesions, lesion_areas = _components(truth)
    marks, mark_areas = _components(pred)
    kept = mark_areas >= least
    covered = np.bincount(lesions[kept[marks]], minlength=len(lesion_areas))
    touching = np.bincount(marks[truth], minlength=len(mark_areas)) > 0
    found = (covered > 0) & (covered / np.maximum(lesion_areas, 1) >= min_coverage)
    return LesionMatch(
        n_images=1,
        n_lesions=len(lesion_areas) - 1,
        n_found=int(np.count_nonzero(found[1:])),
        n_marks=int(np.count_nonzero(kept)),
        n_false_marks=int(np.count_nonzero(kept & ~touching)),
    )


def sum_matches(matches: Sequence[LesionMatch]) -> LesionMatch:
    """Add up the counts of several images; all zero for none, so that its rates are nan.

    >>> sum_matches([LesionMatch(1, 2, 1, 3, 2), LesionMatch(1, 0, 0, 1, 1)]).sensitivity
    0.5
    """
    return LesionMatch(
        n_images=sum(m.n_images for m in matches),
        n_lesions=sum(m.n_lesions for m in matches),
        n_found=sum(m.n_found for m in matches),
        n_marks=sum(m.n_marks for m in matches),
        n_false_marks=sum(m.n_false_marks for m in matches),
    )


def _components(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Label the 8-connected components: int32 (H, W), 0 outside; areas in px, entry 0 being 0."""
    n, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    found = np.asarray(labels, dtype=np.int32)
    areas = np.bincount(found.ravel(), minlength=n)
    areas[0] = 0
    return found, areas
