"""The outlines as a DICOM Segmentation (SEG): one segment per lesion, one bit per pixel."""

from __future__ import annotations

from datetime import datetime

import highdicom as hd
import numpy as np
from pydicom.uid import ExplicitVRLittleEndian

from sonolesion.types import RESEARCH_USE_ONLY
from sonolesion.writers.dicom import codes
from sonolesion.writers.dicom.equipment import (
    MANUFACTURER,
    SERIES_NUMBERS,
    Equipment,
    describe_series,
)
from sonolesion.writers.dicom.findings import FoundParts
from sonolesion.writers.dicom.header import finish, leave_empty, refer_to, stand_in
from sonolesion.writers.dicom.identifiers import ResultIdentifiers
from sonolesion.writers.dicom.identity import put_elements
from sonolesion.writers.dicom.source import SourceFrame

SPECKS = "specks"


def build_segmentation(
    source: SourceFrame,
    parts: FoundParts,
    *,
    identifiers: ResultIdentifiers,
    equipment: Equipment,
    made_at: datetime,
    is_edited: bool = False,
) -> hd.seg.Segmentation:
    """Build the segmentation; its segments together are the mask, to the pixel.

    Each lesion is a segment. Parts too small to be measured follow as one segment of their own.
    highdicom 0.28 refuses a multi-frame source without a frame of reference (its issue 284); so
    it is given a stand-in of one frame, and class and number of the frame are put into the
    references to the source afterwards (PS3.3 table 10-3). Nothing else in the object depends on
    them.

    Args:
        source: the frame.
        parts: from `find_parts`; at least one lesion.
        identifiers: UIDs.
        equipment: who made it.
        made_at: when.
        is_edited: a reader edited the outline: the segments are semi-automatic.
    """
    masks = [part.mask for part in parts.lesions]
    names = [f"Lesion {part.number}" for part in parts.lesions]
    if parts.specks.any():
        masks.append(parts.specks)
        names.append(SPECKS)
    result = hd.seg.Segmentation(
        source_images=[stand_in(source)],
        pixel_array=np.stack(masks, axis=-1)[np.newaxis],
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            _describe_segment(
                number, name, equipment=equipment, identifiers=identifiers, is_edited=is_edited
            )
            for number, name in enumerate(names, start=1)
        ],
        series_instance_uid=identifiers.series_uid("SEG"),
        series_number=SERIES_NUMBERS["SEG"],
        sop_instance_uid=identifiers.object_uid("SEG"),
        instance_number=source.frame or 1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=equipment.model,
        software_versions=equipment.software,
        device_serial_number=equipment.serial,
        content_label="LESION",
        content_description=RESEARCH_USE_ONLY,
        series_description=describe_series("SEG"),
        transfer_syntax_uid=ExplicitVRLittleEndian,
    )
    _name_frame(result, source)
    _name_dimensions(result, identifiers.object_uid("SEG dimensions"))
    put_elements(source.compression, result)
    leave_empty(result, "PatientOrientation")
    finish(result, source, made_at=made_at)
    return result


def _describe_segment(
    number: int,
    name: str,
    *,
    equipment: Equipment,
    identifiers: ResultIdentifiers,
    is_edited: bool,
) -> hd.seg.SegmentDescription:
    kinds = hd.seg.SegmentAlgorithmTypeValues
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=name if name != SPECKS else "Parts too small to measure",
        segmented_property_category=codes.ABNORMAL_STRUCTURE,
        segmented_property_type=codes.LESION,
        algorithm_type=kinds.SEMIAUTOMATIC if is_edited else kinds.AUTOMATIC,
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name=f"sonolesion, {equipment.model}"[:64],
            family=codes.ARTIFICIAL_INTELLIGENCE,
            version=equipment.software,
            parameters={"graph_sha256": equipment.serial, "bundle_sha256": equipment.bundle_hash},
        ),
        tracking_id=name,
        tracking_uid=identifiers.tracking_uid(name),
    )


def _name_frame(result: hd.seg.Segmentation, source: SourceFrame) -> None:
    """Put the number of the frame where the stand-in is referred to as an image."""
    result.SourceImageSequence = [refer_to(source)]
    for groups in result.PerFrameFunctionalGroupsSequence:
        for derivation in groups.DerivationImageSequence:
            for image in derivation.SourceImageSequence:
                image.update(refer_to(source))


def _name_dimensions(result: hd.seg.Segmentation, uid: str) -> None:
    """Give the dimension organization, which highdicom names at random, the same UID each time."""
    for sequence in (result.DimensionOrganizationSequence, result.DimensionIndexSequence):
        for item in sequence:
            item.DimensionOrganizationUID = uid
