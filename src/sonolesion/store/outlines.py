"""Outlines that readers edited: each version is kept, the newest one counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from sonolesion.errors import NotFoundError
from sonolesion.store.audit import append_audit
from sonolesion.store.cases import get_case
from sonolesion.store.clock import now_text
from sonolesion.store.database import Desk
from sonolesion.store.tables import outline

FROM_MODEL, FROM_NOTHING = "prediction", "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOutline:
    """An edited outline.

    Attributes:
        reader: who drew it.
        mask_png: a PNG of the picture's size, as a worker encoded it.
        area_px: pixels of the mask.
        measured: lesions of the mask as JSON: `lesions`, `n_specks`, `spacing_mm`.
    """

    reader: str
    mask_png: bytes
    area_px: int
    measured: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineRecord:
    """One version.

    Attributes:
        id: its number.
        case_id: of which case.
        reader: who drew it.
        at: when.
        based_on: "prediction", "nothing" where the model had none, or the number of the outline
            before.
        mask_sha256: its file; None where the reader went back to the model's outline.
        area_px: pixels of the mask.
        measured: see `NewOutline`.
    """

    id: int
    case_id: str
    reader: str
    at: str
    based_on: str
    mask_sha256: str | None
    area_px: int
    measured: Mapping[str, Any] | None


def add_outline(connection: Connection, desk: Desk, case_id: str, new: NewOutline) -> OutlineRecord:
    """Keep an outline as the newest of its case; call `desk.masks.put` before the transaction.

    Raises:
        NotFoundError: no such case.
        OutputWriteError: the file cannot be written.
    """
    digest = desk.masks.put(new.mask_png)
    record = _insert(
        connection, case_id, new.reader, digest, area_px=new.area_px, measured=dict(new.measured)
    )
    detail = {"outline": record.id, "mask_sha256": digest}
    subject = f"case {case_id}"
    append_audit(connection, "outline.drawn", subject, actor=new.reader, detail=detail)
    return record


def withdraw_outline(connection: Connection, case_id: str, *, reader: str) -> None:
    """Go back to the model's outline; the versions before stay.

    Raises:
        NotFoundError: no such case, or no edited outline.
    """
    if newest_outline(connection, case_id) is None:
        raise NotFoundError("this case has no edited outline.")
    record = _insert(connection, case_id, reader, None, area_px=0, measured=None)
    detail = {"outline": record.id}
    append_audit(connection, "outline.withdrawn", f"case {case_id}", actor=reader, detail=detail)


def newest_outline(connection: Connection, case_id: str) -> OutlineRecord | None:
    """Return the edited outline that counts; None where the model's does.

    Raises:
        NotFoundError: no such case.
    """
    get_case(connection, case_id)
    found = connection.execute(
        select(outline).where(outline.c.case_id == case_id).order_by(outline.c.id.desc()).limit(1)
    ).first()
    return None if found is None or found.mask_sha256 is None else _record(found)


def list_outlines(connection: Connection, case_id: str) -> tuple[OutlineRecord, ...]:
    """Return all versions, oldest first, goings back to the model's among them.

    Raises:
        NotFoundError: no such case.
    """
    get_case(connection, case_id)
    rows = connection.execute(
        select(outline).where(outline.c.case_id == case_id).order_by(outline.c.id)
    )
    return tuple(_record(row) for row in rows)


def cases_with_outline(connection: Connection) -> frozenset[str]:
    """Return the ids of the cases whose edited outline counts."""
    newest = select(func.max(outline.c.id)).group_by(outline.c.case_id)
    found = connection.execute(
        select(outline.c.case_id).where(
            outline.c.id.in_(newest), outline.c.mask_sha256.is_not(None)
        )
    )
    return frozenset(found.scalars())


def _insert(
    connection: Connection,
    case_id: str,
    reader: str,
    digest: str | None,
    *,
    area_px: int,
    measured: dict[str, Any] | None,
) -> OutlineRecord:
    before = newest_outline(connection, case_id)
    of_case = get_case(connection, case_id)
    model = FROM_NOTHING if of_case.mask_sha256 is None else FROM_MODEL
    result = connection.execute(
        insert(outline).values(
            case_id=case_id,
            reader=reader,
            at=now_text(),
            based_on=model if before is None else str(before.id),
            mask_sha256=digest,
            area_px=area_px,
            measured=measured,
        )
    )
    (number,) = result.inserted_primary_key or (0,)
    return _record(connection.execute(select(outline).where(outline.c.id == number)).one())


def _record(row: Row[Any]) -> OutlineRecord:
    return OutlineRecord(**dict(row._mapping))
