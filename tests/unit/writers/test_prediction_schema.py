from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from json_schema import find_faults
from measured_image import ONE, TWO, make_measured
from PIL import Image
from tiny_bundle import speckle_image

from sonolesion.bundle import Bundle
from sonolesion.inference import Predictor
from sonolesion.writers import run_prediction
from sonolesion.writers.prediction_row import CSV_COLUMNS, make_row, row_to_json
from sonolesion.writers.prediction_schema import describe_row

SCHEMA = describe_row()


def row(**options: Any) -> dict[str, Any]:
    _, prediction = make_measured(**options)
    files = {"mask": "masks/a_mask.png"}
    value: dict[str, Any] = json.loads(
        json.dumps(row_to_json(make_row(prediction, stem="a", files=files)))
    )
    return value


@pytest.mark.parametrize(
    "options",
    [
        {"ellipses": ONE},
        {"ellipses": TWO, "spacing_mm": (0.1, 0.12)},
        {"ellipses": ()},
        {"ellipses": ((20.0, 10.0, 40.0, 25.0, 0.0),)},
        {"ellipses": ((100.0, 100.0, 5.0, 3.0, 0.0),)},
    ],
)
def test_rows_keep_the_schema(options: dict[str, Any]) -> None:
    assert find_faults(row(**options), SCHEMA, SCHEMA) == []


def test_a_row_that_was_not_measured_keeps_it_too() -> None:
    value = row() | {"lesions": None, "spacing_mm": None}
    assert find_faults(value, SCHEMA, SCHEMA) == []


def damage(value: dict[str, Any], path: str, new: object) -> dict[str, Any]:
    value = copy.deepcopy(value)
    *way, last = path.split(".")
    here: Any = value
    for step in way:
        here = here[int(step)] if isinstance(here, list) else here[step]
    if new is None:
        del here[last]
    else:
        here[last] = new
    return value


@pytest.mark.parametrize(
    ("path", "new"),
    [
        ("schema_version", 2),
        ("label", None),
        ("class_prob.benign", 1.5),
        ("class_prob.cyst", 0.1),
        ("lesions.0.size.longest_px", "120"),
        ("lesions.0.size.extra", 1.0),
        ("lesions.0.form", None),
        ("lesions.0.draft.shape.word", "square"),
        ("lesions.0.draft.notice", None),
        ("spacing_mm", [0.1]),
        ("research_use_only", "for everyone"),
    ],
)
def test_what_is_wrong_does_not_keep_it(path: str, new: object) -> None:
    assert find_faults(damage(row(), path, new), SCHEMA, SCHEMA)


def test_every_figure_says_what_it_is() -> None:
    for name in ("LesionSize", "LesionForm", "LesionMargin", "LesionEcho", "LesionPosterior",
                 "LesionPlace", "LesionMeasurement", "Reason"):  # fmt: skip
        fields = SCHEMA["$defs"][name]["properties"]
        assert all(field.get("description") for field in fields.values()), name
    silent = [n for n, f in SCHEMA["properties"].items() if not f.get("description")]
    assert silent == ["research_use_only"]


def test_the_page_names_every_field(repository: Path) -> None:
    page = (repository / "docs" / "reference" / "predictions.md").read_text("utf-8")
    named = set(re.findall(r"[a-z_0-9]+", page))
    fields = {name for part in (SCHEMA, *SCHEMA["$defs"].values())
              for name in part.get("properties", {})}  # fmt: skip
    assert fields - named == set()
    assert set(CSV_COLUMNS) - named == {"draft_orientation", "draft_margin", "draft_echo_pattern",
                                        "draft_posterior"}  # fmt: skip


def test_the_shipped_schema_is_this_one(repository: Path) -> None:
    shipped = repository / "docs" / "reference" / "predictions.schema.json"
    assert json.loads(shipped.read_text("utf-8")) == SCHEMA


def test_a_real_row_keeps_it(tmp_path: Path, tiny_bundle: Bundle) -> None:
    Image.fromarray(speckle_image(128, 140, radius_px=30)).save(tmp_path / "scan.png")
    report = run_prediction(
        [str(tmp_path / "scan.png")], tmp_path / "out", predictor=Predictor(tiny_bundle, threads=1)
    )
    (line,) = (tmp_path / "out" / "predictions.jsonl").read_text("utf-8").splitlines()
    value = json.loads(line)
    assert find_faults(value, SCHEMA, SCHEMA) == []
    assert value["lesions"][0]["size"]["area_px"] == value["mask_px"] == report.rows[0].mask_px
