from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from sonolesion.config import AugmentSettings
from sonolesion.train.augment import Augmentation, apply_augmentation, sample_augmentation
from sonolesion.train.style import (
    bend_curve,
    match_histogram,
    mix_amplitude,
    paint_marks,
    resample,
)

pytestmark = pytest.mark.torch
RNG = np.random.default_rng(5)
IMAGE = RNG.uniform(0.2, 0.5, (64, 64)).astype(np.float32)
DONOR = RNG.uniform(0.5, 0.9, (64, 64)).astype(np.float32)


def test_amplitudes_bring_the_donors_brightness_and_keep_the_grain():
    assert mix_amplitude(IMAGE, DONOR, share=0.02, strength=0.0) == pytest.approx(IMAGE, abs=1e-5)
    mixed = mix_amplitude(IMAGE, DONOR, share=0.02, strength=1.0)
    assert mixed.mean() == pytest.approx(DONOR.mean(), abs=0.01)
    grain = [i - i.mean() for i in (mixed, IMAGE)]
    assert np.corrcoef(grain[0].ravel(), grain[1].ravel())[0, 1] > 0.95


def test_histogram_takes_the_donors_quantiles_and_leaves_black():
    framed = IMAGE.copy()
    framed[:8] = 0.0
    matched = match_histogram(framed, DONOR, strength=1.0)
    assert (matched[:8] == 0).all()
    shares = [0.1, 0.5, 0.9]
    assert np.quantile(matched[8:], shares) == pytest.approx(np.quantile(DONOR, shares), abs=0.01)
    assert np.array_equal(match_histogram(framed, DONOR, strength=0.0), framed)
    assert match_histogram(np.zeros_like(framed), DONOR, strength=1.0).sum() == 0


def test_curve_goes_through_its_knots():
    levels = np.array([[0.0, 0.25, 0.5, 0.75, 1.0]], np.float32)
    assert bend_curve(levels, (0.1, 0.6, 0.8))[0] == pytest.approx([0, 0.1, 0.6, 0.8, 1])


def test_resampling_takes_detail_away_and_keeps_the_mean():
    coarse = resample(IMAGE, axial=2.0, lateral=2.0)
    assert coarse.shape == IMAGE.shape
    assert coarse.mean() == pytest.approx(IMAGE.mean(), abs=0.01)
    assert coarse.std() < 0.7 * IMAGE.std()
    assert resample(IMAGE, axial=1.0, lateral=1.0) == pytest.approx(IMAGE)


def test_marks_are_bright_few_and_repeatable():
    dark = np.zeros((256, 256), np.uint8)
    painted = [paint_marks(dark, seed) for seed in range(30)]
    assert sum(bool(p.any()) for p in painted) > 20
    assert all((p > 0).mean() < 0.02 for p in painted)
    assert all(np.array_equal(p, paint_marks(dark, s)) for s, p in enumerate(painted))
    assert not dark.any()


def test_augmentation_takes_the_look_of_a_donor():
    pixels, donor = (np.round(i * 255).astype(np.uint8) for i in (IMAGE, DONOR))
    mask = np.zeros((64, 64), np.bool_)
    drawn = Augmentation(histogram=1.0)
    assert drawn.needs_donor
    out, _ = apply_augmentation(drawn, pixels, mask, donor)
    assert out.mean() == pytest.approx(donor.mean(), abs=2)
    assert not Augmentation().needs_donor


def test_all_styles_are_off_unless_asked_for():
    drawn = [sample_augmentation(np.random.default_rng(s), AugmentSettings()) for s in range(20)]
    assert not any(a.needs_donor or a.marks_seed is not None for a in drawn)
    assert {a.curve for a in drawn} == {(0.25, 0.5, 0.75)}
    settings = AugmentSettings(style_prob=1.0, marks_prob=1.0, curve=0.1, resample_prob=1.0)
    drawn = [sample_augmentation(np.random.default_rng(s), settings) for s in range(20)]
    assert all(a.needs_donor and a.marks_seed is not None for a in drawn)
    assert all(list(a.curve) == sorted(a.curve) and min(a.coarseness) >= 1 for a in drawn)
