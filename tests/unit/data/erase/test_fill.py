"""Membrane, search and fill on pictures whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from marked_scan import SHAPE, disc, draw_scan, speckle

from sonolesion.data.erase.fill import fill_piece
from sonolesion.data.erase.membrane import span_membrane
from sonolesion.data.erase.patch import COVERED_MAX, cover_region
from sonolesion.data.erase.room import DEPTH_OF_HEIGHT, Shift, find_shift, moved_region, survey

NOWHERE = np.zeros(SHAPE, np.bool_)


def test_a_membrane_over_a_plane_is_the_plane() -> None:
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]]
    plane = (10 + 0.2 * rows - 0.1 * cols).astype(np.float32)
    piece = disc(120, 180, 40)
    surface = span_membrane(plane, piece=piece, known=~piece, rim_px=5.0)
    assert np.abs(surface - plane)[piece].max() < 1.5


def test_a_membrane_without_known_rim_is_zero() -> None:
    piece = disc(120, 180, 40)
    values = np.full(SHAPE, 9.0, np.float32)
    assert not span_membrane(values, piece=piece, known=NOWHERE, rim_px=5.0).any()


def test_a_membrane_does_not_read_what_is_unknown() -> None:
    piece = disc(120, 180, 40)
    values = np.where(piece, np.float32(1e4), np.float32(7.0))
    surface = span_membrane(values, piece=piece, known=~piece, rim_px=5.0)
    np.testing.assert_allclose(surface[piece], 7.0, atol=0.05)


def test_a_fill_takes_the_surroundings_level_and_keeps_the_grain() -> None:
    now = speckle(1)
    now[:, 180:] += 30.0  # tissue comes from the brighter half
    piece = disc(120, 90, 30)
    source = np.clip(now, 0, 255).astype(np.uint8)
    filled = fill_piece(now, source, piece, shift=Shift(0, 180, 0.0), unknown=piece,
                        ignored=NOWHERE)  # fmt: skip
    assert np.array_equal(filled[~piece], now[~piece])
    assert filled[piece].mean() == pytest.approx(120.0, abs=4.0)
    rim = piece & ~disc(120, 90, 24)  # where old and new are joined
    assert filled[rim].std() == pytest.approx(12.0, rel=0.2)
    core = disc(120, 90, 20)
    correlation = np.corrcoef(filled[core], now[np.roll(core, 180, axis=1)])[0, 1]
    assert correlation > 0.95


def test_the_search_finds_the_copy_of_a_layered_picture() -> None:
    rows = np.arange(SHAPE[0])[:, None]
    layers = 120 + 50 * np.sin(rows / 6.0) + 0.0 * np.arange(SHAPE[1])
    tilted = np.where(np.arange(SHAPE[1]) < 180, layers, np.roll(layers, 9, axis=0))
    pixels = tilted.astype(np.float32)
    piece = disc(120, 80, 25)
    shift = find_shift(
        survey(pixels, NOWHERE), survey(pixels, piece), piece,
        forbidden=piece | (np.arange(SHAPE[1]) < 190) & np.ones(SHAPE, np.bool_),
        used=NOWHERE, rng=np.random.default_rng(0),
    )  # fmt: skip
    assert shift is not None
    assert shift.dx_px >= 110
    period = 2 * np.pi * 6.0
    assert abs((shift.dy_px - 9 + period / 2) % period - period / 2) <= 3
    assert abs(shift.dy_px) <= DEPTH_OF_HEIGHT * SHAPE[0] + 2


def test_tissue_is_not_copied_twice() -> None:
    pixels = speckle(2)
    piece = disc(120, 180, 20)
    first, second = survey(pixels, NOWHERE), survey(pixels, piece)
    used = NOWHERE.copy()
    used[:, 205:] = True  # all of the right
    for seed in range(5):
        shift = find_shift(first, second, piece, forbidden=piece, used=used,
                           rng=np.random.default_rng(seed))  # fmt: skip
        assert shift is not None
        assert shift.dx_px < 0
        assert moved_region(piece, shift).sum() == piece.sum()


def test_there_is_no_room_where_all_is_forbidden() -> None:
    scan = draw_scan()
    piece = disc(100, 120, 30)
    ground = survey(scan.pixels.astype(np.float32), NOWHERE)
    everywhere = np.ones(SHAPE, np.bool_)
    rng = np.random.default_rng(0)
    found = find_shift(ground, ground, piece, forbidden=everywhere, used=NOWHERE, rng=rng)
    assert found is None
    done = cover_region(scan.pixels, piece, marks=NOWHERE, forbidden=everywhere, rng=rng)
    assert (done.pixels, done.reason) == (None, "no_room")


def test_a_region_over_much_of_the_image_is_refused() -> None:
    region = NOWHERE.copy()
    region[: int((COVERED_MAX + 0.05) * SHAPE[0])] = True
    done = cover_region(draw_scan().pixels, region, marks=NOWHERE, forbidden=region,
                        rng=np.random.default_rng(0))  # fmt: skip
    assert (done.pixels, done.reason) == (None, "too_large")


def test_a_wide_region_is_covered_in_slices() -> None:
    scan = draw_scan()
    region = np.zeros(SHAPE, np.bool_)
    region[70:130, 100:260] = True  # 100 columns are left on either side
    done = cover_region(scan.pixels, region, marks=NOWHERE, forbidden=region,
                        rng=np.random.default_rng(0))  # fmt: skip
    assert done.pixels is not None
    assert len(done.shifts) > 1
    assert np.array_equal(done.pixels[~region], scan.pixels[~region])
    assert done.pixels[region].mean() == pytest.approx(120.0, abs=5.0)
    assert done.pixels[region].std() == pytest.approx(12.0, rel=0.25)
