"""How every action begins: the survey, and whether the caller may; and how every change is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from backend.infra.context import Context
from backend.kernel.access import ROLE_PERMISSIONS, Grant, Permission, Scope, can, require
from backend.kernel.errors import Forbidden, NotFound
from backend.kernel.events import Event
from backend.ledger import service as ledger
from backend.registry.queries import scope_of_organisation
from backend.surveys import errors
from backend.surveys.repository import census, surveys
from backend.surveys.tables import Survey, SurveyEstate, SurveyHousehold


def load_survey(ctx: Context, survey_id: str, permission: Permission) -> Survey:
    """Return a survey over whose organisation the actor holds ``permission``."""
    row = surveys.find_survey(ctx.session, survey_id)
    if row is None:
        raise NotFound
    require(ctx.actor, permission, scope_of_organisation(ctx.session, row.organisation_id))
    return row


def load_touched(ctx: Context, survey_id: str) -> tuple[Survey, Sequence[SurveyEstate]]:
    """Return a survey and those of its estates in which the actor may read anything, if only one building."""
    row = surveys.find_survey(ctx.session, survey_id)
    if row is None:
        raise NotFound
    estates = surveys.estates_of(ctx.session, [survey_id])
    mine = [estate for estate in estates if touches(ctx, estate)]
    if not mine:
        require(ctx.actor, Permission.SURVEY_READ, scope_of_organisation(ctx.session, row.organisation_id))
    return row, mine


def touches(ctx: Context, estate: SurveyEstate) -> bool:
    """Tell whether a grant of the actor covers the estate or a part of it."""
    return ctx.actor.kind == "system" or any(
        Permission.SURVEY_READ in ROLE_PERMISSIONS[grant.role] and _meets(grant, estate)
        for grant in ctx.actor.grants
    )


def _meets(grant: Grant, estate: SurveyEstate) -> bool:
    is_above = estate.estate_path.startswith(grant.scope.organisation_path)
    return is_above and grant.scope.estate_id in (None, estate.estate_id)


def load_estate(
    ctx: Context, survey_id: str, estate_id: str, permission: Permission
) -> tuple[Survey, SurveyEstate]:
    """Return a survey and one of its estates over the whole of which the actor holds ``permission``."""
    row = surveys.find_survey(ctx.session, survey_id)
    estate = surveys.find_estate(ctx.session, survey_id, estate_id)
    if row is None or estate is None:
        raise NotFound
    require(ctx.actor, permission, Scope(estate.estate_path, estate.estate_id))
    return row, estate


def whole_estates(ctx: Context, survey_id: str, permission: Permission) -> tuple[Survey, list[SurveyEstate]]:
    """Return a survey and the estates over the whole of which the actor holds ``permission``; never none of them."""
    row, estates = load_touched(ctx, survey_id)
    mine = [each for each in estates if can(ctx.actor, permission, Scope(each.estate_path, each.estate_id))]
    if not mine and estates:
        require(ctx.actor, permission, Scope(estates[0].estate_path, estates[0].estate_id))
    return row, mine


def load_household(ctx: Context, survey_id: str, household_id: str) -> SurveyHousehold:
    """Return a household of a survey's census whose answers the actor may enter."""
    household = census.find_household(ctx.session, household_id)
    if household is None or household.survey_id != survey_id:
        raise NotFound
    estate = surveys.find_estate(ctx.session, survey_id, household.estate_id)
    assert estate is not None
    scope = Scope(estate.estate_path, estate.estate_id, household.building_id, household.entrance_id)
    require(ctx.actor, Permission.SURVEY_ENTER, scope)
    return household


def hold_open(ctx: Context, survey_id: str) -> tuple[Survey, datetime]:
    """Hold a survey that takes answers now, and return the instant by the database's clock.

    The clock is read after the hold: whoever closes the survey has then finished, or waits for us.
    """
    row = surveys.hold_survey(ctx.session, survey_id)
    if row is None:
        raise NotFound
    now = ctx.clock.now()
    if not is_open(row, now):
        raise errors.not_open()
    return row, now


def is_open(row: Survey, now: datetime) -> bool:
    """Tell whether a survey takes answers at an instant: up to its deadline, whether or not a job has closed it."""
    return row.state == "open" and row.closes_at is not None and now < row.closes_at


def named_person(ctx: Context) -> str:
    """Return the account id of the staff member acting: answers are entered by a person, never by a job."""
    if ctx.actor.kind != "staff" or ctx.actor.account_id is None:
        raise Forbidden
    return ctx.actor.account_id


def tell(ctx: Context, row: Survey, what: str, payload: dict[str, object]) -> None:
    """Append an event about a survey."""
    ledger.append(ctx, Event(f"survey.{what}", row.organisation_id, "survey", row.id, payload))
