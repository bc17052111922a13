"""Row sums from an integral image against sums taken pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest

from sonolesion.inference.measure.rows import RowIntegral, sum_rows

RNG = np.random.default_rng(11)
GREY = RNG.integers(0, 256, (7, 19)).astype(np.uint8)
COUNTED = RNG.random(GREY.shape) < 0.7


def by_hand(row: int, first: int, stop: int) -> tuple[int, int]:
    values = [int(GREY[row, col]) for col in range(first, stop) if COUNTED[row, col]]
    return sum(values), len(values)


@pytest.mark.parametrize(("first", "stop"), [(0, 19), (3, 4), (5, 5), (0, 0), (19, 19)])
def test_the_same_columns_in_each_row(first: int, stop: int) -> None:
    sums = RowIntegral(GREY, COUNTED).between(first, stop)
    expected = [by_hand(row, first, stop) for row in range(len(GREY))]
    assert list(zip(sums.total, sums.count, strict=True)) == expected


def test_columns_of_each_row_its_own() -> None:
    first = np.array([0, 2, 4, 6, 8, 19, 0])
    stop = np.array([19, 2, 9, 7, 19, 19, 1])
    sums = RowIntegral(GREY, COUNTED).between(first, stop)
    expected = [by_hand(k, a, b) for k, (a, b) in enumerate(zip(first, stop, strict=True))]
    assert list(zip(sums.total, sums.count, strict=True)) == expected


def test_whole_rows_and_views() -> None:
    part = np.s_[1:6, 2:17]
    sums = sum_rows(GREY[part], COUNTED[part])
    assert sums.total.tolist() == [by_hand(row, 2, 17)[0] for row in range(1, 6)]
    also = RowIntegral(GREY[part], COUNTED[part]).between(0, 15)
    assert also.count.tolist() == sums.count.tolist()


def test_two_sides_are_added_and_a_row_without_a_pixel_has_the_mean_0() -> None:
    integral = RowIntegral(np.full((2, 6), 9, np.uint8), np.array([[True] * 6, [False] * 6]))
    both = integral.between(0, 2) + integral.between(4, 6)
    assert both.count.tolist() == [4, 0]
    assert both.mean().tolist() == [9.0, 0.0]


def test_no_columns_add_up_to_nothing() -> None:
    nothing = RowIntegral(np.zeros((3, 0), np.uint8), np.zeros((3, 0), np.bool_)).between(0, 0)
    assert nothing.total.tolist() == [0, 0, 0]
