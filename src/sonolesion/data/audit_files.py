"""The audit as files: `audit.json` for programs and one self-contained page for people."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from PIL import Image

from sonolesion.data.audit import MASK_DICE_MIN, SAME_FRAME_MIN, Audit, AuditReport, TwinGroup
from sonolesion.data.duplicates import CORRELATION_MIN, KEEP_TOGETHER_MIN
from sonolesion.data.scan import CaseScan
from sonolesion.files import atomic_write_json, atomic_write_text
from sonolesion.imaging.draw import draw_overlay
from sonolesion.types import RESEARCH_USE_ONLY

JSON_NAME = "audit.json"
PAGE_NAME = "audit.html"
_JPEG_QUALITY = 72


@dataclass(frozen=True, slots=True)
class Picture:
    """One case as the page shows it.

    Attributes:
        case_id, label: of the case.
        size: e.g. "616 x 501 px".
        remark: what to say below the picture; "" for nothing.
        data: the picture as a data URL; "" if it cannot be read.
    """

    case_id: str
    label: str
    size: str
    remark: str
    data: str


def write_audit(audit: Audit, out: Path) -> tuple[Path, Path]:
    """Write `audit.json` and `audit.html` into `out`.

    Returns:
        Their paths, in that order.

    Raises:
        OutputWriteError: the folder cannot be written.
    """
    json_path, page_path = out / JSON_NAME, out / PAGE_NAME
    atomic_write_json(json_path, audit_to_dict(audit.report))
    atomic_write_text(page_path, render_page(audit))
    return json_path, page_path


def audit_to_dict(report: AuditReport) -> dict[str, Any]:
    """Shape of `audit.json`: counts first, then every finding."""
    groups = [
        {
            "case_ids": list(group.case_ids),
            "labels": [label.value for label in group.labels],
            "contradictory": group.is_contradictory,
            "weakest_correlation": group.weakest,
            "pairs": [asdict(pair) for pair in group.pairs],
        }
        for group in report.groups
    ]
    return {
        "schema_version": 1,
        "research_use_only": RESEARCH_USE_ONLY,
        "dataset": report.dataset,
        "thresholds": {
            "correlation_min": CORRELATION_MIN,
            "keep_together_min": KEEP_TOGETHER_MIN,
            "same_frame_min": SAME_FRAME_MIN,
            "mask_dice_min": MASK_DICE_MIN,
        },
        "counts": count_findings(report),
        "images": {label.value: n for label, n in report.images.items()},
        "masks": {label.value: n for label, n in report.masks.items()},
        "smallest_px": report.smallest,
        "largest_px": report.largest,
        "groups": groups,
        "contradictory_labels": [asdict(pair) for pair in report.contradictory_labels],
        "contradictory_masks": [asdict(pair) for pair in report.contradictory_masks],
        "doubtful_pairs": [asdict(pair) for pair in report.doubtful],
        "several_masks": list(report.several_masks),
        "empty_masks": list(report.empty_masks),
        "masks_on_normals": list(report.masks_on_normals),
        "colour": report.colour,
        "notes": {case_id: list(notes) for case_id, notes in report.notes.items()},
        "problems": [
            {"case_id": p.case_id, "kind": p.kind, "file": p.file.name, "message": p.message}
            for p in report.problems
        ],
        "orphan_masks": list(report.orphan_masks),
        "odd_files": list(report.odd_files),
        "missing_classes": [label.value for label in report.missing_classes],
    }


def count_findings(report: AuditReport) -> dict[str, int]:
    """Numbers of the summary, by name, in the order in which they are shown."""
    return {
        "images": sum(report.images.values()),
        "masks": sum(report.masks.values()),
        "twin_groups": len(report.groups),
        "images_with_twins": sum(len(group.case_ids) for group in report.groups),
        "confirmed_pairs": len(report.pairs),
        "doubtful_pairs": len(report.doubtful),
        "contradictory_label_pairs": len(report.contradictory_labels),
        "contradictory_label_groups": sum(group.is_contradictory for group in report.groups),
        "contradictory_mask_pairs": len(report.contradictory_masks),
        "several_masks": len(report.several_masks),
        "empty_masks": len(report.empty_masks),
        "masks_on_normals": len(report.masks_on_normals),
        "colour": len(report.colour),
        "unusable_cases": len({problem.case_id for problem in report.problems}),
        "orphan_masks": len(report.orphan_masks),
        "odd_files": len(report.odd_files),
        "missing_classes": len(report.missing_classes),
    }


def render_page(audit: Audit) -> str:
    """Return the page: every picture inside, no script, no address outside it."""
    from jinja2 import Environment, StrictUndefined

    report = audit.report
    scan_of = {scan.case.case_id: scan for scan in audit.scans}
    text = resources.files("sonolesion.data").joinpath("templates/audit.html.j2").read_text("utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    disputed = [g for g in report.groups if g.contradictory_masks and not g.is_contradictory]
    plain = [g for g in report.groups if not g.contradictory_masks and not g.is_contradictory]
    return environment.from_string(text).render(
        report=report,
        counts=count_findings(report),
        sections=(
            ("labels", "One scan, several classes",
             "The same picture is filed under different classes. Prepare leaves these cases out.",
             _show_groups([g for g in report.groups if g.is_contradictory], scan_of)),
            ("masks", "One scan, different masks",
             f"Masks of the same frame whose Dice is below {MASK_DICE_MIN} after alignment.",
             _show_groups(disputed, scan_of)),
            ("twins", "Other near-duplicates",
             "Prepare keeps each group in one part of the split.",
             _show_groups(plain, scan_of)),
        ),
        several_masks=[
            _picture(scan_of[i], f"{len(scan_of[i].case.mask_paths)} masks")
            for i in report.several_masks
        ],
        colour=[
            _picture(scan_of[i], f"{share:.2%} coloured") for i, share in report.colour.items()
        ],
        empty_masks=[_picture(scan_of[i], "mask is empty") for i in report.empty_masks],
        masks_on_normals=[_picture(scan_of[i], "has a mask") for i in report.masks_on_normals],
        correlation_min=CORRELATION_MIN,
        research_use_only=RESEARCH_USE_ONLY,
    )  # fmt: skip


def _show_groups(
    groups: Sequence[TwinGroup], scan_of: dict[str, CaseScan]
) -> list[tuple[TwinGroup, list[Picture]]]:
    return [(group, [_picture(scan_of[i], "") for i in group.case_ids]) for group in groups]


def _picture(scan: CaseScan, remark: str) -> Picture:
    size = f"{scan.width_px} x {scan.height_px} px"
    if scan.preview is None:
        return Picture(scan.case.case_id, scan.case.label.value, "not readable", remark, "")
    rgb = draw_overlay(scan.preview, truth=scan.preview_mask)
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=_JPEG_QUALITY)
    data = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
    return Picture(scan.case.case_id, scan.case.label.value, size, remark, data)
