"""Sums that move by five respondents who were never in them, while a survey is open and at its close."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from sqlmodel import select

from backend.infra.context import Context
from backend.kernel.errors import Conflict
from backend.surveys import service
from backend.surveys.queries import survey_evidence
from backend.surveys.repository.sums import HELD
from backend.surveys.rules.pools import held_back_note
from backend.surveys.service import SurveyResults
from backend.surveys.service.closing import recount
from backend.surveys.tables import Survey, SurveySum
from tests.services.surveys.conftest import Quarter, make_quarter


def estate_of(quarter: Quarter) -> str:
    return quarter.place.estate.id


def sums(ctx: Context, survey: Survey) -> dict[tuple[str, str], int]:
    rows = ctx.session.exec(
        select(SurveySum).where(SurveySum.survey_id == survey.id).execution_options(populate_existing=True)
    ).all()
    whole = {(row.question, row.code): row.number for row in rows if row.number and row.pool == ""}
    parts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row.pool and not row.question.startswith(HELD):
            parts[row.question, row.code] += row.number
    assert whole == +parts
    return whole


def test_sums_move_by_five_households_that_never_counted_and_never_by_the_newest_five(
    quarter: Quarter,
) -> None:
    survey = quarter.open()
    homes = quarter.homes(survey)
    quarter.say(survey, homes[:9], "satisfied")
    assert sums(quarter.ctx, survey) == {}
    assert service.results(quarter.committee, survey.id, None).counted == 0
    quarter.say(survey, homes[9:10], "dissatisfied")
    assert sums(quarter.ctx, survey)["overall", "satisfied"] == 5  # the newest five wait
    quarter.say(survey, homes[0:1], "very_dissatisfied")
    quarter.say(survey, homes[10:14], "basically")
    assert sums(quarter.ctx, survey)["overall", "*"] == 5  # a change of mind is none of the five
    quarter.say(survey, homes[14:15], "basically")
    found = sums(quarter.ctx, survey)
    assert (found["overall", "satisfied"], found["overall", "dissatisfied"]) == (8, 1)
    assert (found["overall", "very_dissatisfied"], found["overall", "*"]) == (1, 10)
    quarter.say(survey, homes[20:29], "satisfied")
    assert sums(quarter.ctx, survey)["overall", "*"] == 10  # nine of the next building wait


def test_entering_known_answers_anew_does_not_lay_bare_the_next_neighbour(quarter: Quarter) -> None:
    survey = quarter.open()
    homes = quarter.homes(survey)
    quarter.say(survey, homes[:10], "satisfied")
    before = sums(quarter.ctx, survey)
    quarter.say(survey, homes[:4] + homes[5:9], "satisfied")  # word for word
    assert sums(quarter.ctx, survey) == before
    quarter.say(survey, homes[10:11], "very_dissatisfied")
    quarter.say(survey, homes[:4], "satisfied")
    assert sums(quarter.ctx, survey) == before


def test_a_question_asked_of_few_moves_by_five_who_answered_it(quarter: Quarter) -> None:
    survey = quarter.open()
    homes = quarter.homes(survey)
    for home in homes[:10]:
        quarter.enter(survey, home, {"overall": "dissatisfied", "why": ["quality"]})
    quarter.enter(survey, homes[10], {"overall": "dissatisfied", "why": ["safety"]})
    quarter.say(survey, homes[11:20], "satisfied")
    found = sums(quarter.ctx, survey)
    assert (found["overall", "*"], found["why", "*"], found["why", "quality"]) == (15, 10, 10)
    assert ("why", "safety") not in found  # of the last five to join one alone was asked why
    quarter.close(survey)
    closed = service.results(quarter.committee, survey.id, estate_of(quarter))
    assert (answered(closed, "overall"), answered(closed, "why")) == (20, 10)


def test_a_change_of_mind_is_taken_out_once_however_often_it_comes(quarter: Quarter) -> None:
    survey = quarter.open()
    homes = quarter.homes(survey)
    quarter.say(survey, homes[:10], "satisfied")
    for overall in ("unknown", "basically", "dissatisfied"):
        quarter.say(survey, homes[:1], overall)
    quarter.say(survey, homes[10:15], "satisfied")
    found = sums(quarter.ctx, survey)
    assert (found["overall", "satisfied"], found["overall", "dissatisfied"], found["overall", "*"]) == (
        9,
        1,
        10,
    )
    result, _ = recount(quarter.ctx, survey, service.show_survey(quarter.committee, survey.id).estates[0])
    assert result["questions"]["overall"] == {"*": 15, "satisfied": 14, "dissatisfied": 1}


def test_consecutive_looks_never_differ_by_fewer_than_five_answers(quarter: Quarter) -> None:
    survey = quarter.open()
    seen = []
    for number, home in enumerate(quarter.homes(survey)[:50]):
        quarter.enter(survey, home, {"overall": "satisfied" if number % 3 else "dissatisfied"})
        found = service.results(quarter.committee, survey.id, estate_of(quarter))
        groups = service.breakdown(quarter.committee, survey.id, "overall", estate_of(quarter))
        assert all(group.counted == 0 or group.counted >= 5 for group in groups)
        seen.append(found.counted)
    steps = {after - before for before, after in pairwise(seen)}
    assert steps == {0, 5}


def test_small_buildings_are_shown_together(ctx: Context) -> None:
    small = make_quarter(ctx, dwellings=30, per_building=6)
    survey = small.open()
    homes = small.homes(survey)
    small.say(survey, homes[0:5] + homes[6:11], "satisfied")
    groups = service.breakdown(small.committee, survey.id, "overall", small.place.estate.id)
    assert [group.label for group in groups] == ["其他（不足十户的楼栋合并）"]
    assert groups[0].counted == 5


def test_after_the_close_estate_and_buildings_are_exact(quarter: Quarter) -> None:
    survey = quarter.open()
    homes = quarter.homes(survey)
    quarter.say(survey, homes[:7] + homes[20:28], "satisfied")
    quarter.close(survey)
    found = service.results(quarter.committee, survey.id, estate_of(quarter))
    assert found.counted == 15
    assert found.judgements[0].result is not None
    groups = service.breakdown(quarter.committee, survey.id, "overall", estate_of(quarter))
    assert [group.counted for group in groups] == [7, 8, 0, 0, 0]
    assert service.close_survey(quarter.committee, survey.id).state == "closed"
    mine = service.my_results(quarter.resident(0), survey.id)
    assert mine.counted == 15


def answered(found: SurveyResults, question: str) -> int:
    return next(each.answered for each in found.questions if each.question == question)


@pytest.mark.parametrize(("first", "second"), [(5, 5), (9, 0), (11, 8), (14, 3), (10, 1), (3, 1), (3, 0)])
def test_the_close_moves_no_question_by_fewer_than_five_households(
    quarter: Quarter, first: int, second: int
) -> None:
    survey = quarter.open()
    homes = quarter.homes(survey)
    for home in homes[:first] + homes[20 : 20 + second]:
        quarter.enter(survey, home, {"overall": "satisfied", "item_1": "basically"})
    before = service.results(quarter.committee, survey.id, estate_of(quarter))
    quarter.close(survey)
    after = service.results(quarter.committee, survey.id, estate_of(quarter))
    total = first + second if first + second >= 5 else 0
    assert after.counted == answered(after, "item_1") == answered(after, "overall") == total
    assert total == 0 or total - before.counted >= 5
    assert total == 0 or total - answered(before, "item_1") >= 5
    assert after.held_back == (0 if total else first + second)
    assert (held_back_note(after.held_back, after.struck) is None) == bool(total)
    # The rule asks for exact numbers of the overall question, and for the coverage.
    evidence = survey_evidence(quarter.ctx.session, survey.id, estate_of(quarter))
    assert evidence is not None
    assert evidence.counts == {"satisfied": first + second}
    assert service.coverage(quarter.committee, survey.id)[0].covered == first + second
    groups = service.breakdown(quarter.committee, survey.id, "item_1", estate_of(quarter))
    assert {group.counted for group in groups} <= {0, first, second} - {1, 2, 3, 4}


def test_the_close_tells_of_a_change_of_mind_only_together_with_five_others(quarter: Quarter) -> None:
    survey = quarter.open()
    homes = quarter.homes(survey)[:10]
    for home in homes:
        quarter.enter(survey, home, {"overall": "satisfied", "item_1": "basically"})
    for item in ("dissatisfied", "very_dissatisfied"):
        quarter.enter(survey, homes[0], {"overall": "basically", "item_1": item})
    before = service.results(quarter.committee, survey.id, estate_of(quarter))
    assert answered(before, "item_1") == 5
    quarter.close(survey)
    after = service.results(quarter.committee, survey.id, estate_of(quarter))
    assert (answered(after, "item_1"), after.counted, after.held_back) == (10, 10, 0)
    evidence = survey_evidence(quarter.ctx.session, survey.id, estate_of(quarter))
    assert evidence is not None
    assert evidence.counts == {"satisfied": 9, "basically": 1}


def test_without_a_gate_nothing_is_exact_that_would_tell_of_few(quarter: Quarter) -> None:
    survey = quarter.open("follow_up")
    for home in quarter.homes(survey)[:4]:
        quarter.enter(survey, home, {"overall": "satisfied", "defect": "none"})
    before = service.results(quarter.committee, survey.id, estate_of(quarter)).questions
    quarter.close(survey)
    after = service.results(quarter.committee, survey.id, estate_of(quarter))
    assert after.questions == before
    assert (after.counted, after.held_back) == (0, 4)


def test_a_question_few_answered_is_not_shown(quarter: Quarter) -> None:
    survey = quarter.open()
    homes = quarter.homes(survey)
    for number, home in enumerate(homes[:10]):
        quarter.enter(
            survey, home, {"overall": "satisfied", **({"item_1": "dissatisfied"} if number < 4 else {})}
        )
    shown = {
        q.question: q for q in service.results(quarter.committee, survey.id, estate_of(quarter)).questions
    }
    assert shown["overall"].answered == 5
    assert shown["item_1"].answered == 0
    with pytest.raises(Conflict):
        service.my_results(quarter.resident(0), survey.id)
