"""The tables of desk.db; `migrations/` makes them, and a test holds both against each other.

Times are ISO 8601 in UTC with milliseconds, so that their order as text is their order in time.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
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

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

_OF_CASE = "case.id"

case = Table(
    "case",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("created_at", String(24), nullable=False),
    Column("changed_at", String(24), nullable=False),
    Column("label", String(200), nullable=False, server_default=""),
    Column("image_sha256", String(64), nullable=False),
    Column("image_bytes", Integer, nullable=False),
    Column("media", String(40), nullable=False),
    Column("frame", Integer),
    Column("view", Integer),
    Column("hand_row_mm", Float),
    Column("hand_col_mm", Float),
    Column("earlier_id", String(16), ForeignKey(_OF_CASE, ondelete="SET NULL")),
    Column("state", String(10), nullable=False),
    Column("bundle", String(200)),
    Column("bundle_sha256", String(64)),
    Column("prediction", JSON(none_as_null=True)),
    Column("notes", JSON(none_as_null=True)),
    Column("mask_sha256", String(64)),
    Column("picture_sha256", String(64)),
    Column("urgency", Float),
    Column("error_code", String(12)),
    Column("error_message", String(2000)),
    CheckConstraint("state in ('waiting', 'reading', 'read', 'refused')", name="state"),
    Index("ix_case_state", "state"),
    Index("ix_case_image_sha256", "image_sha256"),
    Index("ix_case_created_at", "created_at"),
    Index("ix_case_urgency", "urgency"),
)

read_event = Table(
    "read_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", String(16), ForeignKey(_OF_CASE, ondelete="CASCADE"), nullable=False),
    Column("reader", String(100), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("at", String(24), nullable=False),
    Column("birads", String(2)),
    Column("malignant_percent", Float),
    Column("seconds", Float),
    Column("decision", String(10)),
    Column("calipers_px", JSON(none_as_null=True)),
    Column("outline_px", JSON(none_as_null=True)),
    Column("bundle_sha256", String(64)),
    CheckConstraint("kind in ('opened', 'own_read', 'uncovered', 'final_read')", name="kind"),
    Index("ix_read_event_case_id", "case_id", "reader"),
    sqlite_autoincrement=True,
)

outline = Table(
    "outline",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", String(16), ForeignKey(_OF_CASE, ondelete="CASCADE"), nullable=False),
    Column("reader", String(100), nullable=False),
    Column("at", String(24), nullable=False),
    Column("based_on", String(24), nullable=False),
    Column("mask_sha256", String(64)),
    Column("area_px", Integer, nullable=False),
    Column("measured", JSON(none_as_null=True)),
    Index("ix_outline_case_id", "case_id"),
    sqlite_autoincrement=True,
)

job = Table(
    "job",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("created_at", String(24), nullable=False),
    Column("changed_at", String(24), nullable=False),
    Column("source", String(10), nullable=False),
    Column("state", String(10), nullable=False),
    CheckConstraint("source in ('cases', 'inbox')", name="source"),
    CheckConstraint("state in ('running', 'cancelled', 'done')", name="state"),
)

job_item = Table(
    "job_item",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("job_id", String(16), ForeignKey("job.id", ondelete="CASCADE"), nullable=False),
    Column("path_sha256", String(64)),
    Column("case_id", String(16), ForeignKey(_OF_CASE, ondelete="CASCADE")),
    Column("state", String(10), nullable=False),
    Column("error_code", String(12)),
    CheckConstraint("state in ('waiting', 'working', 'done', 'failed')", name="state"),
    Index("ix_job_item_job_id", "job_id", "state"),
    Index("ix_job_item_case_id", "case_id"),
)

study = Table(
    "study",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("created_at", String(24), nullable=False),
    Column("name", String(200), nullable=False),
    Column("seed", Integer, nullable=False),
    Column("arms", JSON, nullable=False),
    Column("readers", JSON, nullable=False),
    Column("washout_days", Float, nullable=False),
)

study_case = Table(
    "study_case",
    metadata,
    Column("study_id", String(16), ForeignKey("study.id", ondelete="CASCADE"), primary_key=True),
    Column("case_id", String(16), ForeignKey(_OF_CASE, ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("truth", Integer),
)

study_plan = Table(
    "study_plan",
    metadata,
    Column("study_id", String(16), ForeignKey("study.id", ondelete="CASCADE"), primary_key=True),
    Column("reader", String(100), primary_key=True),
    Column("session", Integer, primary_key=True),
    Column("order", Integer, primary_key=True),
    Column("case_id", String(16), ForeignKey(_OF_CASE, ondelete="CASCADE"), nullable=False),
    Column("arm", String(5), nullable=False),
    CheckConstraint("arm in ('alone', 'with')", name="arm"),
    Index("ix_study_plan_case_id", "case_id", "reader"),
)

study_answer = Table(
    "study_answer",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("study_id", String(16), ForeignKey("study.id", ondelete="CASCADE"), nullable=False),
    Column("case_id", String(16), ForeignKey(_OF_CASE, ondelete="CASCADE"), nullable=False),
    Column("reader", String(100), nullable=False),
    Column("arm", String(5), nullable=False),
    Column("session", Integer, nullable=False),
    Column("order", Integer, nullable=False),
    Column("birads", String(2), nullable=False),
    Column("score", Float, nullable=False),
    Column("malignant_call", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("at", String(24), nullable=False),
    UniqueConstraint("study_id", "reader", "case_id", "arm", name="uq_study_answer_once"),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("at", String(24), nullable=False),
    Column("actor", String(100), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("detail", String, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

setting = Table(
    "setting",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", JSON, nullable=False),
)

queue = Table(
    "queue",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(200), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", String(24), nullable=False),
    Column("created_at", String(24), nullable=False),
    Column("changed_at", String(24), nullable=False),
    Column("file_sha256", String(64)),
    Column("destination", String(200), nullable=False, server_default=""),
    Column("detail", JSON, nullable=False),
    Column("error_code", String(12)),
    Column("error_message", String(2000)),
    UniqueConstraint("key", name="uq_queue_key"),
    CheckConstraint("state in ('waiting', 'working', 'done', 'failed', 'refused')", name="state"),
    Index("ix_queue_state", "state", "kind", "not_before"),
    sqlite_autoincrement=True,
)
