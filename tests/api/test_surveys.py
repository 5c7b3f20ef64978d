"""Surveys over HTTP: from the draft to the gate, six answers of one household at once, the workbook."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlmodel import select

from backend.infra.columns import from_micros
from backend.infra.installation import move_clock
from backend.infra.paging import decode_cursor
from backend.kernel.access import Role
from backend.projects.tables import ProjectEstate
from backend.surveys.tables import SurveyEstate, SurveyPlace, SurveyResponse
from bot import jobs
from tests.api.conftest import World
from tests.api.test_projects import Caller
from tests.factories.people import make_resident, make_staff
from tests.factories.places import EstateFixture, make_estate

HOMES = 20
WINDOW = timedelta(days=10)
YES = {"overall": "satisfied"}


@dataclass
class Setting:
    """An estate with its staff and three residents: two of the first home, one of the second."""

    world: World
    place: EstateFixture
    county: str
    bureau: Caller
    committee: Caller
    residents: tuple[Caller, Caller, Caller]
    made: int = 0

    def key(self) -> str:
        """Return an idempotency key nobody has used."""
        self.made += 1
        return f"api-key-{self.made:05d}"

    def open(self, template: str = "satisfaction", **more: Any) -> str:
        """Draft a survey and open it; returns its id."""
        body = {
            "organisation": self.place.community.id,
            "template": template,
            "estates": [self.place.estate.id],
            "items": ["屋面防水", "=HYPERLINK(1)"],
            **more,
        }
        drafted = self.committee.ok("POST", "/staff/surveys", body, Idempotency_Key=self.key())
        with self.world.arrange() as ctx:
            closes_at = (ctx.clock.now() + WINDOW).isoformat()
        where = f"/staff/surveys/{drafted['id']}/open"
        opened = self.committee.ok("POST", where, {"closes_at": closes_at}, If_Match=str(drafted["version"]))
        assert opened["state"] == "open"
        assert opened["estates"][0]["households"] == HOMES
        return str(opened["id"])

    def todo(self, survey: str) -> list[Any]:
        """Return the worklist."""
        where = f"/staff/surveys/{survey}/worklist?estate={self.place.estate.id}&limit=100"
        return list(self.committee.ok("GET", where)["items"])

    def enter(
        self, survey: str, household: str, answers: Mapping[str, Any], channel: str = "doorstep"
    ) -> Any:
        """Enter answers by hand."""
        where = f"/staff/surveys/{survey}/households/{household}/responses"
        body = {"channel": channel, "answers": answers}
        return self.committee.ok("POST", where, body, Idempotency_Key=self.key())

    def pass_deadline(self) -> None:
        """Let the database's clock run past the deadline and the bot close what is due."""
        move_clock(self.world.ports.engine, int((WINDOW + timedelta(minutes=1)).total_seconds()) * 1_000_000)
        jobs.close_due_surveys(self.world.ports)


@pytest.fixture
def setting(world: World) -> Setting:
    """Arrange it."""
    with world.arrange() as ctx:
        place = make_estate(ctx, dwellings=HOMES)
        county = place.community.path.strip("/").split("/")[2]
        bureau = make_staff(ctx, Role.BUREAU, county)
        committee = make_staff(ctx, Role.RESIDENTS_COMMITTEE, place.community.id)
        people = (
            make_resident(ctx, place.dwelling_ids[0]),
            make_resident(ctx, place.dwelling_ids[0], relation="family"),
            make_resident(ctx, place.dwelling_ids[1]),
        )
    callers = tuple(Caller(world, who.token) for who in people)
    assert len(callers) == 3
    return Setting(world, place, county, Caller(world, bureau.token), Caller(world, committee.token), callers)


