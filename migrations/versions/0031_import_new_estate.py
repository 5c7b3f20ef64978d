"""An import may found its estate: in its own transaction, so that a failed one leaves nothing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("import_run", sa.Column("new_estate", sa.Text(), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("import_run", "new_estate")
