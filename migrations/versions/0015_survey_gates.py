"""Surveys: what is frozen stays frozen; a survey as evidence of a gate."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ASKED = ("id", "organisation_id", "unit", "tenants_answer", "rule_id", "form", "created_by", "created_at")
_FORM = (*_ASKED, "title", "intro", "form_sha256", "opened_at", "opened_by", "closes_at")
_SAID = (
    "id",
    "survey_id",
    "estate_id",
    "pool",
    "household_id",
    "respondent",
    "channel",
    "entered_by",
    "photo_sha256",
    "answers",
    "overall",
    "request_sha256",
    "idempotency_key",
    "arrived_at",
    "subtracts_id",
)


def _same(names: tuple[str, ...], side: str) -> str:
    return ", ".join(f"{side}.{name}" for name in names)


def _differs(names: tuple[str, ...]) -> str:
    return " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in names)


_POSTGRESQL = (
    f"""
    CREATE FUNCTION survey_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF OLD.state <> 'draft' AND ({_same(_FORM, "NEW")}) IS DISTINCT FROM ({_same(_FORM, "OLD")}) THEN
        RAISE EXCEPTION 'a survey is frozen when it opens';
      END IF;
      IF OLD.state IN ('closed', 'cancelled') AND NEW.state <> OLD.state THEN
        RAISE EXCEPTION 'a survey that has ended does not begin again';
      END IF;
      RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER survey_guard BEFORE UPDATE ON survey FOR EACH ROW EXECUTE FUNCTION survey_guard()",
    f"""
    CREATE FUNCTION survey_response_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'responses are never deleted';
      END IF;
      IF OLD.state = 'replaced' AND NEW.state <> 'replaced'
         OR ({_same(_SAID, "NEW")}) IS DISTINCT FROM ({_same(_SAID, "OLD")}) THEN
        RAISE EXCEPTION 'a response is only replaced, never changed';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER survey_response_guard BEFORE UPDATE OR DELETE ON survey_response
    FOR EACH ROW EXECUTE FUNCTION survey_response_guard()
    """,
)
_SQLITE = (
    f"""
    CREATE TRIGGER survey_guard_frozen BEFORE UPDATE ON survey
    WHEN OLD.state <> 'draft' AND ({_differs(_FORM)})
    BEGIN SELECT RAISE(ABORT, 'a survey is frozen when it opens'); END
    """,
    """
    CREATE TRIGGER survey_guard_ended BEFORE UPDATE ON survey
    WHEN OLD.state IN ('closed', 'cancelled') AND NEW.state <> OLD.state
    BEGIN SELECT RAISE(ABORT, 'a survey that has ended does not begin again'); END
    """,
    f"""
    CREATE TRIGGER survey_response_guard_update BEFORE UPDATE ON survey_response
    WHEN (OLD.state = 'replaced' AND NEW.state <> 'replaced') OR {_differs(_SAID)}
    BEGIN SELECT RAISE(ABORT, 'a response is only replaced, never changed'); END
    """,
    """
    CREATE TRIGGER survey_response_guard_delete BEFORE DELETE ON survey_response
    BEGIN SELECT RAISE(ABORT, 'responses are never deleted'); END
    """,
)
_SURVEYS = "survey_id IS NOT NULL AND withdrawn_at IS NULL"
_BALLOTS = "ballot_id IS NOT NULL AND withdrawn_at IS NULL"
_RECORDS = "sha256 IS NOT NULL AND withdrawn_at IS NULL"
# Name, columns, unique, condition.
_INDEXES = (
    ("gate_evidence_ballot_once", ["ballot_id"], True, _BALLOTS),
    ("gate_evidence_of", ["project_estate_id", "gate"], False, None),
    ("gate_evidence_one_ballot_of_kind", ["project_estate_id", "gate", "requirement"], True, _BALLOTS),
    ("gate_evidence_record_once", ["project_estate_id", "gate", "requirement", "sha256"], True, _RECORDS),
)
_ONE_OF_THREE = (
    "CASE WHEN ballot_id IS NULL THEN 0 ELSE 1 END + CASE WHEN sha256 IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN survey_id IS NULL THEN 0 ELSE 1 END = 1"
)
_ONE_OF_TWO = "(ballot_id IS NULL) <> (sha256 IS NULL)"
_KEPT = "id, project_estate_id, gate, requirement, title, ballot_id, sha256, held_on, added_by, added_at, withdrawn_at"


