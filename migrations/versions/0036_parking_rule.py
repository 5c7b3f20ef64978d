"""The local rule by which parking counts is cited; ballots from before name none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for name in ("parking_rule", "parking_document"):
        op.add_column("ballot", sa.Column(name, sa.String(), nullable=True))


def downgrade() -> None:
    """Undo."""
    for name in ("parking_document", "parking_rule"):
        op.drop_column("ballot", name)
