"""The node's part of the store's queue: objects to be read, results to be sent, and their files.

::

    read:UID:MODEL   an object that came; done when its results wait
    send:UID         a result; done when it has arrived

Both keys stay for ever, so an object that comes again is not read again, and a result is sent once.
The files lie in FOLDER/node, named by their hash, from before their row is written until after it
lets go of them; they are DICOM and hold the patient's name. The rows hold UIDs and no other value
of a tag.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sqlalchemy import Connection, and_, func, or_, select, update

from sonolesion.errors import PeerError
from sonolesion.files import explain_write_errors, make_folder
from sonolesion.node.naming import short_name
from sonolesion.node.refusal import DROPPED, LOST, QUIET, Refusal
from sonolesion.store.blobs import BlobFolder
from sonolesion.store.clock import now_text
from sonolesion.store.database import Desk
from sonolesion.store.queue import (
    NewItem,
    QueueItem,
    QueueState,
    add_item,
    claim_item,
    finish_item,
    put_back,
    retry_failed,
)
from sonolesion.store.tables import queue

READ, SEND = "read", "send"
_OPEN = (QueueState.WAITING.value, QueueState.WORKING.value)
_ENDED = (QueueState.DONE.value, QueueState.REFUSED.value)
_BUNDLE_DIGITS = 16
ORPHAN_AGE_S = 3600.0
"""A file without a row is removed when it is that old."""


class Added(Enum):
    """What became of an object that came."""

    NEW = "new"
    KNOWN = "known"
    """It came before: nothing to do."""
    AGAIN = "again"
    """It was refused or given up before, and has other content now: it is tried again."""
    OWN = "own"
    """It is a result that was made here."""


@dataclass(frozen=True, slots=True)
class Result:
    """A result to be sent: "seg", "sr" or "sc", its class and UID, and its file."""

    kind: str
    sop_class_uid: str
    sop_instance_uid: str
    data: bytes


class Queue:
    """The queue of one model in an open store. Safe in several threads.

    Args:
        desk: the store.
        bundle_hash: of the model that reads.
    """

    def __init__(self, desk: Desk, bundle_hash: str) -> None:
        self._desk = desk
        self._bundle = bundle_hash[:_BUNDLE_DIGITS]
        self._files = BlobFolder(make_folder(desk.folder / "node"))
        with explain_write_errors(self._files.folder):
            self._files.folder.chmod(0o700)
        self._files_lock = threading.Lock()

    @property
    def files(self) -> BlobFolder:
        """Where the files are."""
        return self._files

    def add_object(self, sop_instance_uid: str, data: bytes, *, came_by: str) -> Added:
        """Keep an object that came; when this returns, it will be answered, come what may.

        Args:
            sop_instance_uid: its UID.
            data: its file.
            came_by: "c-store" or "dicomweb".

        Raises:
            OutputWriteError: the disk is full.
            StoreError: the queue cannot be written.
        """
        if self.is_result(sop_instance_uid):
            return Added.OWN
        key = self._key(sop_instance_uid)
        with self._files_lock:
            sha256 = self._files.put(data)
            with self._desk.writing() as connection:
                detail = {
                    "object": short_name(sop_instance_uid), "came_by": came_by, "sha256": sha256
                }  # fmt: skip
                new = NewItem(key=key, kind=READ, file_sha256=sha256, detail=detail)
                if add_item(connection, new) is not None:
                    return Added.NEW
                old = connection.execute(select(queue).where(queue.c.key == key)).one()
                failed = (QueueState.REFUSED.value, QueueState.FAILED.value)
                is_better = (
                    old.detail.get("sha256") != sha256 or old.detail.get("reason") == LOST.reason
                )
                if old.state not in failed or old.detail.get("reason") in QUIET or not is_better:
                    self._drop_if_unused(connection, sha256)
                    return Added.KNOWN
                self._replace(connection, old.id, sha256=sha256, detail=detail)
                return Added.AGAIN

    def knows(self, sop_instance_uid: str) -> bool:
        """Whether an object came before, or is a result that was made here."""
        return self.is_result(sop_instance_uid) or self._has(
            queue.c.key == self._key(sop_instance_uid)
        )

    def is_result(self, sop_instance_uid: str) -> bool:
        """Whether this is the UID of a result that was made here."""
        return self._has(queue.c.key == f"{SEND}:{sop_instance_uid}")

    def has_source(self, sop_instance_uids: Sequence[str]) -> bool:
        """Whether one of these objects was read, or waits to be."""
        ours = [queue.c.key.startswith(f"{READ}:{uid}:", autoescape=True)
                for uid in sop_instance_uids]  # fmt: skip
        good = queue.c.state.in_((*_OPEN, QueueState.DONE.value))
        return bool(ours) and self._has(or_(*ours), good)

    def claim(self, kind: str) -> QueueItem | None:
        """Take the next object to be read, or result to be sent; None where nothing is due.

        One thread works on each kind, and on one item at a time: what is in hand when it asks for
        another was left over by a kill, or by a disk that was full, and waits again.
        """
        in_hand = queue.c.state == QueueState.WORKING.value
        is_due = and_(queue.c.state == QueueState.WAITING.value, queue.c.not_before <= now_text())
        if not self._has(queue.c.kind == kind, or_(in_hand, is_due)):
            return None  # the usual case, without a lock on the database
        left_over = update(queue).where(queue.c.kind == kind, in_hand)
        with self._desk.writing() as connection:
            connection.execute(left_over.values(state=QueueState.WAITING.value))
            return claim_item(connection, kind)

    def keep_results(self, item: QueueItem, results: Sequence[Result]) -> None:
        """Keep what an object was answered with, in order of sending; the object is done.

        Raises:
            OutputWriteError: the disk is full.
            StoreError: the queue cannot be written.
        """
        with self._files_lock:
            hashes = [self._files.put(result.data) for result in results]
            with self._desk.writing() as connection:
                for result, sha256 in zip(results, hashes, strict=True):
                    detail = {
                        "object": item.detail["object"], "kind": result.kind,
                        "sop_class_uid": result.sop_class_uid,
                    }  # fmt: skip
                    key = f"{SEND}:{result.sop_instance_uid}"
                    new = NewItem(key=key, kind=SEND, file_sha256=sha256, detail=detail)
                    add_item(connection, new)
                finish_item(connection, item.id)

    def mark_sent(self, item: QueueItem) -> None:
        """Note that a result has arrived."""
        with self._desk.writing() as connection:
            finish_item(connection, item.id)

    def postpone(self, item: QueueItem, refusal: Refusal, *, wait_s: float) -> None:
        """Try again after some time; what went wrong is kept with the item."""
        with self._desk.writing() as connection:
            put_back(connection, item.id, after_s=wait_s)
            self._explain(connection, item, refusal)

    def refuse(self, item: QueueItem, refusal: Refusal) -> None:
        """Note that an item can never be done."""
        with self._desk.writing() as connection:
            self._explain(connection, item, refusal, state=QueueState.REFUSED.value)

    def give_up(self, item: QueueItem, refusal: Refusal) -> None:
        """Note that an item was tried often enough; its file stays."""
        with self._desk.writing() as connection:
            self._explain(connection, item, refusal, state=QueueState.FAILED.value)

    def hurry(self) -> None:
        """Make what waits because the PACS could not be reached due at once."""
        waiting = queue.c.kind == SEND, queue.c.state == QueueState.WAITING.value
        unreached = queue.c.error_code == PeerError.code
        with self._desk.writing() as connection:
            connection.execute(
                update(queue).where(*waiting, unreached).values(not_before=now_text())
            )

    def retry(self) -> int:
        """Take up what was given up, and try what waits at once; return how many were given up."""
        with self._desk.writing() as connection:
            waiting = queue.c.state == QueueState.WAITING.value, queue.c.kind.in_((READ, SEND))
            connection.execute(update(queue).where(*waiting).values(not_before=now_text()))
            return retry_failed(connection)

    def drop_given_up(self) -> int:
        """Refuse for good what was given up; return how many. The next `tidy` takes the files."""
        values = {"state": QueueState.REFUSED.value, "changed_at": now_text(),
                  "error_code": DROPPED.code, "error_message": DROPPED.message}  # fmt: skip
        given_up = queue.c.state == QueueState.FAILED.value, queue.c.kind.in_((READ, SEND))
        with self._desk.writing() as connection:
            return connection.execute(update(queue).where(*given_up).values(**values)).rowcount

    def begin(self) -> None:
        """Give what is not read yet to the present model. For the node that holds the folder."""
        with self._desk.writing() as connection:
            unread = queue.c.kind == READ, queue.c.state.in_(_OPEN)
            for row in connection.execute(select(queue.c.id, queue.c.key).where(*unread)).all():
                uid = row.key.split(":")[1]
                taken = select(queue.c.id).where(queue.c.key == self._key(uid))
                if connection.execute(taken).first() is None:
                    change = update(queue).where(queue.c.id == row.id).values(key=self._key(uid))
                    connection.execute(change)

    def count_waiting(self) -> int:
        """How many objects are to be read and results to be sent."""
        query = select(func.count()).where(queue.c.kind.in_((READ, SEND)), queue.c.state.in_(_OPEN))
        with self._desk.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def tidy(self, *, keep_s: float) -> int:
        """Let go of files of what ended that long ago, and remove them; return how many."""
        ended = (
            queue.c.kind.in_((READ, SEND)),
            queue.c.state.in_(_ENDED),
            queue.c.file_sha256.is_not(None),
            queue.c.changed_at <= now_text(-keep_s),
        )
        found = select(queue.c.file_sha256).where(*ended)
        if not self._has(*ended):
            return 0
        with self._files_lock, self._desk.writing() as connection:
            hashes = {str(row[0]) for row in connection.execute(found)}
            connection.execute(update(queue).where(*ended).values(file_sha256=None))
            for sha256 in hashes:
                self._drop_if_unused(connection, sha256)
        return len(hashes)

    def sweep(self) -> int:
        """Remove files that a kill has left without a row, whole or half; return how many.

        Not before they are an hour old: younger ones may be what another process is about to enter.
        """
        with self._files_lock, self._desk.writing() as connection:
            needed = select(queue.c.file_sha256).where(queue.c.file_sha256.is_not(None))
            kept = {self._files.path(str(row[0])) for row in connection.execute(needed)}
            left = [p for p in self._files.folder.glob("??/*") if p not in kept and _is_old(p)]
            for path in left:
                with contextlib.suppress(OSError):
                    path.unlink()
        return len(left)

    def _key(self, sop_instance_uid: str) -> str:
        return f"{READ}:{sop_instance_uid}:{self._bundle}"

    def _has(self, *conditions: object) -> bool:
        query = select(queue.c.id).where(*conditions).limit(1)  # type: ignore[arg-type]
        with self._desk.reading() as connection:
            return connection.execute(query).first() is not None

    def _drop_if_unused(self, connection: Connection, sha256: str) -> None:
        users = select(queue.c.id).where(queue.c.file_sha256 == sha256).limit(1)
        if connection.execute(users).first() is None:
            self._files.discard(sha256)

    def _replace(
        self, connection: Connection, item_id: int, *, sha256: str, detail: dict[str, str]
    ) -> None:
        at = now_text()
        connection.execute(
            update(queue)
            .where(queue.c.id == item_id)
            .values(
                state=QueueState.WAITING.value, attempts=0, not_before=at, changed_at=at,
                file_sha256=sha256, detail=detail, error_code=None, error_message=None,
            )
        )  # fmt: skip

    def _explain(
        self, connection: Connection, item: QueueItem, refusal: Refusal, **values: object
    ) -> None:
        detail = {**item.detail, "reason": refusal.reason.value}
        connection.execute(
            update(queue)
            .where(queue.c.id == item.id)
            .values(
                detail=detail, error_code=refusal.code, error_message=refusal.message,
                changed_at=now_text(), **values,
            )
        )  # fmt: skip


def _is_old(path: Path) -> bool:
    try:
        return path.stat().st_mtime < time.time() - ORPHAN_AGE_S
    except OSError:
        return False
