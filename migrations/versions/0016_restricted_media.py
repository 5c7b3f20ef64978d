"""Photos and videos know whether they hang on a restricted complaint."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_HANGS = (
    ("complaint", "SELECT id FROM complaint WHERE is_restricted"),
    (
        "complaint_step",
        "SELECT s.id FROM complaint_step s JOIN complaint c ON c.id = s.complaint_id WHERE c.is_restricted",
    ),
    (
        "complaint_mediation",
        "SELECT m.id FROM complaint_mediation m JOIN complaint c ON c.id = m.complaint_id WHERE c.is_restricted",
    ),
)


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "media_file", sa.Column("is_restricted", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    for kind, ids in _HANGS:
        op.execute(
            f"UPDATE media_file SET is_restricted = true WHERE subject_kind = '{kind}' AND subject_id IN ({ids})"
        )


def downgrade() -> None:
    """Undo."""
    op.drop_column("media_file", "is_restricted")
