"""Live coverage, worklists, and the gate decided from the closed result."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

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
from backend.surveys.service import CreateSurvey, WorklistQuery
from backend.surveys.tables import Survey
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


def test_coverage_of_each_works_item_stands_beside_its_satisfaction(quarter: Quarter) -> None:
    survey = quarter.open()
    for number, home in enumerate(quarter.homes(survey)[:20]):
        item = "unknown" if number % 4 == 0 else "satisfied"
        quarter.enter(survey, home, {"overall": "satisfied", "item_1": item})
    quarter.close(survey)
    rates = {
        found.question: (found.covered, found.households, found.coverage_rate, found.satisfied_rate)
        for found in service.results(quarter.committee, survey.id, estate_of(quarter)).questions
    }
    assert rates["overall"] == (20, 100, "20.00", "100.00")
    assert rates["item_1"] == (15, 100, "15.00", "100.00")
    assert rates["item_2"] == (0, 100, None, None)
    assert rates["why"] == (None, None, None, None)
    building = service.breakdown(quarter.committee, survey.id, "item_1", estate_of(quarter))[0].result
    assert building is not None
    assert (building.covered, building.households, building.coverage_rate) == (15, 20, "75.00")
    lines = sheet(service.export_survey(quarter.committee, survey.id), "各题结果")
    assert [15, 100, "15.00"] in [line[-3:] for line in lines]


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
        assert [row[3] for row in groups] == [5, 5, 0] + [0] * 3 * (len(ids) - 1)
        assert len(sheet(content, "调查率")) == 2 * len(ids)
        # Twelve wrote: five are read, seven wait. Of the second estate three wrote.
        assert [row[2] for row in sheet(content, "文字意见")] == ["灯不亮"] * 5
    assert asked[0] == asked[1]
    few = list(lists.texts_for_export(ctx.session, survey.id, ids, fewest=5, limit=4))
    assert {estate for estate, _ in few} == {ids[0]}
    assert len(few) == 4
