"""A binding's proof is photos of its own. A file named by its hash could be anybody's, and was deleted with the request.

No door took a resident's file in, so no request can have had one of its own; what the hashes name stays where it is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.drop_column("binding", "evidence_sha256")


def downgrade() -> None:
    """Undo; the hashes are gone."""
    op.add_column("binding", sa.Column("evidence_sha256", sa.String(), nullable=True))
