"""Lesions of one image put into the lesion-free tissue of another, while training.

Where all normals come from one site, a network takes the site's look for the class. A normal
that now and then holds a pasted lesion, and now and then pasted tissue, breaks that rule: neither
the look nor the seam says what the class is. The same depth is kept, since tissue changes with it.

Source: Ghiasi et al., Simple Copy-Paste is a Strong Data Augmentation Method for Instance
Segmentation, CVPR 2021; the matched grey levels and the shadow taken along are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.data.erase.cover import grow

_LEAST_SHARE, _LARGEST_SHARE = 0.002, 0.25
_TRIES = 6
_SCALES = (0.8, 1.25)
_GAINS = (0.6, 1.6)
_INSIDE = 0.98  # of the patch lies inside the scan
_LIT_SHARE = 0.1  # of a row or column that is scan and not margin

_T = TypeVar("_T", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Pasted:
    """An image with a patch of another one.

    Attributes:
        pixels: uint8 (H, W).
        shape: bool (H, W), where the patch's lesion, or the lesion whose form it has, now lies.
    """

    pixels: NDArray[np.uint8]
    shape: NDArray[np.bool_]


def paste_patch(
    pixels: NDArray[np.uint8],
    donor: NDArray[np.uint8],
    shape: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Pasted | None:
    """Put the part of `donor` under `shape`, its rim and some of what lies below into `pixels`.

    Args:
        pixels: the image that takes the patch, uint8 (H, W); left as it is.
        donor: the image that gives it, the same size.
        shape: lesion of the donor, or any form, bool (H, W).
        rng: draws flip, scale, place, rim and how far down the patch reaches.

    Returns:
        The image and where the shape now lies; None where the shape is empty, under .2 % or over
        25 % of the image, or no place at its depth lies inside the scan.
    """
    donor, shape = _vary(donor, shape, rng)
    share = float(shape.mean())
    if not _LEAST_SHARE <= share <= _LARGEST_SHARE:
        return None
    rim_px = max(3, round(float(rng.uniform(0.1, 0.3)) * float(np.sqrt(shape.sum()))))
    region = grow(_reach_down(shape, float(rng.uniform(0.0, 1.0))), rim_px)
    region &= _scan_box(donor)
    moved_px = _find_place(pixels, region, rng)
    if moved_px is None:
        return None
    donor, shape = _move(donor, moved_px), _move(shape, moved_px)
    region = _move(region, moved_px)
    weight = cv2.GaussianBlur(region.astype(np.float32), (0, 0), rim_px / 2)
    weight = np.where(region, np.clip(weight * 2 - 1, 0.0, 1.0), 0.0)
    weight = np.maximum(weight, cv2.GaussianBlur(shape.astype(np.float32), (0, 0), 1.0) * region)
    matched = _match_rim(pixels, donor, grow(region, rim_px) & ~region)
    mixed = pixels + weight * (matched - pixels)
    return Pasted(np.round(np.clip(mixed, 0, 255)).astype(np.uint8), shape)


def _vary(
    donor: NDArray[np.uint8], shape: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Mirror and scale the donor about its lesion, which stays at its depth."""
    scale = float(np.exp(rng.uniform(*np.log(_SCALES))))
    flip = bool(rng.random() < 0.5)
    if not shape.any():
        return donor, shape
    rows, cols = np.nonzero(shape)
    centre = (float(cols.mean()), float(rows.mean()))
    across = -scale if flip else scale
    matrix = np.array(
        [[across, 0.0, centre[0] * (1 - across)], [0.0, scale, centre[1] * (1 - scale)]]
    )
    size = (donor.shape[1], donor.shape[0])
    warped = cv2.warpAffine(donor, matrix, size, flags=cv2.INTER_LINEAR)
    soft = cv2.warpAffine(shape.astype(np.float32), matrix, size, flags=cv2.INTER_LINEAR)
    return np.asarray(warped, np.uint8), soft >= 0.5


def _reach_down(shape: NDArray[np.bool_], factor: float) -> NDArray[np.bool_]:
    """Add what lies up to `factor` heights of the shape below it: its shadow or enhancement."""
    height = int(np.ptp(np.nonzero(shape)[0])) + 1
    reach = round(factor * height)
    if reach < 1:
        return shape.copy()
    kernel = np.ones((reach + 1, 1), np.uint8)
    down = cv2.dilate(shape.astype(np.uint8), kernel, anchor=(0, reach), borderValue=0)
    return down.astype(bool)


def _find_place(
    pixels: NDArray[np.uint8], region: NDArray[np.bool_], rng: np.random.Generator
) -> int | None:
    """Draw a move along the row by which the region lies inside the scan, in px."""
    cols = np.flatnonzero(region.any(axis=0))
    if not cols.size:
        return None
    scan = _scan_box(pixels)
    for _ in range(_TRIES):
        moved_px = int(rng.integers(-cols[0], region.shape[1] - cols[-1]))
        if scan[_move(region, moved_px)].mean() > _INSIDE:
            return moved_px
    return None


def _scan_box(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Rows and columns that are not black margin, as bool (H, W); dark cysts stay inside."""
    lit = pixels > 0
    return np.outer(lit.mean(axis=1) > _LIT_SHARE, lit.mean(axis=0) > _LIT_SHARE)


def _move(values: NDArray[_T], moved_px: int) -> NDArray[_T]:
    """Move columns to the right, with nothing coming in from outside."""
    out = np.zeros_like(values)
    if moved_px >= 0:
        out[:, moved_px:] = values[:, : values.shape[1] - moved_px]
    else:
        out[:, :moved_px] = values[:, -moved_px:]
    return out


def _match_rim(
    pixels: NDArray[np.uint8], donor: NDArray[np.uint8], ring: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Give the donor the mean and, within limits, the contrast of the image around the patch."""
    inside = ring & (donor > 0) & (pixels > 0)
    if inside.sum() < 16:
        return donor.astype(np.float32)
    own, theirs = pixels[inside].astype(np.float32), donor[inside].astype(np.float32)
    gain = np.clip(own.std() / max(float(theirs.std()), 1.0), *_GAINS)
    return np.asarray((donor - theirs.mean()) * gain + own.mean(), np.float32)
