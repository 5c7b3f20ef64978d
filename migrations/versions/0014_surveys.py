"""Surveys: tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "survey",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("intro", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("tenants_answer", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=True),
        sa.Column("form", backend.infra.columns.JsonText(), nullable=False),
        sa.Column("form_sha256", sa.String(), nullable=True),
        sa.Column("opened_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("opened_by", sa.String(), nullable=True),
        sa.Column("closes_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("closed_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("cancel_reason", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="survey_closed"),
        sa.CheckConstraint("rule_id IS NULL OR unit = 'household'", name="survey_gate_by_household"),
        sa.CheckConstraint(
            "state IN ('draft', 'cancelled') OR (form_sha256 IS NOT NULL AND closes_at IS NOT NULL AND opened_at IS NOT NULL)",
            name="survey_opened",
        ),
        sa.CheckConstraint("state IN ('draft', 'open', 'closed', 'cancelled')", name="survey_state"),
        sa.CheckConstraint("unit IN ('household', 'person')", name="survey_unit"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("created_by", "idempotency_key", name="survey_idempotency"),
    )
    op.create_index(
        "survey_due",
        "survey",
        ["closes_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
        sqlite_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "survey_area",
        sa.Column("survey_id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("created_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"]),
        sa.PrimaryKeyConstraint("survey_id", "organisation_id"),
    )
    op.create_index(
        "survey_area_list", "survey_area", ["organisation_id", "created_at", "survey_id"], unique=False
    )
    op.create_table(
        "survey_estate",
        sa.Column("survey_id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("estate_name", sa.String(), nullable=False),
        sa.Column("estate_path", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("census_sha256", sa.String(), nullable=True),
        sa.Column("parameters", backend.infra.columns.JsonText(), nullable=True),
        sa.Column("result", backend.infra.columns.JsonText(), nullable=True),
        sa.Column("responses_sha256", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["estate_id"], ["estate.id"]),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"]),
        sa.PrimaryKeyConstraint("survey_id", "estate_id"),
    )
    op.create_index("survey_estate_of", "survey_estate", ["estate_id", "survey_id"], unique=False)
    op.create_table(
        "survey_sum",
        sa.Column("survey_id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["estate_id"], ["estate.id"]),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"]),
        sa.PrimaryKeyConstraint("survey_id", "estate_id", "question", "pool", "code"),
    )
    op.create_index(
        "survey_sum_estates",
        "survey_sum",
        ["survey_id", "question", "estate_id", "code", "number"],
        unique=False,
        postgresql_where=sa.text("pool = ''"),
        sqlite_where=sa.text("pool = ''"),
    )
    op.create_table(
        "survey_place",
        sa.Column("survey_id", sa.String(), nullable=False),
        sa.Column("building_id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("covered", sa.Integer(), nullable=False),
        sa.Column("contacted", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "0 <= covered AND covered <= answered AND answered <= households AND 0 <= contacted AND contacted <= households",
            name="survey_place_counts",
        ),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"]),
        sa.ForeignKeyConstraint(["estate_id"], ["estate.id"]),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"]),
        sa.PrimaryKeyConstraint("survey_id", "building_id"),
    )
    op.create_index("survey_place_estate", "survey_place", ["survey_id", "estate_id"], unique=False)
    op.create_table(
        "survey_household",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("survey_id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("building_id", sa.String(), nullable=False),
        sa.Column("entrance_id", sa.String(), nullable=True),
        sa.Column("dwelling_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("building_label", sa.String(), nullable=False),
        sa.Column("entrance_label", sa.String(), nullable=False),
        sa.Column("door_label", sa.String(), nullable=False),
        sa.Column("answered_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("covered_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_outcome", sa.String(), nullable=True),
        sa.Column("last_try_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "last_outcome IS NULL OR last_outcome IN ('not_home', 'refused', 'vacant', 'no_answer', 'wrong_number', 'later', 'sheet_left')",
            name="survey_household_outcome",
        ),
        sa.CheckConstraint("covered_at IS NULL OR answered_at IS NOT NULL", name="survey_household_covered"),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"]),
        sa.ForeignKeyConstraint(["dwelling_id"], ["dwelling.id"]),
        sa.ForeignKeyConstraint(["entrance_id"], ["entrance.id"]),
        sa.ForeignKeyConstraint(["estate_id"], ["estate.id"]),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("survey_id", "dwelling_id", name="survey_household_once"),
    )
    op.create_index("survey_household_dwelling", "survey_household", ["dwelling_id"], unique=False)
    op.create_index(
        "survey_household_todo",
        "survey_household",
        ["survey_id", "estate_id", "position"],
        unique=False,
        postgresql_where=sa.text("covered_at IS NULL"),
        sqlite_where=sa.text("covered_at IS NULL"),
    )
    op.create_index(
        "survey_household_todo_building",
        "survey_household",
        ["survey_id", "building_id", "position"],
        unique=False,
        postgresql_where=sa.text("covered_at IS NULL"),
        sqlite_where=sa.text("covered_at IS NULL"),
    )
    op.create_table(
        "survey_contact",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("survey_id", sa.String(), nullable=False),
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.CheckConstraint("channel IN ('doorstep', 'telephone')", name="survey_contact_channel"),
        sa.CheckConstraint(
            "outcome IN ('not_home', 'refused', 'vacant', 'no_answer', 'wrong_number', 'later', 'sheet_left')",
            name="survey_contact_outcome",
        ),
        sa.ForeignKeyConstraint(["household_id"], ["survey_household.id"]),
        sa.ForeignKeyConstraint(["made_by"], ["account.id"]),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("made_by", "idempotency_key", name="survey_contact_idempotency"),
    )
    op.create_index("survey_contact_household", "survey_contact", ["household_id", "made_at"], unique=False)
    op.create_table(
        "survey_draft",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("survey_id", sa.String(), nullable=False),
        sa.Column("answers_sealed", sa.String(), nullable=False),
        sa.Column("saved_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["household_id"], ["survey_household.id"]),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("household_id", "account_id", name="survey_draft_once"),
    )
    op.create_index(op.f("ix_survey_draft_survey_id"), "survey_draft", ["survey_id"], unique=False)
    op.create_table(
        "survey_response",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("survey_id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("respondent", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("entered_by", sa.String(), nullable=False),
        sa.Column("photo_sha256", sa.String(), nullable=True),
        sa.Column("answers", backend.infra.columns.JsonText(), nullable=False),
        sa.Column("overall", sa.String(), nullable=True),
        sa.Column("texts_sealed", sa.String(), nullable=True),
        sa.Column("request_sha256", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("arrived_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("replaced_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("released_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("subtracts_id", sa.String(), nullable=True),
        sa.CheckConstraint(
            "channel IN ('online', 'doorstep', 'telephone', 'paper')", name="survey_response_channel"
        ),
        sa.CheckConstraint("state IN ('standing', 'replaced')", name="survey_response_state"),
        sa.ForeignKeyConstraint(["entered_by"], ["account.id"]),
        sa.ForeignKeyConstraint(["estate_id"], ["estate.id"]),
        sa.ForeignKeyConstraint(["household_id"], ["survey_household.id"]),
        sa.ForeignKeyConstraint(["subtracts_id"], ["survey_response.id"]),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("entered_by", "idempotency_key", name="survey_response_idempotency"),
    )
    op.create_index("survey_response_household", "survey_response", ["household_id"], unique=False)
    op.create_index(
        "survey_response_list",
        "survey_response",
        ["survey_id", "estate_id", "arrived_at", "id"],
        unique=False,
    )
    op.create_index(
        "survey_response_pending",
        "survey_response",
        ["survey_id", "pool"],
        unique=False,
        postgresql_where=sa.text("state = 'standing' AND released_at IS NULL"),
        sqlite_where=sa.text("state = 'standing' AND released_at IS NULL"),
    )
    op.create_index(
        "survey_response_standing",
        "survey_response",
        ["survey_id", "respondent"],
        unique=True,
        postgresql_where=sa.text("state = 'standing'"),
        sqlite_where=sa.text("state = 'standing'"),
    )
    op.create_table(
        "survey_text",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("response_id", sa.String(), nullable=False),
        sa.Column("survey_id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("personal", backend.infra.columns.JsonText(), nullable=False),
        sa.Column("photos", backend.infra.columns.JsonText(), nullable=False),
        sa.Column("is_standing", sa.Boolean(), nullable=False),
        sa.Column("written_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["estate_id"], ["estate.id"]),
        sa.ForeignKeyConstraint(["response_id"], ["survey_response.id"]),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "survey_text_list",
        "survey_text",
        ["survey_id", "estate_id", "written_at", "id"],
        unique=False,
        postgresql_where=sa.text("is_standing"),
        sqlite_where=sa.text("is_standing"),
    )
    op.create_index("survey_text_response", "survey_text", ["response_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    for table in (
        "survey_text",
        "survey_response",
        "survey_draft",
        "survey_contact",
        "survey_household",
        "survey_place",
        "survey_sum",
        "survey_estate",
        "survey_area",
        "survey",
    ):
        op.drop_table(table)
