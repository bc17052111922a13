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
