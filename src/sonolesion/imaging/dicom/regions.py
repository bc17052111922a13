"""Where on the screen the image is, and how large its pixels are.

A scanner marks each part of its screen by a region: its corners, what it shows (a 2D image, M-mode,
a spectrum, a graph), and how many centimetres a pixel of it is wide and high.

Source: DICOM PS3.3 C.8.5.5 (US Region Calibration Module).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonolesion.errors import UnsupportedImageError
from sonolesion.imaging.dicom.faults import explain_faults
from sonolesion.imaging.dicom.header import FrameFormat, read_integer
from sonolesion.imaging.size import MIN_SIDE_PX
from sonolesion.types import ScanArea

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

TWO_DIMENSIONAL, TISSUE, CENTIMETRES = 1, 1, 3
MIN_SPACING_MM, MAX_SPACING_MM = 0.001, 5.0
SAME_SHARE = 0.8
_ULTRASOUND_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.6",
    "1.2.840.10008.5.1.4.1.1.3.1", "1.2.840.10008.5.1.4.1.1.3",
)  # fmt: skip
_CORNERS = ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1",
            "RegionLocationMaxY1")  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """One 2D image on the screen.

    Attributes:
        area: where it is; None for the whole frame.
        spacing_mm: size of a pixel (row, col) in mm; None where the file does not say.
    """

    area: ScanArea | None
    spacing_mm: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Views:
    """The 2D images of each frame of an object, left to right, and remarks. At least one."""

    views: tuple[View, ...]
    notes: tuple[str, ...] = ()


def find_views(dataset: Dataset, layout: FrameFormat, *, name: str) -> Views:
    """Find the 2D tissue images that a frame shows; the regions hold for all frames of an object.

    Without regions, or where they do not fit the pixels (a picture that was resized after it was
    marked: then neither corners nor calibration hold), it is the whole frame, with a remark.

    Raises:
        UnsupportedImageError: there are regions, and none of them is a 2D image of tissue.
        UnreadableImageError: a region that cannot be read.
    """
    with explain_faults(name, "its regions"):
        regions = list(dataset.get("SequenceOfUltrasoundRegions") or ())
        if not regions:
            return Views((View(None, _frame_spacing(dataset)),), _no_region_notes(dataset))
        tissue = [
            region
            for region in regions
            if read_integer(region, "RegionSpatialFormat", name=name, default=0) == TWO_DIMENSIONAL
            and read_integer(region, "RegionDataType", name=name, default=0) == TISSUE
        ]
        found = [(_read_area(region, layout, name), _region_spacing(region)) for region in tissue]
    if not tissue:
        raise UnsupportedImageError(
            f"{name}: none of its {len(regions)} regions is a 2D image of tissue (M-mode, Doppler "
            "spectrum or graph). Give a B-mode image."
        )
    if any(area is None for area, _ in found):
        note = "the regions of the DICOM header do not fit its pixels: whole frame read, no scale"
        return Views((View(None, None),), (note,))
    views = [View(area, spacing) for area, spacing in found if area is not None]
    kept = _drop_insets([v for v in views if v.area and _is_readable(v.area)])
    if not kept:
        raise UnsupportedImageError(
            f"{name}: its 2D regions are smaller than {MIN_SIDE_PX} px a side."
        )
    return Views(tuple(_without_full_area(view, layout) for view in kept))


def _no_region_notes(dataset: Dataset) -> tuple[str, ...]:
    if str(dataset.get("BurnedInAnnotation") or "").strip().upper() == "YES":
        return ("the DICOM header says that text is burned in and not where: whole frame read",)
    return ("no region in the DICOM header: whole frame read",)


def _read_area(region: Dataset, layout: FrameFormat, name: str) -> ScanArea | None:
    """Corners as an area; None where they do not fit the frame.

    Both corners are inside of the region. Some writers give the corner after the last pixel: one
    pixel too far is taken as that.
    """
    left, top, right, bottom = (read_integer(region, corner, name=name) for corner in _CORNERS)
    if right > layout.columns_px or bottom > layout.rows_px:
        return None
    right, bottom = min(right, layout.columns_px - 1), min(bottom, layout.rows_px - 1)
    if left < 0 or top < 0 or right < left or bottom < top:
        return None
    return ScanArea(top_px=top, left_px=left, height_px=bottom - top + 1, width_px=right - left + 1)


def _region_spacing(region: Dataset) -> tuple[float, float] | None:
    """Centimetres to mm, row first; a delta is negative where an axis runs up or to the left."""
    units = (region.get("PhysicalUnitsXDirection"), region.get("PhysicalUnitsYDirection"))
    if units != (CENTIMETRES, CENTIMETRES):
        return None
    deltas = (region.get("PhysicalDeltaY"), region.get("PhysicalDeltaX"))
    if any(delta is None for delta in deltas):
        return None
    return _plausible([abs(float(delta)) * 10.0 for delta in deltas])


def _frame_spacing(dataset: Dataset) -> tuple[float, float] | None:
    """Pixel Spacing of the whole frame, where it may be trusted.

    The US image objects do not have this attribute: calibration belongs to regions. Some writers
    and de-identifiers put it there in place of them, so it is taken only of an US image object
    that has no region at all (a region without a scale in cm would be contradicted by it), and
    never of a Secondary Capture, where it may be that of a scanned film or of paper.
    """
    if str(dataset.get("SOPClassUID") or "") not in _ULTRASOUND_CLASSES:
        return None
    value = dataset.get("PixelSpacing")
    if value is None or isinstance(value, str) or not hasattr(value, "__len__"):
        return None
    return _plausible([float(side) for side in value])


def _plausible(sides: Sequence[float]) -> tuple[float, float] | None:
    if len(sides) != 2 or not all(
        math.isfinite(side) and MIN_SPACING_MM <= side <= MAX_SPACING_MM for side in sides
    ):
        return None
    return sides[0], sides[1]


def _is_readable(area: ScanArea) -> bool:
    return min(area.height_px, area.width_px) >= MIN_SIDE_PX


def _drop_insets(views: list[View]) -> list[View]:
    """Keep the larger of two regions that lie on each other (a zoomed overview in a corner)."""
    kept: list[View] = []
    for view in sorted(views, key=lambda v: _area_px(v.area), reverse=True):
        if all(
            _overlap(view.area, other.area) < SAME_SHARE * _area_px(view.area) for other in kept
        ):
            kept.append(view)
    return sorted(kept, key=lambda v: (v.area.left_px, v.area.top_px) if v.area else (0, 0))


def _area_px(area: ScanArea | None) -> int:
    return area.height_px * area.width_px if area else 0


def _overlap(one: ScanArea | None, other: ScanArea | None) -> int:
    if one is None or other is None:
        return 0
    rows = min(one.top_px + one.height_px, other.top_px + other.height_px) - max(
        one.top_px, other.top_px
    )
    cols = min(one.left_px + one.width_px, other.left_px + other.width_px) - max(
        one.left_px, other.left_px
    )
    return max(rows, 0) * max(cols, 0)


def _without_full_area(view: View, layout: FrameFormat) -> View:
    full = ScanArea(top_px=0, left_px=0, height_px=layout.rows_px, width_px=layout.columns_px)
    return View(None, view.spacing_mm) if view.area == full else view
