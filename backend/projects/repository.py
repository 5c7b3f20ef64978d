"""Projects, their estates, evidence and decisions in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, update
from sqlmodel import Session, col, select

from backend.projects.tables import GateDecision, GateEvidence, Project, ProjectEstate


def find_project(session: Session, project_id: str) -> Project | None:
    """Return a project."""
    return session.get(Project, project_id, populate_existing=True)


def find_estate(session: Session, project_estate_id: str) -> tuple[ProjectEstate, Project] | None:
    """Return an estate in a project, and the project."""
    found = session.exec(
        select(ProjectEstate, Project)
        .join(Project, col(Project.id) == col(ProjectEstate.project_id))
        .where(ProjectEstate.id == project_estate_id)
        .execution_options(populate_existing=True)
    ).first()
    return None if found is None else (found[0], found[1])


def project_by_code(session: Session, organisation_id: str, code: str) -> Project | None:
    """Return an organisation's project of that code."""
    return session.exec(
        select(Project).where(Project.organisation_id == organisation_id, Project.code == code)
    ).first()


def estates_of(session: Session, project_ids: Sequence[str]) -> Sequence[ProjectEstate]:
    """Return the estates of some projects, by name."""
    return session.exec(
        select(ProjectEstate)
        .where(col(ProjectEstate.project_id).in_(project_ids))
        .order_by(col(ProjectEstate.estate_name), col(ProjectEstate.id))
        .execution_options(populate_existing=True)
    ).all()


def evidence_of(session: Session, project_estate_id: str, gate: str) -> Sequence[GateEvidence]:
    """Return the evidence now attached to a gate, oldest first."""
    return session.exec(
        select(GateEvidence)
        .where(
            GateEvidence.project_estate_id == project_estate_id,
            GateEvidence.gate == gate,
            col(GateEvidence.withdrawn_at).is_(None),
        )
        .order_by(col(GateEvidence.added_at), col(GateEvidence.id))
        .execution_options(populate_existing=True)
    ).all()


def standing_decision(session: Session, project_estate_id: str, gate: str) -> GateDecision | None:
    """Return the decision in force on a gate."""
    return session.exec(
        select(GateDecision)
        .where(
            GateDecision.project_estate_id == project_estate_id,
            GateDecision.gate == gate,
            col(GateDecision.revoked_at).is_(None),
        )
        .execution_options(populate_existing=True)
    ).first()


def standing_decisions(session: Session, project_estate_ids: Sequence[str]) -> Sequence[GateDecision]:
    """Return the decisions in force of some estates, in one query."""
    return session.exec(
        select(GateDecision).where(
            col(GateDecision.project_estate_id).in_(project_estate_ids),
            col(GateDecision.revoked_at).is_(None),
        )
    ).all()


def decisions_of(session: Session, project_estate_id: str, gate: str) -> Sequence[GateDecision]:
    """Return every decision on a gate, revoked ones included, newest first; at most 100."""
    return session.exec(
        select(GateDecision)
        .where(GateDecision.project_estate_id == project_estate_id, GateDecision.gate == gate)
        .order_by(col(GateDecision.decided_at).desc(), col(GateDecision.id).desc())
        .limit(100)
    ).all()


def change_estate(session: Session, row: ProjectEstate, **values: str | datetime) -> bool:
    """Change an estate's row if it is still at the version that was read; every write to its gates does."""
    done = session.execute(
        update(ProjectEstate)
        .where(
            col(ProjectEstate.id) == row.id,
            col(ProjectEstate.version) == row.version,
            col(ProjectEstate.state) == "active",
        )
        .values(version=row.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount == 1


def change_project(session: Session, row: Project, version: int, **values: str | int | None) -> bool:
    """Change an active project's row if it is still at ``version``."""
    done = session.execute(
        update(Project)
        .where(col(Project.id) == row.id, col(Project.version) == version, col(Project.state) == "active")
        .values(version=version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount == 1


def withdraw(session: Session, evidence_id: str, at: datetime) -> bool:
    """Withdraw a piece of evidence; False when it is withdrawn already."""
    done = session.execute(
        update(GateEvidence)
        .where(col(GateEvidence.id) == evidence_id, col(GateEvidence.withdrawn_at).is_(None))
        .values(withdrawn_at=at)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount == 1


def revoke(session: Session, decision_id: str, values: dict[str, str | datetime]) -> bool:
    """Revoke a standing decision; False when somebody else was first."""
    done = session.execute(
        update(GateDecision)
        .where(col(GateDecision.id) == decision_id, col(GateDecision.revoked_at).is_(None))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount == 1
