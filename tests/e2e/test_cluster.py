"""A run through a Ray of this machine, with two workers, gives what a local run gives."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from tiny_bundle import speckle_image

pytest.importorskip("ray", reason="needs the extra [cluster] (ray)")

import pyarrow.parquet

pytestmark = pytest.mark.e2e


def rows(out: Path) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in (out / "predictions.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def cells(out: Path) -> list[dict[str, str]]:
    with (out / "predictions.csv").open(newline="", encoding="utf-8-sig") as file:
        return [line | {"seconds": ""} for line in csv.DictReader(file)]


def test_two_workers_of_ray_give_the_rows_of_a_local_run(
    tmp_path: Path, tiny_bundle_folder: Path, repository: Path
) -> None:
    scans = tmp_path / "scans"
    scans.mkdir()
    for number in range(8):
        image = speckle_image(128, 140, radius_px=8 * number)
        Image.fromarray(image).save(scans / f"{number}.png")
    (scans / "broken.png").write_text("no image")
    env = os.environ | {
        "PYTHONPATH": str(repository / "src"),
        "RAY_raylet_start_wait_time_s": "120",
    }
    common = ["predict", "scans", "--bundle", str(tiny_bundle_folder), "--no-pictures", "-q",
              "--explain", "--report", "html", "--parquet"]  # fmt: skip
    for options in (["-o", "local"], ["-o", "ray", "--cluster", "local", "--workers", "2"]):
        done = subprocess.run(
            [sys.executable, "-m", "sonolesion", *common, *options],
            env=env, cwd=tmp_path, capture_output=True, text=True,
        )  # fmt: skip
        if "timed out during startup" in done.stderr:
            pytest.skip("this machine is too busy: Ray did not start within two minutes")
        assert done.returncode == 3, done.stderr
    local, ray = tmp_path / "local", tmp_path / "ray"
    assert len(rows(local)) == 8
    assert rows(ray) == rows(local)
    assert cells(ray) == cells(local)
    tables = [pyarrow.parquet.read_table(out / "predictions.parquet") for out in (local, ray)]
    assert tables[0].schema == tables[1].schema
    assert tables[0].drop_columns("seconds") == tables[1].drop_columns("seconds")
    for name in ("errors.csv", "summary.txt", "masks/3_mask.png", "3_result.txt", "3_why.png",
                 "3_report.html"):  # fmt: skip
        assert (ray / name).read_bytes() == (local / name).read_bytes()
