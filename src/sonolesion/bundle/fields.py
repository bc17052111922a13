"""Strict reading of JSON objects: one check per field, and all faults reported at once.

A check takes a JSON value and returns it typed, or raises a `ValueError` whose text says what was
expected ("a number in (0, 1)"). Checks nest: `record` makes one of a whole object, `optional` one
that also takes null, `rows` one of a list. A new part of a file is a frozen dataclass, a table of
checks, and one line in the table above it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Check = Callable[[object], object]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field.

    Attributes:
        path: of the field, e.g. "decision.sets.min_prob".
        before, after: the text around the path.
    """

    path: str
    before: str
    after: str = ""

    def __str__(self) -> str:
        return f"{self.before} {self.path!r}{self.after}"


class FieldsError(ValueError):
    """The fields of an object that were refused; its text names all of them."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


def read_fields(values: Mapping[str, object], checks: Mapping[str, Check]) -> dict[str, Any]:
    """Check an object's fields: all of them must be there, and no other.

    Args:
        values: the parsed JSON object.
        checks: field name -> its check.

    Returns:
        Field name -> typed value, in the order of `checks`.

    Raises:
        FieldsError: an unknown, missing or wrong field.

    >>> read_fields({"p": 2, "q": 1}, {"p": number(0, 1), "r": number(0, 1)})
    Traceback (most recent call last):
    ...
    sonolesion.bundle.fields.FieldsError: unknown field 'q'; field 'p': expected a number in \
[0, 1], got 2; missing field 'r'
    """
    faults = [Fault(key, "unknown field") for key in values if key not in checks]
    read: dict[str, Any] = {}
    for key, check in checks.items():
        if key not in values:
            faults.append(Fault(key, "missing field"))
            continue
        try:
            read[key] = check(values[key])
        except FieldsError as error:
            faults += [dataclasses.replace(f, path=f"{key}.{f.path}") for f in error.faults]
        except ValueError as error:
            faults.append(Fault(key, "field", f": expected {error}, got {_shorten(values[key])}"))
    if faults:
        raise FieldsError(tuple(faults))
    return read


def to_json_values(value: object) -> Any:
    """Turn a dataclass of plain values into JSON values: objects and lists, nested as it is."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {f.name: to_json_values(getattr(value, f.name)) for f in fields}
    if isinstance(value, tuple):
        return [to_json_values(item) for item in value]
    return value


def record(make: Callable[..., object], checks: Mapping[str, Check]) -> Check:
    """Check an object whose fields are the arguments of `make`."""

    def check(value: object) -> object:
        if not isinstance(value, dict):
            raise ValueError("a JSON object")
        return make(**read_fields(value, checks))

    return check


def optional(check: Check) -> Check:
    """Take what `check` takes, or null."""

    def check_or_null(value: object) -> object:
        if value is None:
            return None
        try:
            return check(value)
        except FieldsError:
            raise
        except ValueError as error:
            raise ValueError(f"{error} or null") from None

    return check_or_null


def rows(check: Check, *, least: int, most: int) -> Check:
    """Check a list of `least` to `most` values; gives a tuple. Its faults name the row."""

    def check_rows(value: object) -> object:
        if not isinstance(value, list) or not least <= len(value) <= most:
            count = f"{least}" if least == most else f"{least} to {most}"
            raise ValueError(f"a list of {count} values")
        keyed = {str(i): item for i, item in enumerate(value)}
        return tuple(read_fields(keyed, dict.fromkeys(keyed, check)).values())

    return check_rows


def number(low: float, high: float, *, ends: str = "[]") -> Check:
    """Check a finite number from `low` to `high`; `ends` says, e.g. "(]", which are inside."""

    def check(value: Any) -> object:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not (
            low < value < high
            or (ends[0] == "[" and value == low)
            or (ends[1] == "]" and value == high)
        ):
            raise ValueError(f"a number in {ends[0]}{low:g}, {high:g}{ends[1]}")
        return float(value)

    return check


def integer(low: int, high: int) -> Check:
    """Check a whole number from `low` to `high`, both inside."""

    def check(value: object) -> object:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"an integer in [{low}, {high}]")
        return value

    return check


def exactly(wanted: object) -> Check:
    """Check a value of the same type and content as `wanted`."""

    def check(value: object) -> object:
        if type(value) is not type(wanted) or value != wanted:
            raise ValueError(repr(wanted))
        return value

    return check


def matching(pattern: str, what: str) -> Check:
    """Check a text that matches a pattern as a whole; `what` says it in words."""

    def check(value: object) -> object:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError(what)
        return value

    return check


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
