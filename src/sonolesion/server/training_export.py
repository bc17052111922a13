"""Corrected outlines as a data set in BUSI's layout, so that they can become training data."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy import Connection

from sonolesion.files import csv_text
from sonolesion.server.case_tables import last_probability
from sonolesion.store.cases import CaseQuery, CaseRecord, CaseState, list_cases
from sonolesion.store.covered import covered_among
from sonolesion.store.database import Desk
from sonolesion.store.outlines import newest_outline
from sonolesion.types import RESEARCH_USE_ONLY, LesionClass

LABEL_COLUMNS = ("file", "case", "class", "class_from", "outline_from", "outline_reader")
_EVEN_PERCENT = 50.0
_PAGE = 500
_README = (
    "Images and masks of a reading desk, in the layout of BUSI; `sonolesion prepare` reads it.\n"
    "labels.csv says where each class comes from. A reader's opinion or the model's answer is no\n"
    "pathology: put the classes right before you train on them.\n"
    f"{RESEARCH_USE_ONLY}\n"
)


@dataclass(frozen=True, slots=True)
class _Labelled:
    """A case with its class and where that comes from."""

    label: LesionClass
    source: str


def write_training_set(desk: Desk, out: BinaryIO, *, reader: str | None, only_edited: bool) -> int:
    """Write a zip with ``CLASS/CLASS (n).png`` and its ``_mask.png``; return the number of images.

    The class: normal where the outline is empty; else malignant or benign by the last probability
    that a reader gave (50 % or more is malignant); else the model's own.

    Args:
        desk: the store.
        out: where the zip goes.
        reader: who asks; cases whose answer is still covered for them are left out.
        only_edited: cases whose outline a reader edited; else every case that was read, the
            others with the model's outline.

    Raises:
        StoreError: a file is missing or was changed.
    """
    rows: list[dict[str, object]] = []
    counts = dict.fromkeys(LesionClass, 0)
    with desk.reading() as connection, zipfile.ZipFile(out, "w") as archive:
        for label in LesionClass:  # `prepare` wants all three folders, also for a set without one
            archive.mkdir(label.value)
        offset = n_held_back = 0
        while cases := list_cases(
            connection, CaseQuery(state=CaseState.READ, offset=offset, limit=_PAGE)
        ):
            offset += len(cases)
            covered = covered_among(connection, [case.id for case in cases], reader)
            n_held_back += len(covered)
            for case in cases:
                if case.id in covered:
                    continue
                outline = newest_outline(connection, case.id)
                if outline is None and only_edited:
                    continue
                area_px = case.prediction["mask_px"] if case.prediction else 0
                digest = case.mask_sha256
                if outline is not None:
                    area_px, digest = outline.area_px, outline.mask_sha256
                if digest is None or case.picture_sha256 is None:
                    continue
                found = _label(connection, case, has_lesion=area_px > 0)
                counts[found.label] += 1
                stem = f"{found.label.value}/{found.label.value} ({counts[found.label]})"
                archive.writestr(f"{stem}.png", desk.pictures.get(case.picture_sha256))
                archive.writestr(f"{stem}_mask.png", desk.masks.get(digest))
                rows.append(
                    {
                        "file": f"{stem}.png",
                        "case": case.id,
                        "class": found.label.value,
                        "class_from": found.source,
                        "outline_from": "model" if outline is None else "reader",
                        "outline_reader": "" if outline is None else outline.reader,
                    }
                )
        archive.writestr("labels.csv", csv_text(LABEL_COLUMNS, rows))
        archive.writestr("README.txt", _README + _held_back_text(n_held_back))
    return len(rows)


def _held_back_text(n_held_back: int) -> str:
    if not n_held_back:
        return ""
    return (
        f"{n_held_back} cases are left out: the reader who asked has not read them yet, and the\n"
        "model's answer comes after the own read (the switch own_read_first).\n"
    )


def _label(connection: Connection, case: CaseRecord, *, has_lesion: bool) -> _Labelled:
    if not has_lesion:
        return _Labelled(LesionClass.NORMAL, "empty outline")
    percent = last_probability(connection, case.id)
    if percent is not None:
        is_malignant = percent >= _EVEN_PERCENT
        label = LesionClass.MALIGNANT if is_malignant else LesionClass.BENIGN
        return _Labelled(label, "reader's probability")
    row = case.prediction or {}
    label = LesionClass(row["label"])
    return _Labelled(LesionClass.BENIGN if label is LesionClass.NORMAL else label, "model")
