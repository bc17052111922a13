"""A measured lesion as JSON, and the few of its figures that go into a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sonolesion.types.lesion import LesionMeasurement
from sonolesion.writers.plain_json import to_plain

_DIGITS = 4
_DESCRIPTORS = ("shape", "orientation", "margin", "echo_pattern", "posterior")
LESION_COLUMNS = (
    "n_lesions", "longest_px", "longest_mm", "perpendicular_px", "perpendicular_mm", "area_px",
    "area_mm2", "height_to_width", "depth_top_px", "depth_top_mm", "is_lower_bound",
    *(f"draft_{name}" for name in _DESCRIPTORS),
)  # fmt: skip
"""Of the largest lesion; all but the first are empty without one."""


def lesion_to_json(lesion: LesionMeasurement) -> dict[str, Any]:
    """One lesion, with the names of `LesionMeasurement`; numbers to 4 digits after the point."""
    plain: dict[str, Any] = round_numbers(lesion)
    return plain


def lesion_from_json(value: object) -> LesionMeasurement:
    """The lesion that `lesion_to_json` wrote.

    Raises:
        ValueError: a field is missing or of another type.
    """
    # imported here: only who reads rows back needs it
    from pydantic import TypeAdapter

    return TypeAdapter(LesionMeasurement).validate_python(value)


def lesions_to_csv(lesions: Sequence[Mapping[str, Any]] | None) -> dict[str, object]:
    """The columns of `LESION_COLUMNS`; all of them empty where nothing was measured.

    Args:
        lesions: as `lesion_to_json` gives them, the largest first; None for none measured.
    """
    if lesions is None:
        return dict.fromkeys(LESION_COLUMNS)
    values: dict[str, object] = dict.fromkeys(LESION_COLUMNS) | {"n_lesions": len(lesions)}
    if not lesions:
        return values
    lesion = lesions[0]
    values |= {name: lesion["size"][name] for name in LESION_COLUMNS if name in lesion["size"]}
    values |= {name: lesion["place"][name] for name in LESION_COLUMNS if name in lesion["place"]}
    values["height_to_width"] = lesion["form"]["height_to_width"]
    values["is_lower_bound"] = int(lesion["is_lower_bound"])
    return values | {f"draft_{name}": lesion["draft"][name]["word"] for name in _DESCRIPTORS}


def round_numbers(value: Any) -> Any:
    """Make plain JSON as `to_plain` does, with numbers to 4 digits after the point."""
    return to_plain(value, digits=_DIGITS)
