"""Media: photos and videos."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "media_file",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("uploader_kind", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("source_sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("pieces", backend.infra.columns.JsonText(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("trace_id", sa.String(), nullable=True),
        sa.Column("asks", sa.Integer(), nullable=False),
        sa.Column("asked_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("subject_kind", sa.String(), nullable=True),
        sa.Column("subject_id", sa.String(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("attached_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("created_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('photo', 'video')", name="media_file_kind"),
        sa.CheckConstraint("uploader_kind IN ('resident', 'staff')", name="media_file_uploader"),
        sa.CheckConstraint("state IN ('checking', 'passed', 'review', 'risky')", name="media_file_state"),
        sa.CheckConstraint("(kind = 'video') = (duration_ms IS NOT NULL)", name="media_file_duration"),
        sa.CheckConstraint("size > 0 AND width > 0 AND height > 0", name="media_file_measures"),
        sa.CheckConstraint(
            "(subject_id IS NULL) = (subject_kind IS NULL) AND (subject_id IS NULL) = (position IS NULL)"
            " AND (subject_id IS NULL) = (attached_at IS NULL)",
            name="media_file_attached",
        ),
        sa.CheckConstraint("position BETWEEN 0 AND 8", name="media_file_position"),
        sa.CheckConstraint("kind = 'photo' OR position IS NULL OR position = 0", name="media_file_video"),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="media_file_decided"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["estate_id"], ["estate.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("media_file_key", "media_file", ["account_id", "idempotency_key"], unique=True)
    op.create_index("media_file_day", "media_file", ["account_id", "created_at"], unique=False)
    op.create_index("media_file_trace", "media_file", ["trace_id"], unique=True)
    op.create_index("media_file_review", "media_file", ["estate_id", "state", "created_at"], unique=False)
    _partial("media_file_subject", ["subject_kind", "subject_id", "position"], "subject_id IS NOT NULL", True)
    _partial("media_file_loose", ["created_at"], "subject_id IS NULL")
    _partial("media_file_checking", ["created_at"], "state = 'checking'")
    op.create_table(
        "media_verdict",
        sa.Column("trace_id", sa.String(), nullable=False),
        sa.Column("suggestion", sa.String(), nullable=False),
        sa.Column("at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("trace_id"),
    )


def _partial(name: str, columns: list[str], where: str, unique: bool = False) -> None:
    op.create_index(
        name,
        "media_file",
        columns,
        unique=unique,
        postgresql_where=sa.text(where),
        sqlite_where=sa.text(where),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("media_verdict")
    op.drop_table("media_file")
