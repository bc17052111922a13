"""How an image of any size gets into the network's square, and back.

There is one resize call in the project, `resize` below, and its name (`RESAMPLE`) is stored in
each bundle: Pillow and OpenCV bicubic differ by up to 69 grey levels on one BUSI image.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sonolesion.errors import InvalidInputError

RESAMPLE = "pillow-bicubic-antialiased"
_Pixel = TypeVar("_Pixel", np.uint8, np.float32)


class ResizeMode(StrEnum):
    """How the aspect ratio is treated.

    FIT keeps it and pads with black; SQUEEZE gives it up (the mission document's way).
    """

    FIT = "fit"
    SQUEEZE = "squeeze"


@dataclass(frozen=True, slots=True)
class SquareFit:
    """The affine map from an image (height_px, width_px) to a square of `size_px`.

    The content occupies rows [top_px, top_px + content_height_px) and columns
    [left_px, left_px + content_width_px) of the square; what lies outside is padding.
    """

    height_px: int
    width_px: int
    size_px: int
    top_px: int
    left_px: int
    content_height_px: int
    content_width_px: int

    def to_square(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map (N, 2) points (row, col) of the image, pixel centres at .5, to the square."""
        scale = np.array(
            [self.content_height_px / self.height_px, self.content_width_px / self.width_px]
        )
        shift = np.array([self.top_px, self.left_px], dtype=np.float64)
        return np.asarray(points * scale + shift, dtype=np.float64)

    def to_image(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Inverse of `to_square`, for (N, 2) points (row, col) of the square."""
        scale = np.array(
            [self.height_px / self.content_height_px, self.width_px / self.content_width_px]
        )
        shift = np.array([self.top_px, self.left_px], dtype=np.float64)
        return np.asarray((points - shift) * scale, dtype=np.float64)


def plan_fit(height_px: int, width_px: int, size_px: int, mode: ResizeMode) -> SquareFit:
    """Plan how an image gets into a square of `size_px`.

    Args:
        height_px: image height, at least 1.
        width_px: image width, at least 1.
        size_px: side of the square, at least 1.
        mode: keep the aspect ratio (FIT, centred on black) or not (SQUEEZE).

    Raises:
        InvalidInputError: a size is below 1.

    >>> plan_fit(300, 600, 256, ResizeMode.FIT)
    SquareFit(height_px=300, width_px=600, size_px=256, top_px=64, left_px=0, \
content_height_px=128, content_width_px=256)
    """
    if min(height_px, width_px, size_px) < 1:
        raise InvalidInputError(
            f"sizes must be at least 1 px, got image {height_px}x{width_px}, square {size_px}."
        )
    if mode is ResizeMode.SQUEEZE:
        return SquareFit(height_px, width_px, size_px, 0, 0, size_px, size_px)
    scale = size_px / max(height_px, width_px)
    rows = min(size_px, max(1, round(height_px * scale)))
    cols = min(size_px, max(1, round(width_px * scale)))
    top, left = (size_px - rows) // 2, (size_px - cols) // 2
    return SquareFit(height_px, width_px, size_px, top, left, rows, cols)


def resize(pixels: NDArray[_Pixel], *, height_px: int, width_px: int) -> NDArray[_Pixel]:
    """Resize a uint8 or float32 array (H, W) by antialiased bicubic interpolation.

    This is the one resize call of the project. Same size in, same pixels out.

    Returns:
        (height_px, width_px), dtype as given. Floats may overshoot the input's range slightly.

    Raises:
        InvalidInputError: another dtype or number of dimensions.

    Source: Keys, IEEE Trans. ASSP 29 (1981) 1153, a = -0.5, support widened when shrinking.
    """
    if pixels.ndim != 2 or pixels.dtype not in (np.uint8, np.float32):
        raise InvalidInputError(
            f"resize takes uint8 or float32 (H, W), got {pixels.dtype} {pixels.shape}."
        )
    if pixels.shape == (height_px, width_px):
        return pixels.copy()
    image = Image.fromarray(np.ascontiguousarray(pixels))
    return np.array(image.resize((width_px, height_px), Image.Resampling.BICUBIC))


def image_to_square(pixels: NDArray[np.uint8], fit: SquareFit) -> NDArray[np.uint8]:
    """Bring grey levels uint8 (H, W) into the square, uint8 (size, size), padding 0."""
    _check_shape(pixels, fit)
    out = np.zeros((fit.size_px, fit.size_px), np.uint8)
    out[content_of(fit)] = resize(
        pixels, height_px=fit.content_height_px, width_px=fit.content_width_px
    )
    return out


def mask_to_square(mask: NDArray[np.bool_], fit: SquareFit) -> NDArray[np.bool_]:
    """Bring a mask bool (H, W) into the square, bool (size, size): no grey edges, padding False.

    A pixel of the square is lesion where at least half of what it covers is.
    """
    _check_shape(mask, fit)
    soft = resize(
        mask.astype(np.float32), height_px=fit.content_height_px, width_px=fit.content_width_px
    )
    out = np.zeros((fit.size_px, fit.size_px), np.bool_)
    out[content_of(fit)] = soft >= 0.5
    return out


def prob_to_image(prob: NDArray[np.float32], fit: SquareFit) -> NDArray[np.float32]:
    """Bring a map float32 (size, size) in [0, 1] back to the image, float32 (H, W) in [0, 1]."""
    return np.clip(map_to_image(prob, fit), 0.0, 1.0)


def map_to_image(values: NDArray[np.float32], fit: SquareFit) -> NDArray[np.float32]:
    """Bring a map float32 (size, size) of any range back to the image, float32 (H, W).

    The padding is left out; values may overshoot the map's range slightly.

    Raises:
        InvalidInputError: the map has another size than the square.
    """
    if values.shape != (fit.size_px, fit.size_px):
        raise InvalidInputError(
            f"expected a map of {fit.size_px}x{fit.size_px}, got {values.shape}."
        )
    content = np.ascontiguousarray(values[content_of(fit)], dtype=np.float32)
    out = resize(content, height_px=fit.height_px, width_px=fit.width_px)
    return out.astype(np.float32, copy=False)


def content_of(fit: SquareFit) -> tuple[slice, slice]:
    """Rows and columns of the square that hold the image; the rest is padding."""
    return (
        slice(fit.top_px, fit.top_px + fit.content_height_px),
        slice(fit.left_px, fit.left_px + fit.content_width_px),
    )


def _check_shape(pixels: NDArray[np.generic], fit: SquareFit) -> None:
    if pixels.shape != (fit.height_px, fit.width_px):
        raise InvalidInputError(
            f"this fit was planned for {fit.height_px}x{fit.width_px}, got {pixels.shape}."
        )
