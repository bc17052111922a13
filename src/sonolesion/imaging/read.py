"""The one place where image files are decoded, for training and inference alike.

One rule for each kind of file: EXIF orientation is applied; transparency is composited over
black; colour becomes luma (ITU-R BT.601); 16-bit is scaled by 255/65535; floats are taken as
[0, 1] or [0, 255]; animations and multi-page files are refused. Size is checked from the header,
before anything is decoded.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from sonolesion.errors import (
    ImageError,
    ImageSizeError,
    MaskMismatchError,
    UnreadableImageError,
    UnsupportedImageError,
)
from sonolesion.types import UltrasoundImage

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
MIN_SIDE_PX = 32
MAX_PIXELS = 40_000_000
_FORMATS = ("PNG", "JPEG", "BMP", "TIFF")
_COLOUR_TOLERANCE = 24
_DECODE_FAULTS = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError,
                  AttributeError, OverflowError, MemoryError, Image.DecompressionBombError,
                  Image.DecompressionBombWarning)  # fmt: skip


def read_image(source: Path | str | bytes, *, name: str | None = None) -> UltrasoundImage:
    """Decode a PNG, JPEG, BMP or TIFF file (or its bytes) to grey levels.

    Args:
        source: a path, or the file's bytes.
        name: what to call it in messages; default the path, or "image bytes".

    Returns:
        `UltrasoundImage`, pixels uint8 (H, W) in [0, 255].

    Raises:
        UnreadableImageError: missing, not an image, truncated or damaged.
        UnsupportedImageError: an animation, several pages, nan or infinite pixels.
        ImageSizeError: a side under 32 px, or more than 40 million pixels.
    """
    name = name or ("image bytes" if isinstance(source, bytes) else str(source))
    return image_from_pil(_open(source, name), name=name)


def image_from_pil(image: Image.Image, *, name: str = "image") -> UltrasoundImage:
    """Take a Pillow image, decoded or not, by the same rules as a file.

    Args:
        image: any mode; it is decoded, not changed otherwise.
        name: what to call it in messages.

    Raises:
        UnreadableImageError: truncated or damaged.
        UnsupportedImageError: several frames, nan or infinite pixels.
        ImageSizeError: see `read_image`.
    """
    _check_size(image, name)
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        raise UnsupportedImageError(
            f"{name}: holds {frames} frames, expected one. Save the frame you want."
        )
    decoded = _decode(image, name)
    notes: list[str] = []
    if image.getexif().get(0x0112, 1) != 1:
        decoded = ImageOps.exif_transpose(decoded)
        notes.append("EXIF orientation applied")
    pixels, colour_fraction = _to_grey(decoded, name, notes)
    return UltrasoundImage(pixels, colour_fraction, tuple(notes))


def image_from_array(pixels: object, *, name: str = "array") -> UltrasoundImage:
    """Take decoded pixels by the same rules as a file: size limits, colour to luma.

    Args:
        pixels: uint8, grey (H, W) or RGB (H, W, 3).
        name: what to call it in messages.

    Raises:
        UnsupportedImageError: another dtype or shape.
        ImageSizeError: see `read_image`.
    """
    if not isinstance(pixels, np.ndarray):
        raise UnsupportedImageError(f"{name}: expected an array, got {type(pixels).__name__}.")
    if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or pixels.shape[2:] == (3,)):
        raise UnsupportedImageError(
            f"{name}: expected uint8 (H, W) or (H, W, 3), got {pixels.dtype} {pixels.shape}."
        )
    if pixels.size == 0:
        raise ImageSizeError(f"{name}: has no pixels, expected at least {MIN_SIDE_PX} px a side.")
    image = Image.fromarray(np.ascontiguousarray(pixels))
    _check_size(image, name)
    grey, colour_fraction = _to_grey(image, name, [])
    return UltrasoundImage(grey, colour_fraction)


def read_mask(
    source: Path | str | bytes, *, shape: tuple[int, int] | None = None, name: str | None = None
) -> NDArray[np.bool_]:
    """Decode a mask file of any mode (1-bit, grey, palette, RGB, RGBA): lesion where it is bright.

    A pixel is lesion where its brightest channel is at least 128 of 255. In a grey mask that is
    the grey level; pure red, green or blue, which classes are painted in, are lesion too (the
    luma of red is 76).

    Args:
        source: the mask file, or its bytes.
        shape: (H, W) that the mask must have; None to take any.
        name: what to call it in messages; default the path, or "mask bytes".

    Returns:
        bool (H, W).

    Raises:
        UnreadableImageError: missing, not an image, truncated or damaged.
        MaskMismatchError: the mask's size is not `shape`.
    """
    name = name or ("mask bytes" if isinstance(source, bytes) else str(source))
    image = _open(source, name)
    if image.width * image.height > MAX_PIXELS:
        raise ImageSizeError(f"{name}: {image.width}x{image.height} px is over 40 million pixels.")
    pixels = _to_brightest(_decode(image, name), name)
    if shape is not None and pixels.shape != shape:
        raise MaskMismatchError(
            f"{name}: mask is {pixels.shape[1]}x{pixels.shape[0]} px, its image "
            f"{shape[1]}x{shape[0]} px. Replace the mask with one of the image's size."
        )
    return pixels >= 128


def _open(source: Path | str | bytes, name: str) -> Image.Image:
    try:
        # read whole files: Pillow then never holds a file open, and a missing file fails here
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
    except OSError as error:
        raise UnreadableImageError(
            f"{name}: {error.strerror or error}. Check the path and its permissions."
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise ImageSizeError(
            f"{name}: has over {MAX_PIXELS // 10**6} million pixels. Give the scan area only."
        ) from error
    except _DECODE_FAULTS as error:
        raise UnreadableImageError(
            f"{name}: not a PNG, JPEG, BMP or TIFF image ({len(data):,} bytes, "
            f"{_describe(data)}). Give the image file itself."
        ) from error


def _describe(data: bytes) -> str:
    if not data:
        return "empty"
    if data.lstrip()[:1] == b"<":
        return "looks like HTML or XML"
    if data[128:132] == b"DICM":
        return "a DICOM file"
    if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in data[:64]):
        return "looks like text"
    return "unknown content"


def _check_size(image: Image.Image, name: str) -> None:
    if min(image.size) < MIN_SIDE_PX:
        raise ImageSizeError(
            f"{name}: {image.width}x{image.height} px, expected at least {MIN_SIDE_PX} px a side."
        )
    if image.width * image.height > MAX_PIXELS:
        raise ImageSizeError(
            f"{name}: {image.width}x{image.height} px, expected at most "
            f"{MAX_PIXELS // 10**6} million pixels. Give the scan area only."
        )


def _decode(image: Image.Image, name: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image.load()
    except _DECODE_FAULTS as error:
        raise UnreadableImageError(
            f"{name}: truncated or damaged {image.format} ({error}). Copy the file again."
        ) from error
    return image


def _to_grey(image: Image.Image, name: str, notes: list[str]) -> tuple[NDArray[np.uint8], float]:
    channels = _to_channels(image, name, notes)
    if isinstance(channels, np.ndarray):
        return channels, 0.0
    return np.array(channels.convert("L")), _colour_fraction(np.asarray(channels))


def _to_brightest(image: Image.Image, name: str) -> NDArray[np.uint8]:
    channels = _to_channels(image, name, [])
    return channels if isinstance(channels, np.ndarray) else np.asarray(channels).max(axis=2)


def _to_channels(
    image: Image.Image, name: str, notes: list[str]
) -> NDArray[np.uint8] | Image.Image:
    """Grey levels where the file has one channel, else an RGB image over black."""
    try:
        if image.mode in ("L", "1"):
            return np.array(image.convert("L"))
        if image.mode.startswith("I") or image.mode == "F":
            return _scale_wide(np.array(image), name, notes)
        if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
            layer = image.convert("RGBA")
            if layer.getchannel("A").getextrema() != (255, 255):
                notes.append("transparency composited over black")
            image = Image.alpha_composite(Image.new("RGBA", layer.size, (0, 0, 0, 255)), layer)
        return image.convert("RGB")
    except ImageError:
        raise
    except _DECODE_FAULTS as error:
        raise UnsupportedImageError(f"{name}: mode {image.mode} cannot be made grey.") from error


def _colour_fraction(rgb: NDArray[np.uint8]) -> float:
    if not (rgb[..., 0] != rgb[..., 1]).any() and not (rgb[..., 1] != rgb[..., 2]).any():
        return 0.0
    spread = rgb.max(axis=2).astype(np.int16) - rgb.min(axis=2)
    return float((spread > _COLOUR_TOLERANCE).mean())


def _scale_wide(values: NDArray[np.generic], name: str, notes: list[str]) -> NDArray[np.uint8]:
    wide = values.astype(np.float64)
    if not np.isfinite(wide).all():
        raise UnsupportedImageError(f"{name}: has nan or infinite pixels. Export it again.")
    low, high = float(wide.min()), float(wide.max())
    if np.issubdtype(values.dtype, np.integer):
        factor, top = 255.0 / 65535.0, 65535.0
        notes.append("16-bit scaled by 255/65535")
    else:
        factor, top = (255.0, 1.0) if high <= 1.0 else (1.0, 255.0)
        notes.append(f"float pixels taken as [0, {top:g}]")
    if low < 0 or high > top:
        raise UnsupportedImageError(
            f"{name}: pixel values {low:g} to {high:g}, expected 0 to {top:g}. Export as 8-bit."
        )
    return np.round(wide * factor).astype(np.uint8)