def test_six_answers_of_one_household_at_the_same_moment_count_once(setting: Setting) -> None:
    survey = setting.open()
    home = setting.place.dwelling_ids[0]
    first, second, _ = setting.residents
    levels = ("satisfied", "basically", "dissatisfied")

    def post(number: int) -> int:
        who = (first, second)[number % 2]
        body = {"dwelling": home, "answers": {"overall": levels[number % 3]}}
        answer = who.ask("POST", f"/surveys/{survey}/answers", body, Idempotency_Key=f"parallel-{number}")
        return int(answer.status_code)

    with ThreadPoolExecutor(6) as pool:
        assert Counter(pool.map(post, range(6))) == {201: 6}
    with setting.world.arrange() as ctx:
        rows = ctx.session.exec(select(SurveyResponse).where(SurveyResponse.survey_id == survey)).all()
        assert Counter(row.state for row in rows) == {"standing": 1, "replaced": 5}
        place = ctx.session.exec(select(SurveyPlace).where(SurveyPlace.survey_id == survey)).one()
        assert (place.answered, place.covered) == (1, 1)
    assert setting.committee.ok("GET", f"/staff/surveys/{survey}/coverage")["items"][0]["covered"] == 1


def test_one_key_sent_six_times_at_once_stores_one_answer(setting: Setting) -> None:
    survey = setting.open()
    body = {"dwelling": setting.place.dwelling_ids[0], "answers": YES}

    def post(_: int) -> str:
        return str(
            setting.residents[0].ok("POST", f"/surveys/{survey}/answers", body, Idempotency_Key="one-key-1")[
                "id"
            ]
        )

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(post, range(6)))) == 1


def test_five_neighbours_at_once_join_the_sums_once(setting: Setting) -> None:
    survey = setting.open()
    todo = setting.todo(survey)[:15]
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda home: setting.enter(survey, home["id"], YES), todo))
    found = setting.committee.ok("GET", f"/staff/surveys/{survey}/results")
    assert found["counted"] in (5, 10)  # what waits is nine at most
    overall = found["questions"][0]
    assert overall["answered"] == overall["covered"] == found["counted"]


def test_a_satisfaction_survey_from_the_draft_to_the_gate(setting: Setting) -> None:
    survey = setting.open()
    first, _, neighbour = setting.residents
    home = setting.place.dwelling_ids[0]
    shown = first.ok("GET", f"/surveys/{survey}")
    assert [question["id"] for question in shown["form"]["sections"][0]["questions"]] == ["overall", "why"]
    levels = [option["id"] for option in shown["form"]["sections"][0]["questions"][0]["options"]]
    assert levels[0] == "very_satisfied" and levels[-1] == "unknown" and len(levels) == 6
    assert [each["is_answered"] for each in shown["homes"]] == [False]
    first.ok("PUT", f"/surveys/{survey}/draft", {"dwelling": home, "answers": {"words": "还没写完"}})
    assert first.ok("GET", f"/surveys/{survey}/answers?dwelling={home}")["draft"] == {"words": "还没写完"}
    body = {"dwelling": home, "answers": {**YES, "words": "请打13800001234"}}
    first.ok("POST", f"/surveys/{survey}/answers", body, Idempotency_Key=setting.key())
    mine = first.ok("GET", f"/surveys/{survey}/answers?dwelling={home}")
    assert (mine["answers"], mine["draft"], mine["channel_title"]) == (body["answers"], None, "手机填写")
    assert first.ok("GET", "/surveys")["items"][0]["homes"][0]["is_answered"]
    assert neighbour.no(404, "GET", f"/surveys/{survey}/answers?dwelling={home}") == "not_found"
    todo = setting.todo(survey)
    assert len(todo) == HOMES - 1
    for each in todo[:14]:
        setting.enter(
            survey, each["id"], {"overall": "satisfied" if each is not todo[0] else "basically"}, "paper"
        )
    where = f"/staff/surveys/{survey}/households/{todo[14]['id']}"
    tried = {"channel": "doorstep", "outcome": "not_home"}
    noted = setting.committee.ok("POST", f"{where}/tries", tried, Idempotency_Key=setting.key())
    assert (noted["last_outcome_title"], noted["is_covered"]) == ("不在家", False)
    assert setting.committee.ok("GET", where)["tries"][0]["outcome"] == "not_home"
    reach = setting.committee.ok("GET", f"/staff/surveys/{survey}/coverage?estate={setting.place.estate.id}")
    assert (reach["items"][0]["covered"], reach["items"][0]["coverage_rate"]) == (15, "75.00")
    assert first.no(409, "GET", f"/surveys/{survey}/results") == "survey_not_closed"
    row = _at_evaluation(setting)
    linked = setting.bureau.ok(
        "POST", f"/staff/project-estates/{row}/gates/evaluation/surveys", {"survey": survey}
    )
    assert linked["criteria"][0]["state"] == "pending"
    setting.pass_deadline()
    gate = setting.bureau.ok("GET", f"/staff/project-estates/{row}/gates/evaluation")
    criterion = gate["criteria"][0]
    assert (gate["verdict"], criterion["state"]) == ("passable", "met")
    assert "参考（较宽口径，不作为依据）" in criterion["motions"][0]["lines"][-1]
    assert "不纳入下一年度中央财政支持" in criterion["consequence"]
    decision = {"passed": True, "reason": "达到要求", "evidence_sha256": gate["evidence_sha256"]}
    decided = setting.bureau.ok("POST", f"/staff/project-estates/{row}/gates/evaluation/decision", decision)
    assert decided["decision"]["outcome"] == "passed"
    results = first.ok("GET", f"/surveys/{survey}/results")
    assert results["judgements"][0]["outcome"] == "达到"
    assert results["questions"][0]["satisfied_rate"] == "93.33"
    assert results["questions"][0]["satisfied_rate_wide"] == "100.00"
    assert first.ok("GET", f"/projects/{row}/gates/evaluation")["criteria"][0]["state"] == "met"


