"""Where somebody logged in lately, as a blind index: there, other people's wrong tries lock nobody out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "known_address",
        sa.Column("key_index", sa.String(), nullable=False),
        sa.Column("last_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key_index"),
    )
    op.create_index("known_address_last", "known_address", ["last_at"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_table("known_address")
