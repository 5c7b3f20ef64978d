"""Works items, warranties and the rectification register: tables and the guard of the history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_POSTGRESQL = (
    """
    CREATE FUNCTION rectification_step_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'the history of an item is only added to';
    END $$
    """,
    """
    CREATE TRIGGER rectification_step_guard BEFORE UPDATE OR DELETE ON rectification_step
    FOR EACH ROW EXECUTE FUNCTION rectification_step_guard()
    """,
)
_SQLITE = tuple(
    f"""
    CREATE TRIGGER rectification_step_guard_{verb.lower()} BEFORE {verb} ON rectification_step
    BEGIN SELECT RAISE(ABORT, 'the history of an item is only added to'); END
    """
    for verb in ("UPDATE", "DELETE")
)


def _create_guards() -> None:
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


def _drop_guards() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION rectification_step_guard() CASCADE")
    else:
        op.execute("DROP TRIGGER rectification_step_guard_update")
        op.execute("DROP TRIGGER rectification_step_guard_delete")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "rectification_counter",
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["estate_id"],
            ["estate.id"],
        ),
        sa.PrimaryKeyConstraint("estate_id"),
    )
    op.create_table(
        "works_item",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("organisation_path", sa.String(), nullable=False),
        sa.Column("estate_name", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("contractor", sa.String(), nullable=False),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("warranty_kind", sa.String(), nullable=False),
        sa.Column("agreed_number", sa.Integer(), nullable=True),
        sa.Column("agreed_document", sa.String(), nullable=True),
        sa.Column("warranty_ends_on", sa.Date(), nullable=True),
        sa.Column("terms", backend.infra.columns.JsonText(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.CheckConstraint("category IN ('basic', 'completing', 'upgrading')", name="works_item_category"),
        sa.CheckConstraint("(accepted_on IS NULL) = (warranty_ends_on IS NULL)", name="works_item_clock"),
        sa.CheckConstraint("(agreed_number IS NULL) = (agreed_document IS NULL)", name="works_item_agreed"),
        sa.CheckConstraint("warranty_ends_on > accepted_on", name="works_item_days"),
        sa.ForeignKeyConstraint(
            ["estate_id"],
            ["estate.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("estate_id", "code", name="works_item_code"),
    )
    op.create_index("works_item_expiry", "works_item", ["warranty_ends_on"], unique=False)
    op.create_index("works_item_key", "works_item", ["created_by", "idempotency_key"], unique=True)
    op.create_index("works_item_list", "works_item", ["organisation_path", "created_at"], unique=False)
    op.create_table(
        "rectification_item",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("organisation_path", sa.String(), nullable=False),
        sa.Column("estate_name", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("source_reference", sa.String(), nullable=True),
        sa.Column("works_item_id", sa.String(), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("place_sealed", sa.String(), nullable=True),
        sa.Column("responsible_party", sa.String(), nullable=False),
        sa.Column("responsible_person_sealed", sa.String(), nullable=True),
        sa.Column("responsible_account", sa.String(), nullable=True),
        sa.Column("measures", sa.String(), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("submitted_by", sa.String(), nullable=True),
        sa.Column("submitted_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("verified_by", sa.String(), nullable=True),
        sa.Column("verifier_sealed", sa.String(), nullable=True),
        sa.Column("verified_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("closed_out_on", sa.Date(), nullable=True),
        sa.Column("is_imported", sa.Boolean(), nullable=False),
        sa.Column("due_soon_told", sa.Date(), nullable=True),
        sa.Column("overdue_told", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(state = 'closed_out') = (closed_out_on IS NOT NULL)", name="rectification_item_closed"
        ),
        sa.CheckConstraint(
            "(state IN ('submitted', 'verified', 'closed_out')) = (submitted_at IS NOT NULL)",
            name="rectification_item_submitted",
        ),
        sa.CheckConstraint(
            "(state IN ('verified', 'closed_out')) = (verified_at IS NOT NULL)",
            name="rectification_item_verified",
        ),
        sa.CheckConstraint(
            "source IN ('complaint', 'inspection', 'audit', 'supervision', 'petition', 'media', 'warning', 'follow_up', 'other')",
            name="rectification_item_source",
        ),
        sa.CheckConstraint(
            "state IN ('open', 'in_progress', 'submitted', 'verified', 'closed_out', 'reopened')",
            name="rectification_item_state",
        ),
        sa.CheckConstraint(
            "verified_at IS NULL OR verified_by IS NOT NULL OR (is_imported AND verifier_sealed IS NOT NULL)",
            name="rectification_item_verifier",
        ),
        sa.CheckConstraint(
            "verified_by IS NULL OR responsible_account IS NULL OR verified_by <> responsible_account",
            name="rectification_item_not_responsible",
        ),
        sa.CheckConstraint(
            "verified_by IS NULL OR submitted_by IS NULL OR verified_by <> submitted_by",
            name="rectification_item_not_submitter",
        ),
        sa.ForeignKeyConstraint(
            ["estate_id"],
            ["estate.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.ForeignKeyConstraint(
            ["responsible_account"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["works_item_id"],
            ["works_item.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("estate_id", "number", name="rectification_item_number"),
    )
    op.create_index(
        "rectification_item_due",
        "rectification_item",
        ["due_on"],
        unique=False,
        postgresql_where=sa.text("state <> 'closed_out'"),
        sqlite_where=sa.text("state <> 'closed_out'"),
    )
    op.create_index(
        "rectification_item_estate", "rectification_item", ["estate_id", "created_at"], unique=False
    )
    op.create_index(
        "rectification_item_key", "rectification_item", ["created_by", "idempotency_key"], unique=True
    )
    op.create_index(
        "rectification_item_list", "rectification_item", ["organisation_path", "created_at"], unique=False
    )
    op.create_index(
        "rectification_item_reference", "rectification_item", ["source", "source_reference"], unique=False
    )
    op.create_table(
        "warranty_reminder",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("works_item_id", sa.String(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("days_before", sa.Integer(), nullable=False),
        sa.Column("sent_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["works_item_id"],
            ["works_item.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("works_item_id", "ends_on", "days_before", name="warranty_reminder_once"),
    )
    op.create_table(
        "rectification_evidence",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("media_id", sa.String(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("withdrawn_by", sa.String(), nullable=True),
        sa.Column("withdrawn_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.CheckConstraint("phase IN ('before', 'after')", name="rectification_evidence_phase"),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["rectification_item.id"],
        ),
        sa.ForeignKeyConstraint(
            ["media_id"],
            ["media_file.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("rectification_evidence_of", "rectification_evidence", ["item_id", "round"], unique=False)
    op.create_index(
        "rectification_evidence_once",
        "rectification_evidence",
        ["item_id", "round", "phase", "media_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
        sqlite_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "rectification_step",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("words_sealed", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["rectification_item.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("item_id", "version", name="rectification_step_version"),
    )

    _create_guards()


def downgrade() -> None:
    """Undo."""
    _drop_guards()
    op.drop_table("rectification_step")
    op.drop_index(
        "rectification_evidence_once",
        table_name="rectification_evidence",
        postgresql_where=sa.text("withdrawn_at IS NULL"),
        sqlite_where=sa.text("withdrawn_at IS NULL"),
    )
    op.drop_index("rectification_evidence_of", table_name="rectification_evidence")
    op.drop_table("rectification_evidence")
    op.drop_table("warranty_reminder")
    op.drop_index("rectification_item_reference", table_name="rectification_item")
    op.drop_index("rectification_item_list", table_name="rectification_item")
    op.drop_index("rectification_item_key", table_name="rectification_item")
    op.drop_index("rectification_item_estate", table_name="rectification_item")
    op.drop_index(
        "rectification_item_due",
        table_name="rectification_item",
        postgresql_where=sa.text("state <> 'closed_out'"),
        sqlite_where=sa.text("state <> 'closed_out'"),
    )
    op.drop_table("rectification_item")
    op.drop_index("works_item_list", table_name="works_item")
    op.drop_index("works_item_key", table_name="works_item")
    op.drop_index("works_item_expiry", table_name="works_item")
    op.drop_table("works_item")
    op.drop_table("rectification_counter")
