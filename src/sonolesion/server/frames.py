"""Messages between server and worker: JSON and bytes behind one another on a pipe.

Nothing is pickled: a worker decodes what strangers send, so what comes out of it is data only.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from sonolesion.errors import StoreError

MAX_FRAME_BYTES = 512 * 2**20
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Frame:
    """One message.

    Attributes:
        values: JSON values.
        blobs: bytes that go with it, such as an image.
    """

    values: Mapping[str, Any]
    blobs: tuple[bytes, ...] = ()


def write_frame(pipe: BinaryIO, frame: Frame) -> None:
    """Write a message and flush it.

    Raises:
        OSError: the other side is gone.
    """
    sizes = [len(blob) for blob in frame.blobs]
    head = json.dumps({"values": frame.values, "sizes": sizes}, allow_nan=False).encode()
    pipe.write(_LENGTH.pack(len(head)))
    pipe.write(head)
    for blob in frame.blobs:
        pipe.write(blob)
    pipe.flush()


def read_frame(pipe: BinaryIO) -> Frame:
    """Read a message.

    Raises:
        EOFError: the other side closed the pipe or died, before or within a message.
        StoreError: what came is no message.
    """
    (length,) = _LENGTH.unpack(_read(pipe, _LENGTH.size))
    if length > MAX_FRAME_BYTES:
        raise StoreError("a worker sent what is no message.")
    try:
        head = json.loads(_read(pipe, length))
        sizes = [int(size) for size in head["sizes"]]
        values = dict(head["values"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise StoreError("a worker sent what is no message.") from error
    if any(size < 0 for size in sizes) or sum(sizes) > MAX_FRAME_BYTES:
        raise StoreError("a worker sent what is no message.")
    return Frame(values, tuple(_read(pipe, size) for size in sizes))


def _read(pipe: BinaryIO, size: int) -> bytes:
    data = pipe.read(size)
    if len(data) != size:
        raise EOFError
    return data