def _is_postgresql() -> bool:
    return bool(op.get_bind().dialect.name == "postgresql")


def _index(name: str, columns: list[str], unique: bool, where: str | None) -> None:
    condition = None if where is None else sa.text(where)
    op.create_index(
        name, "gate_evidence", columns, unique=unique, postgresql_where=condition, sqlite_where=condition
    )


def _rebuild(*, has_survey: bool) -> None:
    """Write the table anew on SQLite, which cannot change a constraint."""
    for name, *_ in _INDEXES:
        op.drop_index(name, table_name="gate_evidence")
    op.rename_table("gate_evidence", "gate_evidence_former")
    survey = [sa.Column("survey_id", sa.String(), sa.ForeignKey("survey.id"), nullable=True)]
    op.create_table(
        "gate_evidence",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project_estate_id", sa.String(), sa.ForeignKey("project_estate.id"), nullable=False),
        sa.Column("gate", sa.String(), nullable=False),
        sa.Column("requirement", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("ballot_id", sa.String(), sa.ForeignKey("ballot.id"), nullable=True),
        *(survey if has_survey else []),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "gate IN ('eligibility', 'inclusion', 'start', 'acceptance', 'evaluation')",
            name="gate_evidence_gate",
        ),
        sa.CheckConstraint(_ONE_OF_THREE if has_survey else _ONE_OF_TWO, name="gate_evidence_one_kind"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.execute(f"INSERT INTO gate_evidence ({_KEPT}) SELECT {_KEPT} FROM gate_evidence_former")
    op.drop_table("gate_evidence_former")
    for name, columns, unique, where in _INDEXES:
        _index(name, columns, unique, where)


def upgrade() -> None:
    """Apply."""
    for statement in _POSTGRESQL if _is_postgresql() else _SQLITE:
        op.execute(statement)
    if _is_postgresql():
        op.add_column("gate_evidence", sa.Column("survey_id", sa.String(), nullable=True))
        op.create_foreign_key(
            "gate_evidence_survey_id_fkey", "gate_evidence", "survey", ["survey_id"], ["id"]
        )
        op.drop_constraint("gate_evidence_one_kind", "gate_evidence", type_="check")
        op.create_check_constraint("gate_evidence_one_kind", "gate_evidence", _ONE_OF_THREE)
    else:
        _rebuild(has_survey=True)
    _index("gate_evidence_one_survey", ["project_estate_id", "gate"], True, _SURVEYS)


def downgrade() -> None:
    """Undo; evidence that is a survey is forgotten."""
    op.drop_index("gate_evidence_one_survey", table_name="gate_evidence")
    op.execute("DELETE FROM gate_evidence WHERE survey_id IS NOT NULL")
    if _is_postgresql():
        op.drop_constraint("gate_evidence_one_kind", "gate_evidence", type_="check")
        op.drop_constraint("gate_evidence_survey_id_fkey", "gate_evidence", type_="foreignkey")
        op.drop_column("gate_evidence", "survey_id")
        op.create_check_constraint("gate_evidence_one_kind", "gate_evidence", _ONE_OF_TWO)
        op.execute("DROP FUNCTION survey_response_guard() CASCADE")
        op.execute("DROP FUNCTION survey_guard() CASCADE")
        return
    _rebuild(has_survey=False)
    for name in (
        "survey_guard_frozen",
        "survey_guard_ended",
        "survey_response_guard_update",
        "survey_response_guard_delete",
    ):
        op.execute(f"DROP TRIGGER {name}")
