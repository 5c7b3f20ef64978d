"""Photos as the proof of a binding: files that hang on nothing else, and how many a request has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "media_file", sa.Column("is_proof", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("binding", sa.Column("photos", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Undo; the photos themselves go with whatever deletes loose files."""
    op.execute(
        "UPDATE media_file SET subject_kind = NULL, subject_id = NULL, position = NULL, attached_at = NULL"
        " WHERE is_proof"
    )
    op.drop_column("binding", "photos")
    op.drop_column("media_file", "is_proof")
