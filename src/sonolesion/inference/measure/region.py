"""One lesion's pixels, held in their bounding box: what lies far away costs no time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
"""bool (H, W), True inside."""

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Region:
    """A part of an image.

    Attributes:
        inside: bool (h, w), the bounding box alone: its outer rows and columns each hold a pixel
            of the part.
        top_px, left_px: where the box begins in the image.
        image_shape: (H, W).
    """

    inside: Mask
    top_px: int
    left_px: int
    image_shape: tuple[int, int]

    @property
    def bottom_px(self) -> int:
        """First row below the box."""
        return self.top_px + int(self.inside.shape[0])

    @property
    def right_px(self) -> int:
        """First column right of the box."""
        return self.left_px + int(self.inside.shape[1])

    @property
    def area_px(self) -> int:
        """Pixels of the part."""
        return int(np.count_nonzero(self.inside))


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of an image: rows from `top_px` up to `bottom_px`, columns alike."""

    top_px: int
    bottom_px: int
    left_px: int
    right_px: int

    def cut(self, layer: NDArray[Scalar]) -> NDArray[Scalar]:
        """The rectangle of an (H, W) array, as a view."""
        return layer[self.top_px : self.bottom_px, self.left_px : self.right_px]

    def place(self, region: Region) -> Mask:
        """A region that lies in the window, as bool of the window's shape."""
        mask = np.zeros((self.bottom_px - self.top_px, self.right_px - self.left_px), np.bool_)
        row, col = region.top_px - self.top_px, region.left_px - self.left_px
        height, width = region.inside.shape
        mask[row : row + height, col : col + width] = region.inside
        return mask


def open_window(region: Region, *, below_px: int = 0, beside_px: int = 0) -> Window:
    """The bounding box, made larger below and on both sides, and cut to the image."""
    return Window(
        region.top_px,
        min(region.image_shape[0], region.bottom_px + below_px),
        max(0, region.left_px - beside_px),
        min(region.image_shape[1], region.right_px + beside_px),
    )


def crop_region(mask: Mask, *, top_px: int = 0, left_px: int = 0,
                image_shape: tuple[int, int] | None = None) -> Region:  # fmt: skip
    """Take the pixels of a mask as one region.

    Args:
        mask: bool (h, w), at least one pixel.
        top_px: row of the image where the mask begins.
        left_px: the same for its column.
        image_shape: (H, W); None where the mask is as large as the image.

    >>> region = crop_region(np.array([[0, 0, 0], [0, 1, 1]], np.bool_))
    >>> region.inside.tolist(), (region.top_px, region.left_px), region.image_shape
    ([[True, True]], (1, 1), (2, 3))
    """
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = int(rows[0]), int(cols[0])
    inside = np.ascontiguousarray(mask[top : rows[-1] + 1, left : cols[-1] + 1])
    shape = image_shape or (mask.shape[0], mask.shape[1])
    return Region(inside, top_px + top, left_px + left, shape)
