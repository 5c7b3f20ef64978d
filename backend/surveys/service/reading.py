"""Reading surveys: lists, live coverage, results with their rates, texts, and what residents see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from backend.infra.context import Context
from backend.infra.paging import Position
from backend.kernel.access import Permission, Scope, can, permitted_paths, require, require_resident
from backend.kernel.errors import NotFound
from backend.media.service import MediaView
from backend.surveys import errors
from backend.surveys.queries import boards, lists
from backend.surveys.repository import census, responses, surveys
from backend.surveys.rules.counts import CHANNEL, QuestionResult, result_of
from backend.surveys.rules.questions import Question, form_of
from backend.surveys.rules.satisfaction import judge
from backend.surveys.service.answering import may_answer
from backend.surveys.service.loading import load_estate, load_touched, touches, whole_estates
from backend.surveys.service.photos import photos_at
from backend.surveys.tables import Survey, SurveyEstate, SurveyHousehold, SurveyPlace
from backend.tally.count import MotionResult
from backend.tally.rule import get_rule
from backend.tally.small_groups import FEWEST, broken_out, may_show


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rule says of one estate; None of the result where too few are covered to show it."""

    estate_id: str
    estate_name: str
    result: MotionResult | None


@dataclass(frozen=True, slots=True)
class SurveyResults:
    """Results over one estate or several: after the close, before it as far as answers joined the sums.

    ``held_back``: answers a closed result does not count question by question, because fewer than five of an
    estate had not joined the sums; the judgements count them. ``struck``: answers struck on an objection that the
    questions still count, because they can leave only together with others; the judgements do not.
    """

    survey: Survey
    estates: tuple[SurveyEstate, ...]
    counted: int
    channels: Mapping[str, int]
    questions: tuple[QuestionResult, ...]
    judgements: tuple[Judgement, ...]
    held_back: int = 0
    struck: int = 0


def list_surveys(ctx: Context, limit: int, before: Position | None = None) -> list[lists.SurveyCard]:
    """Return the surveys in the actor's area, newest first, with those of their estates that lie in it."""
    rows = _visible(ctx, limit, before)
    return [
        lists.SurveyCard(card.survey, tuple(each for each in card.estates if touches(ctx, each)))
        for card in lists.cards(ctx.session, rows)
    ]


def _visible(ctx: Context, limit: int, before: Position | None) -> list[Survey]:
    scopes = permitted_paths(ctx.actor, Permission.SURVEY_READ)
    wide = {_last(scope) for scope in scopes if scope.estate_id is None}
    narrow = {scope.estate_id for scope in scopes if scope.estate_id is not None}
    found = lists.surveys_under(ctx.session, wide, limit, before) if wide else []
    if narrow:
        found += lists.surveys_of_estates(ctx.session, narrow, limit, before)
    unique = {row.id: row for row in found}
    return sorted(unique.values(), key=lambda row: (row.created_at, row.id), reverse=True)[:limit]


def _last(scope: Scope) -> str:
    return scope.organisation_path.strip("/").rsplit("/", 1)[-1]


def show_survey(ctx: Context, survey_id: str) -> lists.SurveyCard:
    """Return one survey with the estates in the actor's area."""
    row, estates = load_touched(ctx, survey_id)
    return lists.SurveyCard(row, tuple(estates))


def coverage(ctx: Context, survey_id: str) -> list[boards.Reach]:
    """Return the coverage of every estate of a survey that the actor may see as a whole."""
    _, estates = whole_estates(ctx, survey_id, Permission.SURVEY_READ)
    return boards.reach_of_estates(ctx.session, estates)


def coverage_of_estate(ctx: Context, survey_id: str, estate_id: str) -> list[boards.Reach]:
    """Return the coverage of an estate's buildings; a steward sees their own."""
    estate = surveys.find_estate(ctx.session, survey_id, estate_id)
    if estate is None:
        raise NotFound
    places = census.places_of(ctx.session, survey_id, estate_id)
    mine = [
        place
        for place in places
        if can(ctx.actor, Permission.SURVEY_READ, Scope(estate.estate_path, estate_id, place.building_id))
    ]
    if not mine:
        require(ctx.actor, Permission.SURVEY_READ, Scope(estate.estate_path, estate_id))
    return boards.reach_of_buildings(mine)


