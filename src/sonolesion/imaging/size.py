"""How large an image may be: checked from the header, before anything is decoded."""

from __future__ import annotations

from sonolesion.errors import ImageSizeError

MIN_SIDE_PX = 32
MAX_PIXELS = 40_000_000


def check_size(*, height_px: int, width_px: int, name: str, max_pixels: int = MAX_PIXELS) -> None:
    """Refuse an image that is too small or too large to be read.

    Args:
        height_px: as the file's header says.
        width_px: the same.
        name: what to call the image in messages.
        max_pixels: the most pixels that are read.

    Raises:
        ImageSizeError: a side under `MIN_SIDE_PX`, or more than `max_pixels`.
    """
    if min(height_px, width_px) < MIN_SIDE_PX:
        raise ImageSizeError(
            f"{name}: {width_px}x{height_px} px, expected at least {MIN_SIDE_PX} px a side."
        )
    if width_px * height_px > max_pixels:
        raise ImageSizeError(
            f"{name}: {width_px}x{height_px} px, expected at most "
            f"{max_pixels // 10**6} million pixels. Give the scan area only."
        )
