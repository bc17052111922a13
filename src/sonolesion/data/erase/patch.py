"""Cover a whole region: in one piece where there is room, else in upright slices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.data.erase.cover import grow
from sonolesion.data.erase.fill import band_width, fill_piece
from sonolesion.data.erase.marks import remove_marks
from sonolesion.data.erase.room import Ground, Shift, find_shift, moved_region, survey

MISMATCH_MAX = 1.65
"""Of the rims, in units of what tissue changes by itself; chosen by eye on BUS-BRA and BUSI."""
_CLEAR_OF_SIDE = 0.012  # tissue is not taken from so close to a mark
PIECES_MAX = 4
"""Into at most so many upright slices is a region cut, each covered from elsewhere."""
COVERED_MAX = 0.45
"""Share of the image above which there is not enough left to take tissue from."""

Piece = tuple[NDArray[np.bool_], NDArray[np.bool_]]
"""What to cover, and the part of it that is done then; the rest is joined with the next piece."""


@dataclass(frozen=True, slots=True)
class Patched:
    """A covered image, or why there is none.

    Attributes:
        pixels: uint8 (H, W); None if it could not be done.
        shifts: where the pieces came from.
        reason: "" or why not: "too_large", "no_room", "unlike_tissue".
    """

    pixels: NDArray[np.uint8] | None
    shifts: tuple[Shift, ...] = ()
    reason: str = ""


def cover_region(
    pixels: NDArray[np.uint8],
    region: NDArray[np.bool_],
    *,
    marks: NDArray[np.bool_],
    forbidden: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Patched:
    """Cover a region with tissue of the same image and put the marks over it back.

    Args:
        pixels: grey levels, uint8 (H, W).
        region: bool (H, W), what to cover; pixels outside it stay as they are.
        marks: bool (H, W), calipers and text, from `find_marks`.
        forbidden: bool (H, W), pixels that may not be copied (a lesion with its halo).
        rng: source of randomness.
    """
    if region.mean() > COVERED_MAX:
        return Patched(None, reason="too_large")
    clean = remove_marks(pixels, marks)
    source = survey(clean.astype(np.float32), grow(marks, round(_CLEAR_OF_SIDE * max(marks.shape))))
    work = _Work(clean, source, clean.astype(np.float32), region)
    for part in _connected(region):
        for count in range(1, PIECES_MAX + 1):
            done = _cover_part(work, _slice(part, count), marks=marks,
                               forbidden=forbidden | region, rng=rng)  # fmt: skip
            if isinstance(done, _Work):
                break
        if isinstance(done, str):
            return Patched(None, reason=done)
        work = done
    out = pixels.copy()
    fresh = region & ~marks
    out[fresh] = np.rint(work.now[fresh]).astype(np.uint8)
    return Patched(out, work.shifts)


@dataclass(frozen=True, slots=True)
class _Work:
    """An image while it is covered: `now` changes and `unknown` shrinks from piece to piece."""

    clean: NDArray[np.uint8]
    source: Ground
    now: NDArray[np.float32]
    unknown: NDArray[np.bool_]
    shifts: tuple[Shift, ...] = ()


def _cover_part(
    work: _Work,
    pieces: list[Piece],
    *,
    marks: NDArray[np.bool_],
    forbidden: NDArray[np.bool_],
    rng: np.random.Generator,
) -> _Work | str:
    """Cover the slices of one part in turn; the reason if one of them cannot be covered."""
    now, unknown = work.now, work.unknown
    shifts = work.shifts
    used = np.zeros(now.shape, np.bool_)
    for piece, core in pieces:
        target = survey(now, unknown | marks)
        shift = find_shift(work.source, target, piece, forbidden=forbidden, used=used, rng=rng)
        if shift is None:
            return "no_room"
        if shift.mismatch > MISMATCH_MAX:
            return "unlike_tissue"
        now = fill_piece(now, work.clean, piece, shift=shift, unknown=unknown, ignored=marks)
        unknown = unknown & ~core
        used |= moved_region(piece, shift)
        shifts = (*shifts, shift)
    return replace(work, now=now, unknown=unknown, shifts=shifts)


def _connected(region: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Connected parts, largest first."""
    count, labels = cv2.connectedComponents(region.astype(np.uint8), connectivity=8)
    sizes = np.bincount(labels.ravel(), minlength=count)
    return [labels == i for i in sorted(range(1, count), key=lambda i: (-sizes[i], i))]


def _slice(part: NDArray[np.bool_], count: int) -> list[Piece]:
    """Cut into upright slices, left to right; each overlaps the next by the width of the join."""
    used = np.flatnonzero(part.any(axis=0))
    edges = np.linspace(int(used[0]), int(used[-1]) + 1, count + 1).round().astype(int)
    overlap = round(1.2 * band_width(part.shape))
    wave = overlap * np.sin(np.arange(part.shape[0]) * (2.0 * np.pi / (7.0 * overlap)))
    cols = np.arange(part.shape[1])[None, :] + np.rint(wave)[:, None] * (count > 1)
    edges[0], edges[-1] = -part.shape[1], 2 * part.shape[1]
    pieces = []
    for left, right in pairwise(edges):
        core = part & (cols >= left) & (cols < right)
        pieces.append((part & (cols >= left) & (cols < right + overlap), core))
    return pieces
