from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.imaging.scan_area import black_outside, crop_to_area, paste_area
from sonolesion.types import ScanArea, UltrasoundImage

GREY = np.random.default_rng(1).integers(1, 256, (30, 40)).astype(np.uint8)


@given(st.data())
def test_cropping_and_pasting_are_exact_inverses(data: st.DataObject) -> None:
    top, left = data.draw(st.integers(0, 29)), data.draw(st.integers(0, 39))
    area = ScanArea(
        top_px=top,
        left_px=left,
        height_px=data.draw(st.integers(1, 30 - top)),
        width_px=data.draw(st.integers(1, 40 - left)),
    )
    image = UltrasoundImage(black_outside(GREY, area), area=area)
    seen = crop_to_area(image)
    assert seen.area is None
    assert seen.pixels.shape == (area.height_px, area.width_px)
    back = paste_area(seen.pixels.astype(np.float32), image)
    assert back.dtype == np.float32
    assert np.array_equal(back, image.pixels)
    assert np.count_nonzero(image.pixels) == seen.pixels.size


def test_without_an_area_nothing_changes() -> None:
    image = UltrasoundImage(GREY, 0.1, ("note",), (0.1, 0.2))
    assert crop_to_area(image) is image
    values = GREY.astype(np.float32)
    assert paste_area(values, image) is values


def test_what_else_is_known_stays_with_the_area() -> None:
    area = ScanArea(top_px=0, left_px=0, height_px=5, width_px=6)
    seen = crop_to_area(UltrasoundImage(GREY, 0.1, ("note",), (0.1, 0.2), area))
    assert (seen.colour_fraction, seen.notes, seen.spacing_mm) == (0.1, ("note",), (0.1, 0.2))
