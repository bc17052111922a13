"""How lesions changed from one visit to the next."""

from __future__ import annotations

from dataclasses import dataclass

from sonolesion.types.lesion import MeasuredLesions


@dataclass(frozen=True, slots=True)
class Visit:
    """What was measured at one visit.

    Attributes:
        measured: the lesions.
        image_shape: (H, W) of the image, in px.
    """

    measured: MeasuredLesions
    image_shape: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Change:
    """One figure at two visits; all but the share in the unit of the comparison.

    Attributes:
        earlier, later: the figure.
        difference: later less earlier.
        share: difference over earlier.
        error: measurement error of the difference; how it is worked out is in
            `sonolesion.inference.measure.change`.
        exceeds_error: the difference is larger than its error, whatever its sign; None where an
            edge of an image cuts the lesion, so that its size is only a lower bound.
    """

    earlier: float
    later: float
    difference: float
    share: float
    error: float
    exceeds_error: bool | None


@dataclass(frozen=True, slots=True)
class LesionChange:
    """One lesion at two visits.

    Attributes:
        earlier_number, later_number: which it is in each image; 1 is the largest there.
        longest: change of the longest diameter.
        area: change of the area.
    """

    earlier_number: int
    later_number: int
    longest: Change
    area: Change


@dataclass(frozen=True, slots=True)
class VisitChange:
    """What changed between two visits.

    Attributes:
        in_mm: lengths are in mm and areas in square mm; otherwise both are in px.
        lesions: one per lesion that was matched, in the order of the earlier image.
        only_earlier: numbers of lesions of the earlier image that match none.
        only_later: the same for the later image.
        warnings: why the figures may mislead; sentences for people.
    """

    in_mm: bool
    lesions: tuple[LesionChange, ...]
    only_earlier: tuple[int, ...] = ()
    only_later: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()
