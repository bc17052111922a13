"""Finding files of a raw data set, whatever the letter case of their names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sonolesion.errors import DatasetError
from sonolesion.imaging.read import IMAGE_SUFFIXES

_COMPANIONS = ("license", "licence", "readme", "citation")


def find_entry(root: Path, name: str, *, folder: bool = False) -> Path | None:
    """Return the file (or folder) of that name in any letter case, or None."""
    for path in sorted(root.iterdir()):
        if path.name.lower() == name.lower() and path.is_dir() == folder:
            return path
    return None


def require_folder(root: Path, name: str) -> Path:
    """Return the folder of that name in any letter case.

    Raises:
        DatasetError: it is not there.
    """
    if (found := find_entry(root, name, folder=True)) is None:
        raise DatasetError(f"{root}: expected a folder {name}/. Copy the data set again, whole.")
    return found


def index_images(folder: Path) -> tuple[dict[str, Path], list[Path]]:
    """Split a folder's files into images by stem, in the order of their names, and odd files.

    Raises:
        DatasetError: two images have one stem (a.png and a.jpg).
    """
    images: dict[str, Path] = {}
    odd: list[Path] = []
    for path in _visible_files(folder):
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            odd.append(path)
        elif path.stem in images:
            raise DatasetError(
                f"{folder}: {images[path.stem].name} and {path.name} have one name. "
                "Remove one of them."
            )
        else:
            images[path.stem] = path
    return images, odd


def odd_files_beside(root: Path, known: Iterable[str]) -> list[Path]:
    """Files of `root` that are not in `known` (lower case) and not a licence or read-me."""
    named = set(known)
    return [
        path
        for path in _visible_files(root)
        if path.name.lower() not in named and not path.name.lower().startswith(_COMPANIONS)
    ]


def _visible_files(folder: Path) -> list[Path]:
    return [p for p in sorted(folder.iterdir()) if p.is_file() and not p.name.startswith(".")]
