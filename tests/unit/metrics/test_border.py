"""The border of a mask and distances between borders, against scipy and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.distance import cdist

from sonolesion.errors import InvalidInputError
from sonolesion.metrics import border_distances, mask_border

SPACINGS = [(1.0, 1.0), (0.1, 0.1), (0.07, 0.21), (3.0, 0.5)]


def random_blob(seed: int, shape: tuple[int, int]) -> np.ndarray:
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), 2.0)
    return noise > np.quantile(noise, 0.8)


def test_border_of_a_block_and_a_hole_by_hand() -> None:
    mask = np.zeros((7, 7), np.bool_)
    mask[1:6, 1:6] = True
    mask[3, 3] = False
    expected = np.array(
        [
            [0, 0, 0, 0, 0, 0, 0],
            [0, 1, 1, 1, 1, 1, 0],
            [0, 1, 0, 1, 0, 1, 0],
            [0, 1, 1, 0, 1, 1, 0],
            [0, 1, 0, 1, 0, 1, 0],
            [0, 1, 1, 1, 1, 1, 0],
            [0, 0, 0, 0, 0, 0, 0],
        ],
        dtype=np.bool_,
    )
    np.testing.assert_array_equal(mask_border(mask), expected)


def test_the_edge_of_the_image_is_border() -> None:
    border = mask_border(np.ones((4, 5), np.bool_))
    assert border.sum() == 4 * 5 - 2 * 3
    assert not border[1:-1, 1:-1].any()


def test_border_of_an_empty_mask_is_empty() -> None:
    assert not mask_border(np.zeros((3, 3), np.bool_)).any()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (20, 31)])
def test_border_against_scipy_erosion(seed: int, shape: tuple[int, int]) -> None:
    mask = np.random.default_rng(seed).random(shape) < 0.8
    cross = ndimage.generate_binary_structure(2, 1)
    expected = mask & ~ndimage.binary_erosion(mask, cross, border_value=0)
    np.testing.assert_array_equal(mask_border(mask), expected)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("seed", range(4))
def test_distances_against_scipy_distance_transform(seed: int, spacing) -> None:
    source, target = random_blob(seed, (60, 45)), random_blob(seed + 100, (60, 45))
    expected = ndimage.distance_transform_edt(~target, sampling=spacing)[source]
    np.testing.assert_allclose(
        border_distances(source, target, spacing=spacing), expected, rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("spacing", SPACINGS)
def test_distances_against_brute_force(spacing) -> None:
    rng = np.random.default_rng(5)
    source, target = rng.random((15, 33)) < 0.2, rng.random((15, 33)) < 0.02
    pairs = cdist(np.argwhere(source) * spacing, np.argwhere(target) * spacing)
    np.testing.assert_allclose(
        border_distances(source, target, spacing=spacing), pairs.min(axis=1), rtol=1e-12
    )


def test_work_in_pieces_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = random_blob(1, (40, 40)), random_blob(2, (40, 40))
    whole = border_distances(source, target, spacing=(1.0, 2.0))
    monkeypatch.setattr("sonolesion.metrics.border._CHUNK_ENTRIES", 7)
    np.testing.assert_array_equal(border_distances(source, target, spacing=(1.0, 2.0)), whole)


def test_empty_source_has_no_distances_and_empty_target_is_refused() -> None:
    empty, full = np.zeros((2, 2), np.bool_), np.ones((2, 2), np.bool_)
    assert border_distances(empty, full, spacing=(1.0, 1.0)).shape == (0,)
    with pytest.raises(InvalidInputError, match="target: expected at least one True pixel"):
        border_distances(full, empty, spacing=(1.0, 1.0))


@pytest.mark.parametrize("spacing", [(0.0, 1.0), (1.0, -1.0), (1.0,), (1.0, float("nan"))])
def test_unusable_spacing_is_refused(spacing) -> None:
    full = np.ones((2, 2), np.bool_)
    with pytest.raises(InvalidInputError, match="spacing: expected two positive"):
        border_distances(full, full, spacing=spacing)


def test_border_refuses_what_is_no_mask() -> None:
    with pytest.raises(InvalidInputError, match=r"mask: expected a bool array \(H, W\)"):
        mask_border(np.ones((2, 2)))
