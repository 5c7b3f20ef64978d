"""Complaints: extensions, mediation, follow-up, functions and triggers; calendars of later years."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# What may change only together with a new version, and what never changes.
_LIFE = (
    "state",
    "nature",
    "category",
    "time_class",
    "party_id",
    "about_party_id",
    "about_account_id",
    "merged_into_id",
    "due_at",
    "paused_at",
    "responded_at",
    "resolved_at",
    "closed_at",
    "outcome",
    "is_restricted",
)
_FIXED = ("id", "number", "source", "registered_at", "organisation_id", "estate_id", "disclosure")


def _changed(names: tuple[str, ...]) -> str:
    if op.get_bind().dialect.name == "postgresql":
        new, old = (", ".join(f"{side}.{name}" for name in names) for side in ("NEW", "OLD"))
        return f"({new}) IS DISTINCT FROM ({old})"
    return "(" + " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in names) + ")"


_STEP_EXISTS = (
    "EXISTS (SELECT 1 FROM complaint_step WHERE complaint_id = NEW.id AND position = NEW.version"
    " AND to_state = NEW.state)"
)


def _postgresql() -> tuple[str, ...]:
    return (
        """
        CREATE FUNCTION complaint_step_guard() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'the history of a complaint is only added to';
        END $$
        """,
        """
        CREATE TRIGGER complaint_step_guard BEFORE UPDATE OR DELETE ON complaint_step
        FOR EACH ROW EXECUTE FUNCTION complaint_step_guard()
        """,
        f"""
        CREATE FUNCTION complaint_guard() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP = 'DELETE' THEN
            RAISE EXCEPTION 'complaints are never deleted';
          END IF;
          IF {_changed(_FIXED)} THEN
            RAISE EXCEPTION 'where a complaint came from never changes';
          END IF;
          IF {_changed(("version", *_LIFE))}
             AND NOT (NEW.version = OLD.version + 1 AND {_STEP_EXISTS}) THEN
            RAISE EXCEPTION 'a complaint changes only with a step of its history';
          END IF;
          RETURN NEW;
        END $$
        """,
        """
        CREATE TRIGGER complaint_guard BEFORE UPDATE OR DELETE ON complaint
        FOR EACH ROW EXECUTE FUNCTION complaint_guard()
        """,
    )


def _sqlite() -> tuple[str, ...]:
    return (
        """
        CREATE TRIGGER complaint_step_guard_update BEFORE UPDATE ON complaint_step
        BEGIN SELECT RAISE(ABORT, 'the history of a complaint is only added to'); END
        """,
        """
        CREATE TRIGGER complaint_step_guard_delete BEFORE DELETE ON complaint_step
        BEGIN SELECT RAISE(ABORT, 'the history of a complaint is only added to'); END
        """,
        """
        CREATE TRIGGER complaint_guard_delete BEFORE DELETE ON complaint
        BEGIN SELECT RAISE(ABORT, 'complaints are never deleted'); END
        """,
        f"""
        CREATE TRIGGER complaint_guard_fixed BEFORE UPDATE ON complaint WHEN {_changed(_FIXED)}
        BEGIN SELECT RAISE(ABORT, 'where a complaint came from never changes'); END
        """,
        f"""
        CREATE TRIGGER complaint_guard_update BEFORE UPDATE ON complaint
        WHEN {_changed(("version", *_LIFE))} AND NOT (NEW.version = OLD.version + 1 AND {_STEP_EXISTS})
        BEGIN SELECT RAISE(ABORT, 'a complaint changes only with a step of its history'); END
        """,
    )


_SQLITE_TRIGGERS = (
    "complaint_step_guard_update",
    "complaint_step_guard_delete",
    "complaint_guard_delete",
    "complaint_guard_fixed",
    "complaint_guard_update",
)


def _create_guards() -> None:
    for statement in _postgresql() if op.get_bind().dialect.name == "postgresql" else _sqlite():
        op.execute(statement)


def _drop_guards() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION complaint_step_guard() CASCADE")
        op.execute("DROP FUNCTION complaint_guard() CASCADE")
    else:
        for name in _SQLITE_TRIGGERS:
            op.execute(f"DROP TRIGGER {name}")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "calendar_year",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("holidays", backend.infra.columns.JsonText(), nullable=False),
        sa.Column("workdays", backend.infra.columns.JsonText(), nullable=False),
        sa.Column("loaded_by", sa.String(), nullable=False),
        sa.Column("loaded_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.CheckConstraint("year BETWEEN 2026 AND 2100", name="calendar_year_range"),
        sa.PrimaryKeyConstraint("year"),
    )
    op.create_table(
        "complaint_extension",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("complaint_id", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("requested_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("decision_words", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(state = 'requested') = (decided_by IS NULL)", name="complaint_extension_decided"
        ),
        sa.CheckConstraint("state IN ('requested', 'granted', 'refused')", name="complaint_extension_state"),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> requested_by", name="complaint_extension_two"
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaint.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("complaint_extension_of", "complaint_extension", ["complaint_id"], unique=False)
    op.create_index(
        "complaint_extension_open",
        "complaint_extension",
        ["complaint_id"],
        unique=True,
        postgresql_where=sa.text("state = 'requested'"),
        sqlite_where=sa.text("state = 'requested'"),
    )
    op.create_table(
        "complaint_follow_up",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("complaint_id", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("token_sealed", sa.String(), nullable=False),
        sa.Column("token_index", sa.String(), nullable=False),
        sa.Column("asked_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("expires_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("answered_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("ended_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("via", sa.String(), nullable=True),
        sa.Column("is_solved", sa.Boolean(), nullable=True),
        sa.Column("is_satisfied", sa.Boolean(), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (is_solved IS NULL)", name="complaint_follow_up_answered"
        ),
        sa.CheckConstraint("(answered_at IS NULL) = (via IS NULL)", name="complaint_follow_up_via"),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaint.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("complaint_id", "round", name="complaint_follow_up_round"),
        sa.UniqueConstraint("token_index", name="complaint_follow_up_token"),
    )
    op.create_index(
        "complaint_follow_up_waiting",
        "complaint_follow_up",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("answered_at IS NULL AND ended_at IS NULL"),
        sqlite_where=sa.text("answered_at IS NULL AND ended_at IS NULL"),
    )
    op.create_table(
        "complaint_mediation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("complaint_id", sa.String(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("parties_sealed", sa.String(), nullable=False),
        sa.Column("mediator_sealed", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("agreement_sealed", sa.String(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "outcome <> 'agreed' OR agreement_sealed IS NOT NULL", name="complaint_mediation_agreement"
        ),
        sa.CheckConstraint("outcome IN ('agreed', 'failed')", name="complaint_mediation_outcome"),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaint.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("complaint_mediation_of", "complaint_mediation", ["complaint_id"], unique=False)
    _create_guards()


def downgrade() -> None:
    """Undo."""
    _drop_guards()
    op.drop_index("complaint_mediation_of", table_name="complaint_mediation")
    op.drop_table("complaint_mediation")
    op.drop_index(
        "complaint_follow_up_waiting",
        table_name="complaint_follow_up",
        postgresql_where=sa.text("answered_at IS NULL AND ended_at IS NULL"),
        sqlite_where=sa.text("answered_at IS NULL AND ended_at IS NULL"),
    )
    op.drop_table("complaint_follow_up")
    op.drop_index(
        "complaint_extension_open",
        table_name="complaint_extension",
        postgresql_where=sa.text("state = 'requested'"),
        sqlite_where=sa.text("state = 'requested'"),
    )
    op.drop_index("complaint_extension_of", table_name="complaint_extension")
    op.drop_table("complaint_extension")
    op.drop_table("calendar_year")
