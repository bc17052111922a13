"""The bytes of an input, read once: what is decoded is what was hashed."""

from __future__ import annotations

import hashlib
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

from sonolesion.errors import UnreadableImageError
from sonolesion.imaging.parts import ONLY_PART
from sonolesion.inference.inputs import InputFile


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


class InputReader:
    """Reads inputs whole, and the frames or views of one file with one reading. Thread-safe.

    It holds the last file of which it read a part; the parts of a file follow one another.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: tuple[str, tuple[int, ...], InputBytes] | None = None

    def read(self, file: InputFile) -> InputBytes:
        """Read the file that an input lies in.

        Raises:
            UnreadableImageError: missing, a folder, or not permitted.
        """
        if file.part == ONLY_PART:
            return read_input(file.path, name=file.name)
        with self._lock:
            try:
                found = os.stat(file.text)  # noqa: PTH116 - as the rest of it, on texts
                state: tuple[int, ...] = (found.st_ino, found.st_size, found.st_mtime_ns)
            except (OSError, ValueError):
                state = ()
            if self._last is not None and self._last[:2] == (file.text, state):
                return self._last[2]
            self._last = None  # gives its memory back before the next file is read
            content = read_input(file.path, name=file.name)
            self._last = (file.text, state, content)
            return content


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
