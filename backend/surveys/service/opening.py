"""Opening a survey: its questionnaire and its census freeze together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from backend.infra.context import Context
from backend.kernel.access import Permission
from backend.kernel.ids import new_id
from backend.policies.queries import parameters_for
from backend.registry.queries import RollSource, organisation_of_estate, roll_source
from backend.surveys import errors
from backend.surveys.repository import census, surveys
from backend.surveys.rules.forms import check_form
from backend.surveys.rules.pools import pools_of
from backend.surveys.rules.questions import form_hash, form_of
from backend.surveys.service.loading import load_survey, named_person, tell
from backend.surveys.tables import Survey, SurveyEstate

SHORTEST = timedelta(hours=1)
LONGEST = timedelta(days=180)


def open_survey(ctx: Context, survey_id: str, closes_at: datetime, version: int) -> Survey:
    """Freeze the questionnaire and every estate's households, and take answers from now until ``closes_at``.

    The same person repeating it after it has opened gets the survey as it is.
    """
    load_survey(ctx, survey_id, Permission.SURVEY_OPEN)
    person = named_person(ctx)
    row = surveys.hold_survey(ctx.session, survey_id, to_close=True)
    assert row is not None
    if (row.state, row.opened_by, row.closes_at) == ("open", person, closes_at):
        return row
    if row.state != "draft":
        raise errors.frozen()
    form = form_of(row.form)
    faults = check_form(form, is_gate=row.rule_id is not None)
    if faults:
        raise errors.bad_form(faults)
    now = ctx.clock.now()
    if not now + SHORTEST <= closes_at <= now + LONGEST:
        raise errors.bad_deadline()
    total = sum(_freeze(ctx, row, estate) for estate in surveys.estates_of(ctx.session, [row.id]))
    values = {"opened_at": now, "opened_by": person, "closes_at": closes_at, "form_sha256": form_hash(form)}
    if not surveys.change_survey(ctx.session, row, version, state="open", **values):
        raise errors.changed()
    tell(ctx, row, "opened", {"households": total, "form": values["form_sha256"]})
    return row


def _freeze(ctx: Context, row: Survey, estate: SurveyEstate) -> int:
    """Write an estate's census; returns its households."""
    homes = [home for home in roll_source(ctx.session, estate.estate_id) if home.is_household]
    if not homes:
        raise errors.empty_census(estate.estate_name)
    numbers = Counter(home.building_id for home in homes)
    pools = pools_of(numbers)
    labels = {home.building_id: home.building_label for home in homes}
    places = [
        {
            "survey_id": row.id,
            "building_id": building,
            "estate_id": estate.estate_id,
            "pool": pools[building],
            "label": labels[building],
            "position": position,
            "households": number,
        }
        for position, (building, number) in enumerate(numbers.items())
    ]
    census.freeze_census(ctx.session, places, _households(row, estate, homes))
    parameters = {}
    if row.rule_id is not None:
        organisation = organisation_of_estate(ctx.session, estate.estate_id)
        parameters = parameters_for(ctx.session, organisation, row.rule_id)
    values = {"households": len(homes), "census_sha256": census_hash(homes), "parameters": parameters}
    surveys.change_estate(ctx.session, estate, **values)
    return len(homes)


def _households(row: Survey, estate: SurveyEstate, homes: Sequence[RollSource]) -> list[dict[str, Any]]:
    # Estates of one survey follow each other in the walking order; a million homes lie between two.
    first = estate.position * 1_000_000 + 1
    return [
        {
            "id": new_id(),
            "survey_id": row.id,
            "estate_id": estate.estate_id,
            "building_id": home.building_id,
            "entrance_id": home.entrance_id,
            "dwelling_id": home.dwelling_id,
            "position": position,
            "building_label": home.building_label,
            "entrance_label": home.entrance_label,
            "door_label": home.door_label,
        }
        for position, home in enumerate(homes, start=first)
    ]


def census_hash(homes: Sequence[RollSource]) -> str:
    """Return the SHA-256 (hex) of the census: one line per household, its dwelling's id and label, in order."""
    lines = (f"{home.dwelling_id} {home.label}\n" for home in homes)
    return sha256("".join(lines).encode()).hexdigest()
