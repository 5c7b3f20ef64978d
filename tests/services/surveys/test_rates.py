"""Live coverage, sums that move by five or more, worklists, and the gate decided from the closed result."""

from __future__ import annotations

from collections import Counter
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlmodel import select

from backend.infra.context import Context
from backend.kernel.errors import Conflict, Unprocessable
from backend.kernel.ids import new_id
from backend.policies import service as policies
from backend.policies.rules.gates import Gate
from backend.projects import service as projects
from backend.projects.rules.material import State, Verdict
from backend.projects.service import LinkSurvey
from backend.projects.tables import ProjectEstate
from backend.surveys import service
from backend.surveys.queries import lists, survey_evidence
from backend.surveys.rules.pools import held_back_note
from backend.surveys.service import CreateSurvey, SurveyResults, WorklistQuery
from backend.surveys.service.closing import recount
from backend.surveys.tables import Survey, SurveySum
from tests.factories.places import make_estate
from tests.services.projects.conftest import Town, make_town
from tests.services.projects.test_projects import counted_queries
from tests.services.surveys.conftest import WINDOW, Quarter, make_quarter


def estate_of(quarter: Quarter) -> str:
    return quarter.place.estate.id


def test_coverage_is_live_and_what_does_not_answer_never_covers(quarter: Quarter) -> None:
    survey = quarter.open()
    homes = quarter.homes(survey)
    quarter.say(survey, homes[:3], "satisfied")
    quarter.enter(survey, homes[3], {"overall": "unknown"})
    quarter.enter(survey, homes[4], {"overall": "invalid"})
    quarter.enter(survey, homes[5], {"item_1": "satisfied"})  # the overall question left blank
    for home, outcome in zip(homes[6:9], ("not_home", "refused", "vacant"), strict=True):
        quarter.note(survey, home, outcome)
    quarter.note(survey, homes[6], "not_home")
    reach = service.coverage(quarter.committee, survey.id)[0]
    assert (reach.households, reach.answered, reach.covered, reach.contacted) == (100, 6, 3, 9)
    assert reach.coverage_rate == "3.00"
    first = service.coverage_of_estate(quarter.committee, survey.id, estate_of(quarter))[0]
    assert (first.label, first.households, first.covered) == ("1栋", 20, 3)
    quarter.enter(survey, homes[0], {"overall": "unknown"})  # taken back
    assert service.coverage(quarter.committee, survey.id)[0].covered == 2


def test_the_worklist_names_whom_nobody_has_covered_in_walking_order(quarter: Quarter) -> None:
    survey = quarter.open()
    homes = quarter.homes(survey)
    quarter.say(survey, homes[0:2], "basically")
    quarter.enter(survey, homes[2], {"overall": "unknown"})
    quarter.note(survey, homes[3], "not_home")
    query = WorklistQuery(survey.id, estate_of(quarter), limit=3)
    page = service.worklist(quarter.grid, query)
    assert [home.id for home in page] == [home.id for home in homes[2:6]]
    after = WorklistQuery(survey.id, estate_of(quarter), limit=3, after=page[2].position)
    assert service.worklist(quarter.grid, after)[0].id == homes[5].id
    away = WorklistQuery(survey.id, estate_of(quarter), outcome="not_home")
    assert [home.id for home in service.worklist(quarter.grid, away)] == [homes[3].id]
    untried = WorklistQuery(survey.id, estate_of(quarter), quarter.place.building_ids[0], outcome="none")
    assert len(service.worklist(quarter.grid, untried)) == 17
    quarter.note(survey, homes[3], "refused")
    home, tries = service.household_tries(quarter.grid, survey.id, homes[3].id)
    assert (home.tries, home.last_outcome) == (2, "refused")
    assert [found.outcome for found in tries] == ["refused", "not_home"]
    assert {found.made_by for found in tries} == {quarter.grid.actor.account_id}


def sums(ctx: Context, survey: Survey) -> dict[tuple[str, str], int]:
    rows = ctx.session.exec(
        select(SurveySum).where(SurveySum.survey_id == survey.id).execution_options(populate_existing=True)
    ).all()
    whole = {(row.question, row.code): row.number for row in rows if row.number and row.pool == ""}
    parts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row.pool:
            parts[row.question, row.code] += row.number
    assert whole == +parts
    return whole


