from __future__ import annotations

import numpy as np
import pytest

from sonolesion.imaging import histogram
from sonolesion.imaging.histogram import count_levels

PIXELS = np.random.default_rng(3).integers(0, 256, (40, 60), dtype=np.uint8)


def test_counts_are_those_of_the_pixels() -> None:
    expected = [int((level == PIXELS).sum()) for level in range(256)]
    assert count_levels(PIXELS).tolist() == expected
    assert count_levels(PIXELS).dtype == np.int64


@pytest.mark.parametrize("view", [np.s_[3:30, 5:41], np.s_[:, -1:], np.s_[::2, ::3]])
def test_views_are_counted_too(view: tuple[slice, slice]) -> None:
    expected = np.bincount(PIXELS[view].ravel(), minlength=256)
    np.testing.assert_array_equal(count_levels(PIXELS[view]), expected)


def test_no_pixels() -> None:
    assert count_levels(np.zeros((0, 4), np.uint8)).sum() == 0


def test_what_float32_cannot_count_is_counted_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histogram, "_EXACT_PX", 100)
    np.testing.assert_array_equal(count_levels(PIXELS), np.bincount(PIXELS.ravel(), minlength=256))
