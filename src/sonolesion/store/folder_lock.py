"""One server at a time on a folder: a lock that the system takes away when a process dies."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from sonolesion.errors import StoreError
from sonolesion.files import explain_write_errors, make_folder

LOCK_NAME = "desk.lock"


class FolderLock:
    """A lock that is held; `close` lets it go."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def close(self) -> None:
        """Let it go; a second call does nothing."""
        self._file.close()


def lock_folder(folder: Path) -> FolderLock:
    """Take the lock of a folder, which is made if it is not there.

    Where the system has no such locks (Windows) the lock is only a file.

    Raises:
        StoreError: another server holds it.
        OutputWriteError: the folder cannot be written.
    """
    make_folder(folder)
    with explain_write_errors(folder / LOCK_NAME):
        file = (folder / LOCK_NAME).open("ab")
    try:
        import fcntl
    except ImportError:
        return FolderLock(file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise StoreError(
            f"{folder}: another server works on it. End that one, or give another --data."
        ) from None
    return FolderLock(file)