def test_sums_move_by_the_answers_of_five_households_or_more(quarter: Quarter) -> None:
    survey = quarter.open()
    homes = quarter.homes(survey)
    quarter.say(survey, homes[:4], "satisfied")
    assert sums(quarter.ctx, survey) == {}
    assert service.results(quarter.committee, survey.id, None).counted == 0
    quarter.say(survey, homes[4:5], "dissatisfied")
    assert sums(quarter.ctx, survey)["overall", "satisfied"] == 4
    quarter.say(survey, homes[5:9], "basically")
    quarter.say(survey, homes[0:1], "very_dissatisfied")  # a change is the fifth of the next group
    found = sums(quarter.ctx, survey)
    assert (found["overall", "satisfied"], found["overall", "basically"]) == (3, 4)
    assert (found["overall", "very_dissatisfied"], found["overall", "*"]) == (1, 9)
    quarter.say(survey, homes[20:24], "satisfied")
    assert sums(quarter.ctx, survey)["overall", "*"] == 9  # four of the next building wait


def test_a_change_of_mind_is_taken_out_once_however_often_it_comes(quarter: Quarter) -> None:
    survey = quarter.open()
    homes = quarter.homes(survey)
    quarter.say(survey, homes[:5], "satisfied")
    for overall in ("unknown", "basically", "dissatisfied"):
        quarter.say(survey, homes[:1], overall)
    quarter.say(survey, homes[5:9], "satisfied")
    found = sums(quarter.ctx, survey)
    assert (found["overall", "satisfied"], found["overall", "dissatisfied"], found["overall", "*"]) == (
        8,
        1,
        9,
    )
    result, _ = recount(quarter.ctx, survey, estate_of(quarter))
    assert result["questions"]["overall"] == {"*": 9, "satisfied": 8, "dissatisfied": 1}


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
    small.say(survey, homes[0:3] + homes[6:9], "satisfied")
    groups = service.breakdown(small.committee, survey.id, "overall", small.place.estate.id)
    assert [group.label for group in groups] == ["其他（不足十户的楼栋合并）"]
    assert groups[0].counted == 5


def test_after_the_close_the_estate_is_exact_and_small_rests_stay_hidden(quarter: Quarter) -> None:
    survey = quarter.open()
    homes = quarter.homes(survey)
    quarter.say(survey, homes[:7] + homes[20:28], "satisfied")
    quarter.close(survey)
    found = service.results(quarter.committee, survey.id, estate_of(quarter))
    assert found.counted == 15
    assert found.judgements[0].result is not None
    groups = service.breakdown(quarter.committee, survey.id, "overall", estate_of(quarter))
    # 7 and 8 answered; five of each joined the sums, and the five others are hidden together.
    assert [group.counted for group in groups] == [5, 5, 0, 0, 0]
    assert service.close_survey(quarter.committee, survey.id).state == "closed"
    mine = service.my_results(quarter.resident(0), survey.id)
    assert mine.counted == 15


def answered(found: SurveyResults, question: str) -> int:
    return next(each.answered for each in found.questions if each.question == question)


@pytest.mark.parametrize(("first", "second"), [(5, 5), (6, 5), (9, 0), (7, 7), (7, 8), (3, 0)])
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
    waited = first % 5 + second % 5
    joined = 0 if waited < 5 else waited
    assert after.counted - before.counted == joined
    assert answered(after, "item_1") - answered(before, "item_1") == joined
    assert after.held_back == waited - joined
    assert (held_back_note(after.held_back) is None) == (waited in (0, 5))
    # The rule asks for exact numbers of the overall question, and for the coverage.
    evidence = survey_evidence(quarter.ctx.session, survey.id, estate_of(quarter))
    assert evidence is not None
    assert evidence.counts == {"satisfied": first + second}
    if first + second >= 5:
        assert answered(after, "overall") == first + second
    assert service.coverage(quarter.committee, survey.id)[0].covered == first + second


def test_the_close_does_not_tell_a_change_of_mind_of_fewer_than_five(quarter: Quarter) -> None:
    survey = quarter.open()
    homes = quarter.homes(survey)[:10]
    for home in homes:
        quarter.enter(survey, home, {"overall": "satisfied", "item_1": "basically"})
    for item in ("dissatisfied", "very_dissatisfied"):
        quarter.enter(survey, homes[0], {"overall": "basically", "item_1": item})
    before = service.results(quarter.committee, survey.id, estate_of(quarter)).questions
    quarter.close(survey)
    after = service.results(quarter.committee, survey.id, estate_of(quarter))
    assert after.questions[1:] == before[1:]
    assert (after.counted, after.held_back) == (10, 1)
    evidence = survey_evidence(quarter.ctx.session, survey.id, estate_of(quarter))
    assert evidence is not None
    assert evidence.counts == {"satisfied": 9, "basically": 1}


