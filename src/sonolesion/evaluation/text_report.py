"""`evaluation_results.txt`, in the layout of the mission document's "Performance Metrics"."""

from __future__ import annotations

from sonolesion.evaluation.estimate import Estimate
from sonolesion.evaluation.report import EvaluationReport
from sonolesion.evaluation.settings import Convention
from sonolesion.types import CLASS_NAMES, RESEARCH_USE_ONLY, LesionClass

_RULE = "=" * 72
_CONVENTIONS = {
    Convention.HONEST: "honest: masks at the images' own resolution, lesion cases only",
    Convention.MISSION: "mission: as the published program counts, normals inside the means",
}


def report_to_text(report: EvaluationReport) -> str:
    """Format a report as the mission's text file, with n and 95 % intervals beside each figure."""
    lines = [
        _RULE, "EVALUATION RESULTS", _RULE,
        f"Model:       {report.bundle_label}",
        f"Split:       {report.record.protocol}, {report.record.split_hash}, "
        f"part {report.settings.part}",
        f"Cases:       {len(report.results)} ("
        + ", ".join(f"{n} {c}" for c, n in report.class_counts.items()) + ")",
        f"Convention:  {_CONVENTIONS[report.settings.convention]}",
        f"Intervals:   95 %, bootstrap over groups, {report.settings.resamples} resamples, "
        f"seed {report.settings.seed}",
    ]  # fmt: skip
    lines += [f"WARNING: {warning}" for warning in report.warnings]
    lines += ["", "Segmentation Performance:", *_segmentation(report)]
    lines += ["", "Classification Performance:"]
    names = ("accuracy", "precision_weighted", "recall_weighted", "f1_weighted")
    titles = ("Overall Accuracy", "Precision", "Recall", "F1 Score")
    lines += [_line(t, report.figure(n)) for n, t in zip(names, titles, strict=True)]
    lines += [_line(row.label, row) for row in report.classification.ranking]
    lines += [_line(row.label, row) for row in report.classification.calibration]
    if report.decision:
        lines += ["", "Joint Decision of Outline and Class:"]
        lines += [_line(row.label, row) for row in report.decision]
    lines += ["", "Class-wise Classification Results:"]
    lines += [_class_line(report, label) for label in LesionClass]
    lines += ["", "Confusion Matrix (rows true, columns predicted):"]
    lines.append(" " * 12 + "".join(f"{name:>11}" for name in CLASS_NAMES))
    for name, counts in zip(CLASS_NAMES, report.classification.confusion.tolist(), strict=True):
        lines.append(f"  {name:<10}" + "".join(f"{count:>11}" for count in counts))
    if report.failures:
        lines += ["", "Cases without a prediction (counted as the worst answer):"]
        lines += [f"- {r.case_id}: {r.error}" for r in report.failures]
    lines += ["", RESEARCH_USE_ONLY]
    return "\n".join(lines) + "\n"


def _segmentation(report: EvaluationReport) -> list[str]:
    if report.order is None:
        return [
            _line("Mean IoU (lesion cases)", report.figure("lesion_iou")),
            _line("Dice Coefficient (lesion cases)", report.figure("lesion_dice")),
            _line("Pixel Accuracy (all cases)", report.figure("pixel_accuracy")),
            *(_line(row.label, row) for row in report.lesion
              if row.key not in {"lesion_iou", "lesion_dice", "pixel_accuracy"}),
        ]  # fmt: skip
    order = report.order
    return [
        _line("Mean Intersection over Union (IoU)", report.figure("mission_iou")),
        _line("Dice Coefficient", report.figure("mission_dice")),
        f"    over {order.shuffles} random orders of the cases: {order.low:.4f} to "
        f"{order.high:.4f}, median {order.median:.4f} (the published order is unknown)",
        _line("Pixel Accuracy", report.figure("pixel_accuracy")),
        "  Lesion cases only, at the network's square:",
        *(_line(row.label, row) for row in report.lesion if row.key != "pixel_accuracy"),
    ]


def _line(title: str, figure: Estimate) -> str:
    places = 1 if figure.unit else 4
    why = f"  ({figure.reason})" if figure.value is None else ""
    return f"- {title}: {figure.text(places)}  n = {figure.n}{why}"


def _class_line(report: EvaluationReport, label: LesionClass) -> str:
    rows = report.classification.per_class[label]
    cells = ", ".join(
        f"{row.label} " + (f"{row.value:.4f}" if row.value is not None else "not defined")
        for row in rows
    )
    return f"- {label.value.capitalize()}: {cells} ({report.class_counts[label]} samples)"
