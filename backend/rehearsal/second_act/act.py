"""The second act, scene by scene: works → reports and register → acceptance → survey → evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from backend.rehearsal import deciding
from backend.rehearsal.cast import EstatePlay
from backend.rehearsal.moments import Moment
from backend.rehearsal.second_act import building, days, hotline, register, surveying
from backend.rehearsal.second_act.case import Case, cases_of
from backend.rehearsal.second_act.chatting import open_chat
from backend.rehearsal.second_act.figures import AfterStart, read_figures
from backend.rehearsal.second_act.gathering import Script
from backend.rehearsal.second_act.hiring import hire_everybody
from backend.rehearsal.second_act.site import Site
from backend.rehearsal.second_act.surveying import Asked
from backend.rehearsal.theatre import Theatre
from bot import jobs

# Hiring, and the reading of every figure at the end; beside the moments.
STEPS = len(days.MOMENTS) + 2
_STAFF = "/api/v1/staff"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the act is played: the county and its project."""

    county_id: str
    project_id: str


def play_on(theatre: Theatre, place: Place, estates: list[EstatePlay]) -> AfterStart:
    """Play from the start of the works to the evaluation; returns every figure, compared with the script's own."""
    sites = hire_everybody(theatre, place.county_id, estates)
    works = [partial(building.write_down, theatre, site) for site in sites]
    _scene(theatre, days.WORKS_BEGIN, "施工，登记工程项目", works)
    cases = [case for site in sites for case in cases_of(theatre, site)]
    items = [item for site in sites for item in register.items_of(theatre, site)]
    _hear(theatre, cases, items)
    finished = [site for site in sites if site.is_finished]
    _accept(theatre, place, finished)
    asked = [surveying.script(theatre, site) for site in finished]
    survey_id = _survey(theatre, place, asked)
    _evaluate(theatre, survey_id, asked)
    theatre.finish_day()
    return read_figures(theatre, Script(survey_id, tuple(sites), tuple(cases), tuple(items), tuple(asked)))


def _hear(theatre: Theatre, cases: Sequence[Case], items: Sequence[register.Item]) -> None:
    """Let the hotline's five moments pass, over reports and register entries."""
    theatre.residents.forget_sessions()
    known = {(case.site.position, case.course.name): case for case in cases}
    before = partial(open_chat, theatre, cases)
    for number, moment in enumerate(days.HOTLINE):
        work = hotline.turns(theatre, cases, number, known) + register.turns(theatre, items, number, known)
        _scene(theatre, moment, "投诉和整改", work, None if number else before)


def _accept(theatre: Theatre, place: Place, sites: Sequence[Site]) -> None:
    before = partial(building.finish, theatre, place.project_id, sites)
    work = [partial(building.accept, theatre, site) for site in sites]
    _scene(theatre, days.ACCEPTED, "竣工验收，保修起算", work, before)


def _survey(theatre: Theatre, place: Place, asked: Sequence[Asked]) -> str:
    opened: list[str] = []

    def begin() -> None:
        building.adopt_shares(theatre, [one.site for one in asked])
        opened.append(surveying.open_survey(theatre, place.county_id, asked))

    _scene(theatre, days.SURVEY_OPENS, "满意度调查开始", [begin])
    [survey_id] = opened
    theatre.residents.forget_sessions()
    phones = [partial(surveying.answer, theatre, survey_id, turn) for turn in surveying.answering(asked)]
    _scene(theatre, days.PHONES_ANSWER, "满意度调查：手机填写", phones)
    doors = [partial(surveying.knock, theatre, survey_id, one) for one in asked]
    _scene(theatre, days.DOORS_ANSWER, "满意度调查：入户、电话、纸质", doors)
    return survey_id


def _evaluate(theatre: Theatre, survey_id: str, asked: Sequence[Asked]) -> None:
    work = [partial(_judge, theatre, survey_id, one.site.estate) for one in asked]
    _scene(theatre, days.JUDGED, "改造效果评价", work)


def _judge(theatre: Theatre, survey_id: str, estate: EstatePlay) -> None:
    path = f"{_STAFF}/project-estates/{estate.row_id}/gates/evaluation/surveys"
    theatre.web.post(theatre.staff.desk(estate.clerk(1)), path, {"survey": survey_id})
    deciding.decide(theatre, estate, "evaluation")


def _scene(
    theatre: Theatre,
    moment: Moment,
    title: str,
    work: Sequence[Callable[[], None]],
    before: Callable[[], None] | None = None,
) -> None:
    """Let a moment pass: the bot's deadlines, what comes ``before`` the work, the work, then messages."""
    if theatre.stage.calendar.midnight(moment.day) > theatre.stage.calendar.now():
        theatre.finish_day()
    theatre.new_day(moment.day, moment.time)
    for job in (jobs.close_due_surveys, jobs.watch_complaints, jobs.remind_rectification):
        job(theatre.stage.ports)
    if before is not None:
        before()
    bot = theatre.look if theatre.shift is not None else None
    theatre.crew.each(f"{title}：{moment.words}", work, lambda step: step(), bot)