def test_without_a_gate_nothing_is_exact_that_would_tell_of_few(quarter: Quarter) -> None:
    survey = quarter.open("follow_up")
    for home in quarter.homes(survey)[:7]:
        quarter.enter(survey, home, {"overall": "satisfied", "defect": "none"})
    before = service.results(quarter.committee, survey.id, estate_of(quarter)).questions
    quarter.close(survey)
    after = service.results(quarter.committee, survey.id, estate_of(quarter))
    assert after.questions == before
    assert (after.counted, after.held_back) == (5, 2)


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
    assert shown["overall"].answered == 10
    assert shown["item_1"].answered == 0
    with pytest.raises(Conflict):
        service.my_results(quarter.resident(0), survey.id)


def gate_town(ctx: Context) -> tuple[Town, Quarter]:
    """Return a project that has come to the evaluation, and the same estate as a quarter."""
    town = make_town(ctx)
    row = ctx.session.get_one(ProjectEstate, town.row)
    row.stage = "evaluation"
    ctx.session.add(row)
    ctx.session.flush()
    return town, Quarter(ctx, town.place, town.committee, town.committee)


def link(town: Town, survey: Survey) -> Any:
    return projects.link_survey(town.committee, LinkSurvey(town.row, Gate.EVALUATION, survey.id))


@pytest.mark.parametrize(
    ("satisfied", "others", "state"),
    [
        (60, 15, State.MET),
        (60, 14, State.NOT_MET),
        (59, 16, State.NOT_MET),
        (0, 0, State.UNDECIDABLE),
    ],
)
def test_the_evaluation_gate_is_decided_from_the_closed_survey(
    ctx: Context, satisfied: int, others: int, state: State
) -> None:
    town, quarter = gate_town(ctx)
    survey = quarter.open()
    link(town, survey)
    assert town.view(Gate.EVALUATION).criteria[0].state is State.PENDING
    homes = quarter.homes(survey)
    quarter.say(survey, homes[:satisfied], "satisfied")
    quarter.say(survey, homes[satisfied : satisfied + others], "basically")
    quarter.say(survey, homes[satisfied + others :][:3], "unknown")
    before = town.view(Gate.EVALUATION)
    assert before.criteria[0].motions == ()
    with pytest.raises(Unprocessable, match="undecidable"):
        town.decide(Gate.EVALUATION)
    quarter.close(survey)
    view = town.view(Gate.EVALUATION)
    criterion = view.criteria[0]
    assert criterion.state is state
    assert "不纳入下一年度中央财政支持" in str(criterion.consequence)
    assert any(line.startswith("参考（较宽口径") for line in criterion.motions[0].lines)
    if state is State.MET:
        decided = town.decide(Gate.EVALUATION)
        assert (
            decided.evidence["surveys"][0]["responses_sha256"]
            == survey_evidence(ctx.session, survey.id, estate_of(quarter)).responses_sha256
        )  # type: ignore[union-attr] # it is there
        assert town.stage() == "long_term"
        rates = projects.show_project(town.bureau, town.project).estates[0].rates
        assert [(rate.numerator, rate.denominator, rate.rate) for rate in rates] == [
            ("75", "100", "75.00"),
            ("60", "75", "80.00"),
        ]
    else:
        with pytest.raises(Unprocessable):
            town.decide(Gate.EVALUATION)


def test_what_fewer_than_five_said_is_not_told_by_the_gate(ctx: Context) -> None:
    town, quarter = gate_town(ctx)
    survey = quarter.open()
    link(town, survey)
    quarter.say(survey, quarter.homes(survey)[:3], "dissatisfied")
    quarter.close(survey)
    criterion = town.view(Gate.EVALUATION).criteria[0]
    assert criterion.state is State.NOT_MET
    assert [test["numerator_kind"] for test in criterion.motions[0].result["tests"]] == ["covered"]
    assert not any("满意" in line for line in criterion.motions[0].lines)


