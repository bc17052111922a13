"""Headers: a stand-in of the source for highdicom, and what all three results have in common."""

from __future__ import annotations

from datetime import datetime

import pydicom
from pydicom.uid import UltrasoundImageStorage

from sonolesion.writers.dicom.identity import CHARACTER_SET, REQUIRED
from sonolesion.writers.dicom.source import SourceFrame

RESEARCH = "RESEARCH"


def stand_in(source: SourceFrame) -> pydicom.Dataset:
    """Make a header with the source's identifiers and size, as if it had one frame.

    highdicom builds from it. It names no patient, so nothing that highdicom logs or refuses can,
    and its class is that of one frame of ultrasound, which highdicom 0.28 knows how to treat: it
    takes a multi-frame class for one with functional groups, and stops at a retired class.
    `finish` puts patient, study and class in afterwards. And it has no frame of reference: a
    plane of B-mode has no place in space.
    """
    header = pydicom.Dataset()
    header.SOPClassUID = UltrasoundImageStorage
    header.SOPInstanceUID = source.sop_instance_uid
    header.StudyInstanceUID = source.study_uid
    header.SeriesInstanceUID = source.series_uid
    header.Rows, header.Columns = source.rows, source.columns
    header.SpecificCharacterSet = CHARACTER_SET
    for keyword in REQUIRED:
        setattr(header, keyword, "")
    return header


def refer_to(source: SourceFrame) -> pydicom.Dataset:
    """Make an item that refers to the source, or to one of its frames (PS3.3 table 10-3)."""
    item = pydicom.Dataset()
    item.ReferencedSOPClassUID = source.sop_class_uid
    item.ReferencedSOPInstanceUID = source.sop_instance_uid
    if source.frame is not None:
        item.ReferencedFrameNumber = source.frame
    return item


def leave_empty(result: pydicom.Dataset, *keywords: str) -> None:
    """Give elements no value: they must be there, and what they hold is not known."""
    for keyword in keywords:
        setattr(result, keyword, None)


def finish(result: pydicom.Dataset, source: SourceFrame, *, made_at: datetime) -> None:
    """Put patient, study, class of the source, qualification and dates into a result.

    The series has no date: its objects may be made at several times, and a series has one date.

    Args:
        result: changed in place.
        source: whose patient and study they are.
        made_at: written wherever the standard asks when the result was made.
    """
    _name_class(result, source)
    source.identity.copy_into(result)
    result.ContentQualification = RESEARCH
    day, time = made_at.strftime("%Y%m%d"), made_at.strftime("%H%M%S")
    for stem in ("InstanceCreation", "Content"):
        setattr(result, f"{stem}Date", day)
        setattr(result, f"{stem}Time", time)
    for contributor in result.get("ContributingEquipmentSequence") or ():
        contributor.ContributionDateTime = day + time


def _name_class(item: pydicom.Dataset, source: SourceFrame) -> None:
    """Put the source's own class wherever the source is referred to, at any depth."""
    if item.get("ReferencedSOPInstanceUID") == source.sop_instance_uid:
        item.ReferencedSOPClassUID = source.sop_class_uid
    for element in item:
        if element.VR == "SQ":
            for inner in element.value:
                _name_class(inner, source)
