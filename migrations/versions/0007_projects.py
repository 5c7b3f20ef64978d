"""Projects: tables, functions and triggers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_FROZEN = (
    "id",
    "project_estate_id",
    "gate",
    "outcome",
    "profile",
    "evidence",
    "evidence_sha256",
    "reason",
    "decided_by",
    "decided_at",
)
_POSTGRESQL = (
    f"""
    CREATE FUNCTION gate_decision_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'gate decisions are never deleted';
      END IF;
      IF OLD.revoked_at IS NOT NULL OR ({", ".join("NEW." + name for name in _FROZEN)}) IS DISTINCT FROM
         ({", ".join("OLD." + name for name in _FROZEN)}) THEN
        RAISE EXCEPTION 'a gate decision is only revoked, once';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER gate_decision_guard BEFORE UPDATE OR DELETE ON gate_decision
    FOR EACH ROW EXECUTE FUNCTION gate_decision_guard()
    """,
)
_SQLITE = (
    f"""
    CREATE TRIGGER gate_decision_guard_update BEFORE UPDATE ON gate_decision
    WHEN OLD.revoked_at IS NOT NULL OR {" OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in _FROZEN)}
    BEGIN SELECT RAISE(ABORT, 'a gate decision is only revoked, once'); END
    """,
    """
    CREATE TRIGGER gate_decision_guard_delete BEFORE DELETE ON gate_decision
    BEGIN SELECT RAISE(ABORT, 'gate decisions are never deleted'); END
    """,
)


def _create_guards() -> None:
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


def _drop_guards() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION gate_decision_guard() CASCADE")
    else:
        op.execute("DROP TRIGGER gate_decision_guard_update")
        op.execute("DROP TRIGGER gate_decision_guard_delete")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "project",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("organisation_path", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("plan_year", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("budget_fen", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('active', 'closed', 'cancelled')", name="project_state"),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organisation_id", "code", name="project_code"),
    )
    op.create_index("project_board", "project", ["organisation_path", "created_at"], unique=False)
    op.create_table(
        "project_estate",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("estate_name", sa.String(), nullable=False),
        sa.Column("estate_path", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("stage_since", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('surveying', 'canvass', 'consultation', 'plan_vote', 'construction', 'acceptance', 'evaluation', 'long_term')",
            name="project_estate_stage",
        ),
        sa.CheckConstraint("state IN ('active', 'dropped')", name="project_estate_state"),
        sa.ForeignKeyConstraint(
            ["estate_id"],
            ["estate.id"],
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "estate_id", name="project_estate_once"),
    )
    op.create_index("project_estate_estate", "project_estate", ["estate_id"], unique=False)
    op.create_table(
        "gate_decision",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project_estate_id", sa.String(), nullable=False),
        sa.Column("gate", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("evidence", backend.infra.columns.JsonText(), nullable=False),
        sa.Column("evidence_sha256", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.Column("revoked_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("revoke_reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "gate IN ('eligibility', 'inclusion', 'start', 'acceptance', 'evaluation')",
            name="gate_decision_gate",
        ),
        sa.CheckConstraint("outcome IN ('passed', 'failed')", name="gate_decision_outcome"),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoke_reason IS NULL)", name="gate_decision_revoked"),
        sa.ForeignKeyConstraint(
            ["project_estate_id"],
            ["project_estate.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "gate_decision_standing",
        "gate_decision",
        ["project_estate_id", "gate"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
        sqlite_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "gate_evidence",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project_estate_id", sa.String(), nullable=False),
        sa.Column("gate", sa.String(), nullable=False),
        sa.Column("requirement", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("ballot_id", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "gate IN ('eligibility', 'inclusion', 'start', 'acceptance', 'evaluation')",
            name="gate_evidence_gate",
        ),
        sa.CheckConstraint("(ballot_id IS NULL) <> (sha256 IS NULL)", name="gate_evidence_one_kind"),
        sa.ForeignKeyConstraint(
            ["ballot_id"],
            ["ballot.id"],
        ),
        sa.ForeignKeyConstraint(
            ["project_estate_id"],
            ["project_estate.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "gate_evidence_ballot_once",
        "gate_evidence",
        ["ballot_id"],
        unique=True,
        postgresql_where=sa.text("ballot_id IS NOT NULL AND withdrawn_at IS NULL"),
        sqlite_where=sa.text("ballot_id IS NOT NULL AND withdrawn_at IS NULL"),
    )
    op.create_index("gate_evidence_of", "gate_evidence", ["project_estate_id", "gate"], unique=False)
    op.create_index(
        "gate_evidence_one_ballot_of_kind",
        "gate_evidence",
        ["project_estate_id", "gate", "requirement"],
        unique=True,
        postgresql_where=sa.text("ballot_id IS NOT NULL AND withdrawn_at IS NULL"),
        sqlite_where=sa.text("ballot_id IS NOT NULL AND withdrawn_at IS NULL"),
    )
    op.create_index(
        "gate_evidence_record_once",
        "gate_evidence",
        ["project_estate_id", "gate", "requirement", "sha256"],
        unique=True,
        postgresql_where=sa.text("sha256 IS NOT NULL AND withdrawn_at IS NULL"),
        sqlite_where=sa.text("sha256 IS NOT NULL AND withdrawn_at IS NULL"),
    )

    _create_guards()


def downgrade() -> None:
    """Undo."""
    _drop_guards()
    op.drop_index(
        "gate_evidence_record_once",
        table_name="gate_evidence",
        postgresql_where=sa.text("sha256 IS NOT NULL AND withdrawn_at IS NULL"),
        sqlite_where=sa.text("sha256 IS NOT NULL AND withdrawn_at IS NULL"),
    )
    op.drop_index(
        "gate_evidence_one_ballot_of_kind",
        table_name="gate_evidence",
        postgresql_where=sa.text("ballot_id IS NOT NULL AND withdrawn_at IS NULL"),
        sqlite_where=sa.text("ballot_id IS NOT NULL AND withdrawn_at IS NULL"),
    )
    op.drop_index("gate_evidence_of", table_name="gate_evidence")
    op.drop_index(
        "gate_evidence_ballot_once",
        table_name="gate_evidence",
        postgresql_where=sa.text("ballot_id IS NOT NULL AND withdrawn_at IS NULL"),
        sqlite_where=sa.text("ballot_id IS NOT NULL AND withdrawn_at IS NULL"),
    )
    op.drop_table("gate_evidence")
    op.drop_index(
        "gate_decision_standing",
        table_name="gate_decision",
        postgresql_where=sa.text("revoked_at IS NULL"),
        sqlite_where=sa.text("revoked_at IS NULL"),
    )
    op.drop_table("gate_decision")
    op.drop_index("project_estate_estate", table_name="project_estate")
    op.drop_table("project_estate")
    op.drop_index("project_board", table_name="project")
    op.drop_table("project")
