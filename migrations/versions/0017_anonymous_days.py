"""How many anonymous reports one person made today, under a blind index that is deleted after the day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "complaint_anonymous_day",
        sa.Column("day_index", sa.String(), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.CheckConstraint("reports >= 1", name="complaint_anonymous_day_counted"),
        sa.PrimaryKeyConstraint("day_index"),
    )
    op.create_index("complaint_anonymous_day_on", "complaint_anonymous_day", ["reported_on"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("complaint_anonymous_day")
