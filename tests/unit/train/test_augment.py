from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from sonolesion.config import AugmentSettings
from sonolesion.train.augment import (
    Augmentation,
    apply_augmentation,
    sample_augmentation,
)

pytestmark = pytest.mark.torch
SETTINGS = AugmentSettings(enabled=True, shadow_prob=1.0, blur_prob=1.0)


def _disc(size: int = 96) -> tuple[np.ndarray, np.ndarray]:
    rows, cols = np.mgrid[:size, :size]
    mask = (rows - 40) ** 2 + (cols - 30) ** 2 < 15**2
    return np.where(mask, 200, 50).astype(np.uint8), mask


def test_nothing_drawn_changes_nothing():
    pixels, mask = _disc()
    out, out_mask = apply_augmentation(Augmentation(), pixels, mask)
    assert np.array_equal(out, pixels)
    assert np.array_equal(out_mask, mask)


def test_the_same_parameters_give_the_same_image():
    augmentation = sample_augmentation(np.random.default_rng(3), SETTINGS)
    first, second = (apply_augmentation(augmentation, *_disc()) for _ in range(2))
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])


def test_flip_mirrors_both():
    pixels, mask = _disc()
    out, out_mask = apply_augmentation(Augmentation(flip=True), pixels, mask)
    assert np.array_equal(out, pixels[:, ::-1])
    assert np.array_equal(out_mask, mask[:, ::-1])


@pytest.mark.parametrize("seed", range(5))
def test_the_mask_follows_the_image(seed):
    pixels, mask = _disc()
    drawn = sample_augmentation(np.random.default_rng(seed), SETTINGS)
    geometry = Augmentation(
        flip=drawn.flip,
        rotate_deg=drawn.rotate_deg,
        scale=drawn.scale,
        stretch=1.0 + 0.1 * seed,
        shift=drawn.shift,
    )
    out, out_mask = apply_augmentation(geometry, pixels, mask)
    bright = out > 125
    overlap = (bright & out_mask).sum() / (bright | out_mask).sum()
    assert overlap > 0.95


def test_scale_changes_the_area_by_its_square():
    pixels, mask = _disc()
    _, out = apply_augmentation(Augmentation(scale=1.2), pixels, mask)
    assert out.sum() / mask.sum() == pytest.approx(1.44, rel=0.03)


def test_stretch_changes_the_width_alone():
    pixels, mask = _disc()
    _, out = apply_augmentation(Augmentation(stretch=1.25), pixels, mask)
    rows, cols = np.nonzero(out)
    before, _ = np.nonzero(mask)
    assert np.ptp(rows) == np.ptp(before)
    assert np.ptp(cols) / np.ptp(rows) == pytest.approx(1.25, rel=0.03)


def test_a_lesion_stays_in_sight():
    """At the edge, enlarged and moved out: the image would show none, and yet be a lesion's."""
    pixels, mask = np.zeros((100, 100), np.uint8), np.zeros((100, 100), np.bool_)
    mask[60:90, 75:95] = True
    away = Augmentation(scale=1.5, stretch=1.3, shift=(0.1, 0.1))
    assert apply_augmentation(away, pixels, mask)[1].sum() == mask.sum()
    near = Augmentation(shift=(0.02, 0.02))
    assert apply_augmentation(near, pixels, mask)[1][62:92, 77:97].all()


def test_depth_gain_leaves_the_middle_and_tilts_the_rest():
    flat = np.full((101, 8), 100, np.uint8)
    out, _ = apply_augmentation(Augmentation(depth_gain=0.4), flat, flat > 255)
    assert out[50, 0] == 100
    assert out[0, 0] == 80
    assert out[100, 0] == 120


def test_ranges_hold_over_many_draws():
    rng = np.random.default_rng(0)
    drawn = [sample_augmentation(rng, SETTINGS) for _ in range(300)]
    assert max(abs(a.rotate_deg) for a in drawn) <= SETTINGS.rotate_deg
    assert max(a.scale for a in drawn) <= 1 + SETTINGS.scale
    assert min(a.scale for a in drawn) >= 1 / (1 + SETTINGS.scale)
    assert 0.3 < np.mean([a.flip for a in drawn]) < 0.7
