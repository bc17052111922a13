"""Which files a user means by a file, a folder or a pattern, and what their results are called."""

from __future__ import annotations

import functools
import glob
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sonolesion.errors import InvalidInputError
from sonolesion.files import sha256_text
from sonolesion.imaging.dicom import DICOM_SUFFIXES, is_dicom_file
from sonolesion.imaging.parts import ONLY_PART, FrameChoice, ImagePart, list_parts
from sonolesion.imaging.read import IMAGE_SUFFIXES, read_image
from sonolesion.inference.shard import WHOLE, Shard
from sonolesion.types import UltrasoundImage

_MASK_STEM = re.compile(r".+_mask(_\d+)?$", re.IGNORECASE)
_MAX_STEM = 120
_NAMED_AT_MOST = 3
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

    def identity(self) -> dict[str, object]:
        """What of this changes results, as JSON values; a run goes on only with the same."""
        sides = self.spacing_mm
        return {
            "frame": self.frame,
            "mm_per_px": None if sides is None else f"{sides[0]!r}x{sides[1]!r}",
        }


AS_THE_FILES_SAY = ReadOptions()
"""The only frame, with the size of a pixel that the file gives."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """One image to predict: a file, or one frame or view of it.

    There may be a million of them: two short texts each; the part and the sizes are shared.

    Attributes:
        text: the path as the user gave it, or below the folder that the user gave.
        stem: what its results are called; no two of one listing are alike, in any letter case.
        part: which image of the file.
        spacing_mm: size of a pixel (row, col) given by hand, in mm.
    """

    text: str
    stem: str
    part: ImagePart = ONLY_PART
    spacing_mm: tuple[float, float] | None = None

    @property
    def path(self) -> Path:
        """The path."""
        return Path(self.text)

    @property
    def name(self) -> str:
        """The path as printable text, with frame and view where the file holds several."""
        label = self.part.label
        return printable_path(self.text) + (f" [{label}]" if label else "")

    def read(self, data: bytes | None = None) -> UltrasoundImage:
        """Read the image.

        Args:
            data: the file's bytes, where they were read already.

        Raises:
            ImageError, MissingExtraError: see `sonolesion.imaging.read.read_image`.
        """
        return read_image(
            self.path if data is None else data,
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
        options: how the files are read.
    """

    files: tuple[InputFile, ...]
    skipped_masks: tuple[str, ...] = ()
    skipped_others: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    options: ReadOptions = AS_THE_FILES_SAY


