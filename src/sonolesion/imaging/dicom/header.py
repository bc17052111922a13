"""The checks before anything is decoded: is it ultrasound, is it a picture, does it all add up?"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonolesion.errors import UnreadableImageError, UnsupportedImageError
from sonolesion.imaging.dicom.faults import explain_faults, truncated
from sonolesion.imaging.dicom.object import DicomObject
from sonolesion.imaging.size import check_size

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MAX_FRAME_PIXELS = 10_000_000
"""A 4K screen has 8.8 million. Colour JPEG or JPEG 2000 of 40 million takes seconds and 1 GB."""

GREY = ("MONOCHROME1", "MONOCHROME2")
PALETTE = "PALETTE COLOR"
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")

# A modality is named in a message only if it is one of these: in a file that does not keep to the
# standard, anything may stand there, a patient's name too.
_MODALITY_NAMES = """
    AR AU BDUS BI BMD CR CT DG DOC DX ECG EPS ES FID GM HC HD IO IOL IVOCT IVUS KER KO LEN LS MG MR
    NM OAM OCT OP OPM OPT OPV OSS PLAN PR PT PX REG RESP RF RG RTDOSE RTIMAGE RTPLAN RTRECORD
    RTSTRUCT RWV SEG SM SMR SR SRF STAIN TG VA XA XC
"""
_OTHER_MODALITIES = frozenset(_MODALITY_NAMES.split())
_UNSTATED = ("", "OT")


@dataclass(frozen=True, slots=True)
class FrameFormat:
    """How each frame of an object is stored.

    Attributes:
        rows_px, columns_px: size of a frame.
        samples: 1 (grey, palette) or 3 (colour).
        photometric: one of `GREY`, `PALETTE`, `COLOUR`.
        planar_configuration: 0 for colour by pixel, 1 by plane.
        bits_allocated: 8 or 16.
        bits_stored: 1 to `bits_allocated`.
        is_signed: stored values are two's complement.
        frames: how many the object says it has, at least 1.
    """

    rows_px: int
    columns_px: int
    samples: int
    photometric: str
    planar_configuration: int
    bits_allocated: int
    bits_stored: int
    is_signed: bool
    frames: int

    @property
    def frame_bytes(self) -> int:
        """Bytes of one uncompressed frame as it is stored."""
        values = self.rows_px * self.columns_px * self.samples
        if self.photometric == "YBR_FULL_422":
            values = values * 2 // 3
        return values * self.bits_allocated // 8


def check_ultrasound(found: DicomObject, *, name: str) -> tuple[str, ...]:
    """Refuse what is no picture, and a picture of another modality.

    An object that does not say what it is (no modality, or OT as scanned and exported pictures
    have) is let through with a remark: the input gate looks at its content as at a PNG's.

    Returns:
        Remarks.

    Raises:
        UnreadableImageError: an ultrasound object that ends before its pixel data.
        UnsupportedImageError: no pixel data, or another modality than ultrasound.
    """
    with explain_faults(name, "its modality"):
        modality = str(found.dataset.get("Modality") or "").strip().upper()
    other = modality if modality in _OTHER_MODALITIES else "another"
    if found.pixels is None and (modality == "US" or not found.dataset):
        raise truncated(name, "it ends before its pixel data")
    if found.pixels is None:
        kind = f" (modality {other})" if modality in _OTHER_MODALITIES else ""
        raise UnsupportedImageError(
            f"{name}: a DICOM object without a picture{kind}: a report, document or "
            "directory. Give an ultrasound image object."
        )
    if modality == "US":
        return ()
    if modality in _UNSTATED:
        return ("the DICOM file does not say that it is ultrasound",)
    raise UnsupportedImageError(
        f"{name}: a DICOM image of {other} modality, expected ultrasound (US). If it is an "
        "ultrasound picture all the same, export it as PNG."
    )


def read_format(dataset: Dataset, *, name: str) -> FrameFormat:
    """Take the description of the pixels from the header and check it.

    Raises:
        UnreadableImageError: a value is missing or cannot be.
        UnsupportedImageError: a kind of pixels that is not read.
        ImageSizeError: see `check_size`.
    """
    with explain_faults(name, "the description of its pixels"):
        photometric = str(dataset.get("PhotometricInterpretation") or "").strip().upper()
        found = FrameFormat(
            rows_px=read_integer(dataset, "Rows", name=name),
            columns_px=read_integer(dataset, "Columns", name=name),
            samples=read_integer(dataset, "SamplesPerPixel", name=name, default=1),
            photometric=photometric,
            planar_configuration=read_integer(dataset, "PlanarConfiguration", name=name, default=0),
            bits_allocated=read_integer(dataset, "BitsAllocated", name=name),
            bits_stored=read_integer(dataset, "BitsStored", name=name),
            is_signed=bool(read_integer(dataset, "PixelRepresentation", name=name, default=0)),
            frames=read_integer(dataset, "NumberOfFrames", name=name, default=1),
        )
        high_bit = read_integer(dataset, "HighBit", name=name, default=found.bits_stored - 1)
    _check_values(found, high_bit, name)
    check_size(
        height_px=found.rows_px,
        width_px=found.columns_px,
        name=name,
        max_pixels=MAX_FRAME_PIXELS,
    )
    return found


def read_integer(dataset: Dataset, keyword: str, *, name: str, default: int | None = None) -> int:
    """Return an element's one whole number; `default` where it is missing or empty.

    Raises:
        UnreadableImageError: missing without a default, or no whole number.
    """
    value = dataset.get(keyword)
    if value is None or value == "":
        if default is not None:
            return default
        raise UnreadableImageError(f"{name}: damaged DICOM file (no {keyword}).")
    try:
        return operator.index(value)
    except TypeError:
        raise UnreadableImageError(
            f"{name}: damaged DICOM file ({keyword} is no whole number)."
        ) from None


def _check_values(found: FrameFormat, high_bit: int, name: str) -> None:
    if found.photometric not in (*GREY, PALETTE, *COLOUR):
        raise UnsupportedImageError(
            f"{name}: DICOM pixels of a colour model that is not read, expected one of "
            f"{', '.join((*GREY, PALETTE, *COLOUR))}."
        )
    expected = 3 if found.photometric in COLOUR else 1
    if found.samples != expected:
        raise UnreadableImageError(
            f"{name}: damaged DICOM file ({found.samples} samples per pixel, expected {expected} "
            f"for {found.photometric})."
        )
    if found.bits_allocated not in (8, 16):
        raise UnsupportedImageError(
            f"{name}: DICOM pixels of {found.bits_allocated} bits, expected 8 or 16."
        )
    if not 1 <= found.bits_stored <= found.bits_allocated or high_bit != found.bits_stored - 1:
        raise UnreadableImageError(
            f"{name}: damaged DICOM file ({found.bits_stored} bits stored, the highest {high_bit}, "
            f"in {found.bits_allocated})."
        )
    if found.planar_configuration not in (0, 1):
        raise UnreadableImageError(
            f"{name}: damaged DICOM file (planar configuration {found.planar_configuration})."
        )
    if found.frames < 1:
        raise UnreadableImageError(f"{name}: damaged DICOM file ({found.frames} frames).")
