"""What is covered: the lesion with its halo, and a strong shadow below it."""

from __future__ import annotations

import numpy as np
from marked_scan import SHAPE, disc, draw_scan

from sonolesion.data.erase.cover import cover_lesion, grow, grow_unevenly, halo_width


def test_the_lesion_and_its_halo_are_covered_and_little_else() -> None:
    scan = draw_scan()
    halo = halo_width(scan.mask)
    covered = cover_lesion(scan.pixels, scan.mask)
    assert covered[disc(100, 120, 24 + halo - 1)].all()
    assert not covered[~disc(100, 120, 24 + 2 * halo)].any()


def test_a_shadow_is_covered_to_the_bottom() -> None:
    scan = draw_scan(shadow=True)
    covered = cover_lesion(scan.pixels, scan.mask)
    assert covered[100:, 96:145].all()
    assert not covered[:, :70].any()
    assert not covered[:, 170:].any()


def test_a_shadow_that_ends_is_covered_to_its_end() -> None:
    scan = draw_scan()
    pixels = scan.pixels.copy()
    pixels[100:165, 96:145] -= np.minimum(pixels[100:165, 96:145], 35)
    covered = cover_lesion(pixels, scan.mask)
    last = int(np.flatnonzero(covered.any(axis=1))[-1])
    assert 163 <= last <= 185


def test_an_enhancement_is_covered_too() -> None:
    scan = draw_scan()
    pixels = scan.pixels.copy()
    pixels[125:, 96:145] += 40
    assert cover_lesion(pixels, scan.mask)[125:, 100:140].all()


def test_an_empty_mask_covers_nothing_and_two_lesions_are_both_covered() -> None:
    scan = draw_scan()
    assert not cover_lesion(scan.pixels, np.zeros(SHAPE, np.bool_)).any()
    both = disc(60, 80, 12) | disc(60, 250, 10)
    assert cover_lesion(scan.pixels, both)[both].all()


def test_growing_unevenly_keeps_between_its_limits_and_repeats() -> None:
    region = disc(100, 150, 30)
    grown = grow_unevenly(region, 8)
    assert grown[grow(region, 7)].all()
    assert not grown[~grow(region, 13)].any()
    assert np.array_equal(grown, grow_unevenly(region, 8))
