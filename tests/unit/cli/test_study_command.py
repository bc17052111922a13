from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from sonolesion.cli import study
from sonolesion.cli.study import study_command
from sonolesion.evaluation.reader_study.read import ORDERED_CATEGORIES
from sonolesion.evaluation.reader_study.reader_values import CovarianceMethod
from sonolesion.evaluation.reader_study.rows import Duplicates
from sonolesion.evaluation.reader_study.simulate import STRUCTURES

APP = typer.Typer()
APP.command()(study_command)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(APP, [str(a) for a in arguments])


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    done = run("--example", tmp_path / "ex", "--readers", 3, "--cases", 20, "--seed", 4)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "ex" / "run.json").is_file()
    return tmp_path / "ex" / "rows.csv"


def test_names_are_those_of_the_code() -> None:
    assert [c.value for c in study.CategoryName] == list(ORDERED_CATEGORIES)
    assert {c.value for c in study.CovarianceName} == {c.value for c in CovarianceMethod}
    assert {c.value for c in study.DuplicatesName} == {c.value for c in Duplicates}
    assert {c.value for c in study.StructureName} == set(STRUCTURES)


def test_from_example_to_report(tmp_path: Path, rows: Path) -> None:
    out = tmp_path / "out"
    done = run(rows, "-o", out, "--resamples", 100)
    assert done.exit_code == 0, done.output
    assert "AUC, difference" in done.stdout
    assert "3 readers: how readers differ is known poorly" in done.stdout
    record = json.loads((out / "run.json").read_text())
    assert record["inputs"][0]["sha256"]
    assert run(rows, "-o", out, "--resamples", 100).exit_code == 1
    again = run(rows, "-o", out, "--resamples", 100, "--overwrite", "--json")
    assert json.loads(again.stdout) == json.loads((out / "report.json").read_text("utf-8"))


def test_options_reach_the_figures(tmp_path: Path, rows: Path) -> None:
    model = tmp_path / "model.csv"
    cases = sorted({line.split(",")[2] for line in rows.read_text().splitlines()[1:]})
    model.write_text("case,score\n" + "".join(f"{c},{i}\n" for i, c in enumerate(cases)))
    done = run(
        rows, "-o", tmp_path / "out", "--resamples", 100, "--model", model, "--model-threshold",
        0.1, "--positive-from", "5", "--covariance", "delong", "--json",
    )  # fmt: skip
    value = json.loads(done.stdout)
    assert "BI-RADS 5 or higher" in value["settings"]["call_rule"]
    assert value["settings"]["covariance"] == "delong"
    assert value["model"]["n_cases"] == 20


def test_a_wrong_cell_is_one_line_with_its_place(tmp_path: Path, rows: Path) -> None:
    lines = rows.read_text().splitlines()
    rows.write_text("\n".join([*lines[:3], lines[3].replace("alone", "perhaps"), *lines[4:]]))
    done = run(rows, "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "rows.csv line 4: arm" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [(), ("rows.csv", "--plan"), ("--plan", "--example", "x")])
def test_one_thing_at_a_time(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert "expected one of" in done.stderr


def test_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plan = ("--plan", "--simulations", 20, "--readers", 4, "--cases", 40)
    value = json.loads(run(*plan, "--json").stdout)
    assert (value["malignant"], value["other"], value["readers"]) == (16, 24, 4)
    assert 0.0 <= value["low"] <= value["power"] <= value["high"] <= 1.0
    assert list(tmp_path.iterdir()) == []
    assert run(*plan, "--malignant-share", 0.01).exit_code == 2
    assert run(*plan, "--difference", 0.5).exit_code == 2
