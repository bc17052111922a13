"""The queue: what came, how far it is, and what is still to be sent. In SQLite, killed at any time.

An object is known by its SOP Instance UID and the hash of the model that is to read it: what came
again is not answered again. Each method is one transaction.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from enum import Enum

from sqlalchemy import Engine, and_, func, insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or
from sqlalchemy.engine import Row

from sonolesion.node.queue_table import ENTRIES, RESULTS, Entry, ResultRow, State
from sonolesion.node.refusal import QUIET, Reason, Refusal
from sonolesion.node.spool import StoredObject

_MAX_MESSAGE = 500
_OPEN = (State.RECEIVED, State.READ)
_ENTRY = [ENTRIES.c[name] for name in Entry.__dataclass_fields__]
_RESULT = [RESULTS.c[name] for name in ResultRow.__dataclass_fields__]


class Added(Enum):
    """What became of an object that came."""

    NEW = "new"
    KNOWN = "known"
    """It is there already: nothing to do."""
    AGAIN = "again"
    """It was refused or given up before, and comes with other content now: it is tried again."""


class Queue:
    """The queue in an open database. Safe in several threads and processes.

    Args:
        engine: of a database that has the tables.
        clock: seconds since 1970.
    """

    def __init__(self, engine: Engine, *, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._now = clock

    def add(
        self, sop_instance_uid: str, stored: StoredObject, *, bundle_hash: str, came_by: str
    ) -> Added:
        """Enter an object that is on the disk; when this returns, it will be answered."""
        now = self._now()
        key = and_(
            ENTRIES.c.sop_instance_uid == sop_instance_uid, ENTRIES.c.bundle_hash == bundle_hash
        )
        new = insert_or(ENTRIES).values(
            sop_instance_uid=sop_instance_uid, bundle_hash=bundle_hash, came_by=came_by,
            object_sha256=stored.sha256, size_bytes=stored.size_bytes, state=State.RECEIVED,
            came_at=now, changed_at=now, due_at=now,
        ).on_conflict_do_nothing()  # fmt: skip
        again = (
            update(ENTRIES)
            .where(
                key,
                ENTRIES.c.state.in_((State.REFUSED, State.GIVEN_UP)),
                ENTRIES.c.object_sha256 != stored.sha256,
                ENTRIES.c.reason.not_in((*QUIET, Reason.NOT_SENT)),
            )
            .values(
                object_sha256=stored.sha256, size_bytes=stored.size_bytes, state=State.RECEIVED,
                reason="", message="", changed_at=now, due_at=now, attempts=0, files_kept=1,
            )  # fmt: skip
        )
        with self._engine.begin() as connection:
            if connection.execute(new).rowcount:
                return Added.NEW
            if connection.execute(again).rowcount:
                return Added.AGAIN
            count = update(ENTRIES).where(key).values(copies=ENTRIES.c.copies + 1)
            connection.execute(count)
            return Added.KNOWN

    def knows(self, sop_instance_uid: str, *, bundle_hash: str) -> bool:
        """Whether an object need not be fetched: it came before, or it is a result of ours."""
        return self.is_result(sop_instance_uid) or self._exists(
            ENTRIES.c.sop_instance_uid == sop_instance_uid, ENTRIES.c.bundle_hash == bundle_hash
        )

    def has_source(self, sop_instance_uids: Sequence[str]) -> bool:
        """Whether one of these objects came before, whatever became of it."""
        return self._exists(ENTRIES.c.sop_instance_uid.in_(list(sop_instance_uids)))

    def is_result(self, sop_instance_uid: str) -> bool:
        """Whether this is the UID of a result that was made here."""
        query = select(RESULTS.c.id).where(RESULTS.c.sop_instance_uid == sop_instance_uid)
        with self._engine.connect() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def next_to_read(self) -> Entry | None:
        """Return the oldest entry that is to be read now; None where there is none."""
        query = (
            select(*_ENTRY)
            .where(ENTRIES.c.state == State.RECEIVED, ENTRIES.c.due_at <= self._now())
            .order_by(ENTRIES.c.due_at, ENTRIES.c.id)
            .limit(1)
        )
        with self._engine.connect() as connection:
            found = connection.execute(query).first()
        return None if found is None else _entry(found)

    def keep_results(self, entry_id: int, results: Sequence[tuple[str, str, str]]) -> None:
        """Note that an entry was read.

        Args:
            entry_id: the entry.
            results: file name, SOP class and SOP Instance UID of each, in order of sending.
        """
        rows = [
            {"entry_id": entry_id, "file": f, "sop_class_uid": c, "sop_instance_uid": i}
            for f, c, i in results
        ]
        with self._engine.begin() as connection:
            connection.execute(RESULTS.delete().where(RESULTS.c.entry_id == entry_id))
            connection.execute(insert(RESULTS), rows)
            connection.execute(self._change(entry_id, State.READ, attempts=0))

    def refuse(self, entry_id: int, refusal: Refusal) -> None:
        """Note that an entry gets no answer."""
        self._set(entry_id, State.REFUSED, **_describe(refusal))

    def give_up(self, entry_id: int, refusal: Refusal) -> None:
        """Note that an entry was tried long enough."""
        self._set(entry_id, State.GIVEN_UP, **_describe(refusal))

    def postpone(self, entry: Entry, *, wait_s: float, message: str) -> None:
        """Count an attempt that failed, and try again later."""
        change = (
            update(ENTRIES)
            .where(ENTRIES.c.id == entry.id)
            .values(
                attempts=ENTRIES.c.attempts + 1,
                due_at=self._now() + wait_s,
                message=message[:_MAX_MESSAGE],
            )
        )
        with self._engine.begin() as connection:
            connection.execute(change)

    def due_to_send(self, limit: int) -> list[Entry]:
        """Return entries with results that are to be sent now, the oldest first."""
        query = (
            select(*_ENTRY)
            .where(ENTRIES.c.state == State.READ, ENTRIES.c.due_at <= self._now())
            .order_by(ENTRIES.c.due_at, ENTRIES.c.id)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [_entry(row) for row in connection.execute(query)]

    def unsent(self, entry_id: int) -> list[ResultRow]:
        """Return the results of an entry that have not arrived yet, in order of sending."""
        query = (
            select(*_RESULT)
            .where(RESULTS.c.entry_id == entry_id, RESULTS.c.sent_at.is_(None))
            .order_by(RESULTS.c.id)
        )
        with self._engine.connect() as connection:
            return [ResultRow(*row) for row in connection.execute(query)]

    def mark_sent(self, result_id: int) -> None:
        """Note that a result has arrived; its entry is done with the last one."""
        entry_id = select(RESULTS.c.entry_id).where(RESULTS.c.id == result_id).scalar_subquery()
        left = select(RESULTS.c.id).where(
            RESULTS.c.entry_id == ENTRIES.c.id, RESULTS.c.sent_at.is_(None)
        )
        now = self._now()
        with self._engine.begin() as connection:
            arrived = update(RESULTS).where(RESULTS.c.id == result_id).values(sent_at=now)
            connection.execute(arrived)
            connection.execute(
                update(ENTRIES)
                .where(ENTRIES.c.id == entry_id, ~left.exists())
                .values(state=State.SENT, changed_at=now, reason="", message="")
            )

    def retry(self) -> int:
        """Take up what was given up, and try what waits at once; return how many were given up."""
        now = self._now()
        was_read = select(RESULTS.c.id).where(RESULTS.c.entry_id == ENTRIES.c.id).exists()
        fresh = {"attempts": 0, "reason": "", "message": "", "changed_at": now, "due_at": now}
        given_up = ENTRIES.c.state == State.GIVEN_UP
        with self._engine.begin() as connection:
            read = update(ENTRIES).where(given_up, was_read).values(state=State.READ, **fresh)
            n = connection.execute(read).rowcount
            unread = update(ENTRIES).where(given_up).values(state=State.RECEIVED, **fresh)
            n += connection.execute(unread).rowcount
            connection.execute(update(ENTRIES).where(ENTRIES.c.state.in_(_OPEN)).values(due_at=now))
            return n

    def drop_given_up(self) -> int:
        """Refuse for good what was given up; return how many. Their files go with the next sweep."""
        refusal = Refusal(Reason.DROPPED, "given up, and dropped by hand")
        change = (
            update(ENTRIES)
            .where(ENTRIES.c.state == State.GIVEN_UP)
            .values(state=State.REFUSED, changed_at=self._now(), **_describe(refusal))
        )
        with self._engine.begin() as connection:
            return connection.execute(change).rowcount

    def adopt(self, bundle_hash: str) -> None:
        """Give what was not read yet to another model, but for what that has read already."""
        other = ENTRIES.alias()
        same = select(other.c.id).where(
            other.c.sop_instance_uid == ENTRIES.c.sop_instance_uid,
            other.c.id != ENTRIES.c.id,
        )
        change = (
            update(ENTRIES)
            .where(ENTRIES.c.state == State.RECEIVED, ~same.exists())
            .values(bundle_hash=bundle_hash)
        )
        with self._engine.begin() as connection:
            connection.execute(change)

    def waiting(self) -> int:
        """How many entries are not done yet."""
        query = select(func.count()).where(ENTRIES.c.state.in_(_OPEN))
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def next_due_s(self) -> float | None:
        """Seconds until something is due, 0 for now; None where nothing waits."""
        query = select(func.min(ENTRIES.c.due_at)).where(ENTRIES.c.state.in_(_OPEN))
        with self._engine.connect() as connection:
            due = connection.execute(query).scalar_one()
        return None if due is None else max(0.0, float(due) - self._now())

    def removable(self, older_than_s: float) -> list[Entry]:
        """Return entries that are done for so long and whose files are still there."""
        query = select(*_ENTRY).where(
            ENTRIES.c.state.in_((State.SENT, State.REFUSED)),
            ENTRIES.c.files_kept == 1,
            ENTRIES.c.changed_at <= self._now() - older_than_s,
        )
        with self._engine.connect() as connection:
            return [_entry(row) for row in connection.execute(query)]

    def note_removal(self, entry_id: int) -> None:
        """Note that the files of an entry are gone."""
        change = update(ENTRIES).where(ENTRIES.c.id == entry_id).values(files_kept=0)
        with self._engine.begin() as connection:
            connection.execute(change)

    def needs_object(self, sha256: str, *, but: int | None = None) -> bool:
        """Whether an entry, `but` aside, needs the object of this SHA-256."""
        return self._exists(
            ENTRIES.c.object_sha256 == sha256,
            ENTRIES.c.files_kept == 1,
            or_(but is None, ENTRIES.c.id != but),
        )

    def entries_with_files(self) -> set[int]:
        """Return the numbers of all entries whose files are still needed."""
        query = select(ENTRIES.c.id).where(ENTRIES.c.files_kept == 1)
        with self._engine.connect() as connection:
            return {int(row[0]) for row in connection.execute(query)}

    def _exists(self, *conditions: object) -> bool:
        query = select(ENTRIES.c.id).where(*conditions).limit(1)  # type: ignore[arg-type]
        with self._engine.connect() as connection:
            return connection.execute(query).first() is not None

    def _set(self, entry_id: int, state: State, **values: object) -> None:
        with self._engine.begin() as connection:
            connection.execute(self._change(entry_id, state, **values))

    def _change(self, entry_id: int, state: State, **values: object):  # type: ignore[no-untyped-def]
        now = self._now()
        return (
            update(ENTRIES)
            .where(ENTRIES.c.id == entry_id)
            .values({"reason": "", "message": ""} | values)
            .values(state=state, changed_at=now, due_at=now)
        )


def _describe(refusal: Refusal) -> dict[str, object]:
    return {"reason": refusal.reason.value, "message": refusal.message[:_MAX_MESSAGE]}


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    values = dict(row._mapping)
    return Entry(**values | {"state": State(values["state"])})  # type: ignore[arg-type]
