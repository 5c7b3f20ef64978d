"""An upheld objection strikes what staff wrote down: kept, not counted, the household asked again."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.errors import Conflict
from backend.kernel.ids import new_id
from backend.ledger.tables import LedgerEvent
from backend.notices import service as notices
from backend.notices.queries import ObjectionView
from backend.notices.service import ReplyObjection
from backend.policies.rules.gates import Gate
from backend.projects.rules.material import State
from backend.surveys import service
from backend.surveys.queries import lists, survey_evidence
from backend.surveys.rules.pools import held_back_note
from backend.surveys.service import ObjectToAnswers, WorklistQuery
from backend.surveys.tables import Survey, SurveyHousehold, SurveyResponse, SurveySum
from tests.factories.people import acting_as, make_staff
from tests.services.surveys.conftest import Quarter
from tests.services.surveys.test_rates import gate_town, link, sheet

pytestmark = pytest.mark.usefixtures("wired")


def objected(quarter: Quarter, survey: Survey, number: int, resident: Context | None = None) -> ObjectionView:
    command = ObjectToAnswers(survey.id, quarter.place.dwelling_ids[number], "没有人来问过我们", new_id())
    return service.object_to_answers(resident or quarter.resident(number), command)


def reply(who: Context, objection: ObjectionView, *, upheld: bool = True) -> None:
    notices.reply_objection(who, ReplyObjection(objection.id, upheld, "核实后答复"))


def home_of(quarter: Quarter, survey: Survey, number: int) -> SurveyHousehold:
    wanted = quarter.place.dwelling_ids[number]
    return next(home for home in quarter.homes(survey) if home.dwelling_id == wanted)


def reached(quarter: Quarter, survey: Survey) -> tuple[int, int, int]:
    reach = service.coverage(quarter.committee, survey.id)[0]
    return reach.answered, reach.covered, reach.contacted


def sums(quarter: Quarter, survey: Survey, question: str = "overall") -> dict[str, int]:
    query = select(SurveySum).where(
        SurveySum.survey_id == survey.id, SurveySum.question == question, SurveySum.pool == ""
    )
    rows = quarter.ctx.session.exec(query.execution_options(populate_existing=True))
    return {row.code: row.number for row in rows if row.number}


def test_struck_answers_stay_in_the_history_and_the_household_is_asked_again(quarter: Quarter) -> None:
    survey = quarter.open()
    home = home_of(quarter, survey, 0)
    quarter.enter(survey, home, {"overall": "satisfied", "words": "很好"})
    resident = quarter.resident(0)
    objection = objected(quarter, survey, 0, resident)
    assert reached(quarter, survey) == (1, 1, 1)  # an objection by itself changes nothing
    reply(quarter.committee, objection)
    assert reached(quarter, survey) == (0, 0, 0)
    where = (survey.id, quarter.place.estate.id)
    todo = service.worklist(quarter.committee, WorklistQuery(*where, limit=200))
    assert home.id in {each.id for each in todo}
    (line,) = lists.responses_of(quarter.ctx.session, *where, 10, None)
    assert line.state == "struck"
    row = quarter.ctx.session.get_one(SurveyResponse, line.id)
    assert (row.struck_for, row.overall) == (objection.id, "satisfied")
    service.answer_survey(resident, survey.id, home.dwelling_id, {"overall": "dissatisfied"}, new_id())
    assert reached(quarter, survey) == (1, 1, 1)
    with pytest.raises(Conflict):
        reply(quarter.committee, objection)
    again = update(SurveyResponse).where(col(SurveyResponse.id) == row.id).values(state="standing")
    with pytest.raises(DBAPIError, match="only replaced or struck"), quarter.ctx.session.begin_nested():
        quarter.ctx.session.exec(again)


def test_a_rejected_objection_strikes_nothing_and_who_wrote_it_down_answers_none(quarter: Quarter) -> None:
    survey = quarter.open()
    quarter.say(survey, [home_of(quarter, survey, 0)], "satisfied")
    service.enter_answers(
        quarter.committee,
        service.EnterAnswers(
            survey.id, home_of(quarter, survey, 1).id, "doorstep", {"overall": "satisfied"}, new_id()
        ),
    )
    reply(quarter.committee, objected(quarter, survey, 0), upheld=False)
    assert reached(quarter, survey) == (2, 2, 2)
    own = objected(quarter, survey, 1)
    for upheld in (True, False):
        with pytest.raises(Conflict) as refused, quarter.ctx.session.begin_nested():
            notices.reply_objection(quarter.committee, ReplyObjection(own.id, upheld, "本人答复"))
        assert refused.value.code == "two_people"
    assert reached(quarter, survey) == (2, 2, 2)


def test_what_came_after_the_objection_or_from_the_household_itself_stands(quarter: Quarter) -> None:
    survey = quarter.open()
    for number in (0, 1):
        quarter.say(survey, [home_of(quarter, survey, number)], "satisfied")
    visited, resident = objected(quarter, survey, 0), quarter.resident(1)
    own = objected(quarter, survey, 1, resident)
    quarter.say(survey, [home_of(quarter, survey, 0)], "dissatisfied")  # asked at the door, this time really
    home = home_of(quarter, survey, 1)
    service.answer_survey(resident, survey.id, home.dwelling_id, {"overall": "basically"}, new_id())
    for objection in (visited, own):
        reply(quarter.committee, objection)
    standing = quarter.ctx.session.exec(
        select(SurveyResponse.overall).where(
            SurveyResponse.survey_id == survey.id, SurveyResponse.state == "standing"
        )
    ).all()
    assert sorted(str(code) for code in standing) == ["basically", "dissatisfied"]
    assert reached(quarter, survey) == (2, 2, 2)


def test_a_household_that_was_tried_stays_contacted(quarter: Quarter) -> None:
    survey = quarter.open()
    home = home_of(quarter, survey, 0)
    quarter.note(survey, home, "not_home")
    quarter.enter(survey, home, {"overall": "unknown"})
    assert reached(quarter, survey) == (1, 0, 1)
    reply(quarter.committee, objected(quarter, survey, 0))
    assert reached(quarter, survey) == (0, 0, 1)


def test_struck_answers_leave_the_sums_with_five_others_and_not_alone(quarter: Quarter) -> None:
    survey = quarter.open()
    homes = [home_of(quarter, survey, number) for number in range(16)]
    quarter.say(survey, homes[:10], "satisfied")
    assert sums(quarter, survey)["satisfied"] == 5
    reply(quarter.committee, objected(quarter, survey, 0))
    assert sums(quarter, survey)["satisfied"] == 5  # taken out alone it would tell what was written down
    quarter.say(survey, homes[10:14], "basically")
    reply(quarter.committee, objected(quarter, survey, 13))  # still waiting: it never joins
    quarter.say(survey, homes[14:16], "basically")
    assert sums(quarter, survey) == {"*": 5, "satisfied": 5}  # five came and one went: four more are no step
    closed = quarter.close(survey)
    (estate,) = service.show_survey(quarter.committee, closed.id).estates
    assert (estate.result["struck"], estate.result["overall"]) == (0, {"satisfied": 9, "basically": 5})
    assert estate.result["questions"]["overall"] == {"*": 14, "satisfied": 9, "basically": 5}


def test_the_close_tells_what_waits_beside_what_was_struck(quarter: Quarter) -> None:
    survey = quarter.open()
    homes = [home_of(quarter, survey, number) for number in range(10)]
    quarter.say(survey, homes, "satisfied")
    residents = [quarter.resident(number) for number in range(10)]
    for number in (0, 1, 8, 9):  # two in the sums already, two that wait
        reply(quarter.committee, objected(quarter, survey, number, residents[number]))
    closed = quarter.close(survey)
    found = service.results(quarter.committee, closed.id, None)
    assert (found.counted, found.held_back, found.struck) == (5, 3, 2)
    for number, left in ((2, (5, 3, 3)), (7, (5, 2, 3))):
        reply(quarter.committee, objected(quarter, closed, number, residents[number]))
        found = service.results(quarter.committee, closed.id, None)
        assert (found.counted, found.held_back, found.struck) == left
    said = str(sheet(service.export_survey(quarter.committee, closed.id), "概况"))
    assert "另有 2 份回答" in said and "有 3 份代填的回答" in said


def test_after_the_close_the_count_is_corrected_and_logged_and_the_questions_tell_of_nobody(
    quarter: Quarter,
) -> None:
    survey = quarter.open()
    for number in range(10):
        quarter.enter(
            survey, home_of(quarter, survey, number), {"overall": "satisfied", "item_1": "dissatisfied"}
        )
    residents = [quarter.resident(number) for number in range(2)]
    closed = quarter.close(survey)
    before = service.results(quarter.committee, closed.id, None)
    first = survey_evidence(quarter.ctx.session, closed.id, quarter.place.estate.id)
    objection = objected(quarter, closed, 0, residents[0])
    reply(quarter.committee, objection)
    after = service.results(quarter.committee, closed.id, None)
    then = survey_evidence(quarter.ctx.session, closed.id, quarter.place.estate.id)
    assert first is not None and then is not None
    assert (first.counts, then.counts) == ({"satisfied": 10}, {"satisfied": 9})
    assert first.responses_sha256 != then.responses_sha256
    assert (after.struck, before.struck) == (1, 0)
    assert [each for each in after.questions if each.question == "item_1"] == [
        each for each in before.questions if each.question == "item_1"
    ]
    assert "已剔除" in str(held_back_note(after.held_back, after.struck))
    told = quarter.ctx.session.exec(
        select(LedgerEvent).where(LedgerEvent.subject_id == closed.id, LedgerEvent.type == "survey.corrected")
    ).one()
    assert (told.payload["before"], told.payload["after"]) == (first.responses_sha256, then.responses_sha256)


@pytest.mark.parametrize("is_decided", [False, True])
def test_a_gate_not_yet_decided_counts_anew_and_a_decided_one_says_so(ctx: Context, is_decided: bool) -> None:
    town, quarter = gate_town(ctx)
    survey = quarter.open()
    link(town, survey)
    for number in range(75):
        overall = "satisfied" if number < 60 else "basically"
        quarter.enter(survey, home_of(quarter, survey, number), {"overall": overall})
    resident = quarter.resident(70)
    quarter.close(survey)
    assert town.view(Gate.EVALUATION).criteria[0].state is State.MET
    if is_decided:
        assert not town.decide(Gate.EVALUATION).is_changed
    other = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, town.place.community.id))
    reply(other, objected(quarter, survey, 70, resident))
    view = town.view(Gate.EVALUATION)
    assert view.criteria[0].state is State.NOT_MET  # 74 of 100 covered
    assert (view.is_changed, view.is_doubtful) == (is_decided, is_decided)
    if is_decided:
        assert view.decision is not None
        assert view.decision.evidence_sha256 != view.evidence_sha256
