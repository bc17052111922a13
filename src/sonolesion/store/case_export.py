"""All that belongs to one case, as one zip."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, select

from sonolesion.store.audit import append_audit, list_audit
from sonolesion.store.cases import get_case
from sonolesion.store.database import Desk
from sonolesion.store.outlines import list_outlines
from sonolesion.store.reads import list_reads
from sonolesion.store.tables import audit, study_answer
from sonolesion.types import RESEARCH_USE_ONLY

_SUFFIXES = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/bmp": "bmp",
    "image/tiff": "tif",
    "application/dicom": "dcm",
}


def export_case(connection: Connection, desk: Desk, case_id: str, *, actor: str) -> bytes:
    """Return a zip with the image as it came, the model's answer, reads, outlines, log rows.

    That it was exported stands in the audit log. The image may hold names, as it came with them.

    Raises:
        NotFoundError: no such case.
        StoreError: a file is missing or was changed.
    """
    case = get_case(connection, case_id)
    outlines = list_outlines(connection, case_id)
    append_audit(connection, "case.exported", f"case {case_id}", actor=actor)
    answers = connection.execute(
        select(study_answer).where(study_answer.c.case_id == case_id).order_by(study_answer.c.id)
    ).mappings()
    record = {name: value for name, value in asdict(case).items() if name != "prediction"}
    documents: dict[str, Any] = {
        "case.json": record | {"research_use_only": RESEARCH_USE_ONLY},
        "prediction.json": case.prediction,
        "reads.json": [asdict(event) for event in list_reads(connection, case_id)],
        "outlines.json": [asdict(outline) for outline in outlines],
        "study_answers.json": [dict(row) for row in answers],
        "audit.json": [asdict(row) for row in _audit_rows(connection, case_id)],
    }
    blobs = {f"image.{_SUFFIXES.get(case.media, 'bin')}": desk.images.get(case.image_sha256)}
    if case.mask_sha256 is not None:
        blobs["mask_model.png"] = desk.masks.get(case.mask_sha256)
    for outline in outlines:
        if outline.mask_sha256 is not None:
            blobs[f"mask_outline_{outline.id}.png"] = desk.masks.get(outline.mask_sha256)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in documents.items():
            text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
            archive.writestr(f"case-{case_id}/{name}", text + "\n")
        for name, data in blobs.items():
            archive.writestr(f"case-{case_id}/{name}", data, zipfile.ZIP_STORED)
    return buffer.getvalue()


def _audit_rows(connection: Connection, case_id: str) -> list[Any]:
    numbers = connection.execute(
        select(audit.c.seq).where(audit.c.subject == f"case {case_id}").order_by(audit.c.seq)
    ).scalars()
    return [list_audit(connection, after=seq - 1, limit=1)[0] for seq in numbers]
