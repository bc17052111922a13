"""The bytes of one frame, after the whole pixel data were checked to be there."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

from sonolesion.errors import UnreadableImageError, UnsupportedImageError
from sonolesion.imaging.dicom.faults import explain_faults, truncated
from sonolesion.imaging.dicom.header import MAX_FRAME_PIXELS, FrameFormat
from sonolesion.imaging.dicom.object import BIG_ENDIAN, EXPLICIT, IMPLICIT, DicomObject

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

NATIVE = (IMPLICIT, EXPLICIT, BIG_ENDIAN)
_ITEM, _END = 0xFFFEE000, 0xFFFEE0DD
_MAX_FRAME_BYTES = 6 * MAX_FRAME_PIXELS


def is_native(found: DicomObject) -> bool:
    """Whether the pixels are not compressed."""
    return found.transfer_syntax in NATIVE


def check_pixel_data(found: DicomObject, layout: FrameFormat, *, name: str) -> None:
    """Refuse pixel data that are cut off, or fewer than the header says.

    Raises:
        UnreadableImageError: truncated, or another layout than the transfer syntax has.
    """
    pixels = found.pixels
    if pixels is None or is_native(found) == (pixels.length is None):
        raise UnreadableImageError(
            f"{name}: damaged DICOM file (its pixel data are not stored as its transfer syntax "
            "says)."
        )
    if pixels.length is not None:
        if pixels.length < layout.frames * layout.frame_bytes:
            raise truncated(name, "fewer pixels than its header says")
        return
    with explain_faults(name, "its frames"):
        fragments = _count_fragments(found, name)
    if fragments < layout.frames:
        raise truncated(name, f"{fragments} compressed pieces for {layout.frames} frames")


def frame_bytes(found: DicomObject, layout: FrameFormat, index: int, *, name: str) -> bytes:
    """Return frame `index` (from 0) as it is stored; call `check_pixel_data` first.

    Raises:
        UnreadableImageError: it is not there.
        UnsupportedImageError: the compressed frame is larger than any that would be decoded.
    """
    from pydicom.encaps import get_frame

    file, pixels = found.file, found.pixels
    if pixels is None:
        raise truncated(name, "no pixel data")
    if pixels.length is not None:
        file.seek(pixels.start + index * layout.frame_bytes)
        return file.read(layout.frame_bytes)
    with explain_faults(name, "its frames"):
        file.seek(pixels.start)
        frame = get_frame(
            file,
            index,
            number_of_frames=layout.frames,
            extended_offsets=_extended_offsets(found.dataset),
        )
    if len(frame) > _MAX_FRAME_BYTES:
        raise UnsupportedImageError(f"{name}: a compressed frame of {len(frame):,} bytes.")
    return frame


def _extended_offsets(dataset: Dataset) -> tuple[bytes, bytes] | None:
    offsets = dataset.get("ExtendedOffsetTable")
    lengths = dataset.get("ExtendedOffsetTableLengths")
    return (offsets, lengths) if offsets and lengths and len(offsets) == len(lengths) else None


def _count_fragments(found: DicomObject, name: str) -> int:
    """Walk over the pieces to their end mark; count them without the offset table."""
    file, count = found.file, -1
    assert found.pixels is not None
    file.seek(found.pixels.start)
    while True:
        head = file.read(8)
        if len(head) < 8:
            raise truncated(name, "its compressed frames have no end")
        group, element, length = struct.unpack("<HHI", head)
        tag = group << 16 | element
        if tag == _END:
            return max(count, 0)
        if tag != _ITEM:
            raise UnreadableImageError(f"{name}: damaged DICOM file (its compressed frames).")
        if file.tell() + length > found.size_bytes:
            raise truncated(name, "its compressed frames end too early")
        count += 1
        file.seek(length, io.SEEK_CUR)
