"""Sums of grey levels along rows, from an integral image: any span of columns costs the same."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.inference.measure.region import Mask

Columns = int | NDArray[np.int64]
"""A column for all rows, or (H,) one for each."""


@dataclass(frozen=True, slots=True)
class RowSums:
    """Sum of grey levels and number of pixels in each row of some pixels.

    Attributes:
        total: int32 (H,), sum of the grey levels.
        count: int32 (H,), pixels.
    """

    total: NDArray[np.int32]
    count: NDArray[np.int32]

    def mean(self) -> NDArray[np.float64]:
        """Mean of each row, (H,), 0 in rows without a pixel."""
        return self.total / np.maximum(self.count, 1)

    def __add__(self, other: RowSums) -> RowSums:
        """The two together, for pixels that are not in both."""
        return RowSums(self.total + other.total, self.count + other.count)


class RowIntegral:
    """Grey levels of an image over the pixels that count, added up along the rows.

    Sums are whole numbers, so no order of adding changes them.

    Args:
        grey: uint8 (H, W), at least one row.
        counted: bool (H, W); pixels elsewhere count nothing.

    >>> grey = np.array([[1, 2, 4], [8, 16, 32]], np.uint8)
    >>> sums = RowIntegral(grey, grey != 16)
    >>> sums.between(1, 3).total.tolist(), sums.between(1, 3).count.tolist()
    ([6, 32], [2, 1])
    >>> sums.between(np.array([0, 2]), np.array([2, 2])).total.tolist()
    [3, 0]
    """

    def __init__(self, grey: NDArray[np.uint8], counted: Mask) -> None:
        marks = counted.view(np.uint8)
        self._tables = _integrate(grey * marks), _integrate(marks)

    def between(self, first: Columns, stop: Columns) -> RowSums:
        """Sums over the columns from `first` up to, without, `stop`, both in [0, W]."""
        # int32 of a picture of over 8 million px may wrap round; differences come out right
        total, count = (_up_to(table, stop) - _up_to(table, first) for table in self._tables)
        return RowSums(total, count)


def sum_rows(grey: NDArray[np.uint8], counted: Mask) -> RowSums:
    """Sums over whole rows; of at least one row and column.

    >>> sum_rows(np.array([[1, 2], [4, 8]], np.uint8), np.array([[1, 1], [0, 1]], bool)).total
    array([3, 8], dtype=int32)
    """
    marks = counted.view(np.uint8)
    total, count = (
        np.asarray(cv2.reduce(levels, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S), np.int32)[:, 0]
        for levels in (grey * marks, marks)
    )
    return RowSums(total, count)


def _integrate(levels: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Sums over all pixels above and left, int32 (H + 1, W + 1)."""
    if levels.size == 0:  # which OpenCV refuses
        return np.zeros((levels.shape[0] + 1, 1), np.int32)
    return np.asarray(cv2.integral(levels), np.int32)


def _up_to(table: NDArray[np.int32], stop: Columns) -> NDArray[np.int32]:
    """Sum of each row over the columns before `stop`, int32 (H,)."""
    if isinstance(stop, int):
        return table[1:, stop] - table[:-1, stop]
    rows = np.arange(len(stop))
    return table[rows + 1, stop] - table[rows, stop]
