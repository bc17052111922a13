"""Is this an object to be read? Before anything is decoded; in the process that may die."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sonolesion.errors import (
    ImageError,
    ImageSizeError,
    InvalidInputError,
    UnreadableImageError,
    UnsupportedImageError,
)
from sonolesion.imaging.dicom.faults import explain_faults
from sonolesion.imaging.dicom.header import check_ultrasound
from sonolesion.imaging.dicom.object import DicomObject, read_object
from sonolesion.imaging.dicom.read import DicomContents, read_contents
from sonolesion.node.refusal import LOST, Reason, Refusal

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_TISSUE = (1, 1)
_PROVENANCE = ["Manufacturer", "ImageType", "SourceImageSequence", "ReferencedImageSequence"]
_MAX_SOURCES = 100


@dataclass(frozen=True, slots=True)
class Examined:
    """What an object is.

    Attributes:
        contents: how many frames and views it holds; None for one that is not to be read.
        refusal: why not; None for one that is.
        sources: UIDs of the images that it was derived from, where it says that it was.
    """

    contents: DicomContents | None = None
    refusal: Refusal | None = None
    sources: tuple[str, ...] = ()


def examine(path: Path, *, name: str) -> Examined:
    """Examine an object's header.

    Args:
        path: its file.
        name: what to call it in messages.

    Raises:
        MissingExtraError: pydicom or a decoder is not installed.
    """
    try:
        with path.open("rb") as file:
            found = read_object(file, name=name)
            refusal = _examine_kind(found, path, name=name)
            if refusal is not None:
                return Examined(refusal=refusal)
            sources = _find_sources(path, name)
            try:
                contents = read_contents(file, name=name)
            except UnsupportedImageError as error:
                reason = Reason.NOT_DECODABLE if _shows_tissue(found) else Reason.DOPPLER
                return Examined(refusal=refuse(reason, error))
    except (UnreadableImageError, ImageSizeError) as error:
        return Examined(refusal=refuse(_of_damage(error), error))
    except FileNotFoundError:
        return Examined(refusal=LOST)
    refusal = _examine_identifiers(path)
    return Examined(None if refusal else contents, refusal, sources)


def refuse(reason: Reason, error: ImageError | InvalidInputError) -> Refusal:
    """Make a refusal of an error; its message names no patient (see `imaging.dicom.faults`)."""
    return Refusal(reason, error.message, error.code)


def refuse_content(error: ImageError) -> Refusal:
    """Make a refusal of what went wrong with the pixels of an object that was examined."""
    if isinstance(error, UnsupportedImageError):
        return refuse(Reason.NOT_B_MODE, error)
    return refuse(_of_damage(error), error)


def _of_damage(error: ImageError) -> Reason:
    return Reason.SIZE if isinstance(error, ImageSizeError) else Reason.DAMAGED


def _examine_kind(found: DicomObject, path: Path, *, name: str) -> Refusal | None:
    from sonolesion.writers.dicom.equipment import MANUFACTURER

    with explain_faults(name, "its maker"):
        if str(_read_provenance(path).get("Manufacturer") or "").strip() == MANUFACTURER:
            return Refusal(Reason.OWN_RESULT, f"{name}: a result of this program.")
    try:
        check_ultrasound(found, name=name)
    except UnsupportedImageError as error:
        no_picture = found.pixels is None
        return refuse(Reason.NO_PIXELS if no_picture else Reason.NOT_ULTRASOUND, error)
    return None


def _find_sources(path: Path, name: str) -> tuple[str, ...]:
    """UIDs of the sources of an object that says to be derived; empty for an original."""
    with explain_faults(name, "its sources"):
        header = _read_provenance(path)
        kinds = header.get("ImageType") or ()
        kinds = [kinds] if isinstance(kinds, str) else list(kinds)
        if not kinds or str(kinds[0]).strip().upper() != "DERIVED":
            return ()
        items = [
            item
            for keyword in ("SourceImageSequence", "ReferencedImageSequence")
            for item in header.get(keyword) or ()
        ]
        uids = [str(item.get("ReferencedSOPInstanceUID") or "") for item in items[:_MAX_SOURCES]]
    return tuple(uid for uid in uids if uid)


def _read_provenance(path: Path) -> Dataset:
    """Read who made an object and of what; neither goes further than this module."""
    from pydicom import dcmread

    return dcmread(path, stop_before_pixels=True, specific_tags=list(_PROVENANCE), force=True)


def _shows_tissue(found: DicomObject) -> bool:
    """Whether the object has no regions, or one of them is a 2D image of tissue."""
    with explain_faults("the object", "its regions"):
        kinds = [
            (region.get("RegionSpatialFormat"), region.get("RegionDataType"))
            for region in found.dataset.get("SequenceOfUltrasoundRegions") or ()
        ]
    return not kinds or _TISSUE in kinds


def _examine_identifiers(path: Path) -> Refusal | None:
    """Refuse what results could not refer to, before it is predicted."""
    from sonolesion.writers.dicom.source import read_source

    try:
        read_source(path, frame=1)
    except UnsupportedImageError as error:
        return refuse(Reason.NO_IDENTIFIER, error)
    except UnreadableImageError as error:
        return refuse(Reason.DAMAGED, error)
    return None
