"""Adopting a profile and setting local numbers, each by a named document; history is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from backend.infra.context import Context
from backend.infra.paging import Position
from backend.kernel.access import Permission, require
from backend.kernel.clock import local_date
from backend.kernel.errors import Forbidden, NotFound
from backend.kernel.events import Event
from backend.kernel.ids import new_id
from backend.ledger import service as ledger
from backend.policies import errors, queries, repository
from backend.policies.rules.parameters import LocalDecision, settable
from backend.policies.tables import CalendarYear, LocalNumber, ProfileAdoption
from backend.registry.queries import scope_of_organisation
from backend.tally.parameter import ParameterError
from backend.tally.rule import load_profiles


@dataclass(frozen=True, slots=True)
class AdoptProfile:
    """Adopt a profile for an organisation's subtree."""

    organisation_id: str
    profile: str
    document_title: str
    document_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class SetLocalNumber:
    """Set a number or reading that a rule leaves to the locality."""

    organisation_id: str
    rule_id: str
    name: str
    value: str
    document_title: str
    valid_from: date
    document_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class LoadCalendar:
    """A year's arrangement by the State Council's notice."""

    year: int
    source: str
    holidays: tuple[date, ...]
    workdays: tuple[date, ...]


def adopt_profile(ctx: Context, command: AdoptProfile) -> queries.Adoption:
    """Adopt a profile, ending the organisation's former one; repeating the same adoption changes nothing."""
    _require_write(ctx, command.organisation_id)
    if command.profile not in load_profiles():
        raise errors.unknown_profile(command.profile)
    _check_document(ctx, command.document_sha256)
    former = next(iter(repository.standing_adoptions(ctx.session, [command.organisation_id])), None)
    if former is not None and _is_same_adoption(former, command):
        return queries.to_adoption(former)
    now = ctx.clock.now()
    if former is not None and not repository.end_row(ctx.session, ProfileAdoption, former.id, now):
        raise errors.already_ended()
    row = ProfileAdoption(
        id=new_id(),
        organisation_id=command.organisation_id,
        profile=command.profile,
        document_title=command.document_title,
        document_sha256=command.document_sha256,
        adopted_by=ctx.actor.account_id or "system",
        adopted_at=now,
    )
    ctx.session.add(row)
    ctx.session.flush()  # two at once: the unique index lets one of them through
    _tell(ctx, "profile_adopted", row.organisation_id, row.id, {"profile": row.profile})
    return queries.to_adoption(row)


def end_adoption(ctx: Context, organisation_id: str, adoption_id: str) -> None:
    """End an adoption; the nearest ancestor's applies from now on. Ended already: refused."""
    _require_write(ctx, organisation_id)
    row = ctx.session.get(ProfileAdoption, adoption_id)
    if row is None or row.organisation_id != organisation_id:
        raise NotFound
    if not repository.end_row(ctx.session, ProfileAdoption, adoption_id, ctx.clock.now()):
        raise errors.already_ended()
    _tell(ctx, "adoption_ended", organisation_id, adoption_id, {"profile": row.profile})


def set_local_number(ctx: Context, command: SetLocalNumber) -> LocalDecision:
    """Set a number, ending the organisation's former one; repeating the same setting changes nothing."""
    _require_write(ctx, command.organisation_id)
    value = _read_value(command)
    now = ctx.clock.now()
    if command.valid_from > local_date(now):
        raise errors.not_yet_valid()
    _check_document(ctx, command.document_sha256)
    former = _standing_number(ctx, command)
    if former is not None and _is_same_number(former, command, value):
        return queries.to_decision(former)
    if former is not None and not repository.end_row(ctx.session, LocalNumber, former.id, now):
        raise errors.already_ended()
    row = LocalNumber(
        id=new_id(),
        organisation_id=command.organisation_id,
        rule_id=command.rule_id,
        name=command.name,
        value=value,
        document_title=command.document_title,
        document_sha256=command.document_sha256,
        valid_from=command.valid_from,
        set_by=ctx.actor.account_id or "system",
        set_at=now,
    )
    ctx.session.add(row)
    ctx.session.flush()  # two at once: the unique index lets one of them through
    payload: dict[str, object] = {"rule": row.rule_id, "name": row.name, "value": value}
    _tell(ctx, "number_set", row.organisation_id, row.id, payload)
    return queries.to_decision(row)


