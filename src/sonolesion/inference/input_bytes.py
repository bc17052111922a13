"""The bytes of an input, read once: what is decoded is what was hashed."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from sonolesion.errors import UnreadableImageError


@dataclass(frozen=True, slots=True)
class InputBytes:
    """A file's content, and what tells later whether the file is still the same.

    Attributes:
        data: all of its bytes.
        mtime_ns: time of its last change.
        sha256: of `data`, 64 hex digits.
    """

    data: bytes = field(repr=False)
    mtime_ns: int
    sha256: str


def read_input(path: Path, *, name: str) -> InputBytes:
    """Read a file whole.

    Args:
        path: the file.
        name: what to call it in messages.

    Raises:
        UnreadableImageError: missing, a folder, or not permitted.
    """
    try:
        with path.open("rb") as file:
            data = file.read()
            mtime_ns = os.fstat(file.fileno()).st_mtime_ns
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        raise UnreadableImageError(
            f"{name}: {getattr(error, 'strerror', None) or error}. Check the path and its "
            "permissions."
        ) from error
    return InputBytes(data, mtime_ns, hashlib.sha256(data).hexdigest())
