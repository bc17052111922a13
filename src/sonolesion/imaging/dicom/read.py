"""A DICOM file to one `UltrasoundImage`, and the list of images that it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import UnsupportedImageError
from sonolesion.imaging.colour import measure_colour_fraction, rgb_to_luma
from sonolesion.imaging.dicom.frames import check_pixel_data, is_native
from sonolesion.imaging.dicom.header import FrameFormat, check_ultrasound, read_format
from sonolesion.imaging.dicom.object import DicomObject, read_object
from sonolesion.imaging.dicom.pixels import check_codec, decode_frame
from sonolesion.imaging.dicom.regions import View, Views, find_views
from sonolesion.imaging.scan_area import black_outside
from sonolesion.types import ScanArea, UltrasoundImage


@dataclass(frozen=True, slots=True)
class DicomContents:
    """How many images an object holds: `frames` times `views`."""

    frames: int
    views: int


@dataclass(frozen=True, slots=True)
class _Checked:
    found: DicomObject
    layout: FrameFormat
    views: Views
    notes: tuple[str, ...]


def read_contents(file: BinaryIO, *, name: str) -> DicomContents:
    """Count the images of an object, from its header alone.

    Raises:
        ImageError, MissingExtraError: as `read_dicom`.
    """
    checked = _check(file, name)
    return DicomContents(checked.layout.frames, len(checked.views.views))


def read_dicom(
    file: BinaryIO, *, name: str, frame: int | None = None, view: int | None = None
) -> UltrasoundImage:
    """Decode one view of one frame.

    Args:
        file: open and seekable.
        name: what to call it in messages.
        frame: from 1; None where there is one only.
        view: from 1, left to right; None where there is one only.

    Returns:
        Pixels of the whole frame, uint8 (H, W), 0 outside of the view's region; with the region
        and its spacing.

    Raises:
        UnreadableImageError: damaged or truncated.
        UnsupportedImageError: no ultrasound picture, no such frame, or no choice among several.
        ImageSizeError: see `sonolesion.imaging.size.check_size`.
        MissingExtraError: pydicom or a decoder is not installed.
    """
    checked = _check(file, name)
    frames, views = checked.layout.frames, checked.views.views
    index = choose_one(frame, frames, what="frame", name=name)
    chosen = views[choose_one(view, len(views), what="view", name=name)]
    decoded = decode_frame(checked.found, checked.layout, index, name=name)
    notes = [*checked.notes, *_describe_choice(index, frames, chosen, views), *decoded.notes]
    return _make_image(decoded.levels, chosen, tuple(notes))


def choose_one(chosen: int | None, count: int, *, what: str, name: str) -> int:
    """Return the index (from 0) of the chosen frame or view (from 1).

    Raises:
        UnsupportedImageError: several and none chosen, or no such one.
    """
    if chosen is None:
        if count == 1:
            return 0
        raise UnsupportedImageError(
            f"{name}: holds {count} {what}s, expected one. Choose one: {what} 1 to {count}"
            + (" (--frame N, or --frame all)." if what == "frame" else ".")
        )
    if not 1 <= chosen <= count:
        raise UnsupportedImageError(
            f"{name}: has no {what} {chosen}, it holds {count}. Choose {what} 1 to {count}."
        )
    return chosen - 1


def _check(file: BinaryIO, name: str) -> _Checked:
    """All that can be said without decoding."""
    found = read_object(file, name=name)
    notes = check_ultrasound(found, name=name)
    layout = read_format(found.dataset, name=name)
    if not is_native(found):
        check_codec(found.transfer_syntax, bits_stored=layout.bits_stored, name=name)
    check_pixel_data(found, layout, name=name)
    views = find_views(found.dataset, layout, name=name)
    return _Checked(found, layout, views, (*notes, *views.notes))


def _describe_choice(index: int, frames: int, chosen: View, views: tuple[View, ...]) -> list[str]:
    notes = [f"frame {index + 1} of {frames}"] if frames > 1 else []
    if len(views) > 1:
        notes.append(f"view {views.index(chosen) + 1} of {len(views)}")
    if chosen.area is not None:
        notes.append(f"scan area {_describe_area(chosen.area)}, the rest is blacked out")
    return notes


def _describe_area(area: ScanArea) -> str:
    return f"{area.width_px}x{area.height_px} px at row {area.top_px}, column {area.left_px}"


def _make_image(levels: NDArray[np.uint8], chosen: View, notes: tuple[str, ...]) -> UltrasoundImage:
    """Grey levels, blacked out outside of the view; colour counted inside of it only."""
    grey = levels if levels.ndim == 2 else rgb_to_luma(levels)
    area = chosen.area
    if area is not None:
        grey = black_outside(grey, area)
        levels = levels[
            area.top_px : area.top_px + area.height_px, area.left_px : area.left_px + area.width_px
        ]
    colour_fraction = measure_colour_fraction(levels) if levels.ndim == 3 else 0.0
    return UltrasoundImage(grey, colour_fraction, notes, chosen.spacing_mm, area)
