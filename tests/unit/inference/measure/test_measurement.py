from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from drawn_shapes import draw_ellipse, draw_star, draw_wave
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sonolesion.errors import InvalidInputError
from sonolesion.inference.measure import draft_lexicon, measure_lesions

GREY = np.random.default_rng(3).integers(20, 200, (160, 200)).astype(np.uint8)
BLANK = np.zeros((160, 200), np.bool_)
SHAPES = [
    draw_ellipse((90, 90), centre=(45, 44), half_axes=(35, 20), angle_deg=25),
    draw_star((90, 90), centre=(45, 44), radii=(40, 20), points=5),
    draw_wave((90, 90), centre=(45, 44), radius=30, amplitude=0.15, lobes=7),
]


def placed(shape: np.ndarray, row: int, col: int) -> np.ndarray:
    mask = BLANK.copy()
    mask[row : row + shape.shape[0], col : col + shape.shape[1]] = shape
    return mask


def test_empty_mask() -> None:
    found = measure_lesions(BLANK, GREY, spacing_mm=(0.1, 0.1), lesion_prob=BLANK.astype("f4"))
    assert (found.lesions, found.n_specks, found.spacing_mm) == ((), 0, (0.1, 0.1))


def test_several_lesions_largest_first() -> None:
    mask = BLANK.copy()
    mask[10:30, 10:40] = True
    mask[60:120, 90:180] = True
    mask[150:152, 5:7] = True
    found = measure_lesions(mask, GREY)
    assert [m.size.area_px for m in found.lesions] == [5400, 600]
    assert (found.n_specks, found.speck_area_px) == (1, 4)
    assert all(m.size.longest_mm is None and m.size_range is None for m in found.lesions)


def test_a_cut_lesion_is_a_lower_bound() -> None:
    mask = BLANK.copy()
    mask[60:120, 130:] = True
    (lesion,) = measure_lesions(mask, GREY).lesions
    assert lesion.is_lower_bound
    assert lesion.place.cut_edges == ("right",)
    draft = draft_lexicon(lesion)
    assert draft.shape.word is None
    assert draft.orientation.word is None


@given(shape=st.sampled_from(range(3)), row=st.integers(0, 70), col=st.integers(0, 110))
def test_moving_a_lesion_moves_only_its_place(shape: int, row: int, col: int) -> None:
    (here,) = measure_lesions(placed(SHAPES[shape], 35, 55), GREY).lesions
    (there,) = measure_lesions(placed(SHAPES[shape], row, col), GREY).lesions
    assert dataclasses.astuple(there.size)[:6] == pytest.approx(
        dataclasses.astuple(here.size)[:6], rel=1e-6
    )
    assert there.form.solidity == pytest.approx(here.form.solidity, rel=1e-6)
    assert there.form.circularity == pytest.approx(here.form.circularity, rel=1e-6)
    assert there.margin.n_bays == here.margin.n_bays
    shift = np.subtract(there.place.centroid_px, here.place.centroid_px)
    assert shift == pytest.approx((row - 35, col - 55))


@pytest.mark.parametrize("shape", range(3))
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turning_by_90_degrees(shape: int, turns: int) -> None:
    mask = placed(SHAPES[shape], 35, 55)
    (here,) = measure_lesions(mask, GREY, spacing_mm=(0.1, 0.1)).lesions
    turned = np.ascontiguousarray(np.rot90(mask, turns))
    grey = np.ascontiguousarray(np.rot90(GREY, turns))
    (there,) = measure_lesions(turned, grey, spacing_mm=(0.1, 0.1)).lesions
    for name in ("longest_mm", "perpendicular_mm", "area_mm2", "perimeter_mm"):
        a, b = getattr(here.size, name), getattr(there.size, name)
        assert b == pytest.approx(a, rel=0.005 if name != "perpendicular_mm" else 0.03)
    for name in ("solidity", "circularity", "convexity", "ellipse_overlap", "axis_ratio"):
        assert getattr(there.form, name) == pytest.approx(getattr(here.form, name), rel=0.005)
    ratio = here.form.height_to_width
    assert there.form.height_to_width == pytest.approx(ratio if turns == 2 else 1 / ratio)


