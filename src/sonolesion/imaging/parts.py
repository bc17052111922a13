"""The images that one file holds: frames of a clip, views of a frame."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sonolesion.errors import ImageError, InvalidInputError, MissingExtraError
from sonolesion.imaging.dicom import is_dicom_file
from sonolesion.imaging.read import IMAGE_SUFFIXES

FrameChoice = int | Literal["all"] | None
"""A frame from 1, "all" frames, or None for the only one."""


@dataclass(frozen=True, slots=True)
class ImagePart:
    """One image of a file.

    Attributes:
        frame: from 1; None for the only one.
        view: 2D image of a DICOM frame, from 1; None for the only one.
        suffix: what to put behind the stem of its results, e.g. "_frame03_view1".
    """

    frame: int | None = None
    view: int | None = None
    suffix: str = ""

    @property
    def label(self) -> str:
        """For people, e.g. "frame 3, view 1"; empty for the only image of a file."""
        pairs = (("frame", self.frame if "_frame" in self.suffix else None), ("view", self.view))
        return ", ".join(f"{what} {number}" for what, number in pairs if number is not None)


ONLY_PART = ImagePart()
"""The only image of a file."""


def parse_frame(text: str) -> FrameChoice:
    """Read "3" or "all".

    Raises:
        InvalidInputError: neither.

    >>> parse_frame("3"), parse_frame("all")
    (3, 'all')
    """
    if text.strip().lower() == "all":
        return "all"
    if text.strip().isdecimal() and int(text) >= 1:
        return int(text)
    raise InvalidInputError(f"frame: expected a number from 1, or all, got {text!r}.")


def list_parts(path: Path | str, *, frame: FrameChoice = None) -> tuple[ImagePart, ...]:
    """List the images of a file that are to be read: never none.

    A DICOM frame that shows several 2D images gives each of them; "all" gives each frame of a DICOM
    object, and the only image of any other file. A file that cannot be read gives one part, so
    that reading it says why. A file with a picture's suffix is not opened (there may be 100,000).

    Args:
        path: the file; it need not exist.
        frame: which frame.
    """
    number = frame if isinstance(frame, int) else None
    whole = _whole(number)
    suffix = os.path.splitext(path)[1].lower()  # noqa: PTH122 - a million of them
    if suffix in IMAGE_SUFFIXES or not is_dicom_file(path):
        return whole
    from sonolesion.imaging.dicom.read import read_contents

    try:
        with open(path, "rb") as file:
            contents = read_contents(file, name=str(path))
    except (ImageError, MissingExtraError, OSError):
        return whole
    if frame == "all":
        frames: tuple[int | None, ...] = tuple(range(1, contents.frames + 1))
    else:
        frames = (number,)
    views = (None,) if contents.views == 1 else tuple(range(1, contents.views + 1))
    digits = len(str(contents.frames))
    return tuple(
        ImagePart(f, v, _suffix(f if contents.frames > 1 else None, v, digits))
        for f in frames
        for v in views
    )


@functools.cache
def _whole(frame: int | None) -> tuple[ImagePart, ...]:
    """Return the part of a file that is taken to hold no more; one object for all such files."""
    if frame is None:
        return (ONLY_PART,)
    return (ImagePart(frame, None, f"_frame{frame}" if frame > 1 else ""),)


def _suffix(frame: int | None, view: int | None, digits: int) -> str:
    of_frame = "" if frame is None else f"_frame{frame:0{digits}}"
    return of_frame + ("" if view is None else f"_view{view}")
