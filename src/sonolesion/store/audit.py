"""The append-only log: each row holds the hash of the one before and of its own content.

A row's hash is SHA-256 over the previous hash and the row's fields as canonical JSON. So a row
that was changed, dropped or moved breaks the chain there; rows cut off the end are missed by a
backup, or by a status page, that knew a later head.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Row, RowMapping, func, insert, select

from sonolesion.errors import AuditError
from sonolesion.files import sha256_text
from sonolesion.store.clock import now_text
from sonolesion.store.tables import audit

FIRST_HASH = "0" * 64
"""What stands as the previous hash in the first row."""

SYSTEM = "system"
"""The actor of what no person did."""


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The newest row of a log; row 0 with `FIRST_HASH` for an empty one.

    Attributes:
        seq: its number, from 1.
        hash: its hash.
    """

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row.

    Attributes:
        seq: from 1, without gaps.
        at: time.
        actor: reader, "system" or "node".
        action: what was done, e.g. "case.removed".
        subject: to what, by kind and id, e.g. "case 0123456789abcdef".
        detail: what else is known of it; never an image, a tag or a text that a user typed.
        previous_hash, hash: the chain.
    """

    seq: int
    at: str
    actor: str
    action: str
    subject: str
    detail: Mapping[str, object]
    previous_hash: str
    hash: str


def append_audit(
    connection: Connection,
    action: str,
    subject: str,
    *,
    actor: str = SYSTEM,
    detail: Mapping[str, object] | None = None,
) -> AuditHead:
    """Add a row in the caller's writing transaction, and return it as the new head."""
    head = read_head(connection)
    values = {
        "seq": head.seq + 1,
        "at": now_text(),
        "actor": actor,
        "action": action,
        "subject": subject,
        "detail": json.dumps(detail or {}, sort_keys=True, allow_nan=False),
        "previous_hash": head.hash,
    }
    digest = _hash(values)
    connection.execute(insert(audit).values(**values, hash=digest))
    return AuditHead(head.seq + 1, digest)


def read_head(connection: Connection) -> AuditHead:
    """Return the newest row's number and hash."""
    newest = connection.execute(
        select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
    ).first()
    return AuditHead(0, FIRST_HASH) if newest is None else AuditHead(newest.seq, newest.hash)


def list_audit(connection: Connection, *, after: int = 0, limit: int = 500) -> tuple[AuditRow, ...]:
    """Return rows above number `after`, in order; empty where there is none."""
    rows = connection.execute(
        select(audit).where(audit.c.seq > after).order_by(audit.c.seq).limit(limit)
    )
    return tuple(_row(row) for row in rows)


def verify_audit(connection: Connection, known: Iterable[AuditHead] = ()) -> AuditHead:
    """Check the whole chain, and that it holds the heads that backups know.

    Args:
        connection: of the log to check.
        known: heads that the log had at some time; each must still be in it.

    Returns:
        The newest head.

    Raises:
        AuditError: a row was changed, dropped or moved, or rows at the end are missing; the
            message names the row.
    """
    expected = {head.seq: head.hash for head in known if head.seq > 0}
    previous = AuditHead(0, FIRST_HASH)
    # by the order of storage, so that numbers out of order are seen, too
    for row in connection.execute(select(audit).order_by(audit.c.seq)).mappings():
        seq = row["seq"]
        if seq != previous.seq + 1:
            raise AuditError(
                f"audit log: row {previous.seq + 1} is missing, {seq} follows {previous.seq}. "
                "The log was changed; compare it with a backup."
            )
        if row["previous_hash"] != previous.hash or _hash(row) != row["hash"]:
            raise AuditError(
                f"audit log: row {seq} does not fit the one before it or its own hash: it, or "
                "one before it, was changed or moved. Compare it with a backup."
            )
        if expected.pop(seq, row["hash"]) != row["hash"]:
            raise AuditError(
                f"audit log: row {seq} is another one than a backup knows: the log was written "
                "anew. Compare it with the backup."
            )
        previous = AuditHead(seq, row["hash"])
    if expected:
        raise AuditError(
            f"audit log: it ends with row {previous.seq}, a backup knows row {max(expected)}: "
            "rows at the end are missing. Compare it with the backup."
        )
    return previous


def count_audit(connection: Connection) -> int:
    """Return how many rows the log has."""
    return connection.execute(select(func.count()).select_from(audit)).scalar_one()


def _hash(values: Mapping[str, object] | RowMapping) -> str:
    names = ("seq", "at", "actor", "action", "subject", "detail")
    content = json.dumps([values[name] for name in names], ensure_ascii=True)
    return sha256_text(f"{values['previous_hash']}\n{content}")


def _row(row: Row[tuple[object, ...]]) -> AuditRow:
    values = dict(row._mapping)
    return AuditRow(**values | {"detail": json.loads(values["detail"])})
