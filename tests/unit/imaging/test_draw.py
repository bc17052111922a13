from __future__ import annotations

import numpy as np
import pytest
from tiny_bundle import disc, speckle_image

from sonolesion.errors import InvalidInputError
from sonolesion.imaging.draw import (
    PREDICTION_COLOUR,
    TRUTH_COLOUR,
    draw_overlay,
    find_contours,
    grey_to_rgb,
)

PIXELS = speckle_image(120, 160)
MASK = disc(120, 160, 25)


def has_colour(rgb: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return np.asarray((rgb == colour).all(axis=2))


def test_outline_lies_on_the_border_and_nowhere_else() -> None:
    drawn = draw_overlay(PIXELS, prediction=MASK)
    changed = (drawn != grey_to_rgb(PIXELS)).any(axis=2)
    near = disc(120, 160, 29) & ~disc(120, 160, 20)
    assert changed.any()
    assert not (changed & ~near).any()
    assert has_colour(drawn, PREDICTION_COLOUR).sum() > 100


def test_empty_or_no_mask_changes_nothing() -> None:
    plain = grey_to_rgb(PIXELS)
    empty = np.zeros_like(MASK)
    np.testing.assert_array_equal(draw_overlay(PIXELS, prediction=empty, truth=empty), plain)
    np.testing.assert_array_equal(draw_overlay(PIXELS), plain)


def test_both_colours_appear_and_prediction_lies_on_top() -> None:
    drawn = draw_overlay(PIXELS, prediction=MASK, truth=np.roll(MASK, 15, axis=1))
    assert has_colour(drawn, TRUTH_COLOUR).any()
    same = draw_overlay(PIXELS, prediction=MASK, truth=MASK)
    assert not has_colour(same, TRUTH_COLOUR).any()


def test_input_is_not_changed() -> None:
    before = PIXELS.copy()
    draw_overlay(PIXELS, prediction=MASK)
    np.testing.assert_array_equal(PIXELS, before)


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_scaled_outline_stays_in_place(scale: float) -> None:
    drawn = draw_overlay(PIXELS, prediction=MASK, scale=scale)
    assert drawn.shape == (120 * scale, 160 * scale, 3)
    rows, cols = np.nonzero(has_colour(drawn, PREDICTION_COLOUR))
    centre = (np.array([rows.mean(), cols.mean()]) + 0.5) / scale
    np.testing.assert_allclose(centre, [60, 80], atol=1.0)


def test_contours_of_a_square_with_a_hole() -> None:
    mask = np.zeros((10, 10), np.bool_)
    mask[2:8, 1:9] = True
    mask[4:6, 4:6] = False
    contours = sorted(find_contours(mask), key=len)
    assert len(contours) == 2
    assert contours[1].min(axis=0).tolist() == [2.5, 1.5]
    assert contours[1].max(axis=0).tolist() == [7.5, 8.5]


def test_mask_of_another_size_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"mask is \(10, 10\), its image \(120, 160\)"):
        draw_overlay(PIXELS, truth=np.zeros((10, 10), np.bool_))
