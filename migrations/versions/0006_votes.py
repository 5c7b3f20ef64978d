"""Votes: tables, functions and triggers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_FROZEN = (
    "receipt",
    "ballot_id",
    "roll_entry_id",
    "account_id",
    "idempotency_key",
    "request_hash",
    "channel",
    "arrived_as",
    "choices",
    "documents_hash",
    "photo_sha256",
    "nonce",
    "cast_at",
)
_POSTGRESQL = (
    f"""
    CREATE FUNCTION vote_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'votes are never deleted';
      END IF;
      IF ({", ".join("NEW." + name for name in _FROZEN)}) IS DISTINCT FROM
         ({", ".join("OLD." + name for name in _FROZEN)}) THEN
        RAISE EXCEPTION 'only the state of a vote moves';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER vote_guard BEFORE UPDATE OR DELETE ON vote FOR EACH ROW EXECUTE FUNCTION vote_guard()
    """,
    """
    CREATE FUNCTION roll_entry_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'roll entries are never deleted';
    END $$
    """,
    """
    CREATE TRIGGER roll_entry_guard BEFORE DELETE ON roll_entry
    FOR EACH ROW EXECUTE FUNCTION roll_entry_guard()
    """,
)
_SQLITE = (
    f"""
    CREATE TRIGGER vote_guard_update BEFORE UPDATE ON vote
    WHEN {" OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in _FROZEN)}
    BEGIN SELECT RAISE(ABORT, 'only the state of a vote moves'); END
    """,
    """
    CREATE TRIGGER vote_guard_delete BEFORE DELETE ON vote
    BEGIN SELECT RAISE(ABORT, 'votes are never deleted'); END
    """,
    """
    CREATE TRIGGER roll_entry_guard_delete BEFORE DELETE ON roll_entry
    BEGIN SELECT RAISE(ABORT, 'roll entries are never deleted'); END
    """,
)


def _create_guards() -> None:
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


def _drop_guards() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION vote_guard() CASCADE")
        op.execute("DROP FUNCTION roll_entry_guard() CASCADE")
    else:
        op.execute("DROP TRIGGER vote_guard_update")
        op.execute("DROP TRIGGER vote_guard_delete")
        op.execute("DROP TRIGGER roll_entry_guard_delete")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "vote",
        sa.Column("receipt", sa.String(), nullable=False),
        sa.Column("ballot_id", sa.String(), nullable=False),
        sa.Column("roll_entry_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=True),
        sa.Column("idempotency_key", sa.String(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("arrived_as", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("choices", sa.String(), nullable=False),
        sa.Column("documents_hash", sa.String(), nullable=False),
        sa.Column("photo_sha256", sa.String(), nullable=True),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("cast_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("leaf_no", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("channel IN ('online', 'paper', 'proxy', 'legacy')", name="vote_channel"),
        sa.CheckConstraint(
            "state IN ('standing', 'pending', 'replaced', 'held', 'rejected')", name="vote_state"
        ),
        sa.PrimaryKeyConstraint("receipt"),
    )
    op.create_index(
        "vote_held",
        "vote",
        ["ballot_id", "roll_entry_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("state = 'held'"),
        sqlite_where=sa.text("state = 'held'"),
    )
    op.create_index(
        "vote_idempotency",
        "vote",
        ["account_id", "idempotency_key"],
        unique=True,
        postgresql_where=sa.text("account_id IS NOT NULL"),
        sqlite_where=sa.text("account_id IS NOT NULL"),
    )
    op.create_index(
        "vote_leaf",
        "vote",
        ["ballot_id", "leaf_no"],
        unique=False,
        postgresql_where=sa.text("leaf_no IS NOT NULL"),
        sqlite_where=sa.text("leaf_no IS NOT NULL"),
    )
    op.create_index(
        "vote_not_standing",
        "vote",
        ["ballot_id", "roll_entry_id", "state"],
        unique=False,
        postgresql_where=sa.text("state <> 'standing'"),
        sqlite_where=sa.text("state <> 'standing'"),
    )
    op.create_index(
        "vote_standing",
        "vote",
        ["ballot_id", "roll_entry_id"],
        unique=True,
        postgresql_where=sa.text("state = 'standing'"),
        sqlite_where=sa.text("state = 'standing'"),
    )
    op.create_index(
        "vote_unnumbered",
        "vote",
        ["ballot_id"],
        unique=False,
        postgresql_where=sa.text("leaf_no IS NULL"),
        sqlite_where=sa.text("leaf_no IS NULL"),
    )
    op.create_table(
        "consensus_snapshot",
        sa.Column("ballot_id", sa.String(), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("entries_voted", sa.Integer(), nullable=False),
        sa.Column("sums", backend.infra.columns.JsonText(), nullable=False),
        sa.Column("taken_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ballot_id"],
            ["ballot.id"],
        ),
        sa.PrimaryKeyConstraint("ballot_id", "taken_on"),
    )
    op.create_table(
        "paper_batch",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ballot_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("paper_count", sa.Integer(), nullable=False),
        sa.Column("photo_sha256", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("registered_by", sa.String(), nullable=False),
        sa.Column("registered_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("witnessed_by", sa.String(), nullable=True),
        sa.Column("witnessed_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.CheckConstraint("channel IN ('paper', 'legacy')", name="paper_batch_channel"),
        sa.CheckConstraint("paper_count BETWEEN 1 AND 5000", name="paper_batch_count"),
        sa.CheckConstraint(
            "witnessed_by IS NULL OR witnessed_by <> registered_by", name="paper_batch_two_people"
        ),
        sa.ForeignKeyConstraint(
            ["ballot_id"],
            ["ballot.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("ballot_id", "number", name="paper_batch_number"),
        sa.UniqueConstraint("id", "paper_count", name="paper_batch_size"),
        sa.UniqueConstraint("registered_by", "idempotency_key", name="paper_batch_idempotency"),
    )
    op.create_table(
        "vote_disposition",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ballot_id", sa.String(), nullable=False),
        sa.Column("receipt", sa.String(), nullable=False),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("actor_id", sa.String(), nullable=True),
        sa.Column("at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_no", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "to_state IN ('standing', 'pending', 'replaced', 'held', 'rejected')",
            name="vote_disposition_state",
        ),
        sa.ForeignKeyConstraint(
            ["ballot_id"],
            ["ballot.id"],
        ),
        sa.ForeignKeyConstraint(
            ["receipt"],
            ["vote.receipt"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "vote_disposition_unnumbered",
        "vote_disposition",
        ["ballot_id"],
        unique=False,
        postgresql_where=sa.text("leaf_no IS NULL"),
        sqlite_where=sa.text("leaf_no IS NULL"),
    )
    op.create_index("vote_disposition_vote", "vote_disposition", ["receipt"], unique=False)
    op.create_table(
        "paper_vote",
        sa.Column("receipt", sa.String(), nullable=False),
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("paper_count", sa.Integer(), nullable=False),
        sa.Column("sheet_no", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("entered_by", sa.String(), nullable=False),
        sa.Column("entered_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("return_reason", sa.String(), nullable=True),
        sa.CheckConstraint("state IN ('entered', 'confirmed', 'returned')", name="paper_vote_state"),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> entered_by", name="paper_vote_two_people"),
        sa.CheckConstraint("sheet_no BETWEEN 1 AND paper_count", name="paper_vote_within_batch"),
        sa.ForeignKeyConstraint(
            ["batch_id", "paper_count"],
            ["paper_batch.id", "paper_batch.paper_count"],
        ),
        sa.ForeignKeyConstraint(
            ["receipt"],
            ["vote.receipt"],
        ),
        sa.PrimaryKeyConstraint("receipt"),
    )
    op.create_index("paper_vote_entered_by", "paper_vote", ["entered_by", "entered_at"], unique=False)
    op.create_index(
        "paper_vote_sheet",
        "paper_vote",
        ["batch_id", "sheet_no"],
        unique=True,
        postgresql_where=sa.text("state <> 'returned'"),
        sqlite_where=sa.text("state <> 'returned'"),
    )
    op.create_table(
        "proxy_mandate",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ballot_id", sa.String(), nullable=False),
        sa.Column("roll_entry_id", sa.String(), nullable=False),
        sa.Column("proxy_account_id", sa.String(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("slot_limit", sa.Integer(), nullable=False),
        sa.Column("powers", sa.String(), nullable=False),
        sa.Column("valid_from", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("valid_until", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("document_sha256", sa.String(), nullable=False),
        sa.Column("registered_by", sa.String(), nullable=False),
        sa.Column("registered_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=True),
        sa.Column("confirmed_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("revoked_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> registered_by", name="proxy_mandate_two_people"
        ),
        sa.CheckConstraint("slot BETWEEN 1 AND slot_limit", name="proxy_mandate_limit"),
        sa.CheckConstraint("valid_until > valid_from", name="proxy_mandate_period"),
        sa.ForeignKeyConstraint(
            ["ballot_id"],
            ["ballot.id"],
        ),
        sa.ForeignKeyConstraint(
            ["proxy_account_id"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["roll_entry_id"],
            ["roll_entry.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "proxy_mandate_entry",
        "proxy_mandate",
        ["ballot_id", "roll_entry_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
        sqlite_where=sa.text("revoked_at IS NULL"),
    )
    op.create_index(
        "proxy_mandate_slot",
        "proxy_mandate",
        ["ballot_id", "proxy_account_id", "slot"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
        sqlite_where=sa.text("revoked_at IS NULL"),
    )

    _create_guards()


def downgrade() -> None:
    """Undo."""
    _drop_guards()
    op.drop_index(
        "proxy_mandate_slot",
        table_name="proxy_mandate",
        postgresql_where=sa.text("revoked_at IS NULL"),
        sqlite_where=sa.text("revoked_at IS NULL"),
    )
    op.drop_index(
        "proxy_mandate_entry",
        table_name="proxy_mandate",
        postgresql_where=sa.text("revoked_at IS NULL"),
        sqlite_where=sa.text("revoked_at IS NULL"),
    )
    op.drop_table("proxy_mandate")
    op.drop_index(
        "paper_vote_sheet",
        table_name="paper_vote",
        postgresql_where=sa.text("state <> 'returned'"),
        sqlite_where=sa.text("state <> 'returned'"),
    )
    op.drop_index("paper_vote_entered_by", table_name="paper_vote")
    op.drop_table("paper_vote")
    op.drop_index("vote_disposition_vote", table_name="vote_disposition")
    op.drop_index(
        "vote_disposition_unnumbered",
        table_name="vote_disposition",
        postgresql_where=sa.text("leaf_no IS NULL"),
        sqlite_where=sa.text("leaf_no IS NULL"),
    )
    op.drop_table("vote_disposition")
    op.drop_table("paper_batch")
    op.drop_table("consensus_snapshot")
    op.drop_index(
        "vote_unnumbered",
        table_name="vote",
        postgresql_where=sa.text("leaf_no IS NULL"),
        sqlite_where=sa.text("leaf_no IS NULL"),
    )
    op.drop_index(
        "vote_standing",
        table_name="vote",
        postgresql_where=sa.text("state = 'standing'"),
        sqlite_where=sa.text("state = 'standing'"),
    )
    op.drop_index(
        "vote_not_standing",
        table_name="vote",
        postgresql_where=sa.text("state <> 'standing'"),
        sqlite_where=sa.text("state <> 'standing'"),
    )
    op.drop_index(
        "vote_leaf",
        table_name="vote",
        postgresql_where=sa.text("leaf_no IS NOT NULL"),
        sqlite_where=sa.text("leaf_no IS NOT NULL"),
    )
    op.drop_index(
        "vote_idempotency",
        table_name="vote",
        postgresql_where=sa.text("account_id IS NOT NULL"),
        sqlite_where=sa.text("account_id IS NOT NULL"),
    )
    op.drop_index(
        "vote_held",
        table_name="vote",
        postgresql_where=sa.text("state = 'held'"),
        sqlite_where=sa.text("state = 'held'"),
    )
    op.drop_table("vote")
