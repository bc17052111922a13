"""What `sonolesion listen --status` says: counts, and the last refusals. No name, no UID."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from sonolesion.node.queue import READ, SEND
from sonolesion.node.refusal import QUIET
from sonolesion.store.database import Desk
from sonolesion.store.queue import QueueState, count_items
from sonolesion.store.tables import queue

_LAST = 20
_WORDS = {
    QueueState.WAITING: "waiting",
    QueueState.WORKING: "in work",
    QueueState.DONE: "done",
    QueueState.REFUSED: "refused",
    QueueState.FAILED: "given up",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """An object or result that was refused, was given up, or waits after a failure.

    Attributes:
        at: when, in UTC.
        object: short hash of the object's UID.
        what: "object", or "seg", "sr", "sc" for a result.
        state: "refused", "given up" or "waiting".
        reason: a word of `Reason`.
        code: of the error.
        message: a sentence.
    """

    at: str
    object: str
    what: str
    state: str
    reason: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Status:
    """Counts by state of objects and results, and the last troubles, newest first."""

    objects: dict[str, int]
    results: dict[str, int]
    troubles: tuple[Trouble, ...]


def read_status(desk: Desk) -> Status:
    """Read the status of the node that works on a store, whether it runs or not.

    Raises:
        StoreError: the store cannot be read.
    """
    troubled = (
        select(queue)
        .where(queue.c.kind.in_((READ, SEND)), queue.c.error_message.is_not(None))
        .where(queue.c.state.in_([QueueState.REFUSED, QueueState.FAILED, QueueState.WAITING]))
        .where(queue.c.detail["reason"].as_string().not_in(list(QUIET)))
        .order_by(queue.c.changed_at.desc(), queue.c.id.desc())
        .limit(_LAST)
    )
    with desk.reading() as connection:
        counts = count_items(connection)
        rows = connection.execute(troubled).all()
    return Status(
        objects={word: counts.get((READ, state), 0) for state, word in _WORDS.items()},
        results={word: counts.get((SEND, state), 0) for state, word in _WORDS.items()},
        troubles=tuple(
            Trouble(
                at=row.changed_at,
                object=str(row.detail["object"]),
                what=str(row.detail.get("kind", "object")),
                state=_WORDS[QueueState(row.state)],
                reason=str(row.detail.get("reason", "")),
                code=str(row.error_code or ""),
                message=str(row.error_message),
            )
            for row in rows
        ),
    )
