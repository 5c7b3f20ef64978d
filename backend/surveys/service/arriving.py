"""One arrival of answers, by whatever door: held, checked, stored, counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from backend.infra.context import Context
from backend.kernel.ids import new_id
from backend.surveys import errors
from backend.surveys.repository import census, responses, surveys
from backend.surveys.rules.answers import check_answers, photos_of, said, texts_of
from backend.surveys.rules.outcomes import BY_HAND, Channel
from backend.surveys.rules.personal import mask_personal
from backend.surveys.rules.questions import Form, form_of
from backend.surveys.rules.satisfaction import covers
from backend.surveys.service.joining import join_sums, show_texts
from backend.surveys.service.loading import hold_open, tell
from backend.surveys.service.photos import attach_photos, check_sheet
from backend.surveys.tables import Survey, SurveyHousehold, SurveyResponse, SurveyText
from backend.tally.rule import get_rule


@dataclass(frozen=True, slots=True)
class Arrival:
    """Answers for a household, by whom and how; ``respondent`` is None where the household itself answers."""

    survey_id: str
    household_id: str
    channel: Channel
    answers: Mapping[str, Any]
    entered_by: str
    idempotency_key: str
    respondent: str | None = None
    photo_sha256: str | None = None

    def fingerprint(self) -> str:
        """Return the SHA-256 (hex) of everything but the key, to tell a retry from another request."""
        parts = [self.survey_id, self.household_id, self.channel, self.photo_sha256, dict(self.answers)]
        return sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True, slots=True)
class _Held:
    """What is held while an answer is stored; ``former`` is what the respondent said before."""

    survey: Survey
    form: Form
    household: SurveyHousehold
    respondent: str
    pool: str
    former: SurveyResponse | None
    now: datetime


def arrive(ctx: Context, arrival: Arrival) -> SurveyResponse:
    """Store the answers in place of what the respondent said before.

    One household counts once, however many answers arrive at the same moment: each waits for the one before.
    A retry under the same key gets the first answer, also after the close. Staff never write over what a
    household answered on its own phone.
    """
    household = census.hold_household(ctx.session, arrival.household_id)
    repeated = responses.response_by_key(ctx.session, arrival.entered_by, arrival.idempotency_key)
    if repeated is not None:
        if repeated.request_sha256 != arrival.fingerprint():
            raise errors.key_used()
        return repeated
    held = _hold(ctx, arrival, household)
    row = _row(ctx, arrival, held)
    if held.former is not None:
        responses.replace(ctx.session, held.former, held.now)
    ctx.session.add(row)
    ctx.session.flush()
    has_remarks = _add_remarks(ctx, row, held.form, arrival.answers)
    attach_photos(ctx, row, photos_of(held.form, arrival.answers), is_first=held.former is None)
    _reach(ctx, held, row.overall)
    join_sums(ctx, held.form, (held.survey.id, household.estate_id, held.pool), held.now)
    if has_remarks:
        show_texts(ctx, held.survey.id, household.estate_id)
    tell(ctx, held.survey, "answered", {"channel": row.channel, "household": household.dwelling_id})
    return row


def _hold(ctx: Context, arrival: Arrival, household: SurveyHousehold) -> _Held:
    survey, now = hold_open(ctx, arrival.survey_id)
    form = form_of(survey.form)
    _check(ctx, form, arrival)
    respondent = arrival.respondent or household.id
    former = responses.standing(ctx.session, survey.id, respondent)
    if former is not None and former.channel == Channel.ONLINE and arrival.channel in BY_HAND:
        raise errors.answered_online()
    place = census.find_place(ctx.session, survey.id, household.building_id)
    assert place is not None
    return _Held(survey, form, household, respondent, place.pool, former, now)


def _check(ctx: Context, form: Form, arrival: Arrival) -> None:
    faults = check_answers(form, arrival.answers, is_by_hand=arrival.channel in BY_HAND)
    if faults:
        raise errors.bad_answers(faults)
    if arrival.photo_sha256 is not None:
        check_sheet(ctx, arrival.photo_sha256)


def _row(ctx: Context, arrival: Arrival, held: _Held) -> SurveyResponse:
    former, overall = held.former, held.form.overall
    texts = texts_of(held.form, arrival.answers)
    kept: dict[str, Any] = {
        name: True if name in texts else value for name, value in said(arrival.answers).items()
    }
    subtracts = None
    if former is not None:
        subtracts = former.id if former.released_at is not None else former.subtracts_id
    return SurveyResponse(
        id=new_id(),
        survey_id=held.survey.id,
        estate_id=held.household.estate_id,
        pool=held.pool,
        household_id=held.household.id,
        respondent=held.respondent,
        channel=arrival.channel,
        entered_by=arrival.entered_by,
        photo_sha256=arrival.photo_sha256,
        answers=kept,
        overall=None if overall is None else kept.get(overall.id),
        texts_sealed=ctx.vault.seal(orjson.dumps(texts).decode(), responses.TEXTS) if texts else None,
        request_sha256=arrival.fingerprint(),
        idempotency_key=arrival.idempotency_key,
        arrived_at=held.now,
        subtracts_id=subtracts,
    )


def _add_remarks(ctx: Context, row: SurveyResponse, form: Form, answers: Mapping[str, Any]) -> bool:
    """Store what is read one by one: texts with personal data masked, and photos; tell whether there were any.

    Nothing is kept of the instant: the list of arrivals tells which door answered at which.
    """
    texts, photos = texts_of(form, answers), photos_of(form, answers)
    for question in (*texts, *photos):
        masked = mask_personal(texts.get(question, ""))
        ctx.session.add(
            SurveyText(
                id=new_id(),
                response_id=row.id,
                survey_id=row.survey_id,
                estate_id=row.estate_id,
                question=question,
                words=masked.text,
                personal=list(masked.found),
                photos=photos.get(question, []),
            )
        )
    ctx.session.flush()
    return bool(texts or photos)


def _reach(ctx: Context, held: _Held, overall: str | None) -> None:
    """Move the coverage of household and building; what was covered by a former answer may no longer be."""
    survey, household = held.survey, held.household
    is_covered = is_covering(ctx, survey, held.form, household.estate_id, overall)
    was_answered, was_covered = household.answered_at is not None, household.covered_at is not None
    is_new = not was_answered and household.tries == 0
    building = household.building_id
    census.change_household(
        ctx.session,
        household,
        answered_at=household.answered_at or held.now,
        covered_at=(household.covered_at or held.now) if is_covered else None,
    )
    place = census.hold_building(ctx.session, survey.id, held.pool, building)
    change = (int(not was_answered), int(is_covered) - int(was_covered), int(is_new))
    census.move_place(ctx.session, place, *change)


def is_covering(ctx: Context, survey: Survey, form: Form, estate_id: str, overall: str | None) -> bool:
    """Tell whether this overall answer covers a household; without an overall question whoever answers is covered."""
    if form.overall is None:
        return True
    estate = surveys.find_estate(ctx.session, survey.id, estate_id)
    rule = None if survey.rule_id is None else get_rule(survey.rule_id)
    return covers(overall, rule, {} if estate is None else estate.parameters or {})
