"""The mission document's own split, reproduced to the image (it leaks: see docs/results.md).

Duplicates are removed by an 8x8 average hash with exact match, and each class is split 80/10/10
at random; near-duplicates that the hash does not find straddle the parts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sonolesion.types import Case, LesionClass

MISSION_SEED = 42
_SPLIT_ORDER = (LesionClass.BENIGN, LesionClass.MALIGNANT, LesionClass.NORMAL)


def average_hash(rgb: NDArray[np.uint8]) -> int:
    """8x8 average hash as the published program takes it (not for judging likeness).

    Args:
        rgb: uint8 (H, W, 3).

    Returns:
        64 bits: OpenCV's bilinear resize of the BGR image to 8x8, grey, bit = pixel > mean.
    """
    small = cv2.resize(np.ascontiguousarray(rgb[..., ::-1]), (8, 8))
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    bits = (grey > grey.mean()).ravel()
    return int("".join("1" if bit else "0" for bit in bits), 2)


def find_hash_duplicates(cases: Sequence[Case]) -> list[Case]:
    """Cases whose average hash stood before, in the order given (the first of each is kept)."""
    seen: set[int] = set()
    removed: list[Case] = []
    for case in cases:
        with Image.open(case.image_path) as image:
            value = average_hash(np.asarray(image.convert("RGB")))
        if value in seen:
            removed.append(case)
        seen.add(value)
    return removed


def split_mission(cases: Sequence[Case], seed: int = MISSION_SEED) -> dict[str, str]:
    """Split each class 80/10/10 at random, as scikit-learn's `train_test_split` does twice.

    Args:
        cases: the cases left after `find_hash_duplicates`, in reading order.
        seed: the published seed is 42.

    Returns:
        case id -> "train", "val" or "test".

    Source: scikit-learn ShuffleSplit; shuffles with numpy's MT19937 `RandomState(seed)`.
    """
    part_of: dict[str, str] = {}
    for label in _SPLIT_ORDER:
        ids = [case.case_id for case in cases if case.label is label]
        train, rest = _shuffle_split(len(ids), math.floor(0.8 * len(ids)), seed)
        test_count = math.ceil(0.5 * len(rest))
        val_of_rest, test_of_rest = _shuffle_split(len(rest), len(rest) - test_count, seed)
        part_of |= {ids[i]: "train" for i in train}
        part_of |= {ids[rest[i]]: "val" for i in val_of_rest}
        part_of |= {ids[rest[i]]: "test" for i in test_of_rest}
    return part_of


def _shuffle_split(count: int, first_count: int, seed: int) -> tuple[list[int], list[int]]:
    order = np.random.RandomState(seed).permutation(count).tolist()
    second_count = count - first_count
    return order[second_count:], order[:second_count]
