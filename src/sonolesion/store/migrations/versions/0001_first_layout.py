"""The first layout of desk.db, and triggers that keep append-only tables so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NEVER_CHANGED = ("audit", "read_event", "outline", "study_answer")


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(length=24), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    op.create_table(
        "case",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.String(length=24), nullable=False),
        sa.Column("changed_at", sa.String(length=24), nullable=False),
        sa.Column("label", sa.String(length=200), server_default="", nullable=False),
        sa.Column("image_sha256", sa.String(length=64), nullable=False),
        sa.Column("image_bytes", sa.Integer(), nullable=False),
        sa.Column("media", sa.String(length=40), nullable=False),
        sa.Column("frame", sa.Integer(), nullable=True),
        sa.Column("view", sa.Integer(), nullable=True),
        sa.Column("hand_row_mm", sa.Float(), nullable=True),
        sa.Column("hand_col_mm", sa.Float(), nullable=True),
        sa.Column("earlier_id", sa.String(length=16), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("bundle", sa.String(length=200), nullable=True),
        sa.Column("bundle_sha256", sa.String(length=64), nullable=True),
        sa.Column("prediction", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("notes", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("mask_sha256", sa.String(length=64), nullable=True),
        sa.Column("picture_sha256", sa.String(length=64), nullable=True),
        sa.Column("urgency", sa.Float(), nullable=True),
        sa.Column("error_code", sa.String(length=12), nullable=True),
        sa.Column("error_message", sa.String(length=2000), nullable=True),
        sa.CheckConstraint(
            "state in ('waiting', 'reading', 'read', 'refused')", name=op.f("ck_case_state")
        ),
        sa.ForeignKeyConstraint(
            ["earlier_id"], ["case.id"], name=op.f("fk_case_earlier_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
    )
    op.create_index("ix_case_created_at", "case", ["created_at"], unique=False)
    op.create_index("ix_case_image_sha256", "case", ["image_sha256"], unique=False)
    op.create_index("ix_case_state", "case", ["state"], unique=False)
    op.create_index("ix_case_urgency", "case", ["urgency"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.String(length=24), nullable=False),
        sa.Column("changed_at", sa.String(length=24), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.CheckConstraint("source in ('cases', 'inbox')", name=op.f("ck_job_source")),
        sa.CheckConstraint("state in ('running', 'cancelled', 'done')", name=op.f("ck_job_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_table(
        "queue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", sa.String(length=24), nullable=False),
        sa.Column("created_at", sa.String(length=24), nullable=False),
        sa.Column("changed_at", sa.String(length=24), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("destination", sa.String(length=200), server_default="", nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("error_code", sa.String(length=12), nullable=True),
        sa.Column("error_message", sa.String(length=2000), nullable=True),
        sa.CheckConstraint(
            "state in ('waiting', 'working', 'done', 'failed', 'refused')",
            name=op.f("ck_queue_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue")),
        sa.UniqueConstraint("key", name="uq_queue_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_queue_state", "queue", ["state", "kind", "not_before"], unique=False)
    op.create_table(
        "setting",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_setting")),
    )
    op.create_table(
        "study",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("arms", sa.JSON(), nullable=False),
        sa.Column("readers", sa.JSON(), nullable=False),
        sa.Column("washout_days", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study")),
    )
    op.create_table(
        "job_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=16), nullable=False),
        sa.Column("path_sha256", sa.String(length=64), nullable=True),
        sa.Column("case_id", sa.String(length=16), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("error_code", sa.String(length=12), nullable=True),
        sa.CheckConstraint(
            "state in ('waiting', 'working', 'done', 'failed')", name=op.f("ck_job_item_state")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_job_item_case_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["job.id"], name=op.f("fk_job_item_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_item")),
    )
    op.create_index("ix_job_item_case_id", "job_item", ["case_id"], unique=False)
    op.create_index("ix_job_item_job_id", "job_item", ["job_id", "state"], unique=False)
    op.create_table(
        "outline",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("reader", sa.String(length=100), nullable=False),
        sa.Column("at", sa.String(length=24), nullable=False),
        sa.Column("based_on", sa.String(length=24), nullable=False),
        sa.Column("mask_sha256", sa.String(length=64), nullable=True),
        sa.Column("area_px", sa.Integer(), nullable=False),
        sa.Column("measured", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_outline_case_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outline")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outline_case_id", "outline", ["case_id"], unique=False)
    op.create_table(
        "read_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("reader", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("at", sa.String(length=24), nullable=False),
        sa.Column("birads", sa.String(length=2), nullable=True),
        sa.Column("malignant_percent", sa.Float(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("decision", sa.String(length=10), nullable=True),
        sa.Column("calipers_px", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("outline_px", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("bundle_sha256", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "kind in ('opened', 'own_read', 'uncovered', 'final_read')",
            name=op.f("ck_read_event_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_read_event_case_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_read_event")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_read_event_case_id", "read_event", ["case_id", "reader"], unique=False)
    op.create_table(
        "study_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.String(length=16), nullable=False),
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("reader", sa.String(length=100), nullable=False),
        sa.Column("arm", sa.String(length=5), nullable=False),
        sa.Column("session", sa.Integer(), nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("birads", sa.String(length=2), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("malignant_call", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("at", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_study_answer_case_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["study_id"], ["study.id"], name=op.f("fk_study_answer_study_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_answer")),
        sa.UniqueConstraint("study_id", "reader", "case_id", "arm", name="uq_study_answer_once"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "study_case",
        sa.Column("study_id", sa.String(length=16), nullable=False),
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("truth", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_study_case_case_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["study_id"], ["study.id"], name=op.f("fk_study_case_study_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("study_id", "case_id", name=op.f("pk_study_case")),
    )
    op.create_table(
        "study_plan",
        sa.Column("study_id", sa.String(length=16), nullable=False),
        sa.Column("reader", sa.String(length=100), nullable=False),
        sa.Column("session", sa.Integer(), nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("arm", sa.String(length=5), nullable=False),
        sa.CheckConstraint("arm in ('alone', 'with')", name=op.f("ck_study_plan_arm")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_study_plan_case_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["study_id"], ["study.id"], name=op.f("fk_study_plan_study_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "study_id", "reader", "session", "order", name=op.f("pk_study_plan")
        ),
    )
    op.create_index("ix_study_plan_case_id", "study_plan", ["case_id", "reader"], unique=False)
    for table in _NEVER_CHANGED:
        op.execute(_refuse(table, "UPDATE"))
    op.execute(_refuse("audit", "DELETE"))


def downgrade() -> None:
    """There is nothing before the first layout; restore a backup instead.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("restore a backup instead")


def _refuse(table: str, what: str) -> str:
    return (
        f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )
