"""The files of a comparison of two visits: a picture, a text and a JSON file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonolesion.files import atomic_write_bytes, atomic_write_json, atomic_write_text
from sonolesion.imaging.captions import format_area, format_length
from sonolesion.inference.measure import compare_visits
from sonolesion.types import RESEARCH_USE_ONLY, Prediction, UltrasoundImage
from sonolesion.types.change import Change, LesionChange, Visit, VisitChange
from sonolesion.types.lesion import MeasuredLesions
from sonolesion.writers.lesion_record import lesion_to_json, round_numbers
from sonolesion.writers.prediction_files import encode_png

SCHEMA_VERSION = 1
PICTURE_NAME = "comparison.png"
TEXT_NAME = "comparison.txt"
JSON_NAME = "comparison.json"
FILE_NAMES = (PICTURE_NAME, TEXT_NAME, JSON_NAME)
ERROR_NOTE = (
    "The measurement error comes from how soft the outlines are (cut at probabilities .3 to .7) "
    "and from the size of a pixel. It does not hold what another plane, angle or pressure of the "
    "probe changes, nor a wrong outline."
)


@dataclass(frozen=True, slots=True)
class PredictedVisit:
    """An image and what was predicted of it.

    Attributes:
        image: as it was read.
        prediction: the result.
        title: what picture and text call it; "" for its source, in the picture without folders.
    """

    image: UltrasoundImage
    prediction: Prediction
    title: str = ""


@dataclass(frozen=True, slots=True)
class VisitComparison:
    """Two visits and what changed between them."""

    earlier: PredictedVisit
    later: PredictedVisit
    change: VisitChange


def compare_predictions(earlier: PredictedVisit, later: PredictedVisit) -> VisitComparison:
    """Compare the measured lesions of two predictions.

    Args:
        earlier: the first visit; a prediction that was not measured counts as without a lesion.
        later: the second one.
    """
    change = compare_visits(_visit_of(earlier), _visit_of(later))
    return VisitComparison(earlier, later, change)


def write_comparison(out: Path, comparison: VisitComparison) -> None:
    """Write comparison.png, comparison.txt and comparison.json into `out`.

    Raises:
        OutputWriteError: a file cannot be written.
    """
    # imported here: who only wants the figures need not pay for OpenCV and fonts
    from sonolesion.imaging.comparison import VisitImage, draw_comparison

    visits = (("Earlier", comparison.earlier), ("Later", comparison.later))
    images = [VisitImage(name, v.image.pixels, v.prediction, v.title) for name, v in visits]
    picture = draw_comparison(images[0], images[1], describe_change(comparison.change))
    atomic_write_bytes(out / PICTURE_NAME, encode_png(picture))
    atomic_write_text(out / TEXT_NAME, format_comparison(comparison))
    atomic_write_json(out / JSON_NAME, comparison_to_json(comparison))


def comparison_to_json(comparison: VisitComparison) -> dict[str, Any]:
    """comparison.json; the schema is in docs/how-to/compare-two-visits.md."""
    change = comparison.change
    return {
        "schema_version": SCHEMA_VERSION,
        "earlier": _visit_to_json(comparison.earlier),
        "later": _visit_to_json(comparison.later),
        "unit": "mm" if change.in_mm else "px",
        "changes": [round_numbers(item) for item in change.lesions],
        "only_earlier": list(change.only_earlier),
        "only_later": list(change.only_later),
        "warnings": list(change.warnings),
        "error_note": ERROR_NOTE,
        "bundle": comparison.later.prediction.bundle,
        "research_use_only": RESEARCH_USE_ONLY,
    }


def format_comparison(comparison: VisitComparison) -> str:
    """comparison.txt, for people."""
    lines = [
        *(
            f"{name}: {visit.title or visit.prediction.source}"
            for name, visit in (("Earlier", comparison.earlier), ("Later", comparison.later))
        ),
        "",
        *describe_change(comparison.change),
        "",
        ERROR_NOTE,
        f"Bundle: {comparison.later.prediction.bundle}",
        "",
        RESEARCH_USE_ONLY,
    ]
    return "\n".join(lines) + "\n"


def describe_change(change: VisitChange) -> list[str]:
    """What changed, one line per figure, and then each warning."""
    lines: list[str] = []
    for item in change.lesions:
        name = _name_pair(item)
        lines.append(f"{name}, longest diameter: {_describe(item.longest, change.in_mm)}")
        lines.append(f"{name}, area: {_describe(item.area, change.in_mm, is_area=True)}")
    lines += [f"Lesion {n} of the earlier image matches none later." for n in change.only_earlier]
    lines += [f"Lesion {n} of the later image matches none earlier." for n in change.only_later]
    return [*lines, *(f"Warning: {warning}" for warning in change.warnings)]


def _name_pair(item: LesionChange) -> str:
    if item.earlier_number == item.later_number:
        return f"Lesion {item.earlier_number}"
    return f"Lesion {item.earlier_number} (later {item.later_number})"


def _describe(change: Change, in_mm: bool, *, is_area: bool = False) -> str:
    """E.g. "20.1 mm to 24.0 mm, +3.9 mm (+19 %), more than the measurement error of 1.2 mm"."""
    write = format_area if is_area else format_length

    def show(value: float) -> str:
        return write(value, value if in_mm else None)

    verdict = {
        True: f"more than the measurement error of {show(change.error)}",
        False: f"within the measurement error of {show(change.error)}",
        None: "no statement, for an edge of an image cuts the lesion",
    }[change.exceeds_error]
    amount, share = show(abs(change.difference)), f"{change.share:+.0%}"
    if amount == show(0.0):  # "-0.0 mm" says no more than "0.0 mm"
        sign, share = "", share.replace("+0%", "0%").replace("-0%", "0%")
    else:
        sign = "+" if change.difference > 0 else "-"
    return f"{show(change.earlier)} to {show(change.later)}, {sign}{amount} ({share}), {verdict}"


def _visit_of(visit: PredictedVisit) -> Visit:
    height, width = visit.prediction.mask.shape
    return Visit(visit.prediction.measured or MeasuredLesions(()), (height, width))


def _visit_to_json(visit: PredictedVisit) -> dict[str, Any]:
    prediction, measured = visit.prediction, visit.prediction.measured
    height, width = prediction.mask.shape
    spacing = None if measured is None else measured.spacing_mm
    return {
        "source": prediction.source,
        "label": prediction.label.value,
        "confidence": round(prediction.confidence, 6),
        "unsure": prediction.unsure,
        "width_px": width,
        "height_px": height,
        "spacing_mm": None if spacing is None else list(spacing),
        "lesions": [lesion_to_json(lesion) for lesion in prediction.lesions],
        "notes": list(prediction.notes),
    }
