"""A queue that outlives a kill: what the DICOM node still has to read and to send.

::

    add_item ----> waiting --claim_item--> working --finish_item--> done
                      ^                      | |----refuse_item---> refused
                      |----- put_back -------| '-----fail_item----> failed
                      (after a pause)

`key` is unique for ever, so that one thing is done once, however often it comes in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from sonolesion.errors import NotFoundError, SonolesionError
from sonolesion.store.clock import now_text
from sonolesion.store.tables import queue


class QueueState(StrEnum):
    """What has become of an item."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """Something to be done once.

    Attributes:
        key: what it is, unique; a hash or an UID, without a patient's data.
        kind: what is to be done, e.g. "read" or "send".
        file_sha256: a file of `desk.images` that it needs; kept while the item is there.
        destination: where to, e.g. an AE title as the configuration names it.
        detail: whatever else it needs, as JSON values, without a patient's data.
    """

    key: str
    kind: str
    file_sha256: str | None = None
    destination: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItem:
    """One row.

    Attributes:
        id: its number.
        key, kind, file_sha256, destination, detail: see `NewItem`.
        state: see the module.
        attempts: how often it was claimed.
        not_before: it is not claimed before this time.
        created_at, changed_at: times.
        error_code, error_message: of the last attempt that went wrong.
    """

    id: int
    key: str
    kind: str
    state: QueueState
    attempts: int
    not_before: str
    created_at: str
    changed_at: str
    file_sha256: str | None
    destination: str
    detail: Mapping[str, Any]
    error_code: str | None
    error_message: str | None


def add_item(connection: Connection, new: NewItem) -> QueueItem | None:
    """Add an item that waits; None, and nothing added, where its key is there in any state."""
    if connection.execute(select(queue.c.id).where(queue.c.key == new.key)).first() is not None:
        return None
    at = now_text()
    result = connection.execute(
        insert(queue).values(
            key=new.key,
            kind=new.kind,
            state=QueueState.WAITING.value,
            not_before=at,
            created_at=at,
            changed_at=at,
            file_sha256=new.file_sha256,
            destination=new.destination,
            detail=dict(new.detail),
        )
    )
    (item_id,) = result.inserted_primary_key or (0,)
    return get_item(connection, int(item_id))


def get_item(connection: Connection, item_id: int) -> QueueItem:
    """Return one item.

    Raises:
        NotFoundError: there is none of this number.
    """
    found = connection.execute(select(queue).where(queue.c.id == item_id)).first()
    if found is None:
        raise NotFoundError("there is no such item in the queue.")
    return _item(found)


def claim_item(
    connection: Connection, kind: str, *, destination: str | None = None
) -> QueueItem | None:
    """Take the waiting item whose time came first, and count the attempt; None where none waits.

    Args:
        connection: a writing one.
        kind: of the item.
        destination: only items to there; None for any.
    """
    chosen = (
        select(queue.c.id)
        .where(
            queue.c.state == QueueState.WAITING.value,
            queue.c.kind == kind,
            queue.c.not_before <= now_text(),
        )
        .order_by(queue.c.not_before, queue.c.id)
        .limit(1)
    )
    if destination is not None:
        chosen = chosen.where(queue.c.destination == destination)
    item_id = connection.execute(chosen).scalar()
    if item_id is None:
        return None
    _set(connection, item_id, state=QueueState.WORKING.value, attempts=queue.c.attempts + 1)
    return get_item(connection, item_id)


def finish_item(
    connection: Connection, item_id: int, *, detail: Mapping[str, Any] | None = None
) -> None:
    """Say that an item is done; `detail`, where given, takes the place of its own."""
    values: dict[str, Any] = {} if detail is None else {"detail": dict(detail)}
    _set(
        connection, item_id, state=QueueState.DONE.value, error_code=None, error_message=None,
        **values,
    )  # fmt: skip


def put_back(
    connection: Connection, item_id: int, *, after_s: float, error: SonolesionError | None = None
) -> None:
    """Let an item wait again, for `after_s` seconds at least."""
    _set(
        connection,
        item_id,
        state=QueueState.WAITING.value,
        not_before=now_text(after_s),
        **_error(error),
    )


def refuse_item(connection: Connection, item_id: int, error: SonolesionError) -> None:
    """Say that an item can never be done, and why; no value of a tag in the message."""
    _set(connection, item_id, state=QueueState.REFUSED.value, **_error(error))


def fail_item(connection: Connection, item_id: int, error: SonolesionError) -> None:
    """Say that an item was tried often enough, and what went wrong the last time."""
    _set(connection, item_id, state=QueueState.FAILED.value, **_error(error))


def release_items(connection: Connection) -> int:
    """Let what was being done when the node was killed wait again; return how many."""
    return connection.execute(
        update(queue)
        .where(queue.c.state == QueueState.WORKING.value)
        .values(state=QueueState.WAITING.value, changed_at=now_text())
    ).rowcount


def retry_failed(connection: Connection) -> int:
    """Let all failed items wait again, e.g. when a PACS is back; return how many."""
    at = now_text()
    return connection.execute(
        update(queue)
        .where(queue.c.state == QueueState.FAILED.value)
        .values(state=QueueState.WAITING.value, attempts=0, not_before=at, changed_at=at)
    ).rowcount


def list_items(
    connection: Connection,
    *,
    state: QueueState | None = None,
    kind: str | None = None,
    limit: int = 100,
) -> tuple[QueueItem, ...]:
    """Return the items that changed last, newest first."""
    chosen = select(queue).order_by(queue.c.changed_at.desc(), queue.c.id.desc()).limit(limit)
    if state is not None:
        chosen = chosen.where(queue.c.state == state.value)
    if kind is not None:
        chosen = chosen.where(queue.c.kind == kind)
    return tuple(_item(row) for row in connection.execute(chosen))


def count_items(connection: Connection) -> dict[tuple[str, QueueState], int]:
    """Return how many items there are by kind and state; what there is none of is not in it."""
    chosen = select(queue.c.kind, queue.c.state, func.count()).group_by(queue.c.kind, queue.c.state)
    return {(kind, QueueState(state)): n for kind, state, n in connection.execute(chosen)}


def _set(connection: Connection, item_id: int, **values: Any) -> None:
    connection.execute(
        update(queue).where(queue.c.id == item_id).values(**values, changed_at=now_text())
    )


def _error(error: SonolesionError | None) -> dict[str, str | None]:
    if error is None:
        return {"error_code": None, "error_message": None}
    return {"error_code": error.code, "error_message": error.message[:2000]}


def _item(row: Row[Any]) -> QueueItem:
    values = dict(row._mapping)
    return QueueItem(**values | {"state": QueueState(values["state"])})
