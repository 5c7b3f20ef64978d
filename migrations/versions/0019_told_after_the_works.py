"""Messages to reporters who left a phone and no account; objections to answers recorded in a household's name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# Table, constraint, column, values before, values after.
_CHECKS = (
    ("delivery", "delivery_recipient", "recipient_kind", ("account", "room"), ("reporter",)),
    (
        "objection",
        "objection_subject",
        "subject_kind",
        ("roll", "binding", "vote", "result", "proxy"),
        ("survey",),
    ),
)


def _check(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _change(table: str, name: str, before: str, after: str) -> None:
    """Put one condition in the place of another; no row is touched."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(name, table, type_="check")
        op.create_check_constraint(name, table, after)
        return
    # SQLite's own way where only a constraint changes (sqlite.org/lang_altertable.html, section 7): to write
    # the table anew would break what refers to it.
    bind = op.get_bind()
    version = bind.execute(sa.text("PRAGMA schema_version")).scalar_one()
    bind.execute(sa.text("PRAGMA writable_schema = ON"))
    done = bind.execute(
        sa.text(
            "UPDATE sqlite_master SET sql = replace(sql, :before, :after) "
            "WHERE type = 'table' AND name = :name AND instr(sql, :before) > 0"
        ),
        {"before": f"CHECK ({before})", "after": f"CHECK ({after})", "name": table},
    )
    if done.rowcount != 1:
        raise RuntimeError(f"the constraint {name} is not as expected")
    bind.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    bind.execute(sa.text("PRAGMA writable_schema = OFF"))


def upgrade() -> None:
    """Apply."""
    for table, name, column, values, more in _CHECKS:
        _change(table, name, _check(column, values), _check(column, values + more))


def downgrade() -> None:
    """Undo; deliveries to reporters' phones and objections to surveys are forgotten."""
    op.execute("DELETE FROM delivery WHERE recipient_kind = 'reporter'")
    op.execute("DELETE FROM objection WHERE subject_kind = 'survey'")
    for table, name, column, values, more in _CHECKS:
        _change(table, name, _check(column, values + more), _check(column, values))
