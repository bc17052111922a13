"""One frame decoded: RGB as it is, grey levels through rescale and window to [0, 255].

One decoder for each transfer syntax, never a second one after the first failed: what the first
takes for damaged is refused.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import MissingExtraError, UnreadableImageError, UnsupportedImageError
from sonolesion.imaging.dicom.codestream import has_stream_end, read_stream_size
from sonolesion.imaging.dicom.faults import explain_faults, truncated
from sonolesion.imaging.dicom.frames import frame_bytes, is_native
from sonolesion.imaging.dicom.header import COLOUR, PALETTE, FrameFormat
from sonolesion.imaging.dicom.levels import palette_to_rgb, to_grey_levels
from sonolesion.imaging.dicom.object import BIG_ENDIAN, DicomObject

JPEG_12_BIT = "1.2.840.10008.1.2.4.51"
JPEG_8_BIT = "1.2.840.10008.1.2.4.50"
RLE = "1.2.840.10008.1.2.5"

# a block of 8 x 8 pixels takes at least a bit in JPEG; a decoder fills what is missing with grey
_MOST_PIXELS_PER_JPEG_BYTE = 8 * 64


@dataclass(frozen=True, slots=True)
class Codec:
    """What decodes a transfer syntax: pydicom's name for it, and the modules it needs."""

    plugin: str
    modules: tuple[str, ...] = ()


_GDCM = Codec("gdcm", ("gdcm",))
_JPEG_LS = Codec("pyjpegls", ("jpeg_ls",))
_OPENJPEG = Codec("pylibjpeg", ("pylibjpeg", "openjpeg"))
CODECS = {
    JPEG_8_BIT: Codec("pillow"),
    JPEG_12_BIT: Codec("pillow"),  # of 8 bits only; no decoder of 12 bits has a free licence
    "1.2.840.10008.1.2.4.57": _GDCM,
    "1.2.840.10008.1.2.4.70": _GDCM,
    "1.2.840.10008.1.2.4.80": _JPEG_LS,
    "1.2.840.10008.1.2.4.81": _JPEG_LS,
    "1.2.840.10008.1.2.4.90": _OPENJPEG,
    "1.2.840.10008.1.2.4.91": _OPENJPEG,
    RLE: Codec("pydicom"),
}
"""Transfer syntaxes of compressed pixels that are read."""


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """A frame as 8-bit levels.

    Attributes:
        levels: uint8, grey (H, W) or RGB (H, W, 3).
        notes: how the levels were made.
    """

    levels: NDArray[np.uint8]
    notes: tuple[str, ...] = ()


def check_codec(transfer_syntax: str, *, bits_stored: int, name: str) -> Codec:
    """Return what decodes a compressed transfer syntax.

    Raises:
        UnsupportedImageError: video, or another syntax that nothing here decodes.
        MissingExtraError: its decoder is not installed.
    """
    codec = CODECS.get(transfer_syntax)
    if codec is None:
        is_video = transfer_syntax.startswith("1.2.840.10008.1.2.4.10")
        what = "MPEG or HEVC video" if is_video else "pixels compressed in a way that is not read"
        raise UnsupportedImageError(
            f"{name}: {what}. Export the frames that you want uncompressed, or as PNG."
        )
    if transfer_syntax == JPEG_12_BIT and bits_stored > 8:
        raise UnsupportedImageError(
            f"{name}: JPEG Extended of {bits_stored} bits, which no decoder of a free licence "
            "reads. Decompress it first, e.g. with dcmdjpeg of DCMTK."
        )
    if any(importlib.util.find_spec(module) is None for module in codec.modules):
        raise MissingExtraError(
            f"{name}: its compression needs {codec.plugin}. Install it: "
            "pip install 'sonolesion[dicom]'."
        )
    return codec


def decode_frame(found: DicomObject, layout: FrameFormat, index: int, *, name: str) -> DecodedFrame:
    """Decode frame `index` (from 0) of an object whose pixel data were checked.

    Raises:
        UnreadableImageError: truncated or damaged; never a part of an image.
        UnsupportedImageError, MissingExtraError: see `check_codec`.
    """
    stored = _decode(found, layout, index, name)
    if layout.photometric == PALETTE:
        little = found.transfer_syntax != BIG_ENDIAN
        return DecodedFrame(palette_to_rgb(stored, found.dataset, little=little, name=name))
    if layout.photometric in COLOUR:
        return _reduce_colour(stored, layout)
    levels, notes = to_grey_levels(stored, found.dataset, layout, name=name)
    return DecodedFrame(levels, notes)


def _decode(found: DicomObject, layout: FrameFormat, index: int, name: str) -> NDArray[np.generic]:
    from pydicom.encaps import encapsulate
    from pydicom.pixels.decoders.base import get_decoder

    plugin = ""
    if not is_native(found):
        plugin = check_codec(
            found.transfer_syntax, bits_stored=layout.bits_stored, name=name
        ).plugin
    data = frame_bytes(found, layout, index, name=name)
    if plugin and found.transfer_syntax != RLE:
        _check_stream(data, layout, name)
        is_jpeg = found.transfer_syntax in (JPEG_8_BIT, JPEG_12_BIT)
        if is_jpeg and layout.rows_px * layout.columns_px > _MOST_PIXELS_PER_JPEG_BYTE * len(data):
            raise truncated(name, "a compressed frame is too short for its size")
    options: dict[str, Any] = {
        "rows": layout.rows_px,
        "columns": layout.columns_px,
        "samples_per_pixel": layout.samples,
        "photometric_interpretation": layout.photometric,
        "planar_configuration": layout.planar_configuration,
        "bits_allocated": layout.bits_allocated,
        "bits_stored": layout.bits_stored,
        "pixel_representation": int(layout.is_signed),
        "number_of_frames": 1,
        "pixel_keyword": "PixelData",
        "pixel_vr": found.pixels.value_type if found.pixels else "OW",
    }
    with explain_faults(name, "its pixels"):
        if plugin:
            data = encapsulate([data], has_bot=False)
        decoder = get_decoder(found.transfer_syntax)
        stored, _ = decoder.as_array(data, index=0, decoding_plugin=plugin, **options)
    expected = (layout.rows_px, layout.columns_px) + (() if layout.samples == 1 else (3,))
    if stored.shape != expected:
        raise UnreadableImageError(f"{name}: damaged DICOM file (size of its decoded pixels).")
    return stored


def _check_stream(frame: bytes, layout: FrameFormat, name: str) -> None:
    with explain_faults(name, "a compressed frame"):
        size = read_stream_size(frame)
    if (size.height_px, size.width_px, size.samples) != (
        layout.rows_px,
        layout.columns_px,
        layout.samples,
    ):
        raise UnreadableImageError(
            f"{name}: damaged DICOM file (a frame is {size.width_px}x{size.height_px} px of "
            f"{size.samples} samples, its header says {layout.columns_px}x{layout.rows_px} of "
            f"{layout.samples})."
        )
    if not has_stream_end(frame):
        raise truncated(name, "a compressed frame has no end")


def _reduce_colour(stored: NDArray[np.generic], layout: FrameFormat) -> DecodedFrame:
    if layout.bits_stored == 8:
        return DecodedFrame(stored.astype(np.uint8))
    top = 2**layout.bits_stored - 1
    levels = np.round(np.clip(stored.astype(np.float32), 0, top) * (255.0 / top))
    return DecodedFrame(
        levels.astype(np.uint8), (f"{layout.bits_stored}-bit colour scaled by 255/{top}",)
    )
