"""The one place where image files are decoded, for training and inference alike.

One rule for each kind of file: EXIF orientation is applied; transparency is composited over
black; colour becomes luma (ITU-R BT.601); 16-bit is scaled by 255/65535; floats are taken as
[0, 1] or [0, 255]; of animations and multi-page files the frame has to be chosen. DICOM is told by
its content and read in `sonolesion.imaging.dicom`. Size is checked from the header, before anything
is decoded.
"""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

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
from sonolesion.imaging.colour import measure_colour_fraction
from sonolesion.imaging.dicom.detect import HEAD_BYTES, is_dicom
from sonolesion.imaging.quiet import keep_warnings_back
from sonolesion.imaging.size import MAX_PIXELS, MIN_SIDE_PX, check_size
from sonolesion.imaging.spacing import set_spacing
from sonolesion.types import UltrasoundImage

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
_FORMATS = ("PNG", "JPEG", "BMP", "TIFF")
_DECODE_FAULTS = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError,
                  AttributeError, ArithmeticError, RuntimeError, MemoryError, struct.error,
                  zlib.error, Image.DecompressionBombError,
                  Image.DecompressionBombWarning)  # fmt: skip


def read_image(
    source: Path | str | bytes,
    *,
    name: str | None = None,
    frame: int | None = None,
    view: int | None = None,
    spacing_mm: tuple[float, float] | None = None,
) -> UltrasoundImage:
    """Decode a PNG, JPEG, BMP, TIFF or DICOM ultrasound file (or its bytes) to grey levels.

    Args:
        source: a path, or the file's bytes.
        name: what to call it in messages; default the path, or "image bytes".
        frame: which frame or page, from 1; None where the file holds one.
        view: which 2D image of a DICOM frame, from 1, left to right; None where it shows one.
        spacing_mm: size of a pixel (row, col) in mm, in place of what the file says.

    Returns:
        `UltrasoundImage`, pixels uint8 (H, W) in [0, 255].

    Raises:
        UnreadableImageError: missing, not an image, truncated or damaged.
        UnsupportedImageError: several frames or views and none chosen, nan or infinite pixels, a
            DICOM object that is no ultrasound picture.
        ImageSizeError: a side under 32 px, or more than 40 million pixels.
        MissingExtraError: a DICOM file, and `sonolesion[dicom]` is not installed.
        InvalidInputError: `spacing_mm` is no size of a pixel.
    """
    name = name or ("image bytes" if isinstance(source, bytes) else str(source))
    try:
        with _open_source(source) as file:
            head = file.read(HEAD_BYTES)
            if is_dicom(head):
                from sonolesion.imaging.dicom.read import read_dicom

                image = read_dicom(file, name=name, frame=frame, view=view)
            else:
                picture = _open(head + file.read(), name, kinds="PNG, JPEG, BMP, TIFF or DICOM")
                image = image_from_pil(picture, name=name, frame=frame, view=view)
    except OSError as error:
        raise _explain_os_error(error, name) from error
    return image if spacing_mm is None else set_spacing(image, spacing_mm)


def image_from_pil(
    image: Image.Image, *, name: str = "image", frame: int | None = None, view: int | None = None
) -> UltrasoundImage:
    """Take a Pillow image, decoded or not, by the same rules as a file.

    Args:
        image: any mode; it is decoded, not changed otherwise.
        name: what to call it in messages.
        frame: which frame or page, from 1; None where it holds one.
        view: 1 or None: a picture shows one.

    Raises:
        UnreadableImageError: truncated or damaged.
        UnsupportedImageError: several frames and none chosen, nan or infinite pixels.
        ImageSizeError: see `read_image`.
    """
    _check_size(image, name)
    frames = _count_frames(image, name)
    if frame is None and frames > 1:
        raise UnsupportedImageError(
            f"{name}: holds {frames} frames, expected one. Choose one with --frame, or save it."
        )
    for chosen, count, what in ((frame, frames, "frame"), (view, 1, "view")):
        if chosen is not None and not 1 <= chosen <= count:
            raise UnsupportedImageError(f"{name}: has no {what} {chosen}, it holds {count}.")
    if frame is not None and frame > 1:
        _seek(image, frame, name)
    _check_size(image, name)
    decoded = _decode(image, name)
    notes: list[str] = [f"frame {frame} of {frames}"] if frames > 1 else []
    decoded = _turn_upright(decoded, name, notes)
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
    try:
        # read whole files: Pillow then never holds a file open
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
    except OSError as error:
        raise _explain_os_error(error, name) from error
    image = _open(data, name)
    if image.width * image.height > MAX_PIXELS:
        raise ImageSizeError(f"{name}: {image.width}x{image.height} px is over 40 million pixels.")
    pixels = _to_brightest(_decode(image, name), name)
    if shape is not None and pixels.shape != shape:
        raise MaskMismatchError(
            f"{name}: mask is {pixels.shape[1]}x{pixels.shape[0]} px, its image "
            f"{shape[1]}x{shape[0]} px. Replace the mask with one of the image's size."
        )
    return pixels >= 128


