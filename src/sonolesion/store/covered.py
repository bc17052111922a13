"""Which cases' answers are still covered for a reader: the one rule that every list follows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, exists, false, or_, select, true

from sonolesion.store.reads import ReadKind
from sonolesion.store.settings import read_settings
from sonolesion.store.studies import plan_read_alone
from sonolesion.store.tables import case, read_event


def covered_for(connection: Connection, reader: str | None) -> ColumnElement[bool]:
    """Return the condition on the case table: this reader may not see the model's answer yet.

    While `own_read_first` holds: there is no own read of theirs. Always: they still have to read
    the case alone in a study. For one who does not say who they are, all cases while
    `own_read_first` holds, else none.
    """
    is_own_first = read_settings(connection).own_read_first
    if reader is None:
        return true() if is_own_first else false()
    is_in_study = case.c.id.in_(select(plan_read_alone(reader).c.case_id))
    if not is_own_first:
        return is_in_study
    own_reads = select(read_event.c.id).where(
        read_event.c.case_id == case.c.id,
        read_event.c.reader == reader,
        read_event.c.kind == ReadKind.OWN_READ.value,
    )
    return or_(~exists(own_reads), is_in_study)


def covered_among(
    connection: Connection, case_ids: Sequence[str], reader: str | None
) -> frozenset[str]:
    """Return which of some cases (a page of a list) are covered for a reader."""
    chosen = select(case.c.id).where(case.c.id.in_(case_ids), covered_for(connection, reader))
    return frozenset(connection.execute(chosen).scalars())