def results(ctx: Context, survey_id: str, estate_id: str | None) -> SurveyResults:
    """Return every question's result over one estate, or over all that the actor may see as a whole."""
    if estate_id is None:
        row, estates = whole_estates(ctx, survey_id, Permission.SURVEY_READ)
    else:
        row, one = load_estate(ctx, survey_id, estate_id, Permission.SURVEY_READ)
        estates = [one]
    return _results(ctx, row, estates)


def _results(ctx: Context, row: Survey, estates: Sequence[SurveyEstate]) -> SurveyResults:
    form = form_of(row.form)
    is_closed = row.state == "closed"
    ids = [each.estate_id for each in estates]
    sums = boards.sums_in(estates) if is_closed else boards.sums_of_estates(ctx.session, row.id, ids)
    channels = dict(sums.get(CHANNEL, {}))
    counted = sum(channels.values())
    hidden = _hidden_questions(ctx, row, ids)
    asked = _asked(row, sum(each.households for each in estates))
    questions = tuple(
        result_of(question, {} if question.id in hidden else sums.get(question.id, {}), asked)
        for _, question in form.questions()
    )
    is_shown = may_show(counted)
    return SurveyResults(
        survey=row,
        estates=tuple(estates),
        counted=counted if is_shown else 0,
        channels=channels if is_shown else {},
        questions=questions if is_shown else tuple(result_of(q, {}, asked) for _, q in form.questions()),
        judgements=tuple(_judgement(row, each) for each in estates) if is_closed else (),
        held_back=sum((each.result or {}).get("held_back", 0) for each in estates),
        struck=sum((each.result or {}).get("struck", 0) for each in estates),
    )


def _asked(row: Survey, households: int) -> int | None:
    return households if row.unit == "household" else None


def _hidden_questions(ctx: Context, row: Survey, estate_ids: Sequence[str]) -> set[str]:
    """Return the questions that few answered in these estates, or that would tell of few in the other ones."""
    every = surveys.estates_of(ctx.session, [row.id])
    is_closed = row.state == "closed"
    answered = boards.answered_in(every) if is_closed else boards.answered_by_estate(ctx.session, row.id)
    chosen = set(estate_ids)
    hidden = set()
    for question, numbers in answered.items():
        inside = sum(number for estate, number in numbers.items() if estate in chosen)
        outside = {estate: number for estate, number in numbers.items() if estate not in chosen}
        groups = {"chosen": inside, **outside}
        if not may_show(inside) or "chosen" not in broken_out(groups):
            hidden.add(question)
    return hidden


def _judgement(row: Survey, estate: SurveyEstate) -> Judgement:
    counts = (estate.result or {}).get("overall", {})
    if row.rule_id is None:
        return Judgement(estate.estate_id, estate.estate_name, None)
    found = judge(get_rule(row.rule_id), estate.households, counts, estate.parameters or {})
    return Judgement(estate.estate_id, estate.estate_name, found if may_show(sum(counts.values())) else None)


def breakdown(
    ctx: Context, survey_id: str, question_id: str, estate_id: str | None
) -> list[boards.GroupResult]:
    """Return one question by estate, or by the buildings of an estate; small groups stay hidden."""
    if estate_id is None:
        row, estates = whole_estates(ctx, survey_id, Permission.SURVEY_READ)
    else:
        row, one = load_estate(ctx, survey_id, estate_id, Permission.SURVEY_READ)
        estates = [one]
    question = form_of(row.form).question(question_id)
    if question is None:
        raise NotFound
    if estate_id is not None:
        places = census.places_of(ctx.session, survey_id, estate_id)
        pools = boards.groups_by_pool(ctx.session, survey_id, estate_id, question_id)
        return by_building(row, estates[0], question, places, pools)
    labels = {each.estate_id: each.estate_name for each in estates}
    if row.state != "closed":
        groups: boards.Sums = boards.groups_by_estate(ctx.session, survey_id, question_id)
    else:
        groups = {each.estate_id: boards.sums_in([each]).get(question_id, {}) for each in estates}
    asked = {each.estate_id: _asked(row, each.households) for each in estates}
    return boards.breakdown(question, groups, (labels, asked), None)


