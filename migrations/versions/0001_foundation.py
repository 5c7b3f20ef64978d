"""Foundation: tables, functions and triggers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_POSTGRESQL = (
    """
    CREATE FUNCTION gongjue_now() RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS $$
    DECLARE offset_us bigint;
    BEGIN
      SELECT clock_offset_us INTO offset_us FROM installation;
      RETURN clock_timestamp() + offset_us * interval '1 microsecond';
    END $$
    """,
    """
    CREATE FUNCTION installation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' OR NEW.mode <> OLD.mode THEN
        RAISE EXCEPTION 'the mode of an installation never changes';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER installation_guard BEFORE UPDATE OR DELETE ON installation
    FOR EACH ROW EXECUTE FUNCTION installation_guard()
    """,
    """
    CREATE FUNCTION ledger_event_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'ledger events are never deleted';
      END IF;
      IF OLD.leaf_no IS NOT NULL OR NEW.leaf_no IS NULL
         OR (NEW.id, NEW.type, NEW.organisation_id, NEW.subject_kind, NEW.subject_id, NEW.actor_kind,
             NEW.actor_id, NEW.payload, NEW.at)
         IS DISTINCT FROM
            (OLD.id, OLD.type, OLD.organisation_id, OLD.subject_kind, OLD.subject_id, OLD.actor_kind,
             OLD.actor_id, OLD.payload, OLD.at) THEN
        RAISE EXCEPTION 'ledger events are only numbered, once';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER ledger_event_guard BEFORE UPDATE OR DELETE ON ledger_event
    FOR EACH ROW EXECUTE FUNCTION ledger_event_guard()
    """,
)
_SQLITE = (
    """
    CREATE TRIGGER installation_guard_update BEFORE UPDATE ON installation WHEN NEW.mode <> OLD.mode
    BEGIN SELECT RAISE(ABORT, 'the mode of an installation never changes'); END
    """,
    """
    CREATE TRIGGER installation_guard_delete BEFORE DELETE ON installation
    BEGIN SELECT RAISE(ABORT, 'the mode of an installation never changes'); END
    """,
    """
    CREATE TRIGGER ledger_event_guard_update BEFORE UPDATE ON ledger_event
    WHEN OLD.leaf_no IS NOT NULL OR NEW.leaf_no IS NULL OR NEW.id IS NOT OLD.id OR NEW.type IS NOT OLD.type
      OR NEW.organisation_id IS NOT OLD.organisation_id OR NEW.subject_kind IS NOT OLD.subject_kind
      OR NEW.subject_id IS NOT OLD.subject_id OR NEW.actor_kind IS NOT OLD.actor_kind
      OR NEW.actor_id IS NOT OLD.actor_id OR NEW.payload IS NOT OLD.payload OR NEW.at IS NOT OLD.at
    BEGIN SELECT RAISE(ABORT, 'ledger events are only numbered, once'); END
    """,
    """
    CREATE TRIGGER ledger_event_guard_delete BEFORE DELETE ON ledger_event
    BEGIN SELECT RAISE(ABORT, 'ledger events are never deleted'); END
    """,
)


def _create_guards() -> None:
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


def _drop_guards() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION ledger_event_guard() CASCADE")
        op.execute("DROP FUNCTION installation_guard() CASCADE")
        op.execute("DROP FUNCTION gongjue_now() CASCADE")
    else:
        for name in (
            "installation_guard_update",
            "installation_guard_delete",
            "ledger_event_guard_update",
            "ledger_event_guard_delete",
        ):
            op.execute(f"DROP TRIGGER {name}")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("beat_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("clock_offset_us", sa.BigInteger(), nullable=False),
        sa.Column("created_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.CheckConstraint("mode = 'rehearsal' OR clock_offset_us = 0", name="installation_clock"),
        sa.CheckConstraint("mode IN ('production', 'demo', 'rehearsal')", name="installation_mode"),
        sa.CheckConstraint("id = 1", name="installation_single_row"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "ledger_checkpoint",
        sa.Column("tree", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("frontier", backend.infra.columns.JsonText(), nullable=False),
        sa.Column("consistency", backend.infra.columns.JsonText(), nullable=False),
        sa.Column("at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tree", "number"),
    )
    op.create_index("ledger_checkpoint_size", "ledger_checkpoint", ["tree", "size"], unique=True)
    op.create_table(
        "ledger_event",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=True),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=True),
        sa.Column("payload", backend.infra.columns.JsonText(), nullable=False),
        sa.Column("at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("leaf_no", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ledger_event_leaf",
        "ledger_event",
        ["leaf_no"],
        unique=True,
        postgresql_where=sa.text("leaf_no IS NOT NULL"),
        sqlite_where=sa.text("leaf_no IS NOT NULL"),
    )
    op.create_index(
        "ledger_event_organisation",
        "ledger_event",
        ["organisation_id", "leaf_no"],
        unique=False,
        postgresql_where=sa.text("leaf_no IS NOT NULL"),
        sqlite_where=sa.text("leaf_no IS NOT NULL"),
    )
    op.create_index(
        "ledger_event_subject",
        "ledger_event",
        ["subject_kind", "subject_id"],
        unique=False,
        postgresql_where=sa.text("leaf_no IS NOT NULL"),
        sqlite_where=sa.text("leaf_no IS NOT NULL"),
    )
    op.create_index(
        "ledger_event_unnumbered",
        "ledger_event",
        ["id"],
        unique=False,
        postgresql_where=sa.text("leaf_no IS NULL"),
        sqlite_where=sa.text("leaf_no IS NULL"),
    )
    op.create_table(
        "ledger_leaf",
        sa.Column("tree", sa.String(), nullable=False),
        sa.Column("leaf_no", sa.BigInteger(), nullable=False),
        sa.Column("source_kind", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("leaf_no >= 0", name="ledger_leaf_number"),
        sa.PrimaryKeyConstraint("tree", "leaf_no"),
    )
    op.create_index("ledger_leaf_source", "ledger_leaf", ["source_kind", "source_id"], unique=True)
    op.create_table(
        "wechat_token",
        sa.Column("app_id", sa.String(), nullable=False),
        sa.Column("token_ciphertext", sa.String(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("app_id"),
    )

    _create_guards()


def downgrade() -> None:
    """Undo."""
    _drop_guards()
    op.drop_table("wechat_token")
    op.drop_index("ledger_leaf_source", table_name="ledger_leaf")
    op.drop_table("ledger_leaf")
    op.drop_index(
        "ledger_event_unnumbered",
        table_name="ledger_event",
        postgresql_where=sa.text("leaf_no IS NULL"),
        sqlite_where=sa.text("leaf_no IS NULL"),
    )
    op.drop_index(
        "ledger_event_subject",
        table_name="ledger_event",
        postgresql_where=sa.text("leaf_no IS NOT NULL"),
        sqlite_where=sa.text("leaf_no IS NOT NULL"),
    )
    op.drop_index(
        "ledger_event_organisation",
        table_name="ledger_event",
        postgresql_where=sa.text("leaf_no IS NOT NULL"),
        sqlite_where=sa.text("leaf_no IS NOT NULL"),
    )
    op.drop_index(
        "ledger_event_leaf",
        table_name="ledger_event",
        postgresql_where=sa.text("leaf_no IS NOT NULL"),
        sqlite_where=sa.text("leaf_no IS NOT NULL"),
    )
    op.drop_table("ledger_event")
    op.drop_index("ledger_checkpoint_size", table_name="ledger_checkpoint")
    op.drop_table("ledger_checkpoint")
    op.drop_table("installation")
    op.drop_table("heartbeat")
