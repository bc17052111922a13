"""Which files a user means by a file, a folder or a pattern, and what their results are called."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sonolesion.errors import InvalidInputError
from sonolesion.files import sha256_text
from sonolesion.imaging.read import IMAGE_SUFFIXES

_MASK_STEM = re.compile(r".+_mask(_\d+)?$", re.IGNORECASE)
_MAX_STEM = 120


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file to predict.

    Attributes:
        path: as the user gave it, or below the folder that the user gave.
        stem: what its results are called; no two of one run are alike, in any letter case.
    """

    path: Path
    stem: str

    @property
    def name(self) -> str:
        """The path as printable text."""
        return printable_path(self.path)


@dataclass(frozen=True, slots=True)
class InputListing:
    """What a list of files, folders and patterns comes to.

    Attributes:
        files: to predict, in the order given; inside a folder or pattern sorted by path.
        skipped_masks: files that are called like masks ("NAME_mask.png").
        skipped_others: files in folders that no image suffix says to be images.
        unreadable: folders that could not be listed.
    """

    files: tuple[InputFile, ...]
    skipped_masks: tuple[Path, ...] = ()
    skipped_others: tuple[Path, ...] = ()
    unreadable: tuple[Path, ...] = ()


def list_inputs(inputs: Sequence[str], *, exclude: Path | None = None) -> InputListing:
    """Find the files that `inputs` mean.

    A path that exists is taken as it is, even with brackets in its name; a folder is searched
    with its subfolders (hidden ones and links to folders are left out); anything else is a
    pattern if it holds ``*``, ``?`` or ``[``. A file that is not there, or a pattern that nothing
    matches, is listed too, so that it costs one row in the errors. Each file is listed once.
    Files called like masks are skipped unless the only input is one.

    Args:
        inputs: files, folders and patterns.
        exclude: folder whose files are left out of folders and patterns (the output folder).

    Raises:
        InvalidInputError: no file to predict is left, or none of them is there.
    """
    found: dict[Path, Path] = {}
    masks: list[Path] = []
    others: list[Path] = []
    unreadable: list[Path] = []
    for text in inputs:
        for path in _expand(text, exclude, others, unreadable):
            is_only_input = len(inputs) == 1 and path == Path(text)
            if _MASK_STEM.fullmatch(path.stem) and not is_only_input:
                masks.append(path)
            else:
                found.setdefault(path.absolute(), path)
    if not any(path.exists() for path in found.values()):
        raise InvalidInputError(
            f"{', '.join(map(printable_path, inputs)) or 'no input'}: no image found (looked for "
            f"{', '.join(IMAGE_SUFFIXES)}; {len(masks)} masks and {len(others)} other files "
            "skipped). Give an image, a folder with images, or a pattern such as 'scans/*.png'."
        )
    return InputListing(
        _name_results(found.values()), tuple(masks), tuple(others), tuple(unreadable)
    )


def printable_path(path: Path | str) -> str:
    r"""A path as text that any file, terminal and encoding can hold, with forward slashes.

    >>> printable_path("a\nb.png")
    'a b.png'
    """
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    text = text.replace("\\", "/") if os.sep == "\\" else text
    return "".join(c if c.isprintable() else " " for c in text)


def _expand(
    text: str, exclude: Path | None, others: list[Path], unreadable: list[Path]
) -> Iterable[Path]:
    path = Path(text)
    if path.is_dir():
        return _search(path, exclude, others, unreadable)
    if path.exists() or not glob.has_magic(text):
        return [path]
    matches = [Path(match) for match in sorted(glob.glob(text, recursive=True))]  # noqa: PTH207 - any root
    if not matches:
        return [path]
    return [p for p in matches if p.is_file() and not _is_below(p, exclude)]


def _search(
    root: Path, exclude: Path | None, others: list[Path], unreadable: list[Path]
) -> list[Path]:
    images: list[Path] = []

    def note(error: OSError) -> None:
        unreadable.append(Path(error.filename))

    for folder, subfolders, names in os.walk(root, onerror=note):
        here = Path(folder)
        subfolders[:] = sorted(
            s for s in subfolders if not s.startswith(".") and not _is_below(here / s, exclude)
        )
        for name in sorted(n for n in names if not n.startswith(".")):
            is_image = Path(name).suffix.lower() in IMAGE_SUFFIXES
            (images if is_image else others).append(here / name)
    return images


def _is_below(path: Path, folder: Path | None) -> bool:
    return folder is not None and path.resolve().is_relative_to(folder.resolve())


def _name_results(paths: Iterable[Path]) -> tuple[InputFile, ...]:
    """Name each file's results: its stem, with the folder before it where two would be alike."""
    used: set[str] = set()
    named: list[InputFile] = []
    for path in paths:
        plain = _clean_stem(path.stem)
        with_folder = _clean_stem(f"{path.parent.name}_{path.stem}") if path.parent.name else plain
        stem = next((s for s in (plain, with_folder) if s.casefold() not in used), "")
        number = 2
        while not stem or stem.casefold() in used:
            stem, number = f"{with_folder}-{number}", number + 1
        used.add(stem.casefold())
        named.append(InputFile(path, stem))
    return tuple(named)


def _clean_stem(stem: str) -> str:
    """Make a stem that every file system takes."""
    clean = re.sub(r'[<>:"/\\|?*]', "_", printable_path(stem)).strip(" .") or "image"
    if len(clean.encode()) <= _MAX_STEM:
        return clean
    short = clean.encode()[: _MAX_STEM - 9].decode("utf-8", "ignore").rstrip(" .")
    return f"{short}-{sha256_text(clean)[:8]}"
