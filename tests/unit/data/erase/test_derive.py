"""Erased pictures and controls: what changes and what must not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marked_scan import SHAPE, disc, draw_scan

from sonolesion.data.erase.derive import REASONS, erase_lesion, make_control, rng_for
from sonolesion.data.phantom import PhantomSettings, make_phantom
from sonolesion.types import LesionClass


@pytest.mark.parametrize("shadow", [False, True])
def test_the_lesion_is_gone_and_all_else_is_there(shadow: bool) -> None:
    scan = draw_scan(shadow=shadow)
    done = erase_lesion(scan.pixels, scan.mask, rng_for(42, "a", "erased"))
    assert done.pixels is not None
    assert np.array_equal(done.pixels[~done.covered], scan.pixels[~done.covered])
    assert done.covered[scan.mask].all()
    ring = disc(100, 120, 60) & ~done.covered & (np.mgrid[: SHAPE[0], : SHAPE[1]][0] < 124)
    inside, around = done.pixels[scan.mask].astype(float), done.pixels[ring].astype(float)
    assert abs(scan.pixels[scan.mask].mean() - around.mean()) > 60  # it was there
    assert abs(inside.mean() - around.mean()) < 6
    assert inside.std() == pytest.approx(around.std(), rel=0.3)  # grain, not a smear
    below = done.pixels[170:, 100:141].astype(float)
    assert abs(below.mean() - 120) < 8


def test_marks_over_the_lesion_stay() -> None:
    scan = draw_scan(caliper=True)
    done = erase_lesion(scan.pixels, scan.mask, rng_for(42, "a", "erased"))
    assert done.pixels is not None
    assert (scan.caliper & done.covered).sum() > 20
    assert np.array_equal(done.pixels[scan.caliper], scan.pixels[scan.caliper])
    away = done.covered & ~disc(100, 96, 12)
    assert int(done.pixels[away].max()) < 200  # and are copied nowhere


def test_an_image_without_room_says_so() -> None:
    pixels = draw_scan().pixels
    for mask, reason in ((disc(120, 180, 100), "too_large"), (disc(0, 0, 0), "no_lesion")):
        mask = mask if reason != "no_lesion" else np.zeros(SHAPE, np.bool_)
        done = erase_lesion(pixels, mask, rng_for(0, "a", "erased"))
        assert (done.pixels, done.reason, done.covered.any()) == (None, reason, False)
        assert done.reason in REASONS


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_control_keeps_every_pixel_of_the_lesion(seed: int) -> None:
    scan = draw_scan(3, shadow=True)
    done = make_control(scan.pixels, scan.mask, rng_for(seed, "a", "control"))
    assert done.pixels is not None
    assert np.array_equal(done.pixels[scan.mask], scan.pixels[scan.mask])
    assert not (done.covered & scan.mask).any()
    assert np.array_equal(done.pixels[~done.covered], scan.pixels[~done.covered])
    assert (done.pixels != scan.pixels)[done.covered].mean() > 0.5


def test_a_normal_gets_a_control_too() -> None:
    settings_of_phantom = PhantomSettings(caliper_fraction=0.0)
    made = 0
    for seed in range(3):
        phantom = make_phantom(np.random.default_rng(seed), LesionClass.NORMAL, settings_of_phantom)
        empty = np.zeros(phantom.pixels.shape, np.bool_)
        done = make_control(phantom.pixels, empty, rng_for(seed, "n", "control"))
        if done.pixels is not None:
            made += 1
            assert (done.pixels != phantom.pixels).mean() > 0.002
    assert made


def test_the_same_seed_and_case_give_the_same_pixels_and_others_give_others() -> None:
    scan = draw_scan(5)

    def control(seed: int, case_id: str) -> bytes:
        done = make_control(scan.pixels, scan.mask, rng_for(seed, case_id, "control"))
        return b"" if done.pixels is None else done.pixels.tobytes()

    assert control(1, "a") == control(1, "a") != b""
    assert len({control(1, "a"), control(2, "a"), control(1, "b")}) == 3
