"""`report.html`: one page with everything inside, no address outside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sonolesion import __version__
from sonolesion.evaluation.case_table import ScoredCase
from sonolesion.evaluation.gallery import Gallery, Tile, draw_tile
from sonolesion.evaluation.plot import Plot, inline_svg
from sonolesion.evaluation.report import EvaluationReport
from sonolesion.evaluation.settings import Convention
from sonolesion.types import CLASS_NAMES, RESEARCH_USE_ONLY, LesionClass

MAX_TILES = 24
PUBLISHED = {
    "mission_iou": ".5387",
    "mission_dice": ".6320",
    "pixel_accuracy": ".9600",
    "accuracy": ".7179",
    "precision_weighted": ".7475",
    "recall_weighted": ".7179",
    "f1_weighted": ".7069",
}
"""The mission document's figures on its 78 test images, shown in its convention only."""

_HEADLINE = {
    Convention.HONEST: (
        "lesion_dice", "missed_lesions", "marked_normals", "auc_malignant_vs_benign", "accuracy"
    ),
    Convention.MISSION: (
        "mission_iou", "mission_dice", "pixel_accuracy", "accuracy", "f1_weighted"
    ),
}  # fmt: skip

_METHOD = {
    Convention.HONEST: (
        "The manifest's cases are counted, not a folder of outputs: a case without a prediction "
        "counts as the worst answer (a lesion missed and read as normal, a normal marked and "
        "read as malignant, each with probability 1).",
        "Masks are compared at the images' own resolution with the united truth. Dice, IoU, HD95 "
        "and surface Dice are means over lesion cases only; a lesion of which no pixel is marked "
        "is missed and has Dice 0, and where nothing is marked at all HD95 is the image's "
        "diagonal. Surface Dice allows 1/128 of the longer side (2 px of a 256 px square). "
        "Normals go into the false-positive figures.",
    ),
    Convention.MISSION: (
        "The first table counts exactly as the published program does: masks at the network's "
        "square and a threshold of 0.5; IoU per image with empty against empty = 1; Dice of each "
        "batch of 16 images flattened into one region, weighted by batch size, in the order "
        "normal, benign, malignant and by file name; precision, recall and F1 weighted by "
        "support. Normals are inside the means, so these are not lesion figures.",
        "A case without a prediction counts as the worst answer: an empty mask on a lesion, a "
        "full one on a normal, and the wrong class with probability 1.",
    ),
}
_INTERVALS = (
    "Intervals are 95 % percentile bootstrap intervals that draw groups (near-duplicates or one "
    "patient) with all their cases; where all cases of a share agree, Wilson's interval on the "
    "groups. They say how far the figure may be off were other patients drawn, not how far "
    "another training run would land."
)


@dataclass(frozen=True, slots=True)
class _PlotOnPage:
    title: str
    svg: str


@dataclass(frozen=True, slots=True)
class _GalleryOnPage:
    worst: tuple[Tile, ...]
    best: tuple[Tile, ...]
    missed_malignant: tuple[Tile, ...]
    false_positive_normals: tuple[Tile, ...]
    missed_malignant_rest: tuple[str, ...] = field(default=())
    false_positive_normals_rest: tuple[str, ...] = field(default=())


def render_page(
    report: EvaluationReport, *, gallery: Gallery, plots: Sequence[Plot], root: Path
) -> str:
    """Render the page.

    Args:
        report: what was found.
        gallery: which cases to show.
        plots: drawn plots; all but the confusion matrix, which is a table here, are shown.
        root: the raw data set's folder, for the pictures.

    Returns:
        A complete HTML document; names are escaped, no script, nothing is loaded.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("sonolesion.evaluation", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
    )
    on_page = [p for p in plots if p.name != "confusion_matrix"]  # the page has it as a table
    # matplotlib has escaped every text of the drawing
    shown = {p.name: _PlotOnPage(p.title, Markup(inline_svg(p))) for p in on_page}  # noqa: S704 drawn by us
    return environment.get_template("report.html.j2").render(
        report=report,
        notice=RESEARCH_USE_ONLY,
        version=__version__,
        group_count=len({r.group for r in report.results}),
        headline=[report.figure(key) for key in _HEADLINE[report.settings.convention]],
        published=PUBLISHED if _is_published_part(report) else None,
        plots=shown,
        classes=CLASS_NAMES,
        class_total={c.value: n for c, n in report.class_counts.items()},
        confusion=_confusion(report),
        per_class=[
            {"label": c.value, "rows": rows, "count": report.class_counts[c]}
            for c, rows in report.classification.per_class.items()
        ],
        gallery=_draw_gallery(gallery, root),
        method=(*_METHOD[report.settings.convention], _INTERVALS),
        provenance=_provenance(report),
    )


def _is_published_part(report: EvaluationReport) -> bool:
    is_split = report.record.protocol == "mission" and report.settings.part == "test"
    return bool(report.mission) and is_split


def _draw_gallery(gallery: Gallery, root: Path) -> _GalleryOnPage:
    def draw(cases: Sequence[ScoredCase]) -> tuple[Tile, ...]:
        return tuple(draw_tile(case, root) for case in cases[:MAX_TILES])

    def rest(cases: Sequence[ScoredCase]) -> tuple[str, ...]:
        return tuple(case.result.case_id for case in cases[MAX_TILES:])

    return _GalleryOnPage(
        worst=draw(gallery.worst),
        best=draw(gallery.best),
        missed_malignant=draw(gallery.missed_malignant),
        false_positive_normals=draw(gallery.false_positive_normals),
        missed_malignant_rest=rest(gallery.missed_malignant),
        false_positive_normals_rest=rest(gallery.false_positive_normals),
    )


def _confusion(report: EvaluationReport) -> list[dict[str, Any]]:
    rows = []
    for i, counts in enumerate(report.classification.confusion.tolist()):
        total = sum(counts)
        cells = [
            {"count": n, "share": n / total if total else 0.0, "diagonal": i == j}
            for j, n in enumerate(counts)
        ]
        rows.append({"label": tuple(LesionClass)[i].value, "total": total, "cells": cells})
    return rows


def _provenance(report: EvaluationReport) -> list[tuple[str, str]]:
    record, settings, bundle = report.record, report.settings, report.bundle
    rows = [
        ("Model", report.bundle_label),
        ("Model SHA-256", bundle.onnx_sha256 if bundle is not None else "not stated"),
        ("Split", f"{record.protocol}, hash {record.split_hash}, seed {record.seed}"),
        ("Part", settings.part),
        ("Convention", settings.convention.value),
        ("Bootstrap", f"{settings.resamples} resamples, seed {settings.seed}"),
    ]
    if settings.command:
        rows.append(("Command", settings.command))
    return rows
