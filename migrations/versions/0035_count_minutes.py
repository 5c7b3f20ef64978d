"""Minutes of count day: drafts until the signed sheet is bound, afterwards unchanged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

# All but the sealed words, which a rotation of keys encrypts anew.
_FROZEN = (
    "id",
    "ballot_id",
    "edition",
    "version",
    "state",
    "scrutineers",
    "counted_from",
    "counted_until",
    "sample_confirmed",
    "sample_disputed",
    "document_sha256",
    "signed_by",
    "signed_at",
    "recorded_by",
    "recorded_at",
)
_POSTGRESQL = (
    f"""
    CREATE FUNCTION count_minutes_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'signed minutes are never deleted';
      END IF;
      IF ({", ".join("NEW." + name for name in _FROZEN)}) IS DISTINCT FROM
         ({", ".join("OLD." + name for name in _FROZEN)}) THEN
        RAISE EXCEPTION 'signed minutes never change';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER count_minutes_guard BEFORE UPDATE OR DELETE ON count_minutes
    FOR EACH ROW WHEN (OLD.state = 'signed') EXECUTE FUNCTION count_minutes_guard()
    """,
)
_SQLITE = (
    f"""
    CREATE TRIGGER count_minutes_guard_update BEFORE UPDATE ON count_minutes
    WHEN OLD.state = 'signed' AND ({" OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in _FROZEN)})
    BEGIN SELECT RAISE(ABORT, 'signed minutes never change'); END
    """,
    """
    CREATE TRIGGER count_minutes_guard_delete BEFORE DELETE ON count_minutes
    WHEN OLD.state = 'signed'
    BEGIN SELECT RAISE(ABORT, 'signed minutes are never deleted'); END
    """,
)


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "count_minutes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ballot_id", sa.String(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("scrutineers", sa.Integer(), nullable=False),
        sa.Column("people_sealed", sa.String(), nullable=False),
        sa.Column("place_sealed", sa.String(), nullable=False),
        sa.Column("words_sealed", sa.String(), nullable=True),
        sa.Column("reason_sealed", sa.String(), nullable=True),
        sa.Column("counted_from", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("counted_until", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("sample_confirmed", sa.Integer(), nullable=True),
        sa.Column("sample_disputed", sa.Integer(), nullable=True),
        sa.Column("document_sha256", sa.String(), nullable=True),
        sa.Column("signed_by", sa.String(), nullable=True),
        sa.Column("signed_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'signed')", name="count_minutes_state"),
        sa.CheckConstraint("(state = 'signed') = (document_sha256 IS NOT NULL)", name="count_minutes_signed"),
        sa.CheckConstraint("(document_sha256 IS NULL) = (signed_at IS NULL)", name="count_minutes_signed_at"),
        sa.CheckConstraint("(edition = 1) = (reason_sealed IS NULL)", name="count_minutes_reason"),
        sa.CheckConstraint("scrutineers >= 1", name="count_minutes_scrutineers"),
        sa.CheckConstraint("counted_until >= counted_from", name="count_minutes_course"),
        sa.CheckConstraint(
            "(sample_confirmed IS NULL) = (sample_disputed IS NULL)", name="count_minutes_sample"
        ),
        sa.ForeignKeyConstraint(["ballot_id"], ["ballot.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("ballot_id", "edition", name="count_minutes_edition"),
        sa.UniqueConstraint("ballot_id", "document_sha256", name="count_minutes_document"),
        sa.UniqueConstraint("recorded_by", "idempotency_key", name="count_minutes_idempotency"),
    )
    draft = sa.text("state = 'draft'")
    op.create_index(
        "count_minutes_draft",
        "count_minutes",
        ["ballot_id"],
        unique=True,
        postgresql_where=draft,
        sqlite_where=draft,
    )
    for statement in _POSTGRESQL if _is_postgresql() else _SQLITE:
        op.execute(statement)


def downgrade() -> None:
    """Undo."""
    op.drop_table("count_minutes")
    if _is_postgresql():
        op.execute("DROP FUNCTION count_minutes_guard()")
