"""What of a frame the network may see, and the way back to the whole frame.

A scanner's screen holds more than the image: names, rulers, logos, a second view. Where the file
says which part is the image, only that part is read, and results are put back where it was.
"""

from __future__ import annotations

import dataclasses
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sonolesion.types import ScanArea, UltrasoundImage

Scalar = TypeVar("Scalar", bound=np.generic)


def crop_to_area(image: UltrasoundImage) -> UltrasoundImage:
    """Return the scan area as an image of its own; an image without one as it is."""
    if image.area is None:
        return image
    return dataclasses.replace(image, pixels=image.pixels[_slices(image.area)], area=None)


def crop_array(values: NDArray[Scalar], area: ScanArea | None) -> NDArray[Scalar]:
    """Return the area of an array (H, W) of the frame, without a gap between its rows.

    Args:
        values: any dtype.
        area: None for all of it.
    """
    return values if area is None else np.ascontiguousarray(values[_slices(area)])


def paste_area(values: NDArray[np.float32], image: UltrasoundImage) -> NDArray[np.float32]:
    """Put a map of the scan area back on the frame's pixel grid.

    Args:
        values: float32, of the size of the image's scan area, or of the image if it has none.
        image: the frame.

    Returns:
        float32 (H, W) of the frame: 0 outside of the area; `values` itself without one.
    """
    if image.area is None:
        return values
    out = np.zeros(image.pixels.shape, np.float32)
    out[_slices(image.area)] = values
    return out


def black_outside(pixels: NDArray[np.uint8], area: ScanArea) -> NDArray[np.uint8]:
    """Copy uint8 (H, W) with all that lies outside of `area` set to 0."""
    out = np.zeros_like(pixels)
    out[_slices(area)] = pixels[_slices(area)]
    return out


def _slices(area: ScanArea) -> tuple[slice, slice]:
    return (
        slice(area.top_px, area.top_px + area.height_px),
        slice(area.left_px, area.left_px + area.width_px),
    )