def _at_evaluation(setting: Setting) -> str:
    where = f"/staff/policies/organisations/{setting.county}/adoptions"
    setting.bureau.ok("POST", where, {"profile": "gansu-2022", "document_title": "采用文件"})
    body = {
        "organisation": setting.county,
        "code": "P1",
        "name": "一期",
        "plan_year": 2026,
        "estates": [setting.place.estate.id],
    }
    row = str(setting.bureau.ok("POST", "/staff/projects", body)["estates"][0]["id"])
    with setting.world.arrange() as ctx:
        there = ctx.session.get_one(ProjectEstate, row)
        there.stage = "evaluation"
        ctx.session.add(there)
    return row


def test_the_workbook_holds_text_and_numbers_but_no_formula(setting: Setting) -> None:
    survey = setting.open(title="=1+1")
    for number, each in enumerate(setting.todo(survey)[:10]):
        words = "=cmd|'/c calc'!A0" if number else "@SUM(1) 电话13800001234"
        setting.enter(survey, each["id"], {**YES, "item_2": "satisfied", "words": words})
    answer = setting.bureau.ask("POST", f"/staff/surveys/{survey}/export")
    assert answer.status_code == 200
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    assert book.sheet_names == ["概况", "调查率", "各题结果", "分项分楼栋", "文字意见"]
    cells = [
        str(cell)
        for name in book.sheet_names
        for row in book.get_sheet_by_name(name).to_python()
        for cell in row
    ]
    assert "'=1+1" in cells
    assert "'=HYPERLINK(1)" in cells
    assert "'=cmd|'/c calc'!A0" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert not [cell for cell in cells if "13800001234" in cell]


def test_lists_search_and_pages(setting: Setting) -> None:
    older, survey = setting.open("demand"), setting.open()
    estate = setting.place.estate.id
    for number, each in enumerate(setting.todo(survey)[:11]):
        setting.enter(
            survey, each["id"], {**YES, "words": f"第{number}条，楼道{'灯' if number % 2 else '门'}坏了"}
        )
    page = setting.committee.ok("GET", "/staff/surveys?limit=1")
    assert [item["id"] for item in page["items"]] == [survey]
    rest = setting.committee.ok("GET", f"/staff/surveys?limit=1&cursor={page['next']}")
    assert [item["id"] for item in rest["items"]] == [older]
    arrivals = setting.committee.ok("GET", f"/staff/surveys/{survey}/responses?estate={estate}&limit=4")
    assert len(arrivals["items"]) == 4
    more = setting.committee.ok(
        "GET", f"/staff/surveys/{survey}/responses?estate={estate}&cursor={arrivals['next']}"
    )
    assert (len(more["items"]), more["next"]) == (7, None)
    assert "satisfied" not in str(arrivals)
    found = setting.committee.ok("GET", f"/staff/surveys/{survey}/texts?estate={estate}&words=灯坏")
    assert sorted(line["words"][:3] for line in found["items"]) == ["第1条", "第3条"]
    first = setting.committee.ok("GET", f"/staff/surveys/{survey}/texts?estate={estate}&limit=4")
    position = decode_cursor(first["next"])
    assert position is not None
    assert position == (from_micros(0), first["items"][-1]["id"])  # no instant, and a random id
    after = setting.committee.ok(
        "GET", f"/staff/surveys/{survey}/texts?estate={estate}&cursor={first['next']}"
    )
    every = [line["id"] for page in (first, after) for line in page["items"]]
    assert (len(set(every)), len(every), after["next"]) == (5, 5, None)
    groups = setting.committee.ok(
        "GET", f"/staff/surveys/{survey}/breakdown?question=overall&estate={estate}"
    )
    assert groups["items"][0]["counted"] == 5
    templates = setting.committee.ok("GET", "/staff/survey-templates")
    assert [each["name"] for each in templates["templates"]] == [
        "satisfaction",
        "willingness",
        "demand",
        "follow_up",
    ]
    missing = setting.committee.no(404, "GET", f"/staff/surveys/{survey}/breakdown?question=nothing")
    assert missing == "not_found"


