"""When a complaint's declining was disputed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("complaint", sa.Column("disputed_at", backend.infra.columns.UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("complaint", "disputed_at")
