"""Tables of the queue, and what a row is as a value.

They hold UIDs of objects, which the work needs, and no other value of a tag.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)


class State(StrEnum):
    """Where an entry stands."""

    RECEIVED = "received"
    """On the disk, to be read."""
    READ = "read"
    """Its results are on the disk, to be sent."""
    SENT = "sent"
    """All results have arrived."""
    REFUSED = "refused"
    """There will be no answer; `reason` says why."""
    GIVEN_UP = "given_up"
    """Was tried long enough; `sonolesion listen --retry` takes it up again."""


METADATA = MetaData()

ENTRIES = Table(
    "node_entries",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("sop_instance_uid", String(64), nullable=False),
    Column("bundle_hash", String(64), nullable=False),
    Column("object_sha256", String(64), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("came_by", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(32), nullable=False, server_default=""),
    Column("message", String(500), nullable=False, server_default=""),
    Column("came_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("copies", Integer, nullable=False, server_default="1"),
    Column("files_kept", Integer, nullable=False, server_default="1"),
    UniqueConstraint("sop_instance_uid", "bundle_hash", name="uq_node_entries_object_model"),
    Index("ix_node_entries_state_due", "state", "due_at"),
    Index("ix_node_entries_object", "object_sha256"),
    sqlite_autoincrement=True,
)

RESULTS = Table(
    "node_results",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("entry_id", Integer, ForeignKey("node_entries.id"), nullable=False, index=True),
    Column("file", String(200), nullable=False),
    Column("sop_class_uid", String(64), nullable=False),
    Column("sop_instance_uid", String(64), nullable=False, index=True),
    Column("sent_at", Float, nullable=True),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One object in the queue. See the table for what is what; times in s since 1970."""

    id: int
    sop_instance_uid: str
    object_sha256: str
    state: State
    reason: str
    message: str
    changed_at: float
    attempts: int


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One result to be sent: its number, entry, file name, class and UID."""

    id: int
    entry_id: int
    file: str
    sop_class_uid: str
    sop_instance_uid: str
