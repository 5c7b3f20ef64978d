"""Projects over one or several estates, their stages, and gate decisions with evidence."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from backend.infra.columns import JsonText, UtcDateTime

STAGES = "'surveying', 'canvass', 'consultation', 'plan_vote', 'construction', 'acceptance', 'evaluation', 'long_term'"
ONE_KIND = (
    "CASE WHEN ballot_id IS NULL THEN 0 ELSE 1 END + CASE WHEN sha256 IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN survey_id IS NULL THEN 0 ELSE 1 END = 1"
)
GATES = "'eligibility', 'inclusion', 'start', 'acceptance', 'evaluation'"


class Project(SQLModel, table=True):
    """A renovation project of one organisation, over one or several estates (片区联动)."""

    __tablename__ = "project"
    __table_args__ = (
        UniqueConstraint("organisation_id", "code", name="project_code"),
        CheckConstraint("state IN ('active', 'closed', 'cancelled')", name="project_state"),
        Index("project_board", "organisation_path", "created_at"),
    )

    id: str = Field(primary_key=True)
    organisation_id: str = Field(foreign_key="organisation.id")
    # Copied, so that a board over a subtree is one range of one index.
    organisation_path: str
    code: str
    name: str
    plan_year: int
    state: str = "active"
    budget_fen: int | None = Field(default=None, sa_type=BigInteger)
    version: int = 1
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class ProjectEstate(SQLModel, table=True):
    """One estate in a project; each estate passes its stages and gates by itself."""

    __tablename__ = "project_estate"
    __table_args__ = (
        UniqueConstraint("project_id", "estate_id", name="project_estate_once"),
        CheckConstraint(f"stage IN ({STAGES})", name="project_estate_stage"),
        CheckConstraint("state IN ('active', 'dropped')", name="project_estate_state"),
        Index("project_estate_estate", "estate_id"),
    )

    id: str = Field(primary_key=True)
    project_id: str = Field(foreign_key="project.id")
    estate_id: str = Field(foreign_key="estate.id")
    # Copied when the estate joins: boards list names, and whose area it is, without asking row by row.
    estate_name: str
    estate_path: str
    stage: str = "surveying"
    state: str = "active"
    stage_since: datetime = Field(sa_type=UtcDateTime)
    version: int = 1


class GateEvidence(SQLModel, table=True):
    """A record attached to a gate: minutes, a confirmation sheet, a precondition's proof, a linked ballot or survey."""

    __tablename__ = "gate_evidence"
    __table_args__ = (
        CheckConstraint(f"gate IN ({GATES})", name="gate_evidence_gate"),
        CheckConstraint(ONE_KIND, name="gate_evidence_one_kind"),
        Index("gate_evidence_of", "project_estate_id", "gate"),
        # A ballot serves one gate of one project, and a gate has one ballot of each kind it needs.
        Index(
            "gate_evidence_ballot_once",
            "ballot_id",
            unique=True,
            postgresql_where=text("ballot_id IS NOT NULL AND withdrawn_at IS NULL"),
            sqlite_where=text("ballot_id IS NOT NULL AND withdrawn_at IS NULL"),
        ),
        Index(
            "gate_evidence_one_ballot_of_kind",
            "project_estate_id",
            "gate",
            "requirement",
            unique=True,
            postgresql_where=text("ballot_id IS NOT NULL AND withdrawn_at IS NULL"),
            sqlite_where=text("ballot_id IS NOT NULL AND withdrawn_at IS NULL"),
        ),
        Index(
            "gate_evidence_one_survey",
            "project_estate_id",
            "gate",
            unique=True,
            postgresql_where=text("survey_id IS NOT NULL AND withdrawn_at IS NULL"),
            sqlite_where=text("survey_id IS NOT NULL AND withdrawn_at IS NULL"),
        ),
        Index(
            "gate_evidence_record_once",
            "project_estate_id",
            "gate",
            "requirement",
            "sha256",
            unique=True,
            postgresql_where=text("sha256 IS NOT NULL AND withdrawn_at IS NULL"),
            sqlite_where=text("sha256 IS NOT NULL AND withdrawn_at IS NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    project_estate_id: str = Field(foreign_key="project_estate.id")
    gate: str
    requirement: str
    title: str
    ballot_id: str | None = Field(default=None, foreign_key="ballot.id")
    survey_id: str | None = Field(default=None, foreign_key="survey.id")
    sha256: str | None = None
    held_on: date | None = None
    added_by: str
    added_at: datetime = Field(sa_type=UtcDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class GateDecision(SQLModel, table=True):
    """A named person's decision on a gate, with the evidence as it stood; revocable with a reason, never edited."""

    __tablename__ = "gate_decision"
    __table_args__ = (
        CheckConstraint(f"gate IN ({GATES})", name="gate_decision_gate"),
        CheckConstraint("outcome IN ('passed', 'failed')", name="gate_decision_outcome"),
        CheckConstraint("(revoked_at IS NULL) = (revoke_reason IS NULL)", name="gate_decision_revoked"),
        Index(
            "gate_decision_standing",
            "project_estate_id",
            "gate",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
            sqlite_where=text("revoked_at IS NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    project_estate_id: str = Field(foreign_key="project_estate.id")
    gate: str
    outcome: str
    profile: str
    evidence: Any = Field(sa_type=JsonText)
    evidence_sha256: str
    reason: str
    decided_by: str
    decided_at: datetime = Field(sa_type=UtcDateTime)
    revoked_by: str | None = None
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoke_reason: str | None = None