def end_local_number(ctx: Context, organisation_id: str, number_id: str) -> None:
    """End a number; the nearest ancestor's, else the default or nothing, applies from now on."""
    _require_write(ctx, organisation_id)
    row = ctx.session.get(LocalNumber, number_id)
    if row is None or row.organisation_id != organisation_id:
        raise NotFound
    if not repository.end_row(ctx.session, LocalNumber, number_id, ctx.clock.now()):
        raise errors.already_ended()
    _tell(ctx, "number_ended", organisation_id, number_id, {"rule": row.rule_id, "name": row.name})


def load_calendar(ctx: Context, command: LoadCalendar) -> None:
    """Enter the free and make-up days of a year; it holds for everybody, so only the operator does it."""
    if ctx.actor.kind != "system":
        raise Forbidden
    days = [*command.holidays, *command.workdays]
    if not 2026 <= command.year <= 2100 or any(day.year != command.year for day in days):
        raise errors.impossible_calendar("年份应在 2026 至 2100 之间，日期都应在这一年")
    if set(command.holidays) & set(command.workdays) or not command.holidays:
        raise errors.impossible_calendar("放假的日子不能空，也不能同时是上班的日子")
    if any(day.weekday() < 5 for day in command.workdays):
        raise errors.impossible_calendar("调休上班的日子应是周六或周日")
    row = ctx.session.get(CalendarYear, command.year) or CalendarYear(
        year=command.year, source="", holidays=[], workdays=[], loaded_by="", loaded_at=ctx.clock.now()
    )
    row.source = command.source
    row.holidays = sorted(day.isoformat() for day in command.holidays)
    row.workdays = sorted(day.isoformat() for day in command.workdays)
    row.loaded_by, row.loaded_at = ctx.actor.account_id or "system", ctx.clock.now()
    ctx.session.add(row)
    ctx.session.flush()
    payload = {"holidays": len(row.holidays), "workdays": len(row.workdays)}
    ledger.append(ctx, Event("policy.calendar_loaded", None, "calendar", str(row.year), payload))


def show_policy(ctx: Context, organisation_id: str) -> queries.PolicyView:
    """Return what holds for an organisation, to staff who may read its policies."""
    _require_read(ctx, organisation_id)
    return queries.policy_view(ctx.session, organisation_id)


def list_adoptions(
    ctx: Context, organisation_id: str, limit: int, before: Position | None
) -> list[queries.Adoption]:
    """Return an organisation's own adoptions, ended ones included."""
    _require_read(ctx, organisation_id)
    return queries.adoption_history(ctx.session, organisation_id, limit, before)


def list_numbers(
    ctx: Context, organisation_id: str, limit: int, before: Position | None
) -> list[LocalDecision]:
    """Return an organisation's own numbers, ended ones included."""
    _require_read(ctx, organisation_id)
    return queries.number_history(ctx.session, organisation_id, limit, before)


def _require_read(ctx: Context, organisation_id: str) -> None:
    require(ctx.actor, Permission.POLICY_READ, scope_of_organisation(ctx.session, organisation_id))


def _require_write(ctx: Context, organisation_id: str) -> None:
    require(ctx.actor, Permission.POLICY_WRITE, scope_of_organisation(ctx.session, organisation_id))


def _read_value(command: SetLocalNumber) -> str:
    parameter = settable(command.rule_id).get(command.name)
    if parameter is None:
        raise errors.unknown_parameter(command.rule_id, command.name)
    try:
        return parameter.read(command.value)
    except ParameterError as error:
        raise errors.impossible_value(error.reason) from error


def _check_document(ctx: Context, sha256: str | None) -> None:
    if sha256 is None:
        return
    try:
        ctx.storage.get(sha256)
    except NotFound as error:
        raise errors.document_missing() from error


def _standing_number(ctx: Context, command: SetLocalNumber) -> LocalNumber | None:
    rows = repository.standing_numbers(ctx.session, [command.organisation_id], [command.rule_id])
    return next((row for row in rows if row.name == command.name), None)


def _is_same_adoption(row: ProfileAdoption, command: AdoptProfile) -> bool:
    mine = (command.profile, command.document_title, command.document_sha256)
    return (row.profile, row.document_title, row.document_sha256) == mine


def _is_same_number(row: LocalNumber, command: SetLocalNumber, value: str) -> bool:
    mine = (value, command.document_title, command.document_sha256, command.valid_from)
    return (row.value, row.document_title, row.document_sha256, row.valid_from) == mine


def _tell(ctx: Context, what: str, organisation_id: str, identifier: str, payload: dict[str, object]) -> None:
    ledger.append(ctx, Event(f"policy.{what}", organisation_id, "policy", identifier, payload))
