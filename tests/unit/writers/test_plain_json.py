from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from sonolesion.writers.plain_json import to_plain


class Word(StrEnum):
    OVAL = "oval"


@dataclass(frozen=True, slots=True)
class Inner:
    value: float
    word: Word | None


@dataclass(frozen=True)
class Outer:
    rows: tuple[Inner, ...]
    by_name: dict[str, float]
    count: int = 2
    flag: bool = True


OUTER = Outer((Inner(1.23456, Word.OVAL), Inner(np.float64(2.00001), None)), {"a": -0.00001})


def test_nested_values_become_plain_and_rounded() -> None:
    assert json.dumps(to_plain(OUTER, digits=4)) == (
        '{"rows": [{"value": 1.2346, "word": "oval"}, {"value": 2.0, "word": null}], '
        '"by_name": {"a": -0.0}, "count": 2, "flag": true}'
    )


def test_without_digits_numbers_stay_as_they_are() -> None:
    found = to_plain(OUTER)
    assert found["rows"][0] == {"value": 1.23456, "word": "oval"}
    assert type(found["rows"][0]["word"]) is str
    assert found["by_name"] == {"a": -0.00001}
