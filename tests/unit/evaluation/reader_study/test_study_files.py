from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sonolesion.errors import DatasetError
from sonolesion.evaluation.reader_study.measures import Measure
from sonolesion.evaluation.reader_study.read import Arm, Read
from sonolesion.evaluation.reader_study.study_files import write_study
from sonolesion.evaluation.reader_study.study_report import (
    StudyReport,
    StudySettings,
    build_report,
)
from sonolesion.evaluation.reader_study.study_table import StudyTable
from sonolesion.evaluation.reader_study.truth import ModelScores

Make = Callable[[tuple[Read, ...]], StudyTable]
SETTINGS = StudySettings(resamples=100)


def report_of(make: Make, reads: tuple[Read, ...], model: ModelScores | None = None) -> StudyReport:
    return build_report(make(reads), settings=SETTINGS, reads=reads, model=model, name="s1")


@pytest.fixture
def model(table: StudyTable) -> ModelScores:
    """Right on every case but the first, which it has not scored."""
    scores = dict(zip(table.cases, table.positive.astype(float).tolist(), strict=True))
    del scores[table.cases[0]]
    return ModelScores("model.csv", scores)


def test_everything_is_written(
    tmp_path: Path, make_table: Make, reads: tuple[Read, ...], model: ModelScores
) -> None:
    write_study(report_of(make_table, reads, model), tmp_path)
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["kind"] == "sonolesion-reader-study"
    assert report["study"]["n_reads"] == 240
    assert set(report["measures"]) == {"auc", "sensitivity", "specificity"}
    assert report["measures"]["auc"]["difference"]["method"].startswith("Obuchowski-Rockette")
    assert report["model"]["figures"]["auc"]["value"] == 1.0
    assert any("no score for 1 cases" in text for text in report["warnings"])
    assert "call_model_with" in report["agreement"]
    names = {p.name for p in tmp_path.iterdir() if p.suffix == ".csv"}
    assert names == {"figures.csv", "readers.csv", "agreement.csv", "changes.csv", "times.csv",
                     "missing.csv"}  # fmt: skip
    plots = {p.stem for p in (tmp_path / "plots").glob("*.png")}
    assert plots == {"roc", "difference_auc", "difference_sensitivity", "difference_specificity",
                     "seconds"}  # fmt: skip


def test_the_page_is_whole_and_loads_nothing(
    tmp_path: Path, make_table: Make, reads: tuple[Read, ...]
) -> None:
    odd = tuple(replace(r, reader="<b>$x_{$ & =1") if r.reader == "reader-1" else r for r in reads)
    write_study(report_of(make_table, odd), tmp_path)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.rstrip().endswith("</html>")
    assert "<b>$x_" not in page
    assert "&lt;b&gt;$x_{$ &amp; =1" in page
    assert not re.findall(r"https?://|<script|<link|url\((?!#)", page)
    assert "Research use only" in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert ",'=" not in (tmp_path / "readers.csv").read_text("utf-8")  # stands inside a cell here


def test_the_same_study_gives_the_same_report(make_table: Make, reads: tuple[Read, ...]) -> None:
    first, second = (report_of(make_table, r) for r in (reads, tuple(reversed(reads))))
    assert first.measures == second.measures
    assert first.agreement == second.agreement


def test_a_study_of_calls_only_has_no_area(
    tmp_path: Path, make_table: Make, reads: tuple[Read, ...]
) -> None:
    bare = tuple(
        replace(
            r,
            score=None,
            birads="",
            seconds=None,
            malignant_call=bool(r.line % 2 or (r.score and r.score > 50)),
        )
        for r in reads
    )
    report = report_of(make_table, bare)
    assert report.measure(Measure.AUC) is None
    assert report.times is None
    write_study(report, tmp_path)
    assert not (tmp_path / "plots" / "roc.png").exists()


def test_one_reader_one_arm(tmp_path: Path, make_table: Make, reads: tuple[Read, ...]) -> None:
    few = tuple(r for r in reads if r.reader == "reader-2" and r.arm is Arm.ALONE)
    report = report_of(make_table, few)
    assert report.changes == ()
    assert report.agreement == ()
    assert any(text.startswith("One reader") for text in report.warnings)
    write_study(report, tmp_path)


def test_gaps_and_order_are_told(make_table: Make, reads: tuple[Read, ...]) -> None:
    alone_first = tuple(replace(r, session="1" if r.arm is Arm.ALONE else "2") for r in reads[1:])
    text = "\n".join(report_of(make_table, alone_first).warnings)
    assert f"{reads[0].reader} / {reads[0].case} (lacks alone)" in text
    assert "read alone first" in text
    assert "bootstrap only" in text
    sequential = tuple(replace(r, session="1") for r in reads)
    assert "sequential design" in "\n".join(report_of(make_table, sequential).warnings)


def test_nothing_to_count_is_refused(make_table: Make, reads: tuple[Read, ...]) -> None:
    empty = tuple(replace(r, score=None, birads="") for r in reads)
    with pytest.raises(DatasetError, match="no read has a score"):
        report_of(make_table, empty)


def test_a_model_of_other_cases_is_refused(make_table: Make, reads: tuple[Read, ...]) -> None:
    with pytest.raises(DatasetError, match="has none of the 30 cases"):
        report_of(make_table, reads, ModelScores("model.csv", {"other": 0.5}))


def test_the_models_threshold_is_used(make_table: Make, reads: tuple[Read, ...]) -> None:
    table = make_table(reads)
    scores = ModelScores("m.csv", dict.fromkeys(table.cases, 0.4))
    for threshold, expected in ((0.4, 1.0), (0.5, 0.0)):
        settings = replace(SETTINGS, model_threshold_prob=threshold)
        found = build_report(table, settings=settings, model=scores).model
        assert found is not None
        assert dict(found.figures)[Measure.SENSITIVITY].value == expected
    assert np.isfinite(table.call).all()
