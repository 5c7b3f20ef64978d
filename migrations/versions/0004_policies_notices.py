"""Policies and notices: tables, functions and triggers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_POSTGRESQL = (
    """
    CREATE FUNCTION public_notice_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'a published notice never changes';
    END $$
    """,
    """
    CREATE TRIGGER public_notice_guard BEFORE UPDATE OR DELETE ON public_notice
    FOR EACH ROW EXECUTE FUNCTION public_notice_guard()
    """,
)
_SQLITE = (
    """
    CREATE TRIGGER public_notice_guard_update BEFORE UPDATE ON public_notice
    BEGIN SELECT RAISE(ABORT, 'a published notice never changes'); END
    """,
    """
    CREATE TRIGGER public_notice_guard_delete BEFORE DELETE ON public_notice
    BEGIN SELECT RAISE(ABORT, 'a published notice never changes'); END
    """,
)


def _create_guards() -> None:
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


def _drop_guards() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION public_notice_guard() CASCADE")
    else:
        op.execute("DROP TRIGGER public_notice_guard_update")
        op.execute("DROP TRIGGER public_notice_guard_delete")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "local_number",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("document_title", sa.String(), nullable=False),
        sa.Column("document_sha256", sa.String(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("set_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("ended_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "local_number_one",
        "local_number",
        ["organisation_id", "rule_id", "name"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "profile_adoption",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("document_title", sa.String(), nullable=False),
        sa.Column("document_sha256", sa.String(), nullable=True),
        sa.Column("adopted_by", sa.String(), nullable=False),
        sa.Column("adopted_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("ended_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "profile_adoption_one",
        "profile_adoption",
        ["organisation_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "objection",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("ballot_id", sa.String(), nullable=True),
        sa.Column("dwelling_id", sa.String(), nullable=True),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("text_sealed", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reply", sa.String(), nullable=True),
        sa.Column("replied_by", sa.String(), nullable=True),
        sa.Column("replied_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("raised_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('upheld', 'rejected')) = (reply IS NOT NULL)", name="objection_answered"
        ),
        sa.CheckConstraint("state IN ('open', 'upheld', 'rejected', 'withdrawn')", name="objection_state"),
        sa.CheckConstraint(
            "subject_kind IN ('roll', 'binding', 'vote', 'result', 'proxy')", name="objection_subject"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["estate_id"],
            ["estate.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("objection_account", "objection", ["account_id", "idempotency_key"], unique=True)
    op.create_index("objection_ballot", "objection", ["ballot_id", "state"], unique=False)
    op.create_index("objection_estate", "objection", ["estate_id", "state", "raised_at"], unique=False)
    op.create_index("objection_subject_of", "objection", ["subject_kind", "subject_id"], unique=False)
    op.create_table(
        "public_notice",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.Column("published_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("until_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('roll', 'voting', 'preliminary', 'final', 'void', 'suspension', 'amendment')",
            name="public_notice_kind",
        ),
        sa.ForeignKeyConstraint(
            ["estate_id"],
            ["estate.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "subject_kind", "subject_id", "estate_id", "kind", "sha256", name="public_notice_once"
        ),
    )
    op.create_index("public_notice_estate", "public_notice", ["estate_id", "published_at"], unique=False)

    _create_guards()


def downgrade() -> None:
    """Undo."""
    _drop_guards()
    op.drop_index("public_notice_estate", table_name="public_notice")
    op.drop_table("public_notice")
    op.drop_index("objection_subject_of", table_name="objection")
    op.drop_index("objection_estate", table_name="objection")
    op.drop_index("objection_ballot", table_name="objection")
    op.drop_index("objection_account", table_name="objection")
    op.drop_table("objection")
    op.drop_index(
        "profile_adoption_one",
        table_name="profile_adoption",
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.drop_table("profile_adoption")
    op.drop_index(
        "local_number_one",
        table_name="local_number",
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.drop_table("local_number")
