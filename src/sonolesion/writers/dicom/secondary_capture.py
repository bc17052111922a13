"""The picture as a DICOM Secondary Capture (SC), for viewers that show neither SEG nor SR."""

from __future__ import annotations

from datetime import datetime

import highdicom as hd
from pydicom.uid import ExplicitVRLittleEndian

from sonolesion.writers.dicom import codes
from sonolesion.writers.dicom.equipment import (
    MANUFACTURER,
    SERIES_NUMBERS,
    Equipment,
    describe_series,
)
from sonolesion.writers.dicom.findings import ImageFindings
from sonolesion.writers.dicom.header import finish, leave_empty, refer_to
from sonolesion.writers.dicom.identifiers import ResultIdentifiers
from sonolesion.writers.dicom.identity import put_elements
from sonolesion.writers.dicom.picture import draw_picture
from sonolesion.writers.dicom.scale import describe_scale
from sonolesion.writers.dicom.source import SourceFrame


def build_capture(
    source: SourceFrame,
    findings: ImageFindings,
    *,
    identifiers: ResultIdentifiers,
    equipment: Equipment,
    made_at: datetime,
) -> hd.sc.SCImage:
    """Build the capture: RGB, with "RESEARCH USE ONLY" and the figures in its pixels.

    Args:
        source: the frame.
        findings: what was found in it.
        identifiers: UIDs.
        equipment: who made it.
        made_at: when.
    """
    picture = draw_picture(findings, scale_sentence=describe_scale(source, findings))
    result = hd.sc.SCImage(
        pixel_array=picture,
        photometric_interpretation=hd.PhotometricInterpretationValues.RGB,
        bits_allocated=8,
        coordinate_system=hd.CoordinateSystemNames.PATIENT,
        patient_orientation=("L", "F"),  # made empty below: it is not known
        study_instance_uid=source.study_uid,
        series_instance_uid=identifiers.series_uid("SC"),
        series_number=SERIES_NUMBERS["SC"],
        sop_instance_uid=identifiers.object_uid("SC"),
        instance_number=source.frame or 1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=equipment.model,
        software_versions=equipment.software,
        device_serial_number=equipment.serial,
        series_description=describe_series("SC"),
        transfer_syntax_uid=ExplicitVRLittleEndian,
    )
    leave_empty(result, "PatientOrientation", "Laterality")
    if source.laterality:
        result.Laterality = source.laterality
    result.BurnedInAnnotation = "YES"
    result.RecognizableVisualFeatures = "NO"
    result.DerivationDescription = "Outline, diameters and figures drawn on the source image"
    result.SourceImageSequence = [refer_to(source)]
    result.SourceImageSequence[0].PurposeOfReferenceCodeSequence = [codes.SOURCE_IMAGE]
    put_elements(source.compression, result)
    finish(result, source, made_at=made_at)
    result.DateOfSecondaryCapture = result.ContentDate
    result.TimeOfSecondaryCapture = result.ContentTime
    return result
