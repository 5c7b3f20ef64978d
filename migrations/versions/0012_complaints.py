"""Complaints: responsible parties, complaints, reporters, history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "responsible_party",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("organisation_path", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('community', 'contractor', 'supervisor', 'property_company', 'utility', 'department', 'other')",
            name="responsible_party_kind",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organisation_id", "name", name="responsible_party_name"),
    )
    op.create_table(
        "party_member",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("party_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("ended_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["party_id"],
            ["responsible_party.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("party_member_account", "party_member", ["account_id"], unique=False)
    op.create_index(
        "party_member_once",
        "party_member",
        ["party_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "complaint",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("organisation_path", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=True),
        sa.Column("building_id", sa.String(), nullable=True),
        sa.Column("place_label", sa.String(), nullable=False),
        sa.Column("place_words", sa.String(), nullable=False),
        sa.Column("lat_e6", sa.Integer(), nullable=True),
        sa.Column("lon_e6", sa.Integer(), nullable=True),
        sa.Column("works_item_id", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("ticket_number", sa.String(), nullable=True),
        sa.Column("nature", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("time_class", sa.String(), nullable=False),
        sa.Column("disclosure", sa.String(), nullable=False),
        sa.Column("is_restricted", sa.Boolean(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("words_for_party", sa.String(), nullable=False),
        sa.Column("words_sealed", sa.String(), nullable=False),
        sa.Column(
            "grams",
            sa.ARRAY(sa.Text()).with_variant(backend.infra.columns.JsonText(), "sqlite"),
            nullable=False,
        ),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("registered_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("first_receiver_id", sa.String(), nullable=True),
        sa.Column("party_id", sa.String(), nullable=True),
        sa.Column("about_party_id", sa.String(), nullable=True),
        sa.Column("about_account_id", sa.String(), nullable=True),
        sa.Column("merged_into_id", sa.String(), nullable=True),
        sa.Column("accepted_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("responded_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("dispatched_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("resolved_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("closed_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("respond_by_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("clock_unit", sa.String(), nullable=True),
        sa.Column("clock_left", sa.Integer(), nullable=True),
        sa.Column("clock_since", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("paused_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("pause_reason", sa.String(), nullable=True),
        sa.Column("due_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("warn_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("is_due_provisional", sa.Boolean(), nullable=False),
        sa.Column("is_respond_provisional", sa.Boolean(), nullable=False),
        sa.Column("warned_for", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("overdue_for", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("is_response_overdue", sa.Boolean(), nullable=False),
        sa.Column("extensions", sa.Integer(), nullable=False),
        sa.Column("reopenings", sa.Integer(), nullable=False),
        sa.Column("is_supervised", sa.Boolean(), nullable=False),
        sa.Column("is_solved", sa.Boolean(), nullable=True),
        sa.Column("is_satisfied", sa.Boolean(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("idempotency_index", sa.String(), nullable=True),
        sa.CheckConstraint("(state = 'merged') = (merged_into_id IS NOT NULL)", name="complaint_merged"),
        sa.CheckConstraint(
            "clock_unit IS NULL OR clock_unit IN ('wd', 'd', 'h')", name="complaint_clock_unit"
        ),
        sa.CheckConstraint(
            "disclosure IN ('named', 'confidential', 'anonymous')", name="complaint_disclosure"
        ),
        sa.CheckConstraint(
            "nature IN ('complaint', 'emergency', 'petition', 'accusation', 'lawsuit')",
            name="complaint_nature",
        ),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome IN ('confirmed', 'unanswered', 'unsatisfied')",
            name="complaint_outcome",
        ),
        sa.CheckConstraint(
            "source IN ('mini_program', 'chat', 'telephone', 'walk_in', 'inspection', 'audit', 'supervision', 'petition', 'media', 'warning', 'open311')",
            name="complaint_source",
        ),
        sa.CheckConstraint(
            "state IN ('registered', 'accepted', 'dispatched', 'in_progress', 'returned', 'resolved', 'followed_up', 'closed', 'reopened', 'merged', 'transferred', 'declined', 'withdrawn')",
            name="complaint_state",
        ),
        sa.CheckConstraint(
            "state NOT IN ('dispatched', 'in_progress') OR party_id IS NOT NULL", name="complaint_dispatched"
        ),
        sa.CheckConstraint(
            "time_class IN ('emergency', 'enquiry', 'ordinary', 'complex')", name="complaint_time_class"
        ),
        sa.CheckConstraint("(lat_e6 IS NULL) = (lon_e6 IS NULL)", name="complaint_point"),
        sa.CheckConstraint("(paused_at IS NULL) = (pause_reason IS NULL)", name="complaint_paused"),
        sa.ForeignKeyConstraint(
            ["about_party_id"],
            ["responsible_party.id"],
        ),
        sa.ForeignKeyConstraint(
            ["building_id"],
            ["building.id"],
        ),
        sa.ForeignKeyConstraint(
            ["estate_id"],
            ["estate.id"],
        ),
        sa.ForeignKeyConstraint(
            ["merged_into_id"],
            ["complaint.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.ForeignKeyConstraint(
            ["party_id"],
            ["responsible_party.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("idempotency_index", name="complaint_idempotency"),
        sa.UniqueConstraint("number", name="complaint_number"),
    )
    op.create_index(
        "complaint_area",
        "complaint",
        ["organisation_path", "registered_at"],
        unique=False,
        postgresql_ops={"organisation_path": "text_pattern_ops"},
    )
    op.create_index("complaint_estate", "complaint", ["estate_id", "registered_at"], unique=False)
    op.create_index(
        "complaint_grams",
        "complaint",
        ["grams"],
        unique=False,
        postgresql_using="gin",
        sqlite_where=sa.text("0"),
    )
    op.create_index("complaint_merged_into", "complaint", ["merged_into_id"], unique=False)
    op.create_index("complaint_newest", "complaint", ["registered_at", "id"], unique=False)
    op.create_index(
        "complaint_open_due",
        "complaint",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text(
            "state IN ('registered', 'accepted', 'dispatched', 'in_progress', 'returned', 'reopened')"
        ),
        sqlite_where=sa.text(
            "state IN ('registered', 'accepted', 'dispatched', 'in_progress', 'returned', 'reopened')"
        ),
    )
    op.create_index("complaint_party", "complaint", ["party_id", "registered_at"], unique=False)
    op.create_index("complaint_state", "complaint", ["state", "registered_at"], unique=False)
    op.create_index(
        "complaint_supervised",
        "complaint",
        ["registered_at"],
        unique=False,
        postgresql_where=sa.text("is_supervised"),
        sqlite_where=sa.text("is_supervised"),
    )
    op.create_index("complaint_ticket", "complaint", ["ticket_number"], unique=False)
    op.create_index(
        "complaint_to_respond",
        "complaint",
        ["respond_by_at"],
        unique=False,
        postgresql_where=sa.text("responded_at IS NULL"),
        sqlite_where=sa.text("responded_at IS NULL"),
    )
    op.create_index(
        "complaint_to_warn",
        "complaint",
        ["warn_at"],
        unique=False,
        postgresql_where=sa.text(
            "state IN ('registered', 'accepted', 'dispatched', 'in_progress', 'returned', 'reopened')"
        ),
        sqlite_where=sa.text(
            "state IN ('registered', 'accepted', 'dispatched', 'in_progress', 'returned', 'reopened')"
        ),
    )
    op.create_table(
        "complaint_reporter",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("complaint_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=True),
        sa.Column("name_sealed", sa.String(), nullable=True),
        sa.Column("phone_sealed", sa.String(), nullable=True),
        sa.Column("phone_index", sa.String(), nullable=True),
        sa.Column("code_index", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaint.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("complaint_id", name="complaint_reporter_one"),
    )
    op.create_index(
        "complaint_reporter_account", "complaint_reporter", ["account_id", "complaint_id"], unique=False
    )
    op.create_index("complaint_reporter_phone", "complaint_reporter", ["phone_index"], unique=False)
    op.create_table(
        "complaint_step",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("complaint_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=True),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("doer", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=True),
        sa.Column("party_id", sa.String(), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.Column("due_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("facts", backend.infra.columns.JsonText(), nullable=False),
        sa.CheckConstraint(
            "to_state IN ('registered', 'accepted', 'dispatched', 'in_progress', 'returned', 'resolved', 'followed_up', 'closed', 'reopened', 'merged', 'transferred', 'declined', 'withdrawn')",
            name="complaint_step_state",
        ),
        sa.CheckConstraint("position >= 1", name="complaint_step_first"),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaint.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("complaint_id", "position", name="complaint_step_position"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("complaint_step")
    op.drop_index(
        "complaint_supervised",
        table_name="complaint",
        postgresql_where=sa.text("is_supervised"),
        sqlite_where=sa.text("is_supervised"),
    )
    op.drop_index("complaint_reporter_phone", table_name="complaint_reporter")
    op.drop_index("complaint_reporter_account", table_name="complaint_reporter")
    op.drop_table("complaint_reporter")
    op.drop_index(
        "complaint_to_warn",
        table_name="complaint",
        postgresql_where=sa.text(
            "state IN ('registered', 'accepted', 'dispatched', 'in_progress', 'returned', 'reopened')"
        ),
        sqlite_where=sa.text(
            "state IN ('registered', 'accepted', 'dispatched', 'in_progress', 'returned', 'reopened')"
        ),
    )
    op.drop_index(
        "complaint_to_respond",
        table_name="complaint",
        postgresql_where=sa.text("responded_at IS NULL"),
        sqlite_where=sa.text("responded_at IS NULL"),
    )
    op.drop_index("complaint_ticket", table_name="complaint")
    op.drop_index("complaint_state", table_name="complaint")
    op.drop_index("complaint_party", table_name="complaint")
    op.drop_index(
        "complaint_open_due",
        table_name="complaint",
        postgresql_where=sa.text(
            "state IN ('registered', 'accepted', 'dispatched', 'in_progress', 'returned', 'reopened')"
        ),
        sqlite_where=sa.text(
            "state IN ('registered', 'accepted', 'dispatched', 'in_progress', 'returned', 'reopened')"
        ),
    )
    op.drop_index("complaint_newest", table_name="complaint")
    op.drop_index("complaint_merged_into", table_name="complaint")
    op.drop_index(
        "complaint_grams", table_name="complaint", postgresql_using="gin", sqlite_where=sa.text("0")
    )
    op.drop_index("complaint_estate", table_name="complaint")
    op.drop_index(
        "complaint_area", table_name="complaint", postgresql_ops={"organisation_path": "text_pattern_ops"}
    )
    op.drop_table("complaint")
    op.drop_index(
        "party_member_once",
        table_name="party_member",
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index("party_member_account", table_name="party_member")
    op.drop_table("party_member")
    op.drop_table("responsible_party")
