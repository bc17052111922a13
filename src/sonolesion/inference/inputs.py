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
from sonolesion.imaging.dicom import DICOM_SUFFIXES, is_dicom_file
from sonolesion.imaging.parts import ONLY_PART, FrameChoice, ImagePart, list_parts
from sonolesion.imaging.read import IMAGE_SUFFIXES, read_image
from sonolesion.types import UltrasoundImage

_MASK_STEM = re.compile(r".+_mask(_\d+)?$", re.IGNORECASE)
_MAX_STEM = 120


_SEARCHED_SUFFIXES = (*IMAGE_SUFFIXES, *DICOM_SUFFIXES)


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How the files of a run are read.

    Attributes:
        frame: which frame of files that hold several: a number from 1, or "all".
        spacing_mm: size of a pixel (row, col) in mm, in place of what the files say.
    """

    frame: FrameChoice = None
    spacing_mm: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class InputFile:
    """One image to predict: a file, or one frame or view of it.

    Attributes:
        path: as the user gave it, or below the folder that the user gave.
        stem: what its results are called; no two of one run are alike, in any letter case.
        part: which image of the file.
        spacing_mm: size of a pixel (row, col) given by hand, in mm.
    """

    path: Path
    stem: str
    part: ImagePart = ONLY_PART
    spacing_mm: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        """The path as printable text, with frame and view where the file holds several."""
        label = self.part.label
        return printable_path(self.path) + (f" [{label}]" if label else "")

    def read(self) -> UltrasoundImage:
        """Read the image.

        Raises:
            ImageError, MissingExtraError: see `sonolesion.imaging.read.read_image`.
        """
        return read_image(
            self.path,
            name=self.name,
            frame=self.part.frame,
            view=self.part.view,
            spacing_mm=self.spacing_mm,
        )


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


def list_inputs(
    inputs: Sequence[str], *, exclude: Path | None = None, options: ReadOptions | None = None
) -> InputListing:
    """Find the files that `inputs` mean.

    A path that exists is taken as it is, even with brackets in its name; a folder is searched
    with its subfolders (hidden ones and links to folders are left out); anything else is a
    pattern if it holds ``*``, ``?`` or ``[``. A file that is not there, or a pattern that nothing
    matches, is listed too, so that it costs one row in the errors. Each file is listed once.
    Files called like masks are skipped unless the only input is one. In folders images are told by
    their suffix, and DICOM files also by their content where the name has none (or is an UID). A
    DICOM file with several views, or with frames of which all are wanted, is listed once for each.

    Args:
        inputs: files, folders and patterns.
        exclude: folder whose files are left out of folders and patterns (the output folder).
        options: how the files will be read.

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
            f"{', '.join(_SEARCHED_SUFFIXES)}; {len(masks)} masks and {len(others)} other files "
            "skipped). Give an image, a folder with images, or a pattern such as 'scans/*.png'."
        )
    return InputListing(
        _name_results(found.values(), options or ReadOptions()),
        tuple(masks),
        tuple(others),
        tuple(unreadable),
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
            (images if _is_image(here / name) else others).append(here / name)
    return images


def _is_image(path: Path) -> bool:
    """By suffix; a name without one, or an UID ("1.2.840.113.7"), by content."""
    suffix = path.suffix.lower()
    if suffix in _SEARCHED_SUFFIXES:
        return True
    is_plain = not suffix or suffix[1:].isdecimal()
    return is_plain and path.name.upper() != "DICOMDIR" and is_dicom_file(path)


def _is_below(path: Path, folder: Path | None) -> bool:
    return folder is not None and path.resolve().is_relative_to(folder.resolve())


def _name_results(paths: Iterable[Path], options: ReadOptions) -> tuple[InputFile, ...]:
    """Name each image's results: its stem, with the folder before it where two would be alike."""
    used: set[str] = set()
    named: list[InputFile] = []
    for path in paths:
        # what follows the last dot of an UID is no suffix
        own = path.name if path.suffix[1:].isdecimal() else path.stem
        for part in list_parts(path, frame=options.frame):
            stem = _unused_stem(used, own + part.suffix, folder=path.parent.name)
            used.add(stem.casefold())
            named.append(InputFile(path, stem, part, options.spacing_mm))
    return tuple(named)


def _unused_stem(used: set[str], own: str, *, folder: str) -> str:
    plain = _clean_stem(own)
    with_folder = _clean_stem(f"{folder}_{own}") if folder else plain
    stem = next((s for s in (plain, with_folder) if s.casefold() not in used), "")
    number = 2
    while not stem or stem.casefold() in used:
        stem, number = f"{with_folder}-{number}", number + 1
    return stem


def _clean_stem(stem: str) -> str:
    """Make a stem that every file system takes."""
    clean = re.sub(r'[<>:"/\\|?*]', "_", printable_path(stem)).strip(" .") or "image"
    if len(clean.encode()) <= _MAX_STEM:
        return clean
    short = clean.encode()[: _MAX_STEM - 9].decode("utf-8", "ignore").rstrip(" .")
    return f"{short}-{sha256_text(clean)[:8]}"
