"""Near-duplicates: the same picture saved again, as BUSI holds about 180 times."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.data.phantom.phantom import Mask, Phantom
from sonolesion.types import LesionClass

_LARGEST_CROP = 0.025


def make_twin(rng: np.random.Generator, plain: Phantom, *, contradict: bool = False) -> Phantom:
    """Save a picture again: cropped by up to 2.5 % per side, with another gain.

    Args:
        rng: source of randomness.
        plain: an unmarked phantom; left as it is.
        contradict: give a lesion image the other lesion class and a mask that is a few pixels
            larger or smaller, as for "benign (433)" and "malignant (145)" of BUSI. Normals stay
            normal.

    Returns:
        The twin. Its `lesions` keep the coordinates of `plain`.
    """
    height, width = plain.pixels.shape
    top, bottom, left, right = rng.uniform(0.0, _LARGEST_CROP, size=4)
    rows = slice(int(top * height), height - int(bottom * height))
    columns = slice(int(left * width), width - int(right * width))
    grey = plain.pixels[rows, columns].astype(np.float32)
    grey = grey * np.float32(rng.uniform(0.95, 1.06)) + np.float32(rng.uniform(-6.0, 8.0))
    pixels = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    masks = tuple(mask[rows, columns].copy() for mask in plain.masks)
    step_px = int(rng.integers(2, 5)) * (1 if rng.random() < 0.5 else -1)
    if not contradict or plain.label is LesionClass.NORMAL:
        return replace(plain, pixels=pixels, masks=masks)
    masks = tuple(_resize_mask(mask, step_px) for mask in masks)
    other = {
        LesionClass.BENIGN: LesionClass.MALIGNANT,
        LesionClass.MALIGNANT: LesionClass.BENIGN,
    }[plain.label]
    return replace(plain, pixels=pixels, masks=masks, label=other)


def _resize_mask(mask: Mask, step_px: int) -> NDArray[np.bool_]:
    """Grow (above 0) or shrink a mask by some pixels; one that would vanish stays as it is."""
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(step_px) + 1,) * 2)
    change = cv2.dilate if step_px > 0 else cv2.erode
    changed = np.asarray(change(mask.astype(np.uint8), disk)) > 0
    return changed if changed.any() else mask
