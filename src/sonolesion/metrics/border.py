"""The border of a mask, and exact distances from one border to another.

Border: the mask's pixels of which at least one of the four edge neighbours is not in the mask;
what lies outside the image counts as not in it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import InvalidInputError
from sonolesion.metrics._arguments import require_mask, require_mask_pair, require_spacing

_CHUNK_ENTRIES = 1 << 20  # float64 entries held at once: 8 MiB


def mask_border(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Find a mask's border: its pixels with an edge neighbour (or the image's edge) outside it.

    Args:
        mask: bool (H, W).

    Returns:
        bool (H, W), a subset of the mask; empty for an empty mask.

    Raises:
        InvalidInputError: the mask is not bool (H, W) or has no pixels.

    >>> mask_border(np.ones((3, 3), bool)).astype(int).tolist()
    [[1, 1, 1], [1, 0, 1], [1, 1, 1]]
    """
    mask = require_mask(mask, "mask")
    padded = np.pad(mask, 1)
    beside = padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~(padded[:-2, 1:-1] & padded[2:, 1:-1] & beside)


def border_distances(
    source: NDArray[np.bool_], target: NDArray[np.bool_], *, spacing: tuple[float, float]
) -> NDArray[np.float64]:
    """Measure how far each pixel of one border lies from the nearest pixel of another.

    Exact for any spacing, in float64: first along columns, then the minimum over columns.
    OpenCV's distance transform knows square pixels only and rounds to float32.

    Args:
        source: bool (H, W), the n pixels to measure from.
        target: bool (H, W), the pixels to measure to, at least one.
        spacing: size of a pixel (row, col), both positive.

    Returns:
        float64 (n,), 0 or more, in the unit of `spacing`, in row-major order of the source's
        pixels; (0,) for an empty source.

    Raises:
        InvalidInputError: a mask is not bool (H, W), the shapes differ, the spacing is not two
            positive numbers, or the target is empty.

    Source: Saito and Toriwaki, Pattern Recognition 27 (1994) 1551.

    >>> left, right = np.array([[True, False, False]]), np.array([[False, False, True]])
    >>> border_distances(left, right, spacing=(1.0, 0.5))
    array([1.])
    """
    source, target = require_mask_pair(source, target)
    row, col = require_spacing(spacing)
    if not target.any():
        raise InvalidInputError("target: expected at least one True pixel, got an empty mask.")
    columns = np.flatnonzero(target.any(axis=0))
    rows = np.arange(target.shape[0], dtype=np.float64)[:, np.newaxis]
    hit = target[:, columns]
    above = np.maximum.accumulate(np.where(hit, rows, -np.inf), axis=0)
    below = np.minimum.accumulate(np.where(hit, rows, np.inf)[::-1], axis=0)[::-1]
    along = (np.minimum(rows - above, below - rows) * row) ** 2  # (H, n columns)
    source_rows, source_cols = np.nonzero(source)
    nearest = np.empty(len(source_rows))
    step = max(1, _CHUNK_ENTRIES // len(columns))
    for start in range(0, len(nearest), step):
        part = slice(start, start + step)
        across = ((source_cols[part, np.newaxis] - columns) * col) ** 2
        nearest[part] = (along[source_rows[part]] + across).min(axis=1)
    return np.sqrt(nearest)
