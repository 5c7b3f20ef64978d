"""Answers written down for a household that an upheld objection struck: kept, not counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_BEFORE, _AFTER = "state IN ('standing', 'replaced')", "state IN ('standing', 'replaced', 'struck')"
# What 0015 guards, and what was struck stays struck.
_SAID = (
    *("id", "survey_id", "estate_id", "pool", "household_id", "respondent", "channel", "entered_by"),
    *(
        "photo_sha256",
        "answers",
        "overall",
        "request_sha256",
        "idempotency_key",
        "arrived_at",
        "subtracts_id",
    ),
)
_STRUCK = sa.text("state = 'struck' AND settled_at IS NULL")


def _change(before: str, after: str) -> None:
    """Put one condition in the place of another; no row is touched."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("survey_response_state", "survey_response", type_="check")
        op.create_check_constraint("survey_response_state", "survey_response", after)
        return
    # SQLite's own way where only a constraint changes (sqlite.org/lang_altertable.html, section 7): to write
    # the table anew would break what refers to it.
    bind = op.get_bind()
    version = bind.execute(sa.text("PRAGMA schema_version")).scalar_one()
    bind.execute(sa.text("PRAGMA writable_schema = ON"))
    done = bind.execute(
        sa.text(
            "UPDATE sqlite_master SET sql = replace(sql, :before, :after) "
            "WHERE type = 'table' AND name = 'survey_response' AND instr(sql, :before) > 0"
        ),
        {"before": f"CHECK ({before})", "after": f"CHECK ({after})"},
    )
    if done.rowcount != 1:
        raise RuntimeError("the constraint survey_response_state is not as expected")
    bind.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    bind.execute(sa.text("PRAGMA writable_schema = OFF"))


def _guard(ended: str) -> None:
    """Let no answer change, and none in one of these states begin to count again."""
    if op.get_bind().dialect.name == "postgresql":
        new, old = (", ".join(f"{side}.{name}" for name in _SAID) for side in ("NEW", "OLD"))
        op.execute(
            f"""
            CREATE OR REPLACE FUNCTION survey_response_guard() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF TG_OP = 'DELETE' THEN
                RAISE EXCEPTION 'responses are never deleted';
              END IF;
              IF OLD.state IN ({ended}) AND NEW.state <> OLD.state OR ({new}) IS DISTINCT FROM ({old}) THEN
                RAISE EXCEPTION 'a response is only replaced or struck, never changed';
              END IF;
              RETURN NEW;
            END $$
            """
        )
        return
    differs = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in _SAID)
    op.execute("DROP TRIGGER survey_response_guard_update")
    op.execute(
        f"""
        CREATE TRIGGER survey_response_guard_update BEFORE UPDATE ON survey_response
        WHEN (OLD.state IN ({ended}) AND NEW.state <> OLD.state) OR {differs}
        BEGIN SELECT RAISE(ABORT, 'a response is only replaced or struck, never changed'); END
        """
    )


def upgrade() -> None:
    """Apply."""
    _change(_BEFORE, _AFTER)
    for name in ("struck_at", "settled_at"):
        op.add_column("survey_response", sa.Column(name, backend.infra.columns.UtcDateTime(), nullable=True))
    op.add_column("survey_response", sa.Column("struck_for", sa.String(), nullable=True))
    op.create_index(
        "survey_response_struck",
        "survey_response",
        ["survey_id", "estate_id"],
        unique=False,
        postgresql_where=_STRUCK,
        sqlite_where=_STRUCK,
    )
    _guard("'replaced', 'struck'")


def downgrade() -> None:
    """Undo; what was struck stays uncounted."""
    _guard("'replaced'")
    op.drop_index("survey_response_struck", table_name="survey_response")
    op.execute(
        "UPDATE survey_response SET state = 'replaced', replaced_at = struck_at WHERE state = 'struck'"
    )
    for name in ("struck_for", "settled_at", "struck_at"):
        op.drop_column("survey_response", name)
    _change(_AFTER, _BEFORE)
