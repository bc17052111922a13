from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest
from PIL import Image
from tiny_bundle import make_bundle, speckle_image
from tiny_decision import make_decision

from sonolesion.errors import MissingExtraError
from sonolesion.inference import Predictor
from sonolesion.inference.inputs import ReadOptions
from sonolesion.writers import run_prediction


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    Image.fromarray(speckle_image()).save(tmp_path / "scan.png")
    return tmp_path / "scan.png"


def test_parquet_says_what_the_csv_says_with_types(scan: Path, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra [parquet]")
    predictor = Predictor(make_bundle(tmp_path / "b", decision=make_decision()), threads=1)
    out = tmp_path / "out"
    run_prediction([str(scan)], out, predictor=predictor, pictures=False, parquet=True)
    table = pq.read_table(out / "predictions.parquet")
    with (out / "predictions.csv").open(newline="") as file:
        (line,) = csv.DictReader(file)
    (row,) = table.to_pylist()
    assert list(row) == list(line)
    assert row["prediction_set"] == line["prediction_set"].split("; ")
    assert row["unsure"] is bool(int(line["unsure"]))
    for name in ("malignant_prob", "confidence", "mask_px", "seconds"):
        assert row[name] == float(line[name])
    for name in ("source", "label", "mask_file", "overlay_file", "sha256"):
        assert row[name] == line[name]
    assert str(table.schema.field("mask_px").type) == "int64"


TYPES = {
    "bool": {"unsure", "malignant_alert", "disagreement", "is_lower_bound"},
    "int64": {"mask_px", "width_px", "height_px", "n_lesions"},
    "list<element: string>": {"prediction_set", "notes"},
    "string": {
        "source", "stem", "label", "draft_shape", "draft_orientation", "draft_margin",
        "draft_echo_pattern", "draft_posterior", "bundle", "mask_file", "overlay_file",
        "picture_file", "text_file", "why_file", "html_file", "pdf_file", "seg_file", "sr_file",
        "sc_file", "sha256", "research_use_only",
    },
    "double": {
        "confidence", "normal_prob", "benign_prob", "malignant_prob", "mask_coverage",
        "row_spacing_mm", "col_spacing_mm", "longest_px", "longest_mm", "perpendicular_px",
        "perpendicular_mm", "area_px", "area_mm2", "height_to_width", "depth_top_px",
        "depth_top_mm", "evidence_share", "evidence_ratio", "seconds",
    },
}  # fmt: skip


def test_every_column_has_its_type_and_every_value_that_of_the_csv(tmp_path: Path) -> None:
    """A lesion in mm, one without a scale, and an image without a lesion."""
    pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra [parquet]")
    predictor = Predictor(make_bundle(tmp_path / "b"), threads=1)
    Image.fromarray(speckle_image()).save(tmp_path / "lesion.png")
    Image.fromarray(speckle_image(radius_px=0)).save(tmp_path / "none.png")
    nulls: dict[str, set[str]] = {}
    for name, spacing_mm in (("mm", (0.1, 0.1)), ("px", None)):
        out = tmp_path / name
        run_prediction(
            [str(tmp_path / "lesion.png"), str(tmp_path / "none.png")], out, predictor=predictor,
            pictures=False, parquet=True, reading=ReadOptions(spacing_mm=spacing_mm),
        )  # fmt: skip
        table = pq.read_table(out / "predictions.parquet")
        assert {field.name: str(field.type) for field in table.schema} == {
            column: kind for kind, columns in TYPES.items() for column in columns
        }
        with (out / "predictions.csv").open(newline="") as file:
            lines = list(csv.DictReader(file))
        rows = table.to_pylist()
        assert [row["n_lesions"] for row in rows] == [1, 0]
        assert rows[0]["is_lower_bound"] is False
        assert 0.5 < rows[0]["height_to_width"] < 2.0
        for row, line in zip(rows, lines, strict=True):
            nulls[f"{name} {row['stem']}"] = {k for k, v in row.items() if v is None}
            for column, text in line.items():
                assert say(row[column]) == text, column
    no_why = {"evidence_share", "evidence_ratio"}
    in_mm = {name for name in TYPES["double"] if name.endswith(("_mm", "_mm2"))}
    of_lesion = {
        "is_lower_bound", "longest_px", "longest_mm", "perpendicular_px", "perpendicular_mm",
        "area_px", "area_mm2", "height_to_width", "depth_top_px", "depth_top_mm",
    }  # fmt: skip
    assert nulls == {
        "mm lesion": no_why,
        "px lesion": no_why | in_mm,
        "mm none": no_why | of_lesion,
        "px none": no_why | of_lesion | in_mm,
    }


def say(value: object) -> str:
    """As predictions.csv writes it."""
    if isinstance(value, list):
        return "; ".join(value)
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else str(value)


def test_an_empty_run_has_the_same_schema(scan: Path, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra [parquet]")
    predictor = Predictor(make_bundle(tmp_path / "b"), threads=1)
    (tmp_path / "broken.png").write_text("no image")
    for name in ("scan", "broken"):
        run_prediction(
            [str(tmp_path / f"{name}.png")], tmp_path / name, predictor=predictor, parquet=True
        )
    full, empty = (pq.read_table(tmp_path / n / "predictions.parquet") for n in ("scan", "broken"))
    assert full.schema == empty.schema
    assert (full.num_rows, empty.num_rows) == (1, 0)


def test_without_pyarrow_nothing_is_begun(
    scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = Predictor(make_bundle(tmp_path / "b"), threads=1)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"sonolesion\[parquet\]"):
        run_prediction([str(scan)], tmp_path / "out", predictor=predictor, parquet=True)
    assert not (tmp_path / "out").exists()
