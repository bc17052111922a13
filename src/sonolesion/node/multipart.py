"""Bodies of DICOMweb: multipart/related with DICOM files (PS3.18, RFC 2387)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

_BOUNDARY = re.compile(r'boundary="?([^";]{1,70})"?', re.IGNORECASE)
_BLOCK_BYTES = 1 << 16


class Related:
    """A body of one DICOM file, given in blocks.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._boundary = secrets.token_hex(16)

    @property
    def content_type(self) -> str:
        """Value of the header Content-Type."""
        return f'multipart/related; type="application/dicom"; boundary={self._boundary}'

    @property
    def length(self) -> int:
        """Number of bytes of the body."""
        return len(self._head) + self._path.stat().st_size + len(self._tail)

    def blocks(self) -> Iterator[bytes]:
        """Give the body."""
        yield self._head
        with self._path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                yield block
        yield self._tail

    @property
    def _head(self) -> bytes:
        return f"--{self._boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()

    @property
    def _tail(self) -> bytes:
        return f"\r\n--{self._boundary}--\r\n".encode()


def take_first_part(body: bytes | bytearray, content_type: str) -> bytes:
    """Return the content of the first part of a multipart body.

    Args:
        body: all of it.
        content_type: value of the header Content-Type.

    Raises:
        ValueError: no multipart, or its part has no end.
    """
    found = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/related") or found is None:
        raise ValueError("no multipart/related")
    boundary = b"--" + found[1].encode("latin-1")
    start = body.find(boundary)
    head_end = body.find(b"\r\n\r\n", start)
    end = body.find(b"\r\n" + boundary, head_end + 2)
    if min(start, head_end, end) < 0:
        raise ValueError("a part without an end")
    return bytes(body[head_end + 4 : end])
