from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sonolesion.data.alignment import align, normalise_contrast, warp_mask
from sonolesion.data.duplicates import (
    TwinPair,
    compare_candidates,
    group_twins,
    is_confirmed,
    is_kept_together,
)
from sonolesion.data.proposals import dct_hash, difference_hash, propose_pairs
from sonolesion.data.scan import CaseScan
from sonolesion.types import Case, LesionClass


def draw(seed: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    total = np.zeros((200, 260))
    for sigma in (1.5, 5.0, 14.0):
        layer = cv2.GaussianBlur(rng.normal(size=total.shape), (0, 0), sigma)
        total += layer / layer.std()
    return np.clip(120 + 30 * total, 0, 255).astype(np.uint8)


def scan(name: str, pixels: NDArray[np.uint8] | None, mask: NDArray[np.bool_] | None = None):
    if pixels is not None and mask is None:
        mask = np.zeros(pixels.shape, np.bool_)
    case = Case(name, "test", LesionClass.BENIGN, Path(name))
    return CaseScan(case, 200, 260, 0, (), "", (), 0.0, (), (), pixels, mask)


def measure(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> TwinPair | None:
    pairs = compare_candidates([scan("a", first), scan("b", second)], workers=1)
    return pairs[0] if pairs else None


BASE = draw(0)
NOISE = np.random.default_rng(9).normal(scale=6, size=BASE.shape)
CHANGED = {
    "same": BASE,
    "resized": cv2.resize(BASE, (180, 150), interpolation=cv2.INTER_AREA),
    "brighter": np.clip(BASE * 0.6 + 70, 0, 255).astype(np.uint8),
    "noisy": np.clip(BASE + NOISE, 0, 255).astype(np.uint8),
    "shifted": np.ascontiguousarray(BASE[12:, 9:]),
    "cropped": np.ascontiguousarray(BASE[30:170, 40:230]),
    "cut on the left": np.ascontiguousarray(BASE[:, 60:]),
    "calipers": cv2.line(cv2.line(BASE.copy(), (80, 60), (180, 130), 255, 1),
                         (150, 40), (110, 150), 255, 1),
    "padded": cv2.copyMakeBorder(BASE, 0, 0, 18, 18, cv2.BORDER_CONSTANT, value=0),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGED)
@pytest.mark.parametrize("swapped", [False, True])
def test_changed_copies_are_confirmed(change: str, swapped: bool) -> None:
    pair = measure(*((CHANGED[change], BASE) if swapped else (BASE, CHANGED[change])))
    assert pair is not None
    assert is_confirmed(pair)
    assert pair.correlation > 0.6


@pytest.mark.parametrize("seed", range(1, 9))
def test_other_pictures_are_not_twins(seed: int) -> None:
    pair = measure(BASE, draw(seed))
    assert pair is None or not is_kept_together(pair)


def test_pictures_that_share_only_their_shading_are_not_twins() -> None:
    shade = np.linspace(1.0, 0.1, 200)[:, None]
    pair = measure((draw(1) * shade).astype(np.uint8), (draw(2) * shade).astype(np.uint8))
    assert pair is None or not is_kept_together(pair)


def test_black_pictures_are_not_twins() -> None:
    black = np.zeros((60, 80), np.uint8)
    pair = measure(black, black)  # the hashes propose it
    assert pair is not None
    assert pair.correlation == 0.0
    assert not is_kept_together(pair)


def test_unreadable_cases_are_passed_over() -> None:
    assert compare_candidates([scan("a", None), scan("b", BASE)]) == []
    assert compare_candidates([]) == []


def test_masks_are_compared_after_alignment() -> None:
    mask = np.zeros(BASE.shape, np.bool_)
    mask[80:120, 90:150] = True
    crop = (slice(30, 170), slice(40, 230))
    cropped = [np.ascontiguousarray(a[crop]) for a in (BASE, mask)]
    same = compare_candidates([scan("a", BASE, mask), scan("b", *cropped)])
    assert same[0].mask_dice is not None
    assert same[0].mask_dice > 0.93
    moved = np.roll(mask, 70, axis=1)
    other = compare_candidates([scan("a", BASE, mask), scan("b", BASE, moved)])
    assert other[0].mask_dice == 0.0
    assert compare_candidates([scan("a", BASE), scan("b", BASE)])[0].mask_dice is None


def test_alignment_finds_a_known_shift() -> None:
    moved = np.roll(BASE, (10, 13), axis=(0, 1))  # 10/200 and 13/260: 6.4 pixels of 128 each
    textures = [normalise_contrast(BASE), normalise_contrast(moved)]
    (proposal,) = propose_pairs([BASE, moved], textures)
    found = align(*textures, initial=proposal.initial)
    assert found.matrix == pytest.approx(np.array([[1, 0, 6.4], [0, 1, 6.4]]), abs=0.15)
    mask = np.zeros((128, 128), np.bool_)
    mask[56:66, 46:56] = True
    rows, cols = np.nonzero(warp_mask(mask, found.matrix))
    assert (rows.mean(), cols.mean()) == pytest.approx((60.5 - 6.4, 50.5 - 6.4), abs=0.6)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_frames_that_overlap_in_part_are_confirmed(share: float) -> None:
    rows, cols = round(200 * share), round(260 * share)
    first = np.ascontiguousarray(BASE[: 200 - rows, : 260 - cols])
    pair = measure(first, np.ascontiguousarray(BASE[rows:, cols:]))
    assert pair is not None
    assert pair.correlation > 0.9
    assert pair.overlap == pytest.approx(((1 - 2 * share) / (1 - share)) ** 2, abs=0.05)


def test_hashes_of_a_copy_are_near_and_of_another_picture_far() -> None:
    for hash_of in (difference_hash, dct_hash):
        own = hash_of(BASE)
        assert own.shape == (64,)
        assert (own != hash_of(CHANGED["resized"])).sum() <= 4
        assert (own != hash_of(draw(5))).sum() >= 16


def test_a_crop_is_proposed_although_its_hashes_are_far() -> None:
    pictures = [BASE, CHANGED["cropped"]]
    (proposal,) = propose_pairs(pictures, [normalise_contrast(p) for p in pictures])
    assert min(proposal.dhash_distance, proposal.phash_distance) > 8
    assert proposal.window_correlation > 0.36


def test_groups_are_connected_components() -> None:
    def pair(first: str, second: str) -> TwinPair:
        return TwinPair(first, second, 0.9, 1.0, 0, 0, None)

    groups = group_twins([pair("d", "e"), pair("b", "c"), pair("a", "b")])
    assert groups == [("a", "b", "c"), ("d", "e")]
    assert group_twins([]) == []