def list_inputs(
    inputs: Sequence[str],
    *,
    exclude: Path | None = None,
    shard: Shard = WHOLE,
    options: ReadOptions = AS_THE_FILES_SAY,
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
        shard: which part of the images to list. All are named before they are divided, so that
            no two shards have results of one name. A shard may come to no image at all.
        options: how the files will be read.

    Raises:
        InvalidInputError: no file to predict is left, or none of them is there.
    """
    found: dict[str, str] = {}
    masks: list[str] = []
    others: list[str] = []
    unreadable: list[str] = []
    is_excluded = folder_test(exclude)
    for text in inputs:
        for path in _expand(text, is_excluded, others, unreadable):
            is_only_input = len(inputs) == 1 and path == os.fspath(Path(text))
            if _MASK_STEM.fullmatch(_stem_of(path)) and not is_only_input:
                masks.append(path)
            else:
                found.setdefault(os.path.abspath(path), path)  # noqa: PTH100 - a million of them
    if not any(os.path.exists(path) for path in found.values()):  # noqa: PTH110
        raise InvalidInputError(
            f"{_name_some(inputs)}: no image found (looked for "
            f"{', '.join(_SEARCHED_SUFFIXES)}; {len(masks)} masks and {len(others)} other files "
            "skipped). Give an image, a folder with images, or a pattern such as 'scans/*.png'."
        )
    files = shard.take(_name_results(found.values(), options))
    return InputListing(tuple(files), tuple(masks), tuple(others), tuple(unreadable), options)


def folder_test(folder: Path | None) -> Callable[[str], bool]:
    """Make a test of whether a path lies in `folder`, links followed; never, for None.

    Quick for many files: of each folder that they lie in, the links are followed once.
    """
    if folder is None:
        return lambda _path: False
    root = folder.resolve()

    @functools.lru_cache(maxsize=4096)
    def is_inside(parent: str) -> bool:
        return Path(parent).resolve().is_relative_to(root)

    def test(path: str) -> bool:
        if os.path.islink(path) or os.path.isdir(path):  # noqa: PTH112, PTH114
            return Path(path).resolve().is_relative_to(root)
        return is_inside(os.path.dirname(path) or ".")  # noqa: PTH120

    return test


def printable_path(path: Path | str) -> str:
    r"""A path as text that any file, terminal and encoding can hold, with forward slashes.

    >>> printable_path("a\nb.png")
    'a b.png'
    """
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    text = text.replace("\\", "/") if os.sep == "\\" else text
    return "".join(c if c.isprintable() else " " for c in text)


def _name_some(inputs: Sequence[str]) -> str:
    named = ", ".join(map(printable_path, inputs[:_NAMED_AT_MOST])) or "no input"
    more = len(inputs) - _NAMED_AT_MOST
    return f"{named} and {more} more" if more > 0 else named


def _expand(
    text: str, is_excluded: Callable[[str], bool], others: list[str], unreadable: list[str]
) -> Iterable[str]:
    path = Path(text)
    if path.is_dir():
        return _search(path, is_excluded, others, unreadable)
    if path.exists() or not glob.has_magic(text):
        return [os.fspath(path)]
    matches = [os.fspath(Path(m)) for m in sorted(glob.glob(text, recursive=True))]  # noqa: PTH207 - any root
    if not matches:
        return [os.fspath(path)]
    return [p for p in matches if os.path.isfile(p) and not is_excluded(p)]  # noqa: PTH113


def _search(
    root: Path, is_excluded: Callable[[str], bool], others: list[str], unreadable: list[str]
) -> Iterator[str]:
    def note(error: OSError) -> None:
        unreadable.append(str(error.filename))

    for folder, subfolders, names in os.walk(root, onerror=note):
        prefix = "" if folder == os.curdir else os.path.join(folder, "")  # noqa: PTH118
        prefix = prefix.removeprefix(os.path.join(os.curdir, ""))  # noqa: PTH118 - as Path does
        subfolders[:] = sorted(
            s for s in subfolders if not s.startswith(".") and not is_excluded(prefix + s)
        )
        for name in sorted(n for n in names if not n.startswith(".")):
            if _is_image(name, prefix + name):
                yield prefix + name
            else:
                others.append(prefix + name)


def _is_image(name: str, path: str) -> bool:
    """By suffix; a name without one, or an UID ("1.2.840.113.7"), by content."""
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 - a million of them
    if suffix in _SEARCHED_SUFFIXES:
        return True
    is_plain = not suffix or suffix[1:].isdecimal()
    return is_plain and name.upper() != "DICOMDIR" and is_dicom_file(path)


def _stem_of(path: str) -> str:
    """The name without its suffix; what follows the last dot of an UID is none."""
    stem, suffix = os.path.splitext(os.path.basename(path))  # noqa: PTH119, PTH122
    return stem + suffix if suffix[1:].isdecimal() else stem


def _name_results(paths: Iterable[str], options: ReadOptions) -> Iterator[InputFile]:
    """Name each image's results: its stem, and where two would be alike its folder before it.

    Folders of DICOM files are often named after patients, and results travel: those get a number.
    """
    used: set[str] = set()
    numbers: dict[str, int] = {}
    for path in paths:
        for part in list_parts(path, frame=options.frame):
            own = _stem_of(path) + part.suffix
            stem = _clean_stem(own)
            if stem.casefold() in used:
                parent = _folder_of(path)
                with_folder = _clean_stem(f"{parent}_{own}") if parent else stem
                stem, number = with_folder, numbers.get(with_folder, 2)
                while stem.casefold() in used:
                    stem, number = f"{with_folder}-{number}", number + 1
                numbers[with_folder] = number
            folded = stem.casefold()
            used.add(stem if folded == stem else folded)  # one text in memory if they are alike
            yield InputFile(path, stem, part, options.spacing_mm)


def _folder_of(path: str) -> str:
    """Name of the folder of a picture; "" for a file without a picture's suffix, as DICOM has."""
    if os.path.splitext(path)[1].lower() not in IMAGE_SUFFIXES:  # noqa: PTH122 - a million of them
        return ""
    return os.path.basename(os.path.dirname(path))  # noqa: PTH119, PTH120


def _clean_stem(stem: str) -> str:
    """Make a stem that every file system takes."""
    clean = re.sub(r'[<>:"/\\|?*]', "_", printable_path(stem)).strip(" .") or "image"
    if len(clean.encode()) <= _MAX_STEM:
        return clean
    short = clean.encode()[: _MAX_STEM - 9].decode("utf-8", "ignore").rstrip(" .")
    return f"{short}-{sha256_text(clean)[:8]}"
