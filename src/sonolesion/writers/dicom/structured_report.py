"""The report as a DICOM Structured Report: TID 1500, Comprehensive SR."""

from __future__ import annotations

from datetime import datetime

import highdicom as hd
from highdicom.sr.coding import CodedConcept
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from sonolesion.types import RESEARCH_USE_ONLY
from sonolesion.writers.dicom import codes
from sonolesion.writers.dicom.answer import describe_answer, malignant_percent
from sonolesion.writers.dicom.equipment import (
    MANUFACTURER,
    SERIES_NUMBERS,
    Equipment,
    describe_series,
)
from sonolesion.writers.dicom.findings import FoundParts, ImageFindings
from sonolesion.writers.dicom.header import finish, stand_in
from sonolesion.writers.dicom.identifiers import ResultIdentifiers
from sonolesion.writers.dicom.lesion_group import (
    LesionContext,
    build_diameter_group,
    build_region_group,
    comment,
)
from sonolesion.writers.dicom.scale import describe_scale
from sonolesion.writers.dicom.source import SourceFrame

MEASURES = (
    "Long axis: longest diameter. Short axis: longest line at right angles to it. Depth: from the "
    "upper edge of the scan area to the upper edge of the lesion, along the columns."
)


def build_report(
    source: SourceFrame,
    findings: ImageFindings,
    parts: FoundParts,
    *,
    identifiers: ResultIdentifiers,
    equipment: Equipment,
    segmentation: Dataset | None,
    made_at: datetime,
) -> hd.sr.ComprehensiveSR:
    """Build the report: one group for the image, then two for each lesion.

    Class and probability belong to the whole image, so they stand in its group (TID 1501), not
    at a lesion. The document is complete, preliminary and not verified.

    Args:
        source: the frame.
        findings: what was found in it.
        parts: from `find_parts`.
        identifiers: UIDs.
        equipment: the observer, a device.
        segmentation: named as further evidence; None where no lesion was outlined.
        made_at: when.
    """
    algorithm = hd.sr.AlgorithmIdentification(
        name=f"{MANUFACTURER}, {equipment.model}",
        version=equipment.software,
        parameters=[
            f"graph_sha256={equipment.serial}",
            f"bundle_sha256={equipment.bundle_hash}",
        ],
        family=codes.ARTIFICIAL_INTELLIGENCE,
        manufacturer=MANUFACTURER,
    )
    groups: list[
        hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations
        | hd.sr.MeasurementsAndQualitativeEvaluations
    ] = [_build_image_group(source, findings, identifiers=identifiers, algorithm=algorithm)]
    for part in parts.lesions:
        context = LesionContext(
            source,
            identifiers.tracking_uid(f"Lesion {part.number}"),
            algorithm,
        )
        groups += [build_region_group(part, context), build_diameter_group(part, context)]
    content = hd.sr.MeasurementReport(
        observation_context=_observe(equipment),
        procedure_reported=codes.BREAST_ULTRASOUND,
        imaging_measurements=groups,
        language_of_content_item_and_descendants=hd.sr.LanguageOfContentItemAndDescendants(
            CodedConcept("en-US", "RFC5646", "English (United States)")
        ),
    )
    evidence = [stand_in(source), *([] if segmentation is None else [segmentation])]
    result = hd.sr.ComprehensiveSR(
        evidence=evidence,
        content=content[0],
        series_instance_uid=identifiers.series_uid("SR"),
        series_number=SERIES_NUMBERS["SR"],
        sop_instance_uid=identifiers.object_uid("SR"),
        instance_number=source.frame or 1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=equipment.model,
        software_versions=equipment.software,
        device_serial_number=equipment.serial,
        series_description=describe_series("SR"),
        is_complete=True,
        is_final=False,
        is_verified=False,
        transfer_syntax_uid=ExplicitVRLittleEndian,
    )
    finish(result, source, made_at=made_at)
    return result


def _observe(equipment: Equipment) -> hd.sr.ObservationContext:
    device = hd.sr.DeviceObserverIdentifyingAttributes(
        uid=equipment.uid,
        name=f"{MANUFACTURER} {equipment.software}",
        manufacturer_name=MANUFACTURER,
        model_name=equipment.model,
        serial_number=equipment.serial,
    )
    return hd.sr.ObservationContext(
        observer_device_context=hd.sr.ObserverContext(codes.DEVICE, device)
    )


def _build_image_group(
    source: SourceFrame,
    findings: ImageFindings,
    *,
    identifiers: ResultIdentifiers,
    algorithm: hd.sr.AlgorithmIdentification,
) -> hd.sr.MeasurementsAndQualitativeEvaluations:
    prediction = findings.prediction
    group = hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(
            uid=identifiers.tracking_uid("image"), identifier="Whole image"
        ),
        finding_type=codes.FINDINGS[prediction.label],
        finding_sites=[codes.breast(source.laterality)],
        algorithm_id=algorithm,
        measurements=[
            hd.sr.Measurement(
                codes.PROBABILITY_OF_CANCER, malignant_percent(prediction), codes.PERCENT
            )
        ],
        source_images=[
            hd.sr.SourceImageForMeasurementGroup(
                source.known_class_uid, source.sop_instance_uid, source.frame_numbers
            )
        ],
    )
    specks = findings.lesions.n_specks
    sentences = [
        RESEARCH_USE_ONLY,
        *describe_answer(prediction),
        describe_scale(source, findings),
        *([MEASURES] if findings.lesions.lesions else []),
        *([f"Parts of the outline that are too small to measure: {specks}."] if specks else []),
    ]
    for sentence in sentences:
        group[0].ContentSequence.append(comment(sentence))
    return group
