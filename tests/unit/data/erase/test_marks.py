"""Marks are found, tissue is not taken for them."""

from __future__ import annotations

import numpy as np
from marked_scan import draw_scan
from numpy.typing import NDArray

from sonolesion.data.erase.marks import find_marks, remove_marks
from sonolesion.data.phantom import PhantomSettings, make_phantom
from sonolesion.types import LesionClass


def test_a_caliper_is_found_and_nothing_else() -> None:
    measured = draw_scan(caliper=True)
    found = find_marks(measured.pixels)
    assert found[measured.caliper].all()
    rows, cols = np.nonzero(found)
    assert 94 <= rows.min() <= rows.max() <= 106
    assert 90 <= cols.min() <= cols.max() <= 102


def test_an_unmarked_scan_has_no_marks_and_comes_back_itself() -> None:
    plain = draw_scan()
    found = find_marks(plain.pixels)
    assert not found.any()
    assert remove_marks(plain.pixels, found) is plain.pixels


def test_a_bright_layer_is_no_mark() -> None:
    plain = draw_scan()
    pixels = plain.pixels.copy()
    pixels[40:43] = 250
    assert not find_marks(pixels)[38:45].any()


def test_removed_marks_have_the_level_of_their_surroundings() -> None:
    measured = draw_scan(caliper=True)
    marks = find_marks(measured.pixels)
    clean = remove_marks(measured.pixels, marks)
    assert np.array_equal(clean[~marks], measured.pixels[~marks])
    assert int(clean[marks].max()) < 190


def test_most_of_a_phantoms_calipers_are_found() -> None:
    both: list[NDArray[np.uint8]] = []
    for fraction in (0.0, 1.0):
        settings = PhantomSettings(caliper_fraction=fraction, text_fraction=0.0)
        both.append(make_phantom(np.random.default_rng(4), LesionClass.BENIGN, settings).pixels)
    written = (both[1] != both[0]) & (both[1] >= 200)
    assert written.sum() > 50
    assert find_marks(both[1])[written].mean() > 0.7
