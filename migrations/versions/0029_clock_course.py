"""What happened to a complaint's clock since it was granted, so that it can be counted again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; a clock that runs or stands still now goes on as it is: nothing happened to it since."""
    op.add_column("complaint", sa.Column("clock_course", backend.infra.columns.JsonText(), nullable=True))


def downgrade() -> None:
    """Undo; a case with a course keeps the clock it was granted, without its pauses and extensions."""
    op.drop_column("complaint", "clock_course")
