from __future__ import annotations

import dataclasses
import json

import pytest
from measured_image import ONE, TWO, make_measured

from sonolesion.writers.lesion_record import (
    LESION_COLUMNS,
    lesion_from_json,
    lesion_to_json,
    lesions_to_csv,
)


def test_names_are_those_of_the_type() -> None:
    _, prediction = make_measured(ONE, spacing_mm=(0.1, 0.1))
    (lesion,) = prediction.lesions
    value = lesion_to_json(lesion)
    assert list(value) == [f.name for f in dataclasses.fields(lesion)]
    assert value["size"]["longest_mm"] == round(lesion.size.longest_mm or 0, 4)
    assert value["size_range"]["low"]["longest_mm"] < value["size"]["longest_mm"]
    assert value["draft"]["shape"]["word"] == "oval"
    assert value["draft"]["shape"]["reasons"][0]["figure"] == "form.solidity"
    assert "Draft from measurements" in value["draft"]["notice"]
    json.dumps(value, allow_nan=False)


def test_the_way_back() -> None:
    _, prediction = make_measured(TWO)
    for lesion in prediction.lesions:
        value = json.loads(json.dumps(lesion_to_json(lesion)))
        again = lesion_from_json(value)
        assert lesion_to_json(again) == value
        assert again.draft.shape.word is lesion.draft.shape.word
        assert again.size.longest_px == pytest.approx(lesion.size.longest_px, abs=1e-4)


def test_a_damaged_lesion_is_refused() -> None:
    _, prediction = make_measured(ONE)
    value = lesion_to_json(prediction.lesions[0])
    del value["form"]
    with pytest.raises(ValueError, match="form"):
        lesion_from_json(value)


def test_columns_are_of_the_largest() -> None:
    _, prediction = make_measured(TWO, spacing_mm=(0.1, 0.2))
    values = lesions_to_csv([lesion_to_json(lesion) for lesion in prediction.lesions])
    assert tuple(values) == LESION_COLUMNS
    size = prediction.lesions[0].size
    assert values["n_lesions"] == 2
    assert values["longest_mm"] == round(size.longest_mm or 0, 4)
    assert values["area_px"] == size.area_px
    assert values["depth_top_mm"] == pytest.approx(values["depth_top_px"] * 0.1)  # type: ignore[operator]
    assert values["is_lower_bound"] == 0
    assert values["draft_posterior"] == "no posterior features"


def test_columns_without_a_lesion_and_without_a_measurement() -> None:
    none, unmeasured = lesions_to_csv(()), lesions_to_csv(None)
    assert tuple(none) == tuple(unmeasured) == LESION_COLUMNS
    assert none["n_lesions"] == 0
    assert unmeasured["n_lesions"] is None
    assert set(list(none.values())[1:]) == {None}
