"""From one case to its derived pictures: the lesion erased, and a control."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from sonolesion.data.erase.cover import cover_lesion
from sonolesion.data.erase.marks import find_marks, remove_marks
from sonolesion.data.erase.patch import Patched, cover_region
from sonolesion.data.erase.spot import choose_spot, draw_blob
from sonolesion.data.manifest import CONTROL, ERASED

REASONS = {
    "too_large": "what would have to be covered is too large a share of the image",
    "no_room": "no lesion-free tissue of that size at about that depth",
    "unlike_tissue": "the tissue that there is differs too much: a seam would show",
    "no_spot": "no lesion-free spot for a control",
    "no_lesion": "the mask holds no lesion, so it is not known what to cover or to spare",
}
_SCALES = (1.0, 0.8, 0.6, 0.45)
_TRIES_PER_SCALE = 3


@dataclass(frozen=True, slots=True)
class Derived:
    """One derived picture, or why there is none.

    Attributes:
        kind: "erased" or "control".
        pixels: uint8 (H, W); None if it could not be made.
        covered: bool (H, W), what was covered; empty if nothing.
        reason: a key of `REASONS`, or "".
    """

    kind: str
    pixels: NDArray[np.uint8] | None
    covered: NDArray[np.bool_]
    reason: str = ""


def erase_lesion(
    pixels: NDArray[np.uint8], mask: NDArray[np.bool_], rng: np.random.Generator
) -> Derived:
    """Cover every lesion of an image with tissue of the same image.

    Args:
        pixels: grey levels, uint8 (H, W); left as they are.
        mask: bool (H, W), the lesions.
        rng: chooses among equally good tissue.
    """
    if not mask.any():
        return Derived(ERASED, None, np.zeros(mask.shape, np.bool_), "no_lesion")
    marks = find_marks(pixels)
    region = cover_lesion(remove_marks(pixels, marks), mask)
    done = cover_region(pixels, region, marks=marks, forbidden=region, rng=rng)
    return _pack(ERASED, done, region)


def make_control(
    pixels: NDArray[np.uint8], mask: NDArray[np.bool_], rng: np.random.Generator
) -> Derived:
    """Cover a lesion-free spot in the way in which `erase_lesion` covers a lesion.

    The spot has the shape of what erasing would cover here, smaller where it does not fit; in an
    image without a lesion it is drawn.

    Args:
        pixels: grey levels, uint8 (H, W); left as they are.
        mask: bool (H, W), the lesions; empty for a normal image.
        rng: chooses shape, place and tissue.
    """
    marks = find_marks(pixels)
    lesion = cover_lesion(remove_marks(pixels, marks), mask)
    shape = lesion if mask.any() else draw_blob(mask.shape, rng)
    reason, nowhere = "no_spot", np.zeros(mask.shape, np.bool_)
    for scale in _SCALES:
        for _ in range(_TRIES_PER_SCALE):
            spot = choose_spot(shape, forbidden=lesion, scale=scale, rng=rng)
            if spot is None:
                break
            done = cover_region(pixels, spot, marks=marks, forbidden=lesion, rng=rng)
            if done.pixels is not None:
                return _pack(CONTROL, done, spot)
            reason = done.reason
    return Derived(CONTROL, None, nowhere, reason)


def rng_for(seed: int, case_id: str, kind: str) -> np.random.Generator:
    """Random numbers of one derived picture: they depend on these three and nothing else."""
    digest = sha256(f"{case_id}\n{kind}".encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])


def _pack(kind: str, done: Patched, region: NDArray[np.bool_]) -> Derived:
    covered = region if done.pixels is not None else np.zeros(region.shape, np.bool_)
    return Derived(kind, done.pixels, covered, done.reason)
