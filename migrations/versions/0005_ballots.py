"""Ballots: tables, functions and triggers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_GATE = """
    CREATE FUNCTION ballot_gate(wanted text)
    RETURNS TABLE (state text, opens_at timestamptz, closes_at timestamptz, documents_hash text,
                   electorate text, re_vote boolean, organisation_id text, now timestamptz)
    LANGUAGE plpgsql VOLATILE ROWS 1 AS $$
    BEGIN
      IF pg_advisory_xact_lock_shared(hashtextextended(wanted, 0)) IS NULL THEN
        RETURN;  -- never: the call as an expression costs less than PERFORM's query
      END IF;
      SELECT b.state, b.opens_at, b.closes_at, b.documents_hash, b.electorate, b.re_vote, b.organisation_id,
             gongjue_now()
      INTO state, opens_at, closes_at, documents_hash, electorate, re_vote, organisation_id, now
      FROM ballot b WHERE b.id = wanted;
      IF FOUND THEN
        RETURN NEXT;
      END IF;
    END $$
    """


def _create_guards() -> None:
    # Takes the casting side of the barrier first and reads state and time afterwards: a function body sees
    # a fresh snapshot per statement, so a cast that waited for a stop or a seal sees it.
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_GATE)


def _drop_guards() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION ballot_gate(text)")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "ballot",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("building_id", sa.String(), nullable=True),
        sa.Column("entrance_id", sa.String(), nullable=True),
        sa.Column("project_id", sa.String(), nullable=True),
        sa.Column("rerun_of", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("electorate", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("parameters", backend.infra.columns.JsonText(), nullable=False),
        sa.Column("re_vote", sa.Boolean(), nullable=False),
        sa.Column("max_choices", sa.Integer(), nullable=True),
        sa.Column("notice_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("opens_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("closes_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("counting_until", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("sealed_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("preliminary_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("objections_until", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("final_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("stopped_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("stop_reason", sa.String(), nullable=True),
        sa.Column("extensions", sa.Integer(), nullable=False),
        sa.Column("documents_hash", sa.String(), nullable=True),
        sa.Column("roll_hash", sa.String(), nullable=True),
        sa.Column("roll_heads", sa.Integer(), nullable=True),
        sa.Column("roll_households", sa.Integer(), nullable=True),
        sa.Column("roll_area_centi", sa.BigInteger(), nullable=True),
        sa.Column("result", backend.infra.columns.JsonText(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.CheckConstraint("electorate IN ('owners', 'households')", name="ballot_electorate"),
        sa.CheckConstraint(
            "kind IN ('canvass', 'plan', 'property_management', 'property_fee', 'committee_election', 'fund_use', 'fund_raise', 'estate_rules', 'building_matter', 'land_reuse', 'common_income', 'other')",
            name="ballot_kind",
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'notice', 'open', 'counting', 'sealed', 'preliminary', 'final', 'suspended', 'voided', 'cancelled')",
            name="ballot_state",
        ),
        sa.CheckConstraint(
            "state NOT IN ('open', 'counting', 'sealed', 'preliminary', 'final') OR roll_hash IS NOT NULL",
            name="ballot_roll",
        ),
        sa.CheckConstraint("extensions BETWEEN 0 AND 1", name="ballot_extensions"),
        sa.CheckConstraint("opens_at IS NULL OR closes_at > opens_at", name="ballot_window"),
        sa.ForeignKeyConstraint(
            ["building_id"],
            ["building.id"],
        ),
        sa.ForeignKeyConstraint(
            ["entrance_id"],
            ["entrance.id"],
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
            ["rerun_of"],
            ["ballot.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ballot_due", "ballot", ["state", "closes_at"], unique=False)
    op.create_index("ballot_estate", "ballot", ["estate_id", "created_at"], unique=False)
    op.create_table(
        "ballot_check",
        sa.Column("ballot_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("evidence_sha256", sa.String(), nullable=True),
        sa.Column("done_by", sa.String(), nullable=False),
        sa.Column("done_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "name IN ('roll_checked', 'committee_told', 'posted_on_site')", name="ballot_check_name"
        ),
        sa.ForeignKeyConstraint(
            ["ballot_id"],
            ["ballot.id"],
        ),
        sa.PrimaryKeyConstraint("ballot_id", "name"),
    )
    op.create_table(
        "ballot_document",
        sa.Column("ballot_id", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ballot_id"],
            ["ballot.id"],
        ),
        sa.PrimaryKeyConstraint("ballot_id", "sha256"),
    )
    op.create_table(
        "motion",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ballot_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("joined_rule_ids", backend.infra.columns.JsonText(), nullable=True),
        sa.Column("rule_reason", sa.String(), nullable=False),
        sa.Column("rule_decided_by", sa.String(), nullable=False),
        sa.Column("parameters", backend.infra.columns.JsonText(), nullable=True),
        sa.CheckConstraint("position >= 0", name="motion_position_positive"),
        sa.ForeignKeyConstraint(
            ["ballot_id"],
            ["ballot.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("ballot_id", "position", name="motion_position"),
    )
    op.create_table(
        "roll_amendment",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ballot_id", sa.String(), nullable=False),
        sa.Column("roll_entry_id", sa.String(), nullable=True),
        sa.Column("change", sa.String(), nullable=False),
        sa.Column("before", backend.infra.columns.JsonText(), nullable=False),
        sa.Column("after", backend.infra.columns.JsonText(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=True),
        sa.Column("confirmed_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "change IN ('area', 'owner', 'household', 'add', 'remove')", name="roll_amendment_change"
        ),
        sa.CheckConstraint("state IN ('proposed', 'confirmed', 'withdrawn')", name="roll_amendment_state"),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> proposed_by", name="roll_amendment_two_people"
        ),
        sa.ForeignKeyConstraint(
            ["ballot_id"],
            ["ballot.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("roll_amendment_ballot", "roll_amendment", ["ballot_id"], unique=False)
    op.create_table(
        "roll_entry",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ballot_id", sa.String(), nullable=False),
        sa.Column("dwelling_id", sa.String(), nullable=False),
        sa.Column("building_id", sa.String(), nullable=False),
        sa.Column("entrance_id", sa.String(), nullable=True),
        sa.Column("building_label", sa.String(), nullable=False),
        sa.Column("entrance_label", sa.String(), nullable=False),
        sa.Column("door_label", sa.String(), nullable=False),
        sa.Column("pseudonym", sa.String(), nullable=False),
        sa.Column("owner_id", sa.String(), nullable=False),
        sa.Column("head_no", sa.Integer(), nullable=False),
        sa.Column("head_pseudonym", sa.String(), nullable=False),
        sa.Column("area_centi", sa.BigInteger(), nullable=False),
        sa.Column("is_household", sa.Boolean(), nullable=False),
        sa.Column("is_removed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("area_centi > 0", name="roll_entry_area"),
        sa.ForeignKeyConstraint(
            ["ballot_id"],
            ["ballot.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("ballot_id", "dwelling_id", name="roll_entry_dwelling"),
        sa.UniqueConstraint("ballot_id", "pseudonym", name="roll_entry_pseudonym"),
    )
    op.create_index("roll_entry_building", "roll_entry", ["ballot_id", "building_id"], unique=False)
    op.create_index("roll_entry_of_dwelling", "roll_entry", ["dwelling_id"], unique=False)
    op.create_table(
        "service_proof",
        sa.Column("ballot_id", sa.String(), nullable=False),
        sa.Column("dwelling_id", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("evidence_sha256", sa.String(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("served_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "method IN ('in_person', 'letter', 'wechat', 'phone', 'posted')", name="service_proof_method"
        ),
        sa.ForeignKeyConstraint(
            ["ballot_id"],
            ["ballot.id"],
        ),
        sa.PrimaryKeyConstraint("ballot_id", "dwelling_id"),
    )

    _create_guards()


def downgrade() -> None:
    """Undo."""
    _drop_guards()
    op.drop_table("service_proof")
    op.drop_index("roll_entry_of_dwelling", table_name="roll_entry")
    op.drop_index("roll_entry_building", table_name="roll_entry")
    op.drop_table("roll_entry")
    op.drop_index("roll_amendment_ballot", table_name="roll_amendment")
    op.drop_table("roll_amendment")
    op.drop_table("motion")
    op.drop_table("ballot_document")
    op.drop_table("ballot_check")
    op.drop_index("ballot_estate", table_name="ballot")
    op.drop_index("ballot_due", table_name="ballot")
    op.drop_table("ballot")
