"""Files named by the SHA-256 of their bytes: FOLDER/ab/abcdef....bin."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sonolesion.errors import StoreError
from sonolesion.files import atomic_write_bytes, explain_write_errors, make_folder, sync_folder

_DIGEST = re.compile(r"[0-9a-f]{64}")
_SUFFIX = ".bin"


@dataclass(frozen=True, slots=True)
class BlobFolder:
    """A folder of such files; the same bytes are kept once.

    Attributes:
        folder: where they lie; made when the first is written.
    """

    folder: Path

    def path(self, digest: str) -> Path:
        """Return where the file of this hash lies or would lie.

        Raises:
            StoreError: `digest` is no SHA-256 in hex; no other text ever becomes a path.
        """
        if not _DIGEST.fullmatch(digest):
            raise StoreError("expected a SHA-256 of 64 hex digits as the name of a file.")
        return self.folder / digest[:2] / f"{digest}{_SUFFIX}"

    def put(self, data: bytes) -> str:
        """Write bytes, forced to the disk with their name, and return their hash.

        A file of that hash and length that is there already stays as it is.

        Raises:
            OutputWriteError: disk full, read-only, not permitted.
        """
        digest = hashlib.sha256(data).hexdigest()
        path = self.path(digest)
        if not (path.is_file() and path.stat().st_size == len(data)):
            if not path.parent.is_dir():
                make_folder(path.parent)
                sync_folder(self.folder)
            atomic_write_bytes(path, data)
            sync_folder(path.parent)
        return digest

    def get(self, digest: str) -> bytes:
        """Read a file and check that its bytes still have its hash.

        Raises:
            StoreError: missing, unreadable, or changed on the disk.
        """
        try:
            data = self.path(digest).read_bytes()
        except OSError as error:
            raise StoreError(
                f"file {digest[:12]}... of {self.folder.name}/ cannot be read "
                f"({error.strerror or type(error).__name__}). Restore a backup, or remove the case."
            ) from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise StoreError(
                f"file {digest[:12]}... of {self.folder.name}/ was changed on the disk. Restore a "
                "backup, or remove the case."
            )
        return data

    def discard(self, digest: str) -> None:
        """Remove a file; one that is not there is no error.

        Raises:
            OutputWriteError: not permitted.
        """
        path = self.path(digest)
        with explain_write_errors(path), contextlib.suppress(FileNotFoundError):
            path.unlink()

    def digests(self) -> Iterator[str]:
        """Give the hash of every file that is there, in no order."""
        if self.folder.is_dir():
            for path in self.folder.glob(f"??/*{_SUFFIX}"):
                if _DIGEST.fullmatch(path.stem):
                    yield path.stem

    def sweep_unfinished(self) -> int:
        """Remove what a kill left half written, and return how many files that were."""
        found = list(self.folder.glob("??/.*.tmp")) if self.folder.is_dir() else []
        for path in found:
            with contextlib.suppress(OSError):
                path.unlink()
        return len(found)
