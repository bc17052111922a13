from __future__ import annotations

import numpy as np
import pytest
from measured_image import ONE, TWO, make_measured

from sonolesion.imaging.comparison import VisitImage, choose_scales, draw_comparison


def visit(title: str, **options: object) -> VisitImage:
    pixels, prediction = make_measured(**options)  # type: ignore[arg-type]
    return VisitImage(title, pixels, prediction)


def test_both_images_are_in_the_picture() -> None:
    earlier, later = visit("Earlier"), visit("Later", ellipses=TWO)
    drawn = draw_comparison(earlier, later, ["one", "two"])
    assert drawn.dtype == np.uint8
    assert drawn.shape[1] == 2 * 560 + 24 + 56
    assert (draw_comparison(later, earlier, ["one", "two"]) != drawn).any()


def test_more_lines_make_it_higher() -> None:
    pair = visit("Earlier"), visit("Later")
    short, long = (draw_comparison(*pair, lines) for lines in (["a"], ["word " * 90, "b", "c"]))
    assert long.shape[0] >= short.shape[0] + 3 * 22


def test_folders_of_the_source_are_not_drawn() -> None:
    plain = draw_comparison(visit("A", source="a.png"), visit("B", source="b.png"), [])
    deep = draw_comparison(visit("A", source="jane doe/a.png"), visit("B", source="b.png"), [])
    np.testing.assert_array_equal(plain, deep)


def test_one_scale_in_mm_where_both_are_known() -> None:
    earlier = visit("A", spacing_mm=(0.1, 0.1))
    later = visit("B", spacing_mm=(0.05, 0.05), shape=(480, 640))
    first, second = choose_scales(earlier, later)
    assert first / 0.1 == pytest.approx(second / 0.05)  # picture px per mm
    assert max(320 * first, 640 * second) == pytest.approx(560)


@pytest.mark.parametrize("spacing", [None, (0.1, 0.2)])
def test_else_each_fills_its_panel(spacing: tuple[float, float] | None) -> None:
    earlier = visit("A", spacing_mm=(0.1, 0.1))
    later = visit("B", spacing_mm=spacing, shape=(300, 400), ellipses=ONE)
    assert choose_scales(earlier, later) == (560 / 320, 560 / 400)


def test_no_lesion_at_all() -> None:
    assert draw_comparison(visit("A", ellipses=()), visit("B", ellipses=()), []).shape[2] == 3
