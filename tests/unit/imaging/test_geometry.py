"""Into the square and back: exact on coordinates, no grey edges on masks, the same for ever."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.errors import InvalidInputError
from sonolesion.imaging.geometry import (
    ResizeMode,
    image_to_square,
    mask_to_square,
    plan_fit,
    prob_to_image,
    resize,
)

SIDES = st.integers(1, 1200)
MODES = st.sampled_from(ResizeMode)


@given(SIDES, SIDES, st.integers(1, 512), MODES)
def test_points_come_back_to_where_they_were(height, width, size, mode):
    fit = plan_fit(height, width, size, mode)
    points = np.array([[0.0, 0.0], [height, width], [height / 3, width / 7]])
    there = fit.to_square(points)
    assert there.min() >= 0
    assert there.max() <= size + 1e-9
    np.testing.assert_allclose(fit.to_image(there), points, atol=1e-9)


@given(SIDES, SIDES, st.integers(32, 512))
def test_fit_keeps_the_aspect_ratio_to_half_a_pixel(height, width, size):
    fit = plan_fit(height, width, size, ResizeMode.FIT)
    scale = size / max(height, width)
    assert abs(fit.content_height_px - max(1, height * scale)) <= 0.5
    assert abs(fit.content_width_px - max(1, width * scale)) <= 0.5
    assert max(fit.content_height_px, fit.content_width_px) == size


def test_squeeze_uses_the_whole_square():
    fit = plan_fit(100, 400, 256, ResizeMode.SQUEEZE)
    assert (fit.top_px, fit.left_px, fit.content_height_px, fit.content_width_px) == (
        0,
        0,
        256,
        256,
    )


def test_padding_is_black_and_no_lesion():
    fit = plan_fit(50, 100, 64, ResizeMode.FIT)
    image = image_to_square(np.full((50, 100), 200, np.uint8), fit)
    mask = mask_to_square(np.ones((50, 100), np.bool_), fit)
    assert (image[:16] == 0).all()
    assert (image[48:] == 0).all()
    assert (image[16:48] == 200).all()
    assert mask.sum() == 32 * 64


@pytest.mark.parametrize("mode", ResizeMode)
@pytest.mark.parametrize("shape", [(471, 562), (300, 190), (719, 1048)])
def test_a_lesion_comes_back_nearly_whole(shape, mode):
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    mask = (rows - shape[0] / 2) ** 2 + (cols - shape[1] / 2) ** 2 < (min(shape) / 4) ** 2
    fit = plan_fit(*shape, 256, mode)
    square = mask_to_square(mask, fit)
    back = prob_to_image(square.astype(np.float32), fit) >= 0.5
    dice = 2 * (back & mask).sum() / (back.sum() + mask.sum())
    assert square.dtype == np.bool_
    assert dice > 0.985


def test_the_map_comes_back_at_the_image_s_size_within_its_range():
    fit = plan_fit(77, 130, 64, ResizeMode.FIT)
    prob = np.random.default_rng(0).integers(0, 2, (64, 64)).astype(np.float32)
    out = prob_to_image(prob, fit)
    assert out.shape == (77, 130)
    assert out.dtype == np.float32
    assert out.min() >= 0.0
    assert out.max() <= 1.0


def test_resize_to_the_same_size_changes_nothing():
    pixels = np.random.default_rng(1).integers(0, 256, (40, 50)).astype(np.uint8)
    assert np.array_equal(resize(pixels, height_px=40, width_px=50), pixels)


def test_the_resize_call_has_not_changed():
    """Golden hash: bundles name this call, and another one would silently give other answers."""
    rows, cols = np.mgrid[:300, :420]
    pixels = ((rows * 7 + cols * 13 + rows * cols // 5) % 256).astype(np.uint8)
    square = image_to_square(pixels, plan_fit(300, 420, 256, ResizeMode.FIT))
    assert hashlib.sha256(square.tobytes()).hexdigest()[:16] == "fa50bc94aabf128d"


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 4), np.float64), np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), bool)]
)
def test_other_arrays_are_refused(pixels):
    with pytest.raises(InvalidInputError, match="uint8 or float32"):
        resize(pixels, height_px=2, width_px=2)


def test_wrong_sizes_are_refused():
    with pytest.raises(InvalidInputError, match="at least 1"):
        plan_fit(0, 5, 64, ResizeMode.FIT)
    with pytest.raises(InvalidInputError, match="planned for 10x10"):
        image_to_square(np.zeros((9, 10), np.uint8), plan_fit(10, 10, 64, ResizeMode.FIT))
    with pytest.raises(InvalidInputError, match="map of 64x64"):
        prob_to_image(np.zeros((32, 32), np.float32), plan_fit(10, 10, 64, ResizeMode.FIT))
