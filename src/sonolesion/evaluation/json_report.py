"""`report.json`: every figure with its n and interval, for machines.

JSON has no nan: a figure that is not defined is null, with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sonolesion.bundle.fields import to_json_values
from sonolesion.evaluation.case_table import CaseResult
from sonolesion.evaluation.classification import CALIBRATION_BINS
from sonolesion.evaluation.estimate import LEVEL, Estimate
from sonolesion.evaluation.report import EvaluationReport
from sonolesion.evaluation.scoring import NSD_TOLERANCE
from sonolesion.types import CLASS_NAMES, RESEARCH_USE_ONLY

SCHEMA_VERSION = 2


def report_to_json(report: EvaluationReport) -> dict[str, Any]:
    """Return the report as JSON values, without paths of this machine and without times."""
    parts, settings, record = report.classification, report.settings, report.record
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "sonolesion-evaluation",
        "note": RESEARCH_USE_ONLY,
        "command": settings.command or None,
        "bundle": _bundle(report),
        "data": {
            "protocol": record.protocol,
            "split_hash": record.split_hash,
            "split_seed": record.seed,
            "part": settings.part,
            "n": len(report.results),
            "n_groups": len({r.group for r in report.results}),
            "class_counts": {c.value: n for c, n in report.class_counts.items()},
        },
        "settings": {
            "convention": settings.convention.value,
            "seed": settings.seed,
            "resamples": settings.resamples,
            "level": LEVEL,
            "interval": "percentile bootstrap over groups",
            "nsd_tolerance_of_longer_side": NSD_TOLERANCE,
            "calibration_bins": CALIBRATION_BINS,
        },
        "warnings": list(report.warnings),
        "segmentation": _figures(report.lesion),
        "mission_convention": _mission(report),
        "classification": {
            "overall": _figures(parts.overall),
            "per_class": {c.value: _figures(rows) for c, rows in parts.per_class.items()},
            "ranking": _figures(parts.ranking),
            "calibration": _figures(parts.calibration),
            "decision": _decision(report),
            "confusion_matrix": {
                "classes": list(CLASS_NAMES),
                "rows": "true",
                "columns": "predicted",
                "counts": parts.confusion.tolist(),
            },
        },
        "subgroups": _figures(report.subgroups),
        "missed_malignant": [r.case_id for r in report.missed_malignant],
        "false_positive_normals": [r.case_id for r in report.false_positive_normals],
        "failures": [_failure(r) for r in report.failures],
    }


def _bundle(report: EvaluationReport) -> dict[str, Any] | None:
    if report.bundle is None:
        return None
    return {
        "name": report.bundle.name,
        "version": report.bundle.version,
        "sha256": report.bundle.onnx_sha256,
        "trained_on_split": report.bundle.training.get("split_hash"),
    }


def _decision(report: EvaluationReport) -> dict[str, Any] | None:
    """The joint decision's figures, and what was fitted and measured on held-out cases."""
    if not report.decision or report.bundle is None:
        return None
    return {
        "figures": _figures(report.decision),
        "held_out": to_json_values(report.bundle.decision),
    }


def _mission(report: EvaluationReport) -> dict[str, Any] | None:
    if report.order is None:
        return None
    return {
        "figures": _figures(report.mission),
        "batch_dice_over_orders": {
            "low": report.order.low,
            "median": report.order.median,
            "high": report.order.high,
            "shuffles": report.order.shuffles,
        },
    }


def _figures(rows: Iterable[Estimate]) -> dict[str, dict[str, Any]]:
    return {
        row.key: {
            "label": row.label,
            "value": row.value,
            "low": row.low,
            "high": row.high,
            "n": row.n,
            "n_groups": row.n_groups,
            "unit": row.unit or None,
            "reason": row.reason or None,
        }
        for row in rows
    }


def _failure(result: CaseResult) -> dict[str, str]:
    return {"case_id": result.case_id, "label": result.label.value, "error": result.error}
