"""Which profile and which local numbers hold for an organisation, and how they came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from backend.infra.database import db_now
from backend.infra.paging import Position, older_than
from backend.kernel.clock import local_date
from backend.policies import repository
from backend.policies.rules import hotline
from backend.policies.rules.parameters import (
    LocalDecision,
    OpenParameter,
    in_force,
    open_parameters,
    rule_titles,
)
from backend.policies.rules.periods import YearCalendar, our_calendars
from backend.policies.tables import LocalNumber, ProfileAdoption
from backend.registry.queries import ancestors


@dataclass(frozen=True, slots=True)
class Adoption:
    """A profile adopted by an organisation for its subtree."""

    id: str
    organisation_id: str
    profile: str
    document_title: str
    document_sha256: str | None
    adopted_by: str
    adopted_at: datetime
    ended_at: datetime | None


def profile_for(session: Session, organisation_id: str) -> Adoption | None:
    """Return the adoption of the organisation itself or its nearest ancestor, None when nobody adopted one."""
    nearest_first = ancestors(session, organisation_id)
    found = {row.organisation_id: row for row in repository.standing_adoptions(session, nearest_first)}
    chosen = next((found[place] for place in nearest_first if place in found), None)
    return None if chosen is None else to_adoption(chosen)


def decisions_for(
    session: Session, organisation_id: str, rule_ids: Sequence[str]
) -> Mapping[str, Mapping[str, LocalDecision]]:
    """Return rule id → name → local decision in force today; one query for all rules."""
    nearest_first = ancestors(session, organisation_id)
    today = local_date(db_now(session))
    rows = repository.standing_numbers(session, nearest_first, rule_ids)
    decisions = [to_decision(row) for row in rows if row.valid_from <= today]
    return {rule: in_force((d for d in decisions if d.rule_id == rule), nearest_first) for rule in rule_ids}


def resolved_parameters(session: Session, organisation_id: str, rule_id: str) -> Mapping[str, LocalDecision]:
    """Return name → local decision in force for one rule, with who set it and by which document."""
    return decisions_for(session, organisation_id, [rule_id])[rule_id]


def parameters_for(session: Session, organisation_id: str, rule_id: str) -> dict[str, str]:
    """Return name → value in force for one rule, ready for ``backend.tally.count.evaluate``."""
    found = resolved_parameters(session, organisation_id, rule_id)
    return {name: decision.value for name, decision in found.items()}


def calendars(session: Session) -> Mapping[int, YearCalendar]:
    """Return the working calendars by year: those shipped, and those entered here, which prevail."""
    entered = {
        row.year: YearCalendar(row.year, row.source, _days(row.holidays), _days(row.workdays))
        for row in repository.calendar_years(session)
    }
    return {**our_calendars(), **entered}


def _days(stored: Sequence[str]) -> frozenset[date]:
    return frozenset(date.fromisoformat(day) for day in stored)


def hotline_limits(session: Session, organisation_id: str) -> hotline.Limits:
    """Return the hotline's time limits in force for an organisation."""
    return hotline.limits_in_force(parameters_for(session, organisation_id, hotline.RULE_ID))


@dataclass(frozen=True, slots=True)
class RulePolicy:
    """One rule with what it leaves open, and the local decisions in force."""

    rule_id: str
    title: str
    open: tuple[OpenParameter, ...]
    decided: Mapping[str, LocalDecision]


@dataclass(frozen=True, slots=True)
class PolicyView:
    """What holds for an organisation: the adoption in force, and every rule that may take a local number."""

    organisation_id: str
    adoption: Adoption | None
    rules: tuple[RulePolicy, ...]


def policy_view(session: Session, organisation_id: str) -> PolicyView:
    """Return what holds for an organisation: its profile's rules, the Civil Code's and the national notice's."""
    adoption = profile_for(session, organisation_id)
    titles = rule_titles(None if adoption is None else adoption.profile)
    decided = decisions_for(session, organisation_id, list(titles))
    rules = (RulePolicy(rule, title, open_parameters(rule), decided[rule]) for rule, title in titles.items())
    return PolicyView(organisation_id, adoption, tuple(rule for rule in rules if rule.open))


def adoption_history(
    session: Session, organisation_id: str, limit: int, before: Position | None = None
) -> list[Adoption]:
    """Return this organisation's own adoptions, newest first, before a position."""
    at, key = col(ProfileAdoption.adopted_at), col(ProfileAdoption.id)
    query = select(ProfileAdoption).where(
        ProfileAdoption.organisation_id == organisation_id, older_than(at, key, before)
    )
    return [to_adoption(row) for row in session.exec(query.order_by(at.desc(), key.desc()).limit(limit))]


def number_history(
    session: Session, organisation_id: str, limit: int, before: Position | None = None
) -> list[LocalDecision]:
    """Return this organisation's own numbers, newest first, before a position."""
    at, key = col(LocalNumber.set_at), col(LocalNumber.id)
    query = select(LocalNumber).where(
        LocalNumber.organisation_id == organisation_id, older_than(at, key, before)
    )
    return [to_decision(row) for row in session.exec(query.order_by(at.desc(), key.desc()).limit(limit))]


def to_adoption(row: ProfileAdoption) -> Adoption:
    """Return the plain value of a row."""
    return Adoption(
        row.id,
        row.organisation_id,
        row.profile,
        row.document_title,
        row.document_sha256,
        row.adopted_by,
        row.adopted_at,
        row.ended_at,
    )


def to_decision(row: LocalNumber) -> LocalDecision:
    """Return the plain value of a row."""
    return LocalDecision(
        row.id,
        row.organisation_id,
        row.rule_id,
        row.name,
        row.value,
        row.document_title,
        row.document_sha256,
        row.valid_from,
        row.set_by,
        row.set_at,
        row.ended_at,
    )
