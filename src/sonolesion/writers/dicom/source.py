"""The source image: what the results take over from it, and what they refer to.

No message and no log line made here holds a value of a tag: only keywords and numbers of frames.
"""

from __future__ import annotations

import contextlib
import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import UID, UltrasoundImageStorage, UltrasoundMultiFrameImageStorage

from sonolesion.errors import InvalidInputError, UnreadableImageError, UnsupportedImageError
from sonolesion.writers.dicom.discretion import keep_values_back
from sonolesion.writers.dicom.identity import PatientAndStudy, take_elements, take_identity

MM_PER_CM = 10.0
UNIT_CM = 3
_UIDS = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_NEEDED = (*_UIDS, "Rows", "Columns")
_COMPRESSION = (
    "LossyImageCompression",
    "LossyImageCompressionRatio",
    "LossyImageCompressionMethod",
)
_FAULTS = (OSError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, EOFError,
           RuntimeError, AssertionError, MemoryError, struct.error, InvalidDicomError,
           BytesLengthException)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourceFrame:
    """One frame of one DICOM image, without its pixels.

    Attributes:
        sop_class_uid, sop_instance_uid, series_uid, study_uid: its identifiers.
        laterality: "R" or "L"; empty where the source does not say.
        rows, columns: size of a frame in px.
        frame: number of the frame, 1 for the first; None where the source has one frame.
        region_spacings_mm: (row, col) of each ultrasound region whose unit is cm.
        compression: what it says of a loss by compression; empty where nothing was lost.
        identity: patient and study.
    """

    sop_class_uid: str
    sop_instance_uid: str
    series_uid: str
    study_uid: str
    laterality: str
    rows: int
    columns: int
    frame: int | None
    region_spacings_mm: tuple[tuple[float, float], ...]
    compression: pydicom.Dataset
    identity: PatientAndStudy

    @property
    def known_class_uid(self) -> str:
        """Class for highdicom to refer to; `header.finish` puts the source's own in its place.

        highdicom has no place for retired classes, and wants frame numbers to fit the class.
        """
        single, multi = UltrasoundImageStorage, UltrasoundMultiFrameImageStorage
        return str(single if self.frame is None else multi)

    @property
    def frame_numbers(self) -> list[int] | None:
        """What a reference to the frame holds; None for a source with one frame."""
        return None if self.frame is None else [self.frame]


def read_source(source: pydicom.Dataset | Path | str | bytes, *, frame: int | None) -> SourceFrame:
    """Take from a DICOM image what its results need; the pixels are not read.

    Args:
        source: the data set, which is not changed, its file, or the bytes of one.
        frame: number of the frame, 1 for the first; None for a source with one frame.

    Raises:
        UnreadableImageError: the file is missing or not DICOM.
        UnsupportedImageError: not an image, or an identifier is missing.
        InvalidInputError: a frame that is not there, or none named where there are several.
    """
    with _explain_faults():
        header = source
        if not isinstance(header, pydicom.Dataset):
            file = io.BytesIO(header) if isinstance(header, bytes) else Path(header)
            header = pydicom.dcmread(file, stop_before_pixels=True)
        missing = [name for name in _NEEDED if not header.get(name)]
        missing += [name for name in _UIDS if not UID(str(header.get(name, ""))).is_valid]
        if missing:
            raise UnsupportedImageError(
                f"the DICOM source has no valid {', '.join(dict.fromkeys(missing))}. Give an image "
                "that a PACS accepts."
            )
        return SourceFrame(
            sop_class_uid=str(header.SOPClassUID),
            sop_instance_uid=str(header.SOPInstanceUID),
            series_uid=str(header.SeriesInstanceUID),
            study_uid=str(header.StudyInstanceUID),
            laterality=_laterality(header),
            rows=int(header.Rows),
            columns=int(header.Columns),
            frame=_check_frame(frame, int(header.get("NumberOfFrames") or 1)),
            region_spacings_mm=_region_spacings(header),
            compression=_compression(header),
            identity=take_identity(header),
        )


@contextlib.contextmanager
def _explain_faults() -> Iterator[None]:
    """Turn what pydicom raises into a refusal without its text, which may quote a value."""
    try:
        with keep_values_back():
            yield
    except _FAULTS as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise UnreadableImageError(
            f"the DICOM source cannot be read ({reason or type(error).__name__}). Give the file "
            "of the image that was predicted."
        ) from None


def _check_frame(frame: int | None, count: int) -> int | None:
    if frame is None and count > 1:
        raise InvalidInputError(f"frame: expected a number from 1 to {count}, got none.")
    if frame is not None and not 1 <= frame <= count:
        raise InvalidInputError(f"frame: expected a number from 1 to {count}, got {frame}.")
    return frame if count > 1 else None


def _compression(header: pydicom.Dataset) -> pydicom.Dataset:
    """What was lost before a result was derived, the result has to say too (PS3.3 C.7.6.1.1.5)."""
    if header.get("LossyImageCompression") != "01":
        return pydicom.Dataset()
    return take_elements(header, _COMPRESSION)


def _laterality(header: pydicom.Dataset) -> str:
    values = (header.get("ImageLaterality"), header.get("Laterality"))
    return next((value for value in values if value in ("R", "L")), "")


def _region_spacings(header: pydicom.Dataset) -> tuple[tuple[float, float], ...]:
    found = []
    for region in header.get("SequenceOfUltrasoundRegions") or ():
        units = (region.get("PhysicalUnitsXDirection"), region.get("PhysicalUnitsYDirection"))
        row, col = region.get("PhysicalDeltaY"), region.get("PhysicalDeltaX")
        if units == (UNIT_CM, UNIT_CM) and row and col:
            found.append((abs(float(row)) * MM_PER_CM, abs(float(col)) * MM_PER_CM))
    return tuple(found)
