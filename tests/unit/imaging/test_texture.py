from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_bundle import speckle_image

from sonolesion.imaging.texture import (
    Texture,
    fine_detail,
    measure_texture,
    reduce_to_limit,
    split_layers,
)


def texture_of(pixels: np.ndarray) -> Texture:
    return measure_texture(split_layers(pixels))


def noise(shape: tuple[int, int], sigma: tuple[float, float], seed: int = 0) -> np.ndarray:
    """Gaussian noise of mean 128 and deviation 6, smoothed by (down, across)."""
    white = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    smooth = cv2.GaussianBlur(white, (0, 0), sigmaX=sigma[1], sigmaY=sigma[0])
    return np.clip(128 + 6 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def expected_lean(sigma: tuple[float, float]) -> float:
    """What theory says for `noise`: the correlation is the transform of the power spectrum."""
    down, across = np.meshgrid(np.fft.fftfreq(256), np.fft.fftfreq(256), indexing="ij")
    smoothing = np.exp(-2 * np.pi**2 * ((sigma[0] * down) ** 2 + (sigma[1] * across) ** 2))
    kept = 1 - np.exp(-2 * np.pi**2 * 16.0 * (down**2 + across**2))
    correlation = np.fft.ifft2((smoothing * kept) ** 2).real
    lean = (correlation[0, 3:5] - correlation[3:5, 0]) / correlation[0, 0]
    return float(lean.mean())


@pytest.mark.parametrize("sigma", [(1.0, 1.5), (1.0, 2.0), (1.0, 3.0), (0.8, 2.5)])
def test_grain_is_what_theory_says(sigma: tuple[float, float]) -> None:
    # the first octave has the largest value for grain as fine as this
    assert texture_of(noise((400, 400), sigma)).grain == pytest.approx(
        expected_lean(sigma), abs=0.06
    )


def test_turning_a_picture_turns_the_sign() -> None:
    lying = noise((256, 256), (1.0, 3.0))
    assert texture_of(lying).grain > 0.4
    # the largest octave counts, and the coarsest has hardly a direction
    assert -0.3 < texture_of(np.ascontiguousarray(lying.T)).grain < 0.0


def test_grain_without_a_direction_is_near_zero() -> None:
    assert abs(texture_of(noise((300, 400), (2.0, 2.0))).grain) < 0.06


def test_grain_survives_scaling() -> None:
    image = noise((600, 800), (2.0, 5.0))
    grains = []
    for factor in (0.5, 1.0, 2.0):
        scaled = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        grains.append(texture_of(scaled).grain)
    assert min(grains) > 0.4
    assert max(grains) - min(grains) < 0.25


@given(st.integers(0, 2**32 - 1), st.integers(32, 90), st.integers(32, 90))
@settings(max_examples=20, deadline=None)
def test_mirrored_pictures_have_the_same_texture(seed: int, height: int, width: int) -> None:
    # whole blocks and octaves only: what is left over at the far edge is dropped
    shape = (height // 12 * 12, width // 12 * 12)
    pixels = noise((max(shape[0], 36), max(shape[1], 36)), (1.0, 2.0), seed)
    texture = texture_of(pixels)
    mirrored = texture_of(np.ascontiguousarray(pixels[:, ::-1]))
    assert mirrored.evenness == pytest.approx(texture.evenness, abs=1e-3)
    assert mirrored.flat_share == texture.flat_share
    assert mirrored.brightness_link == pytest.approx(texture.brightness_link, abs=1e-3)


def test_flat_blocks_are_counted() -> None:
    pixels = noise((240, 240), (1.0, 3.0))
    pixels[:, 120:] = 120
    # columns 120 on: 10 of 20 blocks a row; those at the border take some of the texture in
    assert texture_of(pixels).flat_share == pytest.approx(0.45, abs=0.051)


def test_blocks_that_are_not_lit_do_not_count() -> None:
    texture = texture_of(np.full((120, 120), 10, np.uint8))
    assert (texture.evenness, texture.brightness_link, texture.flat_share) == (0.0, 1.0, 0.0)


def test_speckle_is_even_and_a_gradient_of_contrast_is_not() -> None:
    speckle = speckle_image(240, 240, radius_px=0)
    assert texture_of(speckle).evenness < 0.2
    fading = np.linspace(0.02, 2.0, 240)[None, :] * (speckle.astype(float) - 130) + 130
    assert texture_of(np.clip(fading, 0, 255).astype(np.uint8)).evenness > 0.7


@pytest.mark.parametrize("sign", [1, -1])
def test_link_has_the_sign_of_texture_over_brightness(sign: int) -> None:
    grain = (noise((240, 240), (1.0, 2.0)).astype(float) - 128) / 6
    ramp = np.linspace(0, 1, 240)[None, :]
    strength = 0.5 + 5 * (ramp if sign > 0 else 1 - ramp)
    pixels = np.clip(50 + 150 * ramp + strength * grain, 0, 255).astype(np.uint8)
    assert sign * texture_of(pixels).brightness_link > 0.9


def test_detail_is_clipped() -> None:
    pixels = np.zeros((64, 64), np.float32)
    pixels[:, 32:] = 255
    detail = fine_detail(pixels, np.ascontiguousarray(pixels[::2, ::2]))
    assert (detail.min(), detail.max()) == (-20.0, 20.0)


@pytest.mark.parametrize(
    ("shape", "reduced"),
    [((1024, 700), (1024, 700)), ((1025, 64), (512, 32)), ((4097, 3000), (1024, 750)),
     ((3000, 40), (3000, 40))],
)  # fmt: skip
def test_large_pictures_are_halved(shape: tuple[int, int], reduced: tuple[int, int]) -> None:
    assert reduce_to_limit(np.full(shape, 7, np.uint8)).shape == reduced
    assert reduce_to_limit(np.full(shape, 7, np.uint8)).max() == 7.0


@pytest.mark.parametrize("shape", [(300, 400), (301, 401)])
def test_fine_detail_is_what_a_gaussian_at_full_size_leaves(shape: tuple[int, int]) -> None:
    pixels = noise(shape, (1.0, 2.0))
    even = pixels[:300, :400].astype(np.float32)
    expected = np.clip(even - cv2.GaussianBlur(even, (0, 0), 4.0), -20, 20)
    layers = split_layers(pixels)
    assert layers.fine.shape == (300, 400)
    difference = np.abs(layers.fine - expected)[8:-8, 8:-8]  # the border is mirrored at half size
    assert difference.max() < 0.15
    assert difference.mean() < 0.02


def test_halves_are_means_of_four() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (66, 71), dtype=np.uint8)
    blocks = pixels[:, :70].reshape(33, 2, 35, 2)
    np.testing.assert_allclose(split_layers(pixels).half, blocks.mean(axis=(1, 3)), atol=1e-4)
