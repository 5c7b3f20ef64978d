"""A consensus snapshot counts owners: shops and the flats of one owner hide nobody.

What was counted before were entries, never fewer than their owners: the next snapshot waits longer, not shorter.
"""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute("ALTER TABLE consensus_snapshot RENAME COLUMN entries_voted TO owners_voted")


def downgrade() -> None:
    """Undo."""
    op.execute("ALTER TABLE consensus_snapshot RENAME COLUMN owners_voted TO entries_voted")
