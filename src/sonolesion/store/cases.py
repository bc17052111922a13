"""Cases: one uploaded image each, what was predicted of it, and which one comes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from sonolesion.errors import InvalidInputError, NotFoundError, SonolesionError
from sonolesion.store.audit import SYSTEM, append_audit
from sonolesion.store.clock import new_id, now_text
from sonolesion.store.database import Desk
from sonolesion.store.tables import case
from sonolesion.store.urgency import UNSURE_URGENCY, urgency_of


class CaseState(StrEnum):
    """What has become of a case."""

    WAITING = "waiting"
    READING = "reading"
    READ = "read"
    REFUSED = "refused"


class CaseOrder(StrEnum):
    """How a work list is sorted."""

    URGENCY = "urgency"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """An image that comes in.

    Attributes:
        data: the file's bytes.
        media: what it seems to be, e.g. "image/png" or "application/dicom"; by its first bytes.
        label: what the user typed; never a file name or a tag by itself.
        frame, view: which image of the file, from 1; None for the only one.
        spacing_mm: size of a pixel (row, col) by hand; None for what the file says.
        earlier_id: the case of the earlier visit.
    """

    data: bytes
    media: str
    label: str = ""
    frame: int | None = None
    view: int | None = None
    spacing_mm: tuple[float, float] | None = None
    earlier_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAnswer:
    """What was predicted of a case.

    Attributes:
        row: the documented prediction row.
        notes: what reader of the file and gate remarked; says nothing of the answer.
        n_warnings: how many of them are the gate's.
        mask_png: the mask.
        picture_png: the image as 8-bit grey at the mask's size.
        bundle: name and version.
        bundle_sha256: of the bundle's graph.
    """

    row: Mapping[str, Any]
    notes: tuple[str, ...]
    n_warnings: int
    mask_png: bytes
    picture_png: bytes
    bundle: str
    bundle_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRecord:
    """One row of the case table.

    Attributes:
        id: 16 hex digits.
        created_at, changed_at: times.
        label: what the user typed.
        image_sha256, image_bytes, media: the upload.
        frame, view: which image of the file.
        spacing_mm: size of a pixel (row, col) by hand.
        earlier_id: the case of the earlier visit.
        state: waiting, reading, read or refused.
        bundle, bundle_sha256: what predicted it; None before.
        prediction: the documented row; None before.
        notes: remarks on the image; empty before.
        mask_sha256, picture_sha256: its files; None before.
        urgency: 0 to 1, see `store.urgency`; None before.
        error_code, error_message: why it was refused.
    """

    id: str
    created_at: str
    changed_at: str
    label: str
    image_sha256: str
    image_bytes: int
    media: str
    frame: int | None
    view: int | None
    spacing_mm: tuple[float, float] | None
    earlier_id: str | None
    state: CaseState
    bundle: str | None
    bundle_sha256: str | None
    prediction: Mapping[str, Any] | None
    notes: tuple[str, ...]
    mask_sha256: str | None
    picture_sha256: str | None
    urgency: float | None
    error_code: str | None
    error_message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseQuery:
    """Which cases, in which order.

    Attributes:
        order: most urgent or newest first.
        state: only cases in this state; None for all.
        text: part of the label or of the id, any letter case; empty for all.
        offset, limit: which part of the list.
    """

    order: CaseOrder = CaseOrder.TIME
    state: CaseState | None = None
    text: str = ""
    offset: int = 0
    limit: int = 100


def add_case(
    connection: Connection, desk: Desk, new: NewCase, *, actor: str = SYSTEM
) -> CaseRecord:
    """Keep an upload as a new waiting case; the same bytes twice are two cases and one file.

    Call `desk.images.put` before the transaction: forcing a large file to the disk would hold up
    other writers. It is checked here again, for a removal may have come between.

    Raises:
        NotFoundError: there is no case `earlier_id`.
        OutputWriteError: the file cannot be written.
    """
    if new.earlier_id is not None:
        get_case(connection, new.earlier_id)
    row, col = new.spacing_mm or (None, None)
    case_id, at = new_id(), now_text()
    connection.execute(
        insert(case).values(
            id=case_id,
            created_at=at,
            changed_at=at,
            label=new.label,
            image_sha256=desk.images.put(new.data),
            image_bytes=len(new.data),
            media=new.media,
            frame=new.frame,
            view=new.view,
            hand_row_mm=row,
            hand_col_mm=col,
            earlier_id=new.earlier_id,
            state=CaseState.WAITING.value,
        )
    )
    append_audit(connection, "case.added", f"case {case_id}", actor=actor)
    return get_case(connection, case_id)


def get_case(connection: Connection, case_id: str) -> CaseRecord:
    """Return one case.

    Raises:
        NotFoundError: there is none of this id.
    """
    found = connection.execute(select(case).where(case.c.id == case_id)).first()
    if found is None:
        raise NotFoundError("there is no such case. It may have been removed.")
    return _record(found)


def list_cases(connection: Connection, query: CaseQuery) -> tuple[CaseRecord, ...]:
    """Return the cases of a query; empty where there is none."""
    order: Sequence[ColumnElement[Any]] = (case.c.created_at.desc(), case.c.id)
    if query.order is CaseOrder.URGENCY:
        order = (case.c.urgency.desc().nulls_last(), *order)
    chosen = select(case).where(*_conditions(query)).order_by(*order)
    rows = connection.execute(chosen.offset(query.offset).limit(query.limit))
    return tuple(_record(row) for row in rows)


def count_cases(connection: Connection, query: CaseQuery) -> int:
    """Return how many cases a query has in all, whatever its offset and limit."""
    chosen = select(func.count()).select_from(case).where(*_conditions(query))
    return connection.execute(chosen).scalar_one()


def count_states(connection: Connection) -> dict[CaseState, int]:
    """Return how many cases are in each state; 0 for none."""
    rows = connection.execute(select(case.c.state, func.count()).group_by(case.c.state))
    found = {str(state): int(count) for state, count in rows}
    return {state: found.get(state.value, 0) for state in CaseState}


def claim_case(connection: Connection) -> CaseRecord | None:
    """Take the oldest waiting case to be read; None where none waits."""
    oldest = (
        select(case.c.id)
        .where(case.c.state == CaseState.WAITING.value)
        .order_by(case.c.created_at, case.c.id)
        .limit(1)
    )
    case_id = connection.execute(oldest).scalar()
    if case_id is None:
        return None
    _set(connection, case_id, state=CaseState.READING.value)
    return get_case(connection, case_id)


def release_cases(connection: Connection) -> int:
    """Let cases that were being read when the server was killed wait again; return how many."""
    return connection.execute(
        update(case)
        .where(case.c.state == CaseState.READING.value)
        .values(state=CaseState.WAITING.value, changed_at=now_text())
    ).rowcount


def answer_case(
    connection: Connection,
    desk: Desk,
    claimed: CaseRecord,
    answer: CaseAnswer,
    *,
    actor: str = SYSTEM,
) -> bool:
    """Keep what was predicted of a claimed case.

    False, and nothing kept, where the case was removed meanwhile or waits again with another scale.
    """
    if not _is_still_claimed(connection, claimed):
        return False
    _set(
        connection,
        claimed.id,
        state=CaseState.READ.value,
        bundle=answer.bundle,
        bundle_sha256=answer.bundle_sha256,
        prediction=dict(answer.row),
        notes=list(answer.notes),
        mask_sha256=desk.masks.put(answer.mask_png),
        picture_sha256=desk.pictures.put(answer.picture_png),
        urgency=urgency_of(answer.row, n_warnings=answer.n_warnings),
        error_code=None,
        error_message=None,
    )
    detail = {"bundle": answer.bundle, "bundle_sha256": answer.bundle_sha256}
    append_audit(connection, "case.read", f"case {claimed.id}", actor=actor, detail=detail)
    return True


def refuse_case(
    connection: Connection, claimed: CaseRecord, error: SonolesionError, *, actor: str = SYSTEM
) -> bool:
    """Keep why a claimed case cannot be read; False as in `answer_case`."""
    if not _is_still_claimed(connection, claimed):
        return False
    _set(
        connection,
        claimed.id,
        state=CaseState.REFUSED.value,
        urgency=UNSURE_URGENCY,
        error_code=error.code,
        error_message=error.message[:2000],
    )
    detail = {"error": error.code}
    append_audit(connection, "case.refused", f"case {claimed.id}", actor=actor, detail=detail)
    return True


def read_again(connection: Connection, case_id: str, *, actor: str = SYSTEM) -> CaseRecord:
    """Let a case wait for another prediction; its reads and outlines stay."""
    record = get_case(connection, case_id)
    if record.state is not CaseState.READING:
        _set(connection, case_id, state=CaseState.WAITING.value)
    append_audit(connection, "case.again", f"case {case_id}", actor=actor)
    return get_case(connection, case_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChange:
    """What of a case is to be changed; a field that is None stays.

    Attributes:
        label: what the user typed.
        spacing_mm: size of a pixel (row, col) by hand; the case is then predicted again.
        forget_spacing: take what the file says instead.
        earlier_id: the case of the earlier visit; "" for none.
    """

    label: str | None = None
    spacing_mm: tuple[float, float] | None = None
    forget_spacing: bool = False
    earlier_id: str | None = None


def change_case(
    connection: Connection, case_id: str, change: CaseChange, *, actor: str = SYSTEM
) -> CaseRecord:
    """Change a case; where its scale changes it waits for another prediction.

    Raises:
        NotFoundError: no such case, or no such earlier case.
        InvalidInputError: the earlier case is the case itself.
    """
    before = get_case(connection, case_id)
    values: dict[str, Any] = {}
    if change.label is not None:
        values["label"] = change.label
    if change.earlier_id is not None:
        if change.earlier_id == case_id:
            raise InvalidInputError("earlier: expected another case, got the case itself.")
        if change.earlier_id:
            get_case(connection, change.earlier_id)
        values["earlier_id"] = change.earlier_id or None
    spacing = None if change.forget_spacing else (change.spacing_mm or before.spacing_mm)
    if spacing != before.spacing_mm:
        row, col = spacing or (None, None)
        values |= {"hand_row_mm": row, "hand_col_mm": col, "state": CaseState.WAITING.value}
    if values:
        _set(connection, case_id, **values)
        detail = {"fields": sorted({name.removeprefix("hand_") for name in values})}
        append_audit(connection, "case.changed", f"case {case_id}", actor=actor, detail=detail)
    return get_case(connection, case_id)


def _conditions(query: CaseQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.state is not None:
        found.append(case.c.state == query.state.value)
    if query.text:
        found.append(
            case.c.label.icontains(query.text, autoescape=True)
            | case.c.id.icontains(query.text, autoescape=True)
        )
    return found


def _is_still_claimed(connection: Connection, claimed: CaseRecord) -> bool:
    found = connection.execute(select(case).where(case.c.id == claimed.id)).first()
    if found is None:
        return False
    now = _record(found)
    return now.state is CaseState.READING and now.spacing_mm == claimed.spacing_mm


def _set(connection: Connection, case_id: str, **values: Any) -> None:
    connection.execute(
        update(case).where(case.c.id == case_id).values(**values, changed_at=now_text())
    )


def _record(row: Row[Any]) -> CaseRecord:
    values = dict(row._mapping)
    mm = (values.pop("hand_row_mm"), values.pop("hand_col_mm"))
    values["spacing_mm"] = None if None in mm else mm
    values["state"] = CaseState(values["state"])
    values["notes"] = tuple(values["notes"] or ())
    return CaseRecord(**values)
