"""A case's masks, united."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonolesion.imaging.read import read_mask
from sonolesion.types import Case


def read_united_mask(case: Case, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Read all masks of a case and unite them; no mask file means an empty mask.

    Args:
        case: the case whose `mask_paths` to read.
        shape: (H, W) of its image.

    Returns:
        bool (H, W).

    Raises:
        UnreadableImageError: a mask cannot be decoded.
        MaskMismatchError: a mask has another size than its image.
    """
    united = np.zeros(shape, np.bool_)
    for path in case.mask_paths:
        united |= read_mask(path, shape=shape)
    return united
