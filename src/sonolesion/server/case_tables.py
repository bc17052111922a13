"""Every case with what was said of it, as JSON and as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from sonolesion.store.cases import CaseQuery, CaseRecord, list_cases
from sonolesion.store.outlines import newest_outline
from sonolesion.store.reads import ReadEvent, list_reads
from sonolesion.types import CLASS_NAMES, RESEARCH_USE_ONLY

_SIZES = ("longest_px", "longest_mm", "perpendicular_px", "perpendicular_mm", "area_px", "area_mm2")
CASE_COLUMNS = (
    "id", "created", "case_label", "state", "width_px", "height_px", "row_spacing_mm",
    "col_spacing_mm", "label", "confidence", *(f"{name}_prob" for name in CLASS_NAMES), "unsure",
    "malignant_alert", "outline", "n_lesions", *_SIZES, "n_reads", "last_reader", "last_birads",
    "last_probability", "bundle", "error", "notes", "sha256", "research_use_only",
)  # fmt: skip
"""Columns of cases.csv; sizes are of the largest lesion of the outline that counts."""

_PAGE = 500


def case_rows(connection: Connection) -> Iterator[dict[str, Any]]:
    """Give each case, newest first: case, prediction, outline, reads."""
    offset = 0
    while cases := list_cases(connection, CaseQuery(offset=offset, limit=_PAGE)):
        for case in cases:
            yield case_values(connection, case)
        offset += len(cases)


def case_to_row(values: Mapping[str, Any]) -> dict[str, object]:
    """Make a row of cases.csv, by the names of `CASE_COLUMNS`; what is not known is empty."""
    case, row, outline = values["case"], values["prediction"] or {}, values["outline"]
    spacing = row.get("spacing_mm") or (None, None)
    prob = row.get("class_prob", {})
    lesions = (row if outline is None else outline["measured"]).get("lesions") or []
    said = [read for read in values["reads"] if read["birads"] is not None]
    last = said[-1] if said else {}
    return {
        "id": case["id"],
        "created": case["created"],
        "case_label": case["label"],
        "state": case["state"],
        "row_spacing_mm": spacing[0],
        "col_spacing_mm": spacing[1],
        **{name: row.get(name) for name in ("width_px", "height_px", "label", "confidence")},
        **{f"{name}_prob": prob.get(name) for name in CLASS_NAMES},
        **{n: int(row[n]) if row else None for n in ("unsure", "malignant_alert")},
        "outline": "" if not row else "model" if outline is None else "reader",
        "n_lesions": len(lesions) if row else None,
        **{name: lesions[0]["size"][name] if lesions else None for name in _SIZES},
        "n_reads": len(said),
        "last_reader": last.get("reader"),
        "last_birads": last.get("birads"),
        "last_probability": last.get("probability"),
        "bundle": row.get("bundle"),
        "error": case["error"],
        "notes": "; ".join(case["notes"]),
        "sha256": case["sha256"],
        "research_use_only": RESEARCH_USE_ONLY,
    }


def last_probability(connection: Connection, case_id: str) -> float | None:
    """Return the probability of malignant, 0 to 100, that a reader gave last; None for none."""
    given = [e.malignant_percent for e in list_reads(connection, case_id)]
    return next((percent for percent in reversed(given) if percent is not None), None)


def case_values(connection: Connection, case: CaseRecord) -> dict[str, Any]:
    """Give one case as a line of cases.jsonl: case, prediction, outline, reads."""
    outline = newest_outline(connection, case.id)
    return {
        "case": {
            "id": case.id,
            "created": case.created_at,
            "label": case.label,
            "state": case.state.value,
            "earlier": case.earlier_id,
            "error": case.error_code,
            "notes": list(case.notes),
            "sha256": case.image_sha256,
        },
        "prediction": None if case.prediction is None else dict(case.prediction),
        "outline": None
        if outline is None
        else {"reader": outline.reader, "at": outline.at, "measured": dict(outline.measured or {})},
        "reads": [_show(event) for event in list_reads(connection, case.id)],
        "research_use_only": RESEARCH_USE_ONLY,
    }


def _show(event: ReadEvent) -> dict[str, Any]:
    return {
        "reader": event.reader,
        "at": event.at,
        "event": event.kind.value,
        "birads": event.birads,
        "probability": event.malignant_percent,
        "seconds": event.seconds,
        "decision": event.decision,
        "calipers_px": list(event.calipers_px),
        "outline_px": list(event.outline_px),
    }
