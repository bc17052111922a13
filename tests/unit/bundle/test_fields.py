from __future__ import annotations

import math
from dataclasses import dataclass

import pytest

from sonolesion.bundle.fields import (
    FieldsError,
    exactly,
    integer,
    matching,
    number,
    optional,
    read_fields,
    record,
    rows,
    to_json_values,
)


@dataclass(frozen=True)
class Point:
    x: float
    name: str


POINT = record(Point, {"x": number(0, 1), "name": matching("[a-z]+", "lower-case letters")})


@pytest.mark.parametrize(
    ("ends", "low", "middle", "high"),
    [
        ("[]", True, True, True),
        ("()", False, True, False),
        ("(]", False, True, True),
        ("[)", True, True, False),
    ],
)
def test_the_ends_of_a_range(ends: str, low: bool, middle: bool, high: bool) -> None:
    check = number(0, 1, ends=ends)
    for value, is_inside in ((0, low), (0.5, middle), (1.0, high)):
        if is_inside:
            assert check(value) == value
            assert type(check(value)) is float
        else:
            with pytest.raises(ValueError, match="a number in"):
                check(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, True, "0.5", None, [0.5], -1, 10**400])
def test_what_is_no_number_in_range(value: object) -> None:
    with pytest.raises(ValueError, match=r"^a number in \[0, 1\]$"):
        number(0, 1)(value)


@pytest.mark.parametrize("value", [True, 1.0, "1", None, -1, 4])
def test_what_is_no_integer_in_range(value: object) -> None:
    with pytest.raises(ValueError, match=r"^an integer in \[0, 3\]$"):
        integer(0, 3)(value)


def test_exactly_tells_one_from_true() -> None:
    assert exactly(1)(1) == 1
    with pytest.raises(ValueError, match=r"^1$"):
        exactly(1)(True)


def test_a_nested_fault_is_named_by_its_path() -> None:
    checks = {"points": rows(POINT, least=1, most=3), "best": optional(POINT)}
    values = {"points": [{"x": 0.5, "name": "a"}, {"x": 2, "name": "b", "z": 1}], "best": {"x": 1}}
    with pytest.raises(FieldsError) as caught:
        read_fields(values, checks)
    assert str(caught.value) == (
        "unknown field 'points.1.z'; field 'points.1.x': expected a number in [0, 1], got 2; "
        "missing field 'best.name'"
    )


def test_null_is_taken_where_it_may_be_and_named_in_the_message() -> None:
    assert optional(POINT)(None) is None
    assert optional(POINT)({"x": 1, "name": "a"}) == Point(1.0, "a")
    with pytest.raises(ValueError, match=r"^a JSON object or null$"):
        optional(POINT)([1])


@pytest.mark.parametrize("value", [[], [1, 2, 3], (1, 2), "ab", None])
def test_a_list_of_another_length_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"^a list of 1 to 2 values$"):
        rows(integer(0, 9), least=1, most=2)(value)
    with pytest.raises(ValueError, match=r"^a list of 2 values$"):
        rows(integer(0, 9), least=2, most=2)([1])


def test_dataclasses_and_tuples_become_objects_and_lists() -> None:
    assert to_json_values((Point(0.5, "a"), None, 3)) == [{"x": 0.5, "name": "a"}, None, 3]
