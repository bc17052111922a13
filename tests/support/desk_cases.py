"""A store and cases for it, without a model: answers are made by hand."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sonolesion.store.cases import (
    CaseAnswer,
    CaseRecord,
    NewCase,
    add_case,
    answer_case,
    claim_case,
)
from sonolesion.store.database import Desk


def png(level: int = 100, *, shape: tuple[int, int] = (40, 50)) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full(shape, level, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def row(*, malignant: float = 0.2, **more: Any) -> dict[str, Any]:
    """The fields of a prediction row that store and list look at."""
    values: dict[str, Any] = {
        "label": "malignant" if malignant > 0.5 else "benign",
        "confidence": max(malignant, 1 - malignant),
        "class_prob": {"normal": 0.0, "benign": 1 - malignant, "malignant": malignant},
        "unsure": False,
        "malignant_alert": False,
        "disagreement": False,
        "mask_px": 10,
        "width_px": 50,
        "height_px": 40,
        "spacing_mm": None,
        "lesions": [],
        "bundle": "tiny 0.1",
        "notes": [],
    }
    return values | more


def add_waiting(desk: Desk, level: int = 100, **more: Any) -> CaseRecord:
    with desk.writing() as connection:
        return add_case(connection, desk, NewCase(data=png(level), media="image/png", **more))


def add_read_case(
    desk: Desk, level: int = 100, *, malignant: float = 0.2, **more: Any
) -> CaseRecord:
    """A case that was answered; `more` goes into the row."""
    from sonolesion.store.cases import get_case

    case = add_waiting(desk, level)
    answer = CaseAnswer(
        row=row(malignant=malignant, **more),
        notes=(),
        n_warnings=0,
        mask_png=png(255),
        picture_png=png(level),
        bundle="tiny 0.1",
        bundle_sha256="a" * 64,
    )
    with desk.writing() as connection:
        claimed = claim_case(connection)
        assert claimed is not None
        assert claimed.id == case.id
        assert answer_case(connection, desk, claimed, answer)
        return get_case(connection, case.id)


def files_of(folder: Path) -> set[str]:
    return {p.stem for p in folder.glob("??/*.bin")}
