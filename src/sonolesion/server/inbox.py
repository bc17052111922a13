"""The folder that a server was started with, for jobs; the names of its files are not kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from sonolesion.errors import NotOfferedError, TooLargeError, UnreadableImageError
from sonolesion.files import sha256_text
from sonolesion.imaging.dicom import DICOM_SUFFIXES, is_dicom_file
from sonolesion.imaging.read import IMAGE_SUFFIXES
from sonolesion.server.settings import MAX_BODY_BYTES

_MASK_STEM = re.compile(r".+_mask(_\d+)?$", re.IGNORECASE)


def list_inbox(inbox: Path | None) -> tuple[str, ...]:
    """Return the hashes of the paths of its images, in the order of the paths.

    Hidden files, links to folders and files called like masks are left out.

    Raises:
        NotOfferedError: the server has no inbox.
    """
    return tuple(_hash(path, root) for path, root in _walk(inbox))


def read_inbox_file(inbox: Path | None, path_sha256: str | None) -> bytes:
    """Read the file whose path has a hash.

    Raises:
        NotOfferedError: the server has no inbox.
        UnreadableImageError: it is not there any more, or cannot be read.
        TooLargeError: it is over the limit of an upload.
    """
    for path, root in _walk(inbox):
        if _hash(path, root) != path_sha256:
            continue
        try:
            if path.stat().st_size > MAX_BODY_BYTES:
                raise TooLargeError(f"a file has over {MAX_BODY_BYTES / 2**20:g} MB.")
            return path.read_bytes()
        except OSError as error:
            raise UnreadableImageError(
                f"a file of the inbox cannot be read ({error.strerror}). Check its permissions."
            ) from error
    raise UnreadableImageError("a file of the inbox is not there any more.")


def _walk(inbox: Path | None) -> Iterator[tuple[Path, Path]]:
    if inbox is None:
        raise NotOfferedError("this server has no inbox; start it with --inbox FOLDER.")
    root = inbox.resolve()
    for path in sorted(root.rglob("*")):
        if any(part.startswith(".") for part in path.relative_to(root).parts):
            continue
        if path.is_file() and not _MASK_STEM.fullmatch(path.stem) and _is_image(path):
            yield path, root


def _is_image(path: Path) -> bool:
    suffix = path.suffix.lower()
    return suffix in (*IMAGE_SUFFIXES, *DICOM_SUFFIXES) or is_dicom_file(path)


def _hash(path: Path, root: Path) -> str:
    name = path.relative_to(root).as_posix().encode("utf-8", "surrogateescape")
    return sha256_text(name.hex())
