"""Measured lesions as lines of text, for people."""

from __future__ import annotations

from typing import Any

from sonolesion.imaging.captions import SCALE_UNKNOWN, format_area, format_length
from sonolesion.types.lesion import LesionMeasurement, LesionSize, MeasuredLesions
from sonolesion.types.lexicon import Descriptor, Reason

DESCRIPTOR_NAMES = {
    "shape": "shape",
    "orientation": "orientation",
    "margin": "margin",
    "echo_pattern": "echo pattern",
    "posterior": "posterior features",
}
"""Field of a draft -> what people call it."""


def describe_lesions(measured: MeasuredLesions | None) -> list[str]:
    """Sizes and draft of each lesion, the largest first; no line where nothing was measured."""
    if measured is None:
        return []
    lines = [f"Lesions measured: {len(measured.lesions)}"]
    if measured.n_specks:
        lines.append(f"Parts too small to measure: {measured.n_specks}")
    if measured.lesions and measured.spacing_mm is None:
        lines.append(SCALE_UNKNOWN)
    for number, lesion in enumerate(measured.lesions, 1):
        lines += _describe_lesion(number, lesion)
    return lines


def _describe_lesion(number: int, lesion: LesionMeasurement) -> list[str]:
    size, place = lesion.size, lesion.place
    lines = [
        f"Lesion {number}:",
        f"  longest diameter: {format_with_range(lesion, 'longest')}",
        f"  at right angles to it: {format_with_range(lesion, 'perpendicular')}",
        f"  height: {format_with_range(lesion, 'height')}",
        f"  width: {format_with_range(lesion, 'width')}",
        f"  height-to-width: {lesion.form.height_to_width:.2f}",
        f"  area: {format_area(size.area_px, size.area_mm2)}",
        f"  depth of its upper edge: {format_length(place.depth_top_px, place.depth_top_mm)}",
    ]
    if lesion.is_lower_bound:
        edges = ", ".join(place.cut_edges)
        lines.append(f"  cut by an edge of the image ({edges}): it may be larger")
    lines.append(f"  {lesion.draft.notice}")
    for field, name in DESCRIPTOR_NAMES.items():
        descriptor: Descriptor[Any] = getattr(lesion.draft, field)
        reasons = "; ".join(map(_describe_reason, descriptor.reasons))
        word = "-" if descriptor.word is None else str(descriptor.word)
        lines.append(f"    {name}: {word}{f' ({reasons})' if reasons else ''}")
    return lines


def format_with_range(lesion: LesionMeasurement, name: str) -> str:
    """A length, and between which it lies for softer and harder cuts of the border.

    Args:
        lesion: what was measured.
        name: "longest", "perpendicular", "height", "width" or "perimeter".
    """
    text = _format(lesion.size, name)
    if lesion.size_range is None:
        return text
    low, high = lesion.size_range.low, lesion.size_range.high
    return f"{text} ({_format(low, name)} to {_format(high, name)})"


def _format(size: LesionSize, name: str) -> str:
    return format_length(getattr(size, f"{name}_px"), getattr(size, f"{name}_mm"))


def _describe_reason(reason: Reason) -> str:
    return f"{reason.figure} {reason.value:.3g}, limit {reason.threshold:g}"