def test_a_questionnaire_of_ones_own_is_edited_until_it_opens(setting: Setting) -> None:
    body = {
        "organisation": setting.place.community.id,
        "template": "custom",
        "title": "停车",
        "unit": "person",
    }
    body |= {"estates": [setting.place.estate.id]}
    made = setting.committee.ok("POST", "/staff/surveys", body, Idempotency_Key="own-form-1")
    assert (
        setting.committee.ok("POST", "/staff/surveys", body, Idempotency_Key="own-form-1")["id"] == made["id"]
    )
    where = f"/staff/surveys/{made['id']}"
    cars = {"id": "cars", "kind": "number", "title": "几辆车", "required": True, "maximum": 9}
    where_to = {
        "id": "place",
        "kind": "single",
        "title": "停哪里",
        "when": {"question": "cars", "any_of": ["1"]},
    }
    wrong = {
        "title": "停车",
        "form": {"sections": [{"id": "s", "title": "车", "questions": [cars, where_to]}]},
    }
    assert setting.committee.no(422, "PUT", where, wrong, If_Match="1") == "bad_form"
    right = {"title": "停车", "form": {"sections": [{"id": "s", "title": "车", "questions": [cars]}]}}
    assert setting.committee.ok("PUT", where, right, If_Match="1")["version"] == 2
    assert setting.committee.no(412, "PUT", where, right, If_Match="1") == "changed"
    assert setting.residents[0].no(404, "GET", f"/surveys/{made['id']}") == "not_found"
    with setting.world.arrange() as ctx:
        closes_at = (ctx.clock.now() + WINDOW).isoformat()
    setting.committee.ok("POST", f"{where}/open", {"closes_at": closes_at}, If_Match="2")
    answer = {"dwelling": setting.place.dwelling_ids[0], "answers": {"cars": 10}}
    where = f"/surveys/{made['id']}/answers"
    assert setting.residents[0].no(422, "POST", where, answer, Idempotency_Key="cars-0001") == "bad_answers"
    for who in setting.residents[:2]:
        who.ok("POST", where, {**answer, "answers": {"cars": 1}}, Idempotency_Key="cars-0002")


def test_every_answer_acknowledged_around_the_deadline_is_in_the_result(setting: Setting) -> None:
    survey = setting.open()
    todo = setting.todo(survey)

    def post(number: int) -> int:
        if number == 12:
            setting.pass_deadline()
            return 0
        where = f"/staff/surveys/{survey}/households/{todo[number]['id']}/responses"
        body = {"channel": "doorstep", "answers": YES}
        answer = setting.committee.ask("POST", where, body, Idempotency_Key=f"deadline-{number}")
        return int(answer.status_code)

    with ThreadPoolExecutor(6) as pool:
        statuses = Counter(pool.map(post, range(HOMES)))
    assert set(statuses) <= {0, 201, 409}
    with setting.world.arrange() as ctx:
        estate = ctx.session.exec(select(SurveyEstate).where(SurveyEstate.survey_id == survey)).one()
        assert estate.result["responses"] == statuses[201]
        assert estate.result["overall"] == {"satisfied": statuses[201]}
