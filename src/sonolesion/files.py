"""Files written whole or not at all, and their hashes.

Each write goes to a temporary file in the same folder, is flushed to the disk and then renamed,
so a crash or a full disk leaves the old file as it was. Operating-system errors become
`OutputWriteError`, which names the file and the cure.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import hashlib
import io
import json
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from sonolesion.errors import OutputWriteError

TEMPORARY_SUFFIX = ".tmp"
"""Ends the names of files that are being written; after a kill they are left over."""

_LOCKED_BYTE = 2**40  # far behind the end, for on Windows nobody can read a locked byte
_UMASK_LOCK = threading.Lock()
AddRow = Callable[[Mapping[str, object]], None]
"""Adds one row, by column names, to a table that is open."""

_CURES = {
    errno.ENOSPC: "the disk is full: free some space or choose another output folder",
    errno.EDQUOT: "the quota is used up: free some space or choose another output folder",
    errno.EROFS: "the folder is read-only: choose another output folder",
    errno.EACCES: "not permitted: choose a folder you may write to",
    errno.EPERM: "not permitted: choose a folder you may write to",
    errno.ENOTDIR: "a part of the path is a file: choose another output folder",
    errno.EEXIST: "a file of that name is in the way: choose another output folder",
}


@contextlib.contextmanager
def explain_write_errors(path: Path) -> Iterator[None]:
    """Turn an `OSError` of the enclosed writes into an `OutputWriteError` that names the cure."""
    try:
        yield
    except OSError as error:
        cure = _CURES.get(error.errno or 0, error.strerror or str(error))
        raise OutputWriteError(f"cannot write {path}: {cure}.") from error


def make_folder(path: Path) -> Path:
    """Create `path` with its parents and return it.

    Raises:
        OutputWriteError: the folder cannot be made.
    """
    with explain_write_errors(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


def cache_folder() -> Path:
    """Return the user's folder for what can be made again; it need not be there yet.

    `SONOLESION_CACHE` names another one. Nothing in it is needed: it may be deleted at any time.
    """
    named = os.environ.get("SONOLESION_CACHE")
    if named:
        return Path(named)
    home = Path.home()
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
        return local / "sonolesion" / "cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "sonolesion"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "sonolesion"


def sync_folder(path: Path) -> None:
    """Force a folder's list of names to the disk, so that a renamed file outlives a power cut.

    Nothing happens where the system cannot do it (Windows).

    Raises:
        OutputWriteError: the folder is not there or may not be read.
    """
    if os.name == "nt":
        return
    with explain_write_errors(path):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def atomic_open(path: Path, *, sync: bool = True) -> Iterator[BinaryIO]:
    """Give a file to write that takes the place of `path` when the block ends without an error.

    Parents are created. For what is too long to be held in memory; else `atomic_write_bytes`.

    Args:
        path: output file.
        sync: force it to the disk before the renaming. Without, a killed process still leaves
            the old file or the new one, but a power failure may leave an empty one; for the
            many files of a run that can find this out and write them again.

    Raises:
        OutputWriteError: disk full, read-only, or not permitted. An older file stays intact.
    """
    make_folder(path.parent)
    with explain_write_errors(path):
        prefix = f".{path.name[:40]}."
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=TEMPORARY_SUFFIX)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                if sync:
                    os.fsync(file.fileno())
            os.chmod(name, 0o666 & ~_umask())
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise


def atomic_write_bytes(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Write `data` to `path`, whole or not at all; parents are created.

    Args:
        path: output file.
        data: its content.
        sync: see `atomic_open`.

    Raises:
        OutputWriteError: disk full, read-only, or not permitted. An older file stays intact.
    """
    with atomic_open(path, sync=sync) as file:
        file.write(data)


def atomic_write_text(path: Path, text: str, *, sync: bool = True) -> None:
    """Write UTF-8 `text` with line feeds as line ends to `path`, whole or not at all."""
    atomic_write_bytes(path, text.encode("utf-8"), sync=sync)


def atomic_write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON; nan and infinity are refused (JSON has none).

    Raises:
        ValueError: `value` holds nan or infinity; say None instead.
    """
    atomic_write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


@contextlib.contextmanager
def atomic_csv(path: Path, header: Sequence[str]) -> Iterator[AddRow]:
    """Give a function that adds a row to a CSV table, which is written whole or not at all.

    A text cell that a spreadsheet would run as a formula is quoted by ``'``; a column that a row
    lacks is an empty cell.

    Args:
        path: output file.
        header: column names, in order.

    Raises:
        OutputWriteError: see `atomic_open`.
    """
    with atomic_open(path) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="")
        writer = csv.DictWriter(text, fieldnames=list(header), lineterminator="\n")
        writer.writeheader()
        yield lambda row: writer.writerow({k: _safe_cell(row.get(k, "")) for k in header})
        text.flush()
        text.detach()


def atomic_write_csv(
    path: Path, header: Sequence[str], rows: Iterable[Mapping[str, object]]
) -> None:
    """Write a CSV table as `atomic_csv` does; rows are taken one at a time.

    Args:
        path: output file.
        header: column names, in order.
        rows: one mapping per row; a missing column is an empty cell.
    """
    with atomic_csv(path, header) as add_row:
        for row in rows:
            add_row(row)


def csv_text(header: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    r"""Return a CSV table as text, with the rules of `atomic_csv`.

    >>> csv_text(["a"], [{"a": "=1"}])
    "a\n'=1\n"
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(header), lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: _safe_cell(row.get(k, "")) for k in header} for row in rows)
    return text.getvalue()


def _safe_cell(value: object) -> object:
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@"}:
        return "'" + value
    return "" if value is None else value


@contextlib.contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path`; on success it takes the place of `path`.

    An older folder at `path` is replaced as a whole; on an error it stays as it was.

    Raises:
        OutputWriteError: the folder cannot be written.
    """
    make_folder(path.parent)
    with explain_write_errors(path):
        work = Path(
            tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=TEMPORARY_SUFFIX)
        )
        os.chmod(work, 0o777 & ~_umask())
    try:
        yield work
        with explain_write_errors(path):
            if path.exists():
                prefix = f".{path.name}."
                old = Path(tempfile.mkdtemp(dir=path.parent, prefix=prefix, suffix=".old"))
                os.replace(path, old / "old")
                os.replace(work, path)
                shutil.rmtree(old, ignore_errors=True)
            else:
                os.replace(work, path)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def lock_file(file: BinaryIO) -> bool:
    """Keep other processes out until the file is closed; the end of a process opens it, too.

    Returns:
        Whether it was had; False where another process has it.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(_LOCKED_BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return sys.platform != "win32"  # some network file systems know no locks: go without
    return True


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_text(text: str) -> str:
    """Return the SHA-256 of UTF-8 `text`, as 64 hex digits.

    >>> sha256_text("")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _umask() -> int:
    """Return the mask of the process; in turns, for it can be read only by setting it."""
    with _UMASK_LOCK:
        mask = os.umask(0)
        os.umask(mask)
    return mask
