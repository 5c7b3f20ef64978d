"""Surveys: told once when open, reminded twice at most, nobody who has answered; what others wrote down at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from backend.kernel.access import Role
from backend.kernel.clock import end_of_day, local_date
from backend.kernel.ids import new_id
from backend.notifications.service import desk
from backend.surveys import service
from backend.surveys.service import CreateSurvey, EnterAnswers
from backend.surveys.tables import SurveyHousehold
from bot import delivery, jobs
from tests.factories.people import ResidentFixture, acting_as, make_staff
from tests.factories.places import EstateFixture
from tests.services.notifications.conftest import World, send

CONTENT = {"overall": "satisfied"}


def open_survey(town: World, estate: EstateFixture, *, days: int = 10) -> str:
    """Open a survey that ends with the day ``days`` from now."""
    with town.acting() as ctx:
        committee = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id))
        command = CreateSurvey(estate.community.id, "satisfaction", (estate.estate.id,), new_id())
        row = service.create_survey(committee, command)
        closes_at = end_of_day(local_date(ctx.clock.now()) + timedelta(days=days))
        return service.open_survey(committee, row.id, closes_at, row.version).id


def answer(town: World, survey: str, person: ResidentFixture, home: str) -> None:
    with town.acting() as ctx:
        service.answer_survey(acting_as(ctx, person), survey, home, CONTENT, new_id())


def enter(town: World, estate: EstateFixture, survey: str, home: str, channel: str) -> None:
    with town.acting() as ctx:
        grid = acting_as(ctx, make_staff(ctx, Role.GRID_OFFICER, estate.community.id))
        wanted = select(SurveyHousehold.id).where(
            col(SurveyHousehold.survey_id) == survey, col(SurveyHousehold.dwelling_id) == home
        )
        household = ctx.session.exec(wanted).one()
        service.enter_answers(grid, EnterAnswers(survey, household, channel, CONTENT, new_id()))


def read(town: World) -> None:
    jobs.number_new_events(town.ports)
    while delivery.read_new_events(town.ports):
        pass


def remind(town: World) -> None:
    """Each job twice: one message."""
    for _ in range(2):
        delivery.remind(town.ports)
        send(town)


def test_those_who_have_not_answered_hear_of_it_at_the_opening_and_twice_before_the_end(town: World) -> None:
    estate = town.estate(3)
    people = [town.resident(home) for home in estate.dwelling_ids]
    survey = open_survey(town, estate)
    counts = []
    for day in range(12):
        if day:
            town.go_to(12, days=1)
        if day == 1:
            answer(town, survey, people[0], estate.dwelling_ids[0])
        remind(town)
        counts.append(len(town.outside.arrived()))
    assert counts == [3, 3, 3, 3, 3, 3, 3, 5, 5, 5, 7, 7]
    assert [town.left(person.account_id) for person in people] == [2, 0, 0]
    notes = [letter.values["thing3"] for letter in town.outside.arrived()]
    assert notes.count("调查已开始，请您家填写") == 3 and notes.count("今天截止，您家还没有填写") == 2
    assert {letter.page for letter in town.outside.arrived()} == {f"pages/survey/index?id={survey}"}
    # Stewards have the survey's own worklist.
    assert town.doorstep() == {}


def test_who_binds_later_hears_of_the_open_survey_too_and_nobody_twice(town: World) -> None:
    estate = town.estate(2)
    town.resident(estate.dwelling_ids[0])
    open_survey(town, estate)
    remind(town)
    town.resident(estate.dwelling_ids[1])
    town.go_to(12, days=1)
    remind(town)
    town.go_to(12, days=1)
    remind(town)
    told = town.deliveries("survey_opened")
    assert len(told) == 2 and len({row.recipient_id for row in told}) == 2


def test_an_answer_between_queue_and_sending_cancels_the_message(town: World) -> None:
    estate = town.estate(2)
    people = [town.resident(home) for home in estate.dwelling_ids]
    survey = open_survey(town, estate)
    delivery.remind(town.ports)
    answer(town, survey, people[0], estate.dwelling_ids[0])
    assert send(town) == 1
    assert {row.reason for row in town.deliveries() if row.state == "cancelled"} == {"answered"}
    assert town.left(people[0].account_id) == 3


def test_a_household_has_one_reminder_a_day_over_ballots_and_surveys(town: World) -> None:
    estate = town.estate(1)
    town.resident(*estate.dwelling_ids, consents_left=9)
    town.ballot(estate, days=3)
    open_survey(town, estate)
    remind(town)
    assert [row.kind for row in town.deliveries()] == ["reminder"]
    town.go_to(12, days=1)
    remind(town)
    assert sorted(row.kind for row in town.deliveries()) == ["reminder", "survey_opened"]


def test_a_bot_that_slept_tells_of_the_survey_once_and_of_nothing_that_has_ended(town: World) -> None:
    estate = town.estate(1)
    town.resident(*estate.dwelling_ids, consents_left=9)
    open_survey(town, estate)
    town.go_to(12, days=8)
    remind(town)
    assert [row.kind for row in town.deliveries()] == ["survey_reminder"]
    town.go_to(12, days=5)
    remind(town)
    assert len(town.deliveries()) == 1


def test_a_survey_s_messages_are_in_the_log_of_the_estate_s_community(town: World) -> None:
    estate = town.estate(1)
    town.resident(*estate.dwelling_ids)
    open_survey(town, estate)
    remind(town)
    with town.acting() as ctx:
        page = desk.ListDeliveries(estate.estate.id, None, None, None, 10)
        (line,) = desk.list_deliveries(ctx, page)
    assert (line.kind, line.state, len(line.homes)) == ("survey_opened", "delivered", 1)


def test_answers_that_others_wrote_down_are_told_at_once_to_owners_and_family(town: World) -> None:
    estate = town.estate(2)
    home = estate.dwelling_ids[0]
    owner, relative = town.resident(home), town.resident(home, relation="family")
    town.resident(home, relation="tenant")
    survey = open_survey(town, estate)
    town.go_to(23.5)
    for channel in ("doorstep", "telephone", "paper"):
        enter(town, estate, survey, home, channel)
    for _ in range(2):
        read(town)
        send(town)
    told = town.deliveries("survey_recorded")
    assert {row.recipient_id for row in told} == {owner.account_id, relative.account_id}
    assert len(told) == 6 and town.states() == {"delivered": 6}
    values: list[Mapping[str, Any]] = [letter.values for letter in town.outside.arrived()]
    assert {value["thing3"][:6] for value in values} == {"入户问卷已替", "电话问卷已替", "纸质问卷已替"}
    assert not any(word in str(values) for word in ("satisfied", "满意，", "非常满意"))


def test_what_a_household_answers_itself_is_not_told_and_an_old_telling_is_left_out(town: World) -> None:
    estate = town.estate(1)
    (home,) = estate.dwelling_ids
    person = town.resident(home)
    survey = open_survey(town, estate, days=20)
    enter(town, estate, survey, home, "doorstep")
    answer(town, survey, person, home)
    town.go(days=8)
    read(town)
    assert town.deliveries("survey_recorded") == []