def test_a_gate_takes_one_survey_of_its_estate_under_its_rule(ctx: Context) -> None:
    town, quarter = gate_town(ctx)
    elsewhere = make_quarter(ctx, dwellings=12)
    for survey in (quarter.draft(), quarter.open("willingness"), quarter.open("follow_up"), elsewhere.open()):
        with pytest.raises(Unprocessable, match="survey_unusable"):
            link(town, survey)
    first, second = quarter.open(), quarter.open()
    view = link(town, first)
    assert link(town, first).surveys == view.surveys
    with pytest.raises(Conflict, match="survey_linked"):
        link(town, second)
    projects.withdraw_evidence(town.committee, view.surveys[0].evidence_id)
    assert link(town, second).surveys[0].survey_id == second.id
    quarter.close(second)
    assert "另有 1 次同类调查" in town.view(Gate.EVALUATION).criteria[0].summary
    with pytest.raises(Unprocessable, match="survey_unusable"):
        projects.link_survey(town.committee, LinkSurvey(town.row, Gate.START, first.id))


def test_local_readings_freeze_with_the_opening(ctx: Context) -> None:
    town, quarter = gate_town(ctx)
    today = ctx.clock.now().date()
    rule = "gansu-2022/satisfaction"
    number = policies.SetLocalNumber(town.county, rule, "unknown", "covered", "县发〔2026〕3号", today)
    policies.set_local_number(town.bureau, number)
    survey = quarter.open()
    link(town, survey)
    homes = quarter.homes(survey)
    quarter.say(survey, homes[:60], "satisfied")
    quarter.say(survey, homes[60:75], "unknown")
    assert service.coverage(quarter.committee, survey.id)[0].covered == 75
    quarter.close(survey)
    view = town.view(Gate.EVALUATION)
    assert view.verdict is Verdict.PASSABLE
    assert "县发〔2026〕3号" in {used.document for used in view.criteria[0].numbers}


def test_a_national_profile_sets_no_share_and_shows_the_rates(ctx: Context) -> None:
    town = make_town(ctx, profile="cn-50-2021")
    quarter = Quarter(ctx, town.place, town.committee, town.committee)
    survey = quarter.open()
    link(town, survey)
    quarter.say(survey, quarter.homes(survey)[:10], "dissatisfied")
    quarter.close(survey)
    criterion = town.view(Gate.EVALUATION).criteria[0]
    assert criterion.state is State.MET
    assert "文件没有规定比例" in criterion.summary


def test_cancelled_surveys_serve_no_gate(ctx: Context) -> None:
    town, quarter = gate_town(ctx)
    survey = quarter.open()
    link(town, survey)
    service.cancel_survey(quarter.committee, survey.id, survey.version, "题目有误")
    criterion = town.view(Gate.EVALUATION).criteria[0]
    assert criterion.state is State.MISSING
    assert "已取消" in criterion.summary


def sheet(content: bytes, name: str) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_name(name).to_python()[1:]


def test_a_workbook_asks_no_more_of_eight_estates_than_of_two(ctx: Context) -> None:
    quarter = make_quarter(ctx, dwellings=12)
    community = quarter.place.community
    others = [make_estate(ctx, community=community, dwellings=12).estate.id for _ in range(7)]
    asked = []
    for ids in ((estate_of(quarter), *others[:1]), (estate_of(quarter), *others)):
        command = CreateSurvey(community.id, "satisfaction", ids, new_id(), items=("屋面防水", "道路"))
        made = service.create_survey(quarter.committee, command)
        survey = service.open_survey(quarter.committee, made.id, ctx.clock.now() + WINDOW, made.version)
        homes = quarter.homes(survey)
        here = [home for home in homes if home.estate_id == ids[0]]
        there = [home for home in homes if home.estate_id == ids[1]]
        for home in here + there[:3]:
            quarter.enter(survey, home, {"overall": "satisfied", "item_1": "basically", "words": "灯不亮"})
        with counted_queries(ctx) as seen:
            content = service.export_survey(quarter.committee, survey.id)
        asked.append(len(seen))
        groups = sheet(content, "分项分楼栋")
        assert [row[3] for row in groups] == [10, 10, 0] + [0] * 3 * (len(ids) - 1)
        assert len(sheet(content, "调查率")) == 2 * len(ids)
        assert [row[3] for row in sheet(content, "文字意见")] == ["灯不亮"] * 12  # of the second three wrote
    assert asked[0] == asked[1]
    few = list(lists.texts_for_export(ctx.session, survey.id, ids, fewest=5, limit=4))
    assert {estate for estate, _ in few} == {ids[0]}
    assert len(few) == 4
