"""Lists that PostgreSQL can gather with several workers at once, for the hotline's times."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# array_agg cannot be shared among workers before PostgreSQL 16.
_CREATE = (
    "CREATE AGGREGATE gongjue_listed(integer)"
    " (SFUNC = array_append, STYPE = integer[], COMBINEFUNC = array_cat, PARALLEL = SAFE)",
    "CREATE AGGREGATE gongjue_joined(integer[])"
    " (SFUNC = array_cat, STYPE = integer[], COMBINEFUNC = array_cat, PARALLEL = SAFE)",
)


def upgrade() -> None:
    """Apply."""
    if op.get_bind().dialect.name == "postgresql":
        for statement in _CREATE:
            op.execute(statement)


def downgrade() -> None:
    """Undo."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP AGGREGATE gongjue_joined(integer[])")
        op.execute("DROP AGGREGATE gongjue_listed(integer)")
