"""The size that a compressed frame itself says it has, without decoding it.

A decoder makes room for what the frame says, not for what the DICOM header says; so the two are
compared first, and a frame that was cut off is found by its missing end.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

JPEG_START, JPEG_2000_START = b"\xff\xd8", b"\xff\x4f\xff\x51"
_BOX_START = b"\x00\x00\x00\x0cjP  "
_END = b"\xff\xd9"
_SIZE_MARKERS = frozenset((*range(0xC0, 0xD0), 0xF7)) - {0xC4, 0xC8, 0xCC}
_LONE_MARKERS = frozenset((0x01, *range(0xD0, 0xD9)))


@dataclass(frozen=True, slots=True)
class StreamSize:
    """What a frame says of itself: size, samples per pixel, bits of a sample."""

    height_px: int
    width_px: int
    samples: int
    bits: int


def read_stream_size(frame: bytes) -> StreamSize:
    """Read the size of a JPEG, JPEG-LS or JPEG 2000 frame.

    Raises:
        ValueError: none of these, or it ends before its size.

    Source: ITU-T T.81 B.2.2 (SOF), T.87 C.2.2 (SOF55), T.800 A.5.1 (SIZ).
    """
    if frame.startswith(_BOX_START):
        at = frame.find(JPEG_2000_START)
        return _read_siz(frame, at) if at >= 0 else _fail()
    if frame.startswith(JPEG_2000_START):
        return _read_siz(frame, 0)
    if frame.startswith(JPEG_START):
        return _read_sof(frame)
    return _fail()


def has_stream_end(frame: bytes) -> bool:
    """Whether a JPEG, JPEG-LS or JPEG 2000 frame ends as it should, but for zeros that pad it."""
    tail = frame[-64:].rstrip(b"\0")
    # a frame of even length may carry one more byte of padding than a rule allows: 0xff
    return tail.endswith((_END, _END + b"\xff"))


def _read_siz(frame: bytes, start: int) -> StreamSize:
    try:
        right, bottom, left, top = struct.unpack_from(">4I", frame, start + 8)
        samples, depth = struct.unpack_from(">HB", frame, start + 40)
    except struct.error:
        return _fail()
    return StreamSize(bottom - top, right - left, samples, (depth & 0x7F) + 1)


def _read_sof(frame: bytes) -> StreamSize:
    at = 2
    while at + 4 <= len(frame):
        if frame[at] != 0xFF:
            return _fail()
        marker = frame[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _LONE_MARKERS:
            at += 2
        elif marker in _SIZE_MARKERS:
            try:
                bits, height, width, samples = struct.unpack_from(">BHHB", frame, at + 4)
            except struct.error:
                return _fail()
            return StreamSize(height, width, samples, bits)
        else:
            (length,) = struct.unpack_from(">H", frame, at + 2)
            at += 2 + length
    return _fail()


def _fail() -> StreamSize:
    raise ValueError("no JPEG, JPEG-LS or JPEG 2000 frame")
