"""One index for the leaves of a table instead of two partial ones: every insert had to test both conditions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_NUMBERED, _UNNUMBERED = sa.text("leaf_no IS NOT NULL"), sa.text("leaf_no IS NULL")


def upgrade() -> None:
    """Apply."""
    for table in ("vote", "ledger_event"):
        op.drop_index(f"{table}_unnumbered", table)
        op.drop_index(f"{table}_leaf", table)
    op.create_index("vote_leaf", "vote", ["ballot_id", "leaf_no"])
    op.create_index("ledger_event_leaf", "ledger_event", ["leaf_no"], unique=True)


def downgrade() -> None:
    """Undo."""
    op.drop_index("ledger_event_leaf", "ledger_event")
    op.drop_index("vote_leaf", "vote")
    _create("vote_unnumbered", "vote", ["ballot_id"], _UNNUMBERED)
    _create("vote_leaf", "vote", ["ballot_id", "leaf_no"], _NUMBERED)
    _create("ledger_event_unnumbered", "ledger_event", ["id"], _UNNUMBERED)
    _create("ledger_event_leaf", "ledger_event", ["leaf_no"], _NUMBERED, unique=True)


def _create(name: str, table: str, columns: list[str], where: sa.TextClause, *, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, postgresql_where=where, sqlite_where=where)