def _open_source(source: Path | str | bytes) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else open(source, "rb")


def _explain_os_error(error: OSError, name: str) -> UnreadableImageError:
    return UnreadableImageError(
        f"{name}: {error.strerror or error}. Check the path and its permissions."
    )


def _open(data: bytes, name: str, *, kinds: str = "PNG, JPEG, BMP or TIFF") -> Image.Image:
    try:
        with keep_warnings_back():
            return Image.open(io.BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise ImageSizeError(
            f"{name}: has over {MAX_PIXELS // 10**6} million pixels. Give the scan area only."
        ) from error
    except _DECODE_FAULTS as error:
        raise UnreadableImageError(
            f"{name}: not a {kinds} image ({len(data):,} bytes, "
            f"{_describe(data)}). Give the image file itself."
        ) from error


def _describe(data: bytes) -> str:
    if not data:
        return "empty"
    if data.lstrip()[:1] == b"<":
        return "looks like HTML or XML"
    if is_dicom(data):
        return "a DICOM file"
    if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in data[:64]):
        return "looks like text"
    return "unknown content"


def _check_size(image: Image.Image, name: str) -> None:
    check_size(height_px=image.height, width_px=image.width, name=name)


def _count_frames(image: Image.Image, name: str) -> int:
    try:
        with keep_warnings_back():
            return int(getattr(image, "n_frames", 1))
    except _DECODE_FAULTS as error:
        raise UnreadableImageError(
            f"{name}: damaged {image.format} ({error}). Copy the file again."
        ) from error


def _seek(image: Image.Image, frame: int, name: str) -> None:
    try:
        with keep_warnings_back():
            image.seek(frame - 1)
    except _DECODE_FAULTS as error:
        raise UnreadableImageError(
            f"{name}: frame {frame} of {image.format} is damaged ({error}). Copy the file again."
        ) from error


def _decode(image: Image.Image, name: str) -> Image.Image:
    try:
        with keep_warnings_back():
            image.load()
    except _DECODE_FAULTS as error:
        raise UnreadableImageError(
            f"{name}: truncated or damaged {image.format} ({error}). Copy the file again."
        ) from error
    return image


def _turn_upright(image: Image.Image, name: str, notes: list[str]) -> Image.Image:
    try:
        with keep_warnings_back():
            if image.getexif().get(0x0112, 1) == 1:
                return image
            notes.append("EXIF orientation applied")
            return ImageOps.exif_transpose(image)
    except _DECODE_FAULTS as error:
        raise UnreadableImageError(
            f"{name}: damaged EXIF of {image.format} ({error}). Save the image again without it."
        ) from error


def _to_grey(image: Image.Image, name: str, notes: list[str]) -> tuple[NDArray[np.uint8], float]:
    channels = _to_channels(image, name, notes)
    if isinstance(channels, np.ndarray):
        return channels, 0.0
    return np.array(channels.convert("L")), measure_colour_fraction(np.asarray(channels))


def _to_brightest(image: Image.Image, name: str) -> NDArray[np.uint8]:
    channels = _to_channels(image, name, [])
    return channels if isinstance(channels, np.ndarray) else np.asarray(channels).max(axis=2)


def _to_channels(
    image: Image.Image, name: str, notes: list[str]
) -> NDArray[np.uint8] | Image.Image:
    """Grey levels where the file has one channel, else an RGB image over black."""
    try:
        if image.mode in ("L", "1"):
            return np.array(image if image.mode == "L" else image.convert("L"))
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
