from __future__ import annotations

import numpy as np
import pytest
from measured_image import ONE, TWO, make_measured

from sonolesion.imaging.calipers import CALIPER_COLOUR, draw_calipers
from sonolesion.imaging.draw import PREDICTION_COLOUR, grey_to_rgb
from sonolesion.imaging.panels import draw_prediction


def coloured(rgb: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return np.asarray(
        (np.abs(rgb.astype(int) - colour).max(axis=2) < 60) & (np.ptp(rgb, axis=2) > 80)
    )


@pytest.mark.parametrize("factor", [1.0, 0.5, 2.0])
def test_lines_lie_where_the_diameters_are(factor: float) -> None:
    _, prediction = make_measured(ONE)
    (lesion,) = prediction.lesions
    rgb = np.full((round(240 * factor), round(320 * factor), 3), 90, np.uint8)
    draw_calipers(rgb, prediction.lesions, factor=(factor, factor))
    for ends in (lesion.longest_ends_px, lesion.perpendicular_ends_px):
        start, end = (np.asarray(p) + 0.5 for p in ends)
        for share in np.linspace(0.05, 0.95, 12):
            row, col = ((start + share * (end - start)) * factor).astype(int)
            assert coloured(rgb[row - 1 : row + 2, col - 1 : col + 2], CALIPER_COLOUR).any()


def test_nothing_far_from_the_lesion_is_touched() -> None:
    pixels, prediction = make_measured(ONE)
    rgb = grey_to_rgb(pixels)
    draw_calipers(rgb, prediction.lesions, factor=(1.0, 1.0))
    changed = (rgb != grey_to_rgb(pixels)).any(axis=2)
    rows, cols = np.nonzero(changed)
    assert rows.min() > 110 - 60
    assert rows.max() < 110 + 60
    assert cols.min() > 150 - 75
    assert cols.max() < 150 + 75
    assert 0.005 < changed.mean() < 0.03  # thin


def test_no_lesion_draws_nothing() -> None:
    rgb = np.full((40, 50, 3), 90, np.uint8)
    draw_calipers(rgb, (), factor=(1.0, 1.0))
    assert (rgb == 90).all()


def test_only_several_lesions_have_numbers() -> None:
    pixels, two = make_measured(TWO)
    both, alone = grey_to_rgb(pixels), grey_to_rgb(pixels)
    draw_calipers(both, two.lesions, factor=(1.0, 1.0))
    for lesion in two.lesions:
        draw_calipers(alone, [lesion], factor=(1.0, 1.0))
    added = (both != alone).any(axis=2)
    assert added.sum() > 40
    right = max(two.lesions[0].longest_ends_px, key=lambda end: end[1])
    assert added[:, : int(right[1])].sum() == 0


def test_a_number_at_the_edge_stays_in_the_picture() -> None:
    _, prediction = make_measured(((20.0, 290.0, 29.0, 12.0, 0.0), (200.0, 40.0, 20.0, 10.0, 0.0)))
    rgb = np.full((240, 320, 3), 90, np.uint8)
    draw_calipers(rgb, prediction.lesions, factor=(1.0, 1.0))
    assert coloured(rgb[:, 306:], CALIPER_COLOUR).any()


def test_outline_and_diameters_together() -> None:
    pixels, prediction = make_measured(ONE)
    rgb = draw_prediction(pixels, prediction)
    assert rgb.shape == (240, 320, 3)
    assert coloured(rgb, CALIPER_COLOUR).any()
    assert (rgb == PREDICTION_COLOUR).all(axis=2).any()


def test_colours_differ_for_every_kind_of_colour_blindness() -> None:
    # both cone axes that may be lost (red against green, blue against yellow) leave a difference
    orange, blue = np.array(PREDICTION_COLOUR, float), np.array(CALIPER_COLOUR, float)
    assert abs(orange[2] - blue[2]) > 150
    assert abs(orange[0] - blue[0]) > 150
