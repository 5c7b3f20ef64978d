"""Tries to reach households, and the worklist of those not yet covered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.infra.context import Context
from backend.kernel.access import Permission, Scope, require
from backend.kernel.errors import NotFound
from backend.kernel.ids import new_id
from backend.registry.queries import find_dwelling
from backend.surveys import errors
from backend.surveys.repository import census, surveys
from backend.surveys.rules.outcomes import Channel, Outcome
from backend.surveys.service.loading import hold_open, load_household, named_person, tell
from backend.surveys.tables import SurveyContact, SurveyHousehold


@dataclass(frozen=True, slots=True)
class NoteTry:
    """A try at a household that brought no answer."""

    survey_id: str
    household_id: str
    channel: str
    outcome: str
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class WorklistQuery:
    """Households not yet covered of an estate, or of one building; ``outcome`` of the last try, ``none`` = untried."""

    survey_id: str
    estate_id: str
    building_id: str | None = None
    outcome: str | None = None
    limit: int = 50
    after: int = 0


def note_try(ctx: Context, command: NoteTry) -> SurveyHousehold:
    """Note a try in one's own name; a refusal, an absence or a vacant home never covers a household."""
    household = load_household(ctx, command.survey_id, command.household_id)
    person = named_person(ctx)
    if command.outcome not in set(Outcome):
        raise errors.unknown("outcome", "没有这种联系结果。")
    if command.channel not in (Channel.DOORSTEP, Channel.TELEPHONE):
        raise errors.unknown("channel", "没有这种联系方式。")
    held = census.hold_household(ctx.session, household.id)
    former = census.contact_by_key(ctx.session, person, command.idempotency_key)
    if former is not None:
        if (former.household_id, former.outcome, former.channel) != (
            household.id,
            command.outcome,
            command.channel,
        ):
            raise errors.key_used()
        return held
    survey, now = hold_open(ctx, command.survey_id)
    is_new = held.tries == 0 and held.answered_at is None
    ctx.session.add(
        SurveyContact(
            id=new_id(),
            survey_id=survey.id,
            household_id=held.id,
            outcome=command.outcome,
            channel=command.channel,
            made_by=person,
            made_at=now,
            idempotency_key=command.idempotency_key,
        )
    )
    building = held.building_id
    census.change_household(ctx.session, held, **census.try_values(held, command.outcome, now))
    census.move_place(ctx.session, census.hold_place(ctx.session, survey.id, building), 0, 0, int(is_new))
    tell(ctx, survey, "tried", {"household": household.dwelling_id})
    return held


def worklist(ctx: Context, command: WorklistQuery) -> list[SurveyHousehold]:
    """Return the households not yet covered, in walking order; one row more than ``limit`` tells of a next page."""
    _require_place(ctx, command.survey_id, command.estate_id, command.building_id)
    at = (command.survey_id, command.estate_id, command.building_id)
    return census.todo(ctx.session, at, command.limit + 1, command.after, command.outcome)


def find_household(ctx: Context, survey_id: str, estate_id: str, door: str) -> SurveyHousehold:
    """Return the household behind a door (``3-2-501``, ``3栋2单元501``) of an estate, covered or not."""
    dwelling = find_dwelling(ctx.session, estate_id, door)
    found = None if dwelling is None else census.household_of_dwelling(ctx.session, survey_id, dwelling)
    if found is None:
        _require_place(ctx, survey_id, estate_id, None)
        raise NotFound
    return load_household(ctx, survey_id, found.id)


def household_tries(
    ctx: Context, survey_id: str, household_id: str
) -> tuple[SurveyHousehold, Sequence[SurveyContact]]:
    """Return a household of the worklist with the tries at it, newest first."""
    household = load_household(ctx, survey_id, household_id)
    return household, census.contacts_of(ctx.session, household.id)


def _require_place(ctx: Context, survey_id: str, estate_id: str, building_id: str | None) -> None:
    estate = surveys.find_estate(ctx.session, survey_id, estate_id)
    if estate is None:
        raise NotFound
    require(ctx.actor, Permission.SURVEY_ENTER, Scope(estate.estate_path, estate_id, building_id))
    if building_id is not None:
        place = census.find_place(ctx.session, survey_id, building_id)
        if place is None or place.estate_id != estate_id:
            raise NotFound