@pytest.mark.parametrize("shape", range(3))
@pytest.mark.parametrize("factor", [2, 3])
def test_finer_pixels_of_the_same_lesion(shape: int, factor: int) -> None:
    mask = placed(SHAPES[shape], 35, 55)
    (here,) = measure_lesions(mask, GREY, spacing_mm=(0.3, 0.3)).lesions
    fine_mask, fine_grey = (np.kron(a, np.ones((factor,) * 2, a.dtype)) for a in (mask, GREY))
    spacing = (0.3 / factor, 0.3 / factor)
    (there,) = measure_lesions(fine_mask, fine_grey, spacing_mm=spacing).lesions
    assert there.size.area_mm2 == pytest.approx(here.size.area_mm2)
    assert there.size.longest_mm == pytest.approx(here.size.longest_mm, rel=0.03)
    # the coarse star loses more of its tips to the smoothing
    assert there.form.solidity == pytest.approx(here.form.solidity, abs=0.03)
    assert there.place.depth_top_mm == pytest.approx(here.place.depth_top_mm)


@settings(max_examples=60)
@given(
    mask=arrays.arrays(np.bool_, st.tuples(st.integers(1, 24), st.integers(1, 24))),
    spacing=st.sampled_from([None, (0.1, 0.1), (0.05, 0.4)]),
    level=st.integers(0, 255),
)
def test_any_mask_gives_finite_figures(
    mask: np.ndarray, spacing: tuple[float, float] | None, level: int
) -> None:
    pixels = np.full(mask.shape, level, np.uint8)
    prob = mask.astype(np.float32) * np.float32(0.6)
    found = measure_lesions(mask, pixels, spacing_mm=spacing, lesion_prob=prob)
    assert bool(found.lesions) == bool(mask.any())
    for lesion in found.lesions:
        draft_lexicon(lesion)
        assert math.isfinite(lesion.form.ellipse_overlap)
        size, bounds = dataclasses.asdict(lesion.size), lesion.size_range
        assert bounds is not None
        for name, value in size.items():
            low, high = getattr(bounds.low, name), getattr(bounds.high, name)
            assert (value is None) == (low is None)
            assert value is None or (math.isfinite(value) and low <= value <= high)
        assert lesion.size.perpendicular_px > 0.0


MASK = placed(SHAPES[0], 35, 55)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"mask": MASK.astype(np.uint8)}, "mask: expected a bool array"),
        ({"mask": [[True]]}, "mask: expected a bool array"),
        ({"mask": MASK[None]}, "mask: expected a bool array"),
        ({"mask": np.zeros((0, 4), np.bool_)}, "mask: expected a bool array"),
        ({"pixels": GREY.astype(np.float32)}, "pixels: expected a uint8 array"),
        ({"pixels": GREY[:-1]}, "pixels: expected the mask's shape"),
        ({"lesion_prob": MASK.astype(np.float64)}, "lesion_prob: expected a float32"),
        ({"lesion_prob": np.full(MASK.shape, np.nan, np.float32)}, "expected finite"),
        ({"spacing_mm": (0.1, 0.0)}, "spacing_mm: expected two positive"),
        ({"spacing_mm": (0.1,)}, "spacing_mm: expected two positive"),
        ({"spacing_mm": (0.1, math.inf)}, "spacing_mm: expected two positive"),
        ({"skin_row_px": -1.0}, "skin_row_px"),
    ],
)
def test_refusals(change: dict[str, object], says: str) -> None:
    arguments: dict[str, object] = {"mask": MASK, "pixels": GREY, **change}
    with pytest.raises(InvalidInputError, match=says):
        measure_lesions(**arguments)  # type: ignore[arg-type]
