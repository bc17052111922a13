"""A DICOM object as far as reading needs it: transfer syntax, allowed tags, place of the pixels.

The file is never loaded whole. What `READ_TAGS` does not name is skipped, so that no name, date or
identifier of a patient is ever in memory, let alone in a message.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from sonolesion.errors import ImageSizeError, MissingExtraError, UnreadableImageError
from sonolesion.imaging.dicom.faults import explain_faults, truncated

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.tag import BaseTag

MAX_INFLATED_BYTES = 160_000_000
"""The most that a deflated object may grow to: it is the one kind that is held in memory whole."""

DEFLATED = "1.2.840.10008.1.2.1.99"
IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
BIG_ENDIAN = "1.2.840.10008.1.2.2"

READ_TAGS = (
    0x00041212,  # only a directory (DICOMDIR) has it
    0x00080016,  # SOP Class UID: tells ultrasound from a scanned film; never repeated
    0x00080060,  # Modality
    *range(0x00280002, 0x00280009),  # samples, photometric, planar configuration, frames
    0x00280010, 0x00280011,  # rows, columns
    0x00280030,  # Pixel Spacing
    *range(0x00280100, 0x00280104),  # bits, sign
    0x00280301,  # Burned In Annotation
    0x00281050, 0x00281051, 0x00281052, 0x00281053, 0x00281056,  # window and rescale
    *range(0x00281101, 0x00281104), *range(0x00281201, 0x00281204),  # palette
    *range(0x00281221, 0x00281224),  # segmented palette, only to refuse it
    0x00283000, 0x00283010,  # modality and VOI lookup table, only to refuse them
    0x00186011,  # Sequence of Ultrasound Regions
    0x7FE00001, 0x7FE00002,  # extended offset table
)  # fmt: skip

_PIXEL_TAGS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
_LONG_TYPES = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT",
               b"UV")  # fmt: skip
_UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where the pixel data lie.

    Attributes:
        start: offset of the first byte of the value.
        length: of the value in bytes; None where it is in fragments (undefined).
        value_type: "OB" or "OW".
    """

    start: int
    length: int | None
    value_type: str


@dataclass(frozen=True, slots=True)
class DicomObject:
    """What was read of a file.

    Attributes:
        file: holds the pixel data at `pixels.start`; inflated where the file was deflated.
        size_bytes: of `file`.
        transfer_syntax: its UID.
        dataset: the elements of `READ_TAGS`.
        pixels: None where the object has no integer pixel data.
    """

    file: BinaryIO
    size_bytes: int
    transfer_syntax: str
    dataset: Dataset
    pixels: PixelElement | None


def read_object(file: BinaryIO, *, name: str) -> DicomObject:
    """Read the header of a DICOM file.

    Args:
        file: open, seekable; stays open, and what is returned reads from it.
        name: what to call it in messages.

    Raises:
        MissingExtraError: pydicom is not installed.
        UnreadableImageError: damaged or truncated.
        ImageSizeError: a deflated object grows beyond `MAX_INFLATED_BYTES`.
    """
    try:
        from pydicom.filereader import read_dataset
    except ImportError as error:
        raise MissingExtraError(
            f"{name}: reading DICOM needs pydicom. Install it: pip install 'sonolesion[dicom]'."
        ) from error

    def at_pixels(tag: BaseTag, *_: object) -> bool:
        return tag in _PIXEL_TAGS

    with explain_faults(name, "its header"):
        transfer_syntax = _read_meta(file)
        if transfer_syntax == DEFLATED:
            file, transfer_syntax = _inflate(file, name), EXPLICIT
        if transfer_syntax is None:
            transfer_syntax = _guess_syntax(file)
        little = transfer_syntax != BIG_ENDIAN
        dataset = read_dataset(
            file,
            is_implicit_VR=transfer_syntax == IMPLICIT,
            is_little_endian=little,
            stop_when=at_pixels,
            specific_tags=list(READ_TAGS),
        )
        here = file.tell()
        size_bytes = file.seek(0, io.SEEK_END)
        file.seek(here)
        pixels = _find_pixels(file, name, little=little)
    return DicomObject(file, size_bytes, transfer_syntax, dataset, pixels)


def _read_meta(file: BinaryIO) -> str | None:
    """Read group 0002, which is explicit little-endian; leaves the file at the data set."""
    file.seek(128)
    if file.read(4) != b"DICM":
        file.seek(0)
    transfer_syntax = None
    while True:
        start = file.tell()
        head = file.read(8)
        if len(head) < 8 or head[:2] != b"\x02\x00":
            file.seek(start)
            return transfer_syntax
        _, element, value_type, length = struct.unpack("<HH2sH", head)
        if value_type in _LONG_TYPES:
            (length,) = struct.unpack("<I", file.read(4))
        if element == 0x0010:
            text = file.read(length).decode("ascii", "replace")
            transfer_syntax = text.strip("\0 ") or None
        else:
            file.seek(length, io.SEEK_CUR)


def _guess_syntax(file: BinaryIO) -> str:
    """Tell from the first element how a data set without transfer syntax is written."""
    start = file.tell()
    head = file.read(6)
    file.seek(start)
    if not head[4:6].isalpha() or not head[4:6].isupper():
        return IMPLICIT
    return BIG_ENDIAN if head[:1] == b"\0" and head[1:2] != b"\0" else EXPLICIT


def _inflate(file: BinaryIO, name: str) -> BinaryIO:
    """Inflate a data set piece by piece and stop where it grows too large (a 191 KB file can)."""
    stream, inflated = zlib.decompressobj(-zlib.MAX_WBITS), bytearray()
    while not stream.eof:
        piece = stream.unconsumed_tail or file.read(1 << 16)
        if not piece:
            raise truncated(name, "its deflated data end too early")
        inflated += stream.decompress(piece, 1 << 20)
        if len(inflated) > MAX_INFLATED_BYTES:
            raise ImageSizeError(
                f"{name}: deflated DICOM data grow beyond {MAX_INFLATED_BYTES // 10**6} MB. "
                "Store it uncompressed."
            )
    return io.BytesIO(inflated)


def _find_pixels(file: BinaryIO, name: str, *, little: bool) -> PixelElement | None:
    order = "<" if little else ">"
    head = file.read(12)
    if len(head) < 12:
        return None
    group, element = struct.unpack_from(f"{order}HH", head)
    if (group << 16 | element) != 0x7FE00010:
        return None
    # a length is even, so "OB" or "OW" cannot be the first half of one: 'O' and 'U' are odd
    value_type = head[4:6] if little or head[4:6].isalpha() else b""
    if value_type in (b"OB", b"OW", b"UN"):
        (length,) = struct.unpack_from(f"{order}I", head, 8)
    else:
        value_type = b"OW"
        (length,) = struct.unpack_from(f"{order}I", head, 4)
        file.seek(-4, io.SEEK_CUR)
    start = file.tell()
    if length == _UNDEFINED:
        return PixelElement(start, None, "OB")
    if start + length > file.seek(0, io.SEEK_END):
        raise UnreadableImageError(
            f"{name}: truncated DICOM file (its pixel data end too early). Copy the file again."
        )
    return PixelElement(start, length, "OB" if value_type == b"OB" else "OW")