def by_building(
    row: Survey, estate: SurveyEstate, question: Question, places: Sequence[SurveyPlace], pools: boards.Sums
) -> list[boards.GroupResult]:
    """Return one question by the buildings of an estate.

    After the close the estate's total is public: what no building's sums hold counts as hidden.
    """
    total = None
    if row.state == "closed":
        total = result_of(question, boards.sums_in([estate]).get(question.id, {})).answered
    homes = boards.pool_homes(places)
    asked = {pool: _asked(row, number) for pool, number in homes.items()}
    return boards.breakdown(question, pools, (boards.pool_labels(places), asked), total)


def list_responses(
    ctx: Context, survey_id: str, estate_id: str, limit: int, before: Position | None = None
) -> list[lists.ResponseLine]:
    """Return who entered which household's answers, when and how; never what was said."""
    load_estate(ctx, survey_id, estate_id, Permission.SURVEY_ENTRIES)
    return lists.responses_of(ctx.session, survey_id, estate_id, limit, before)


def list_texts(
    ctx: Context, wanted: lists.TextFilter, limit: int, before: Position | None = None
) -> list[lists.TextLine]:
    """Return the free texts of an estate, personal data masked; nothing while fewer than five have written."""
    load_estate(ctx, wanted.survey_id, wanted.estate_id, Permission.SURVEY_TEXTS)
    if not lists.has_enough_writers(ctx.session, wanted, FEWEST):
        return []
    lines = lists.texts_of(ctx.session, wanted, limit, before)
    with_photos = [line.response_id for line in lines if line.photo_ids]
    views = photos_at(ctx, responses.responses_by_id(ctx.session, with_photos)) if with_photos else {}
    return [replace(line, photos=_chosen(views, line)) for line in lines]


def _chosen(views: Mapping[str, Sequence[MediaView]], line: lists.TextLine) -> tuple[MediaView, ...]:
    return tuple(view for view in views.get(line.response_id, ()) if view.id in line.photo_ids)


def my_surveys(ctx: Context, limit: int, before: Position | None = None) -> list[lists.SurveyCard]:
    """Return the surveys that have opened in the estates in which the caller has a home, newest first."""
    require_resident(ctx.actor)
    mine = ctx.actor.estate_ids()
    rows = lists.surveys_of_estates(ctx.session, mine, limit, before, "open", "closed")
    return [
        lists.SurveyCard(card.survey, tuple(each for each in card.estates if each.estate_id in mine))
        for card in lists.cards(ctx.session, rows)
    ]


def my_survey(ctx: Context, survey_id: str) -> lists.SurveyCard:
    """Return one survey that has opened in an estate in which the caller has a home."""
    require_resident(ctx.actor)
    row = surveys.find_survey(ctx.session, survey_id)
    estates = surveys.estates_of(ctx.session, [survey_id])
    mine = tuple(each for each in estates if each.estate_id in ctx.actor.estate_ids())
    if row is None or not mine or row.state not in ("open", "closed"):
        raise NotFound
    return lists.SurveyCard(row, mine)


def my_households(ctx: Context, rows: Sequence[Survey]) -> dict[str, list[SurveyHousehold]]:
    """Return survey → the caller's own households in its census for which they may answer, in one query."""
    homes = {home.dwelling_id: home for home in ctx.actor.homes}
    known = {row.id: row for row in rows}
    found: dict[str, list[SurveyHousehold]] = {row.id: [] for row in rows}
    for household in census.households_of_dwellings(ctx.session, list(known), list(homes)):
        if may_answer(known[household.survey_id], homes[household.dwelling_id]):
            found[household.survey_id].append(household)
    return found


def my_results(ctx: Context, survey_id: str) -> SurveyResults:
    """Return the result of a closed survey in the caller's own estates."""
    card = my_survey(ctx, survey_id)
    if card.survey.state != "closed":
        raise errors.not_closed()
    return _results(ctx, card.survey, card.estates)
