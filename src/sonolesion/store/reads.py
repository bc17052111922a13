"""Reads: what one reader saw and said of a case, as events that are never changed.

::

    opened --> own_read --> uncovered --> final_read
                  ^ a changed mind before and after is another row, and all of them are kept

While `own_read_first` holds, the model's answer is uncovered only after an own read, and there is
no own read after it was uncovered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from sonolesion.errors import ConflictError, OwnReadFirstError
from sonolesion.store.audit import append_audit
from sonolesion.store.cases import CaseState, get_case
from sonolesion.store.clock import now_text
from sonolesion.store.tables import read_event

Line = Sequence[Sequence[float]]
"""Points (row, col) in px."""

BIRADS = ("0", "1", "2", "3", "4", "4A", "4B", "4C", "5", "6")
"""Categories of the BI-RADS atlas that a reader may give."""


class ReadKind(StrEnum):
    """What happened."""

    OPENED = "opened"
    OWN_READ = "own_read"
    UNCOVERED = "uncovered"
    FINAL_READ = "final_read"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRead:
    """One event.

    Attributes:
        reader: who.
        kind: what.
        birads: category, one of `BIRADS`; None where none was given.
        malignant_percent: the reader's own probability of malignant, 0 to 100.
        seconds: since the reader opened the case (own read) or uncovered it (final read).
        decision: of a final read: "kept" or "changed", against the own read; None where there
            was none.
        calipers_px: lines that the reader drew, each with two ends (row, col).
        outline_px: outlines that the reader drew, each with its points (row, col).
    """

    reader: str
    kind: ReadKind
    birads: str | None = None
    malignant_percent: float | None = None
    seconds: float | None = None
    decision: str | None = None
    calipers_px: Sequence[Line] = ()
    outline_px: Sequence[Line] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEvent:
    """One row; see `NewRead`.

    Attributes:
        id: its number.
        case_id: of which case.
        at: when.
        bundle_sha256: of the bundle whose answer was there at that time; None for none.
    """

    id: int
    case_id: str
    reader: str
    kind: ReadKind
    at: str
    birads: str | None
    malignant_percent: float | None
    seconds: float | None
    decision: str | None
    calipers_px: tuple[Line, ...]
    outline_px: tuple[Line, ...]
    bundle_sha256: str | None


def add_read(
    connection: Connection, case_id: str, new: NewRead, *, own_read_first: bool
) -> ReadEvent:
    """Keep an event; it is on the disk when the transaction has ended.

    Raises:
        NotFoundError: no such case.
        OwnReadFirstError: uncovered, or a final read, before an own read.
        ConflictError: an own read after the answer was uncovered, or an answer is uncovered that
            is not there.
    """
    of_case = get_case(connection, case_id)
    kinds = read_kinds(connection, case_id, new.reader)
    if own_read_first:
        if new.kind in (ReadKind.UNCOVERED, ReadKind.FINAL_READ):
            require_own_read(connection, case_id, new.reader)
        if new.kind is ReadKind.OWN_READ and ReadKind.UNCOVERED in kinds:
            raise ConflictError(
                "the model's answer was uncovered already: what is read now is no own read. "
                "Send it as final_read."
            )
    if new.kind is ReadKind.UNCOVERED and of_case.state is not CaseState.READ:
        raise ConflictError("the model has not read this case (yet): nothing to uncover.")
    values = asdict(new) | {
        "kind": new.kind.value,
        "calipers_px": list(new.calipers_px) or None,
        "outline_px": list(new.outline_px) or None,
    }
    result = connection.execute(
        insert(read_event).values(
            **values, case_id=case_id, at=now_text(), bundle_sha256=of_case.bundle_sha256
        )
    )
    (event_id,) = result.inserted_primary_key or (0,)
    detail = {"event": int(event_id)}
    action = f"read.{new.kind.value}"
    append_audit(connection, action, f"case {case_id}", actor=new.reader, detail=detail)
    found = connection.execute(select(read_event).where(read_event.c.id == event_id)).one()
    return _event(found)


def list_reads(
    connection: Connection, case_id: str, *, reader: str | None = None
) -> tuple[ReadEvent, ...]:
    """Return the events of a case, oldest first; of one reader, or of all.

    Raises:
        NotFoundError: no such case.
    """
    get_case(connection, case_id)
    chosen = select(read_event).where(read_event.c.case_id == case_id).order_by(read_event.c.id)
    if reader is not None:
        chosen = chosen.where(read_event.c.reader == reader)
    return tuple(_event(row) for row in connection.execute(chosen))


def read_kinds(connection: Connection, case_id: str, reader: str) -> frozenset[ReadKind]:
    """Return which kinds of event a reader has of a case."""
    found = connection.execute(
        select(read_event.c.kind)
        .where(read_event.c.case_id == case_id, read_event.c.reader == reader)
        .distinct()
    )
    return frozenset(ReadKind(kind) for kind in found.scalars())


def kinds_by_case(connection: Connection, reader: str) -> dict[str, frozenset[ReadKind]]:
    """Return which kinds of event a reader has, case by case; none is in it without an event."""
    found = connection.execute(
        select(read_event.c.case_id, read_event.c.kind)
        .where(read_event.c.reader == reader)
        .distinct()
    )
    kinds: dict[str, set[ReadKind]] = {}
    for case_id, kind in found:
        kinds.setdefault(case_id, set()).add(ReadKind(kind))
    return {case_id: frozenset(of_case) for case_id, of_case in kinds.items()}


def require_own_read(connection: Connection, case_id: str, reader: str | None) -> None:
    """Check that a reader has read a case on their own.

    Args:
        connection: any.
        case_id: the case.
        reader: who asks; None for one who does not say.

    Raises:
        OwnReadFirstError: not yet.
    """
    if reader is None or ReadKind.OWN_READ not in read_kinds(connection, case_id, reader):
        raise OwnReadFirstError(
            "the model's answer is given after the reader's own read: send an own_read for this "
            "case first and name the same reader, or switch own_read_first off in the settings."
        )


def _event(row: Row[Any]) -> ReadEvent:
    values = dict(row._mapping)
    values["kind"] = ReadKind(values["kind"])
    for name in ("calipers_px", "outline_px"):
        values[name] = tuple(values[name] or ())
    return ReadEvent(**values)
