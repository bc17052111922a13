"""Objects and results on the disk, until they are answered.

::

    objects/ab/abcdef....dcm      as it came, named by its SHA-256
    results/17/..._seg.dcm        what is to be sent of queue entry 17

Both hold the patient's name, as DICOM does. A file is written whole, flushed with its folder, and
only then named in the queue; it is removed after the queue has forgotten it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from sonolesion.errors import OutputWriteError
from sonolesion.files import TEMPORARY_SUFFIX, atomic_open, explain_write_errors, make_folder

ORPHAN_AGE_S = 3600.0
"""A file that no entry names may be one that another process is about to enter: it is left for so
long."""
_BYTES_PER_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object on the disk: SHA-256 of its file, 64 hex digits, and its size."""

    sha256: str
    size_bytes: int


class Spool:
    """The folder of the node's files. Safe in several threads and processes.

    Args:
        folder: made where it is not there, readable by its owner only.
        min_free_mb: what must stay free on the disk.

    Raises:
        OutputWriteError: the folder cannot be made.
    """

    def __init__(self, folder: Path, *, min_free_mb: int = 0) -> None:
        self.folder = make_folder(folder)
        self._objects = make_folder(folder / "objects")
        self._results = make_folder(folder / "results")
        self._min_free_bytes = min_free_mb * _BYTES_PER_MB
        with explain_write_errors(folder):
            folder.chmod(0o700)

    def store(self, pieces: Iterable[bytes | memoryview]) -> StoredObject:
        """Write an object; when this returns, a power failure does not lose it.

        Args:
            pieces: of the file, in order.

        Raises:
            OutputWriteError: the disk is full or nearly so, or cannot be written.
        """
        if shutil.disk_usage(self.folder).free < self._min_free_bytes:
            raise OutputWriteError(f"cannot write {self._objects}: the disk is nearly full.")
        pieces = list(pieces)
        digest, size_bytes = hashlib.sha256(), 0
        for piece in pieces:
            digest.update(piece)
            size_bytes += len(piece)
        stored = StoredObject(digest.hexdigest(), size_bytes)
        path = self.object_path(stored.sha256)
        with atomic_open(path) as file:
            for piece in pieces:
                file.write(piece)
        sync_folder(path.parent)
        sync_folder(self._objects)
        return stored

    def object_path(self, sha256: str) -> Path:
        """Path of an object; it need not be there."""
        return self._objects / sha256[:2] / f"{sha256}.dcm"

    def result_path(self, entry_id: int, name: str) -> Path:
        """Path of a result of a queue entry."""
        return self._results / str(entry_id) / name

    def new_result_folder(self, entry_id: int) -> Path:
        """Return a folder for a reader to write into; each reading has one of its own.

        A reader that outlives its node then cannot write among the results of the next reading.
        """
        number = f"{entry_id}.{os.getpid()}.{time.monotonic_ns()}{TEMPORARY_SUFFIX}"
        return make_folder(self._results / number)

    def keep_results(self, written: Path, entry_id: int) -> None:
        """Make what a reader has written the results of a queue entry, for good.

        Raises:
            OutputWriteError: the folder cannot be written.
        """
        final = self._results / str(entry_id)
        with explain_write_errors(final):
            shutil.rmtree(final, ignore_errors=True)
            written.replace(final)
        sync_folder(final)
        sync_folder(self._results)

    def remove_object(self, sha256: str) -> None:
        """Remove an object; nothing happens where it is gone."""
        with contextlib.suppress(OSError):
            self.object_path(sha256).unlink()

    def remove_results(self, entry_id: int) -> None:
        """Remove the results of an entry; nothing happens where they are gone."""
        shutil.rmtree(self._results / str(entry_id), ignore_errors=True)

    def sweep(
        self, *, is_object_needed: Callable[[str], bool], entries_needed: Collection[int]
    ) -> int:
        """Remove what a kill has left over; return the number of files and folders removed.

        Args:
            is_object_needed: whether an entry of the queue still names the object's SHA-256.
            entries_needed: numbers of the entries whose results are needed.
        """
        removed, limit = 0, time.time() - ORPHAN_AGE_S
        for path in self._objects.glob("*/*"):
            is_needed = path.suffix == ".dcm" and is_object_needed(path.stem)
            with contextlib.suppress(OSError):
                if not is_needed and path.stat().st_mtime < limit:
                    path.unlink()
                    removed += 1
        needed = {str(number) for number in entries_needed}
        for path in self._results.iterdir():
            if path.name not in needed:
                shutil.rmtree(path, ignore_errors=True)
                removed += 1
        return removed


def sync_folder(folder: Path) -> None:
    """Flush a folder, so that a new name in it outlasts a power failure; not on Windows.

    Raises:
        OutputWriteError: it cannot be flushed.
    """
    if os.name == "nt":
        return
    with explain_write_errors(folder):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
