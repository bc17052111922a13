"""Nested dataclasses as plain JSON values, in one pass: very many rows go through it."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any


def to_plain(value: Any, *, digits: int | None = None) -> Any:
    """Make plain JSON of a value: dataclasses as objects, tuples as lists, words as text.

    Args:
        value: a dataclass, mapping, sequence, text, number or None, nested in any way.
        digits: round floats to so many digits after the point; None leaves them as they are.

    >>> to_plain({"size": (1.23456, None)}, digits=4)
    {'size': [1.2346, None]}
    """
    kind = type(value)
    if kind is float:
        return value if digits is None else round(value, digits)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    names = _field_names(kind)  # type: ignore[arg-type]  # a class is hashable
    if names is not None:
        return {name: to_plain(getattr(value, name), digits=digits) for name in names}
    if isinstance(value, list | tuple):
        return [to_plain(item, digits=digits) for item in value]
    if isinstance(value, dict):
        return {key: to_plain(item, digits=digits) for key, item in value.items()}
    if isinstance(value, float) and digits is not None:
        return round(value, digits)
    return str(value) if isinstance(value, str) else value


@functools.cache
def _field_names(kind: type) -> tuple[str, ...] | None:
    """Names of a dataclass's fields, in order; None for another type."""
    if not dataclasses.is_dataclass(kind):
        return None
    return tuple(field.name for field in dataclasses.fields(kind))
