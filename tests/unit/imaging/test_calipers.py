from __future__ import annotations

import numpy as np

from sonolesion.imaging.calipers import CALIPER_COLOUR, draw_calipers

BLACK = np.zeros((90, 120, 3), np.uint8)


def is_coloured(rgb: np.ndarray, row: int, col: int) -> bool:
    return bool(np.abs(rgb[row, col].astype(int) - CALIPER_COLOUR).max() < 30)


def test_line_and_crosses() -> None:
    rgb = draw_calipers(BLACK, [((40.0, 20.0), (40.0, 100.0))])
    assert is_coloured(rgb, 40, 60)
    assert is_coloured(rgb, 43, 20)
    assert is_coloured(rgb, 37, 100)
    assert not rgb[50:].any()
    assert not rgb[40, 107:].any()


def test_scale_maps_pixel_centres() -> None:
    """The centre of pixel 10 lies at 10.5 of the image, at 31.5 - .5 = 31 of a threefold one."""
    rgb = draw_calipers(BLACK, [((10.0, 5.0), (10.0, 30.0))], scale=3.0)
    assert is_coloured(rgb, 31, 50)
    assert not is_coloured(rgb, 29, 50)


def test_nothing_to_draw_and_the_input_stays() -> None:
    before = BLACK.copy()
    assert not draw_calipers(BLACK, []).any()
    draw_calipers(BLACK, [((1.0, 1.0), (80.0, 110.0))])
    np.testing.assert_array_equal(BLACK, before)


def test_a_line_at_the_edge_and_one_without_length() -> None:
    rgb = draw_calipers(BLACK, [((-0.5, -0.5), (89.5, 119.5)), ((45.0, 60.0), (45.0, 60.0))])
    assert is_coloured(rgb, 45, 60)
