"""Complaints handed up: since when, and about whom somebody near the case thinks it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("complaint", sa.Column("handed_up_at", backend.infra.columns.UtcDateTime(), nullable=True))
    op.add_column("complaint", sa.Column("handed_up_about_id", sa.String(), nullable=True))
    op.create_index(
        "complaint_handed_up",
        "complaint",
        ["registered_at"],
        postgresql_where=sa.text("handed_up_at IS NOT NULL"),
        sqlite_where=sa.text("handed_up_at IS NOT NULL"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("complaint_handed_up", table_name="complaint")
    for name in ("handed_up_about_id", "handed_up_at"):
        op.drop_column("complaint", name)
