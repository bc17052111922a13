"""`report.json` of a study: every figure with its interval, test, method and n, for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sonolesion.evaluation.estimate import LEVEL
from sonolesion.evaluation.reader_study.measures import MeasureFigures
from sonolesion.evaluation.reader_study.read_times import TimeFigures
from sonolesion.evaluation.reader_study.study_figure import StudyFigure, none_if_nan
from sonolesion.evaluation.reader_study.study_report import ModelFigures, StudyReport
from sonolesion.types import CLASS_NAMES, RESEARCH_USE_ONLY

SCHEMA_VERSION = 1


def study_to_json(report: StudyReport) -> dict[str, Any]:
    """Return the report as JSON values, without paths of this machine and without times."""
    table, settings = report.table, report.settings
    counts = Counter(label.value for label in table.truth)
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "sonolesion-reader-study",
        "note": RESEARCH_USE_ONLY,
        "command": settings.command or None,
        "study": {
            "name": report.name or None,
            "arms": [arm.value for arm in table.arms],
            "readers": list(table.readers),
            "n_cases": len(table.cases),
            "class_counts": {name: counts[name] for name in CLASS_NAMES},
            "n_reads": int(table.was_read.sum()),
            "n_missing": len(report.gaps),
            "n_unpaired": sum(gap.has_partner for gap in report.gaps) if table.is_paired else 0,
        },
        "settings": {
            "level": LEVEL,
            "call_rule": settings.rule.text(),
            "covariance": settings.covariance.value,
            "resamples": settings.resamples,
            "seed": settings.seed,
            "model_threshold_prob": settings.model_threshold_prob,
        },
        "warnings": list(report.warnings),
        "measures": {found.measure.value: _measure(found) for found in report.measures},
        "agreement": _figures(report.agreement),
        "seconds": _times(report.times),
        "changes": [asdict(row) for row in report.changes],
        "model": _model(report.model),
    }


def figure_to_json(figure: StudyFigure) -> dict[str, Any]:
    """Return one figure as JSON values."""
    values = asdict(figure)
    del values["key"]
    values["method"] = figure.method.value
    return {name: None if value == "" else value for name, value in values.items()}


def _figures(figures: Iterable[StudyFigure]) -> dict[str, Any]:
    return {figure.key: figure_to_json(figure) for figure in figures}


def _measure(found: MeasureFigures) -> dict[str, Any]:
    parts = found.components
    both = found.difference, found.fixed_readers
    difference, fixed = (figure_to_json(f) if f else None for f in both)
    return {
        "is_fully_crossed": found.is_crossed,
        "n_unpaired_left_out": found.n_left_out,
        "arms": _figures(found.arms),
        "difference": difference,
        "difference_for_these_readers": fixed,
        "components": {k: none_if_nan(v) for k, v in asdict(parts).items()} if parts else None,
        "readers": [
            {
                "reader": row.reader,
                **_figures(row.arms),
                "difference": figure_to_json(row.difference) if row.difference else None,
            }
            for row in found.readers
        ],
    }


def _times(times: TimeFigures | None) -> dict[str, Any] | None:
    if times is None:
        return None
    return {
        "arms": [asdict(row) | {"arm": row.arm.value} for row in times.seconds],
        "ratio": figure_to_json(times.ratio) if times.ratio else None,
        "reader_ratios": {reader: figure_to_json(f) for reader, f in times.reader_ratios},
    }


def _model(model: ModelFigures | None) -> dict[str, Any] | None:
    if model is None:
        return None
    figures = {measure.value: figure_to_json(figure) for measure, figure in model.figures}
    return {"scores": model.name, "n_cases": model.n_cases, "figures": figures}
