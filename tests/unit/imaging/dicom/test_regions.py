"""Scan area, spacing and views from SequenceOfUltrasoundRegions."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_files import make_dataset, make_file, region, to_bytes

from sonolesion.errors import UnreadableImageError, UnsupportedImageError
from sonolesion.imaging.read import read_image
from sonolesion.types import ScanArea

GREY = np.random.default_rng(1).integers(1, 256, (100, 160)).astype(np.uint8)
LEFT, RIGHT = region(10, 5, 69, 84), region(80, 5, 149, 84, spacing_cm=(0.03, 0.04))


def test_area_holds_both_corners_and_the_rest_is_black() -> None:
    image = read_image(make_file(GREY, regions=(LEFT,)))
    assert image.area == ScanArea(top_px=5, left_px=10, height_px=80, width_px=60)
    expected = np.zeros_like(GREY)
    expected[5:85, 10:70] = GREY[5:85, 10:70]
    assert np.array_equal(image.pixels, expected)
    assert image.notes == ("scan area 60x80 px at row 5, column 10, the rest is blacked out",)


def test_spacing_is_row_first_in_mm_without_sign() -> None:
    image = read_image(make_file(GREY, regions=(region(0, 0, 90, 90, spacing_cm=(-0.01, 0.02)),)))
    assert image.spacing_mm == pytest.approx((0.2, 0.1))


@pytest.mark.parametrize("units", [(0, 0), (3, 4), (4, 3)])
def test_no_spacing_where_a_unit_is_not_centimetres(units: tuple[int, int]) -> None:
    assert (
        read_image(make_file(GREY, regions=(region(0, 0, 90, 90, units=units),))).spacing_mm is None
    )


@pytest.mark.parametrize("delta", [0.0, float("nan"), float("inf"), 7.0, 1e-9])
def test_no_spacing_where_it_cannot_be(delta: float) -> None:
    found = region(0, 0, 90, 90, spacing_cm=(delta, delta))
    assert read_image(make_file(GREY, regions=(found,))).spacing_mm is None


def test_only_2d_tissue_counts() -> None:
    m_mode = region(0, 0, 159, 99, spatial_format=2)
    colour_box = region(20, 20, 50, 50, data_type=2)
    image = read_image(make_file(GREY, regions=(m_mode, colour_box, LEFT)))
    assert image.area == ScanArea(top_px=5, left_px=10, height_px=80, width_px=60)
    with pytest.raises(UnsupportedImageError, match="none of its 2 regions is a 2D image"):
        read_image(make_file(GREY, regions=(m_mode, colour_box)))


def test_two_views_are_read_one_by_one() -> None:
    data = make_file(GREY, regions=(RIGHT, LEFT))
    with pytest.raises(UnsupportedImageError, match="holds 2 views, expected one"):
        read_image(data)
    first, second = read_image(data, view=1), read_image(data, view=2)
    assert first.area == ScanArea(top_px=5, left_px=10, height_px=80, width_px=60)
    assert second.area == ScanArea(top_px=5, left_px=80, height_px=80, width_px=70)
    assert first.spacing_mm == pytest.approx((0.2, 0.1))
    assert second.spacing_mm == pytest.approx((0.4, 0.3))
    assert not first.pixels[:, 70:].any()
    assert not second.pixels[:, :80].any()
    assert second.notes[0] == "view 2 of 2"
    with pytest.raises(UnsupportedImageError, match="has no view 3"):
        read_image(data, view=3)


def test_an_inset_is_no_view() -> None:
    inset = region(12, 10, 60, 50)
    image = read_image(make_file(GREY, regions=(inset, LEFT)))
    assert image.area == ScanArea(top_px=5, left_px=10, height_px=80, width_px=60)


def test_one_pixel_too_far_is_the_corner_after_the_last() -> None:
    image = read_image(make_file(GREY, regions=(region(10, 0, 160, 100),)))
    assert image.area == ScanArea(top_px=0, left_px=10, height_px=100, width_px=150)
    assert image.spacing_mm is not None


@pytest.mark.parametrize("corners", [(0, 0, 400, 300), (90, 0, 20, 80), (0, 90, 90, 20)])
def test_regions_that_do_not_fit_the_pixels_give_no_scale_either(corners) -> None:
    image = read_image(make_file(GREY, regions=(region(*corners),), PixelSpacing=[1, 1]))
    assert image.area is None
    assert image.spacing_mm is None
    assert np.array_equal(image.pixels, GREY)
    assert "do not fit its pixels" in image.notes[0]


def test_a_region_of_the_whole_frame_is_no_area() -> None:
    image = read_image(make_file(GREY, regions=(region(0, 0, 159, 99),)))
    assert image.area is None
    assert image.spacing_mm == pytest.approx((0.2, 0.1))
    assert image.notes == ()


def test_tiny_regions_are_refused() -> None:
    with pytest.raises(UnsupportedImageError, match="smaller than 32 px"):
        read_image(make_file(GREY, regions=(region(0, 0, 20, 20),)))


def test_a_region_without_corners_is_damaged() -> None:
    found = region(0, 0, 90, 90)
    del found.RegionLocationMaxX1
    with pytest.raises(UnreadableImageError, match="no RegionLocationMaxX1"):
        read_image(make_file(GREY, regions=(found,)))


def test_pixel_spacing_of_an_us_image_without_regions() -> None:
    dataset = make_dataset(GREY, PixelSpacing=[0.08, 0.07])
    assert read_image(to_bytes(dataset)).spacing_mm == (0.08, 0.07)
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"  # Secondary Capture
    assert read_image(to_bytes(dataset)).spacing_mm is None


def test_pixel_spacing_never_overrules_a_region() -> None:
    found = region(0, 0, 90, 90, units=(0, 0))
    assert read_image(make_file(GREY, regions=(found,), PixelSpacing=[1, 1])).spacing_mm is None


def test_spacing_given_by_hand_wins() -> None:
    image = read_image(make_file(GREY, regions=(LEFT,)), spacing_mm=(0.5, 0.6))
    assert image.spacing_mm == (0.5, 0.6)
    assert image.notes[-1] == "pixel size given by hand: 0.5 x 0.6 mm (row x column)"


def test_colour_is_counted_inside_of_the_area_only() -> None:
    rgb = np.stack([GREY] * 3, axis=2)
    rgb[:, 80:] = (255, 0, 0)
    rgb[5:45, 10:70] = (0, 0, 255)
    assert read_image(make_file(rgb, regions=(LEFT,))).colour_fraction == pytest.approx(0.5)


def test_burned_in_text_is_remarked_upon_without_regions() -> None:
    image = read_image(make_file(GREY, BurnedInAnnotation="YES"))
    assert "text is burned in" in image.notes[0]
