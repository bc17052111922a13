"""One lesion in the report: its region (TID 1410) and its diameters (TID 1501)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import highdicom as hd
import numpy as np
from highdicom.sr import CodedConcept, Measurement
from highdicom.sr import GraphicTypeValues as Graphic
from numpy.typing import NDArray

from sonolesion.inference.measure import draft_lexicon
from sonolesion.inference.measure.contour import trace_contour
from sonolesion.writers.dicom import codes
from sonolesion.writers.dicom.answer import describe_draft
from sonolesion.writers.dicom.findings import LesionPart
from sonolesion.writers.dicom.source import SourceFrame

MAX_POINTS = 4000  # an FL element with explicit VR holds 64 KiB, 8,191 points
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class LesionContext:
    """What the groups of one lesion have in common.

    Attributes:
        source: the frame it is in.
        tracking_uid: of the lesion, in all its groups and in its segment.
        algorithm: what measured.
    """

    source: SourceFrame
    tracking_uid: str
    algorithm: hd.sr.AlgorithmIdentification


def build_region_group(
    part: LesionPart, context: LesionContext
) -> hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations:
    """Build the group of a lesion's region (TID 1410): outline, area, depth, draft.

    The region is the outline itself, so that the report can be drawn without the segmentation.
    """
    group = hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=_track(part, context),
        referenced_region=hd.sr.ImageRegion(
            Graphic.POLYLINE, outline_xy(part), _source_image(context)
        ),
        finding_type=codes.LESION,
        finding_sites=[codes.breast(context.source.laterality)],
        algorithm_id=context.algorithm,
        measurements=list(_measure_region(part)),
    )
    for sentence in (describe_draft(draft_lexicon(part.measurement)), *_remarks(part)):
        group[0].ContentSequence.append(comment(sentence))
    return group


def build_diameter_group(
    part: LesionPart, context: LesionContext
) -> hd.sr.MeasurementsAndQualitativeEvaluations:
    """Build the group of a lesion's diameters (TID 1501), each with its two ends.

    They are not in the region's group: TID 1410 has no place for the ends of a line.
    """
    return hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_track(part, context),
        finding_type=codes.LESION,
        finding_sites=[codes.breast(context.source.laterality)],
        algorithm_id=context.algorithm,
        measurements=list(_measure_diameters(part, context)),
    )


def comment(sentence: str) -> hd.sr.TextContentItem:
    """A free text inside a group."""
    return hd.sr.TextContentItem(codes.COMMENT, sentence, hd.sr.RelationshipTypeValues.CONTAINS)


def outline_xy(part: LesionPart) -> NDArray[np.float64]:
    """Outline of a lesion in the frame, holes filled, as a closed polygon.

    Returns:
        float64 (N, 2) of (column, row), at most 4,001 points, the first equal to the last. The
        first pixel reaches from 0 to 1 (PS3.3 C.18.6.1.1).
    """
    contour = trace_contour(part.region)
    contour = contour[:: -(-len(contour) // MAX_POINTS)]
    return to_xy(np.vstack([contour, contour[:1]]))


def to_xy(points_px: object) -> NDArray[np.float64]:
    """From (row, col), whole at pixel centres, to (column, row), whole at pixel corners."""
    points = np.asarray(points_px, np.float64) + 0.5
    return np.asarray(points[:, ::-1])


def _track(part: LesionPart, context: LesionContext) -> hd.sr.TrackingIdentifier:
    return hd.sr.TrackingIdentifier(uid=context.tracking_uid, identifier=f"Lesion {part.number}")


def _source_image(context: LesionContext) -> hd.sr.SourceImageForRegion:
    source = context.source
    return hd.sr.SourceImageForRegion(
        source.known_class_uid, source.sop_instance_uid, source.frame_numbers
    )


def _measure_diameters(part: LesionPart, context: LesionContext) -> Iterator[Measurement]:
    size, found = part.measurement.size, part.measurement
    axes = (
        (codes.LONG_AXIS, size.longest_mm, size.longest_px, found.longest_ends_px),
        (codes.SHORT_AXIS, size.perpendicular_mm, size.perpendicular_px,
         found.perpendicular_ends_px),
    )  # fmt: skip
    for name, in_mm, in_px, ends in axes:
        line = hd.sr.CoordinatesForMeasurement(
            Graphic.POLYLINE, to_xy(ends), _source_image(context)
        )
        yield _state(name, in_mm, codes.MILLIMETRE, in_px, [line])


def _measure_region(part: LesionPart) -> Iterator[Measurement]:
    size, place = part.measurement.size, part.measurement.place
    yield _state(codes.AREA, size.area_mm2, codes.SQUARE_MILLIMETRE, size.area_px)
    yield _state(codes.DEPTH, place.depth_top_mm, codes.MILLIMETRE, place.depth_top_px)


def _state(
    name: CodedConcept,
    known: float | None,
    unit: CodedConcept,
    in_px: float,
    lines: list[hd.sr.CoordinatesForMeasurement] | None = None,
) -> Measurement:
    """A size in its unit where the scale is known, else in pixels."""
    value, used = (in_px, codes.PIXELS) if known is None else (known, unit)
    return Measurement(name, round(value, _DIGITS), used, referenced_coordinates=lines)


def _remarks(part: LesionPart) -> Iterator[str]:
    if part.measurement.is_lower_bound:
        yield "An edge of the image cuts the lesion: every size is a lower bound."
    if part.measurement.hole_area_px:
        yield (
            f"The outline left {part.measurement.hole_area_px} pixels open inside: the area counts "
            "them, the segmentation does not."
        )
