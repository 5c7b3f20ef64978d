"""The demo's surveys: one closed and shown at its gate, one open with a worklist, one on what should be renovated."""

from __future__ import annotations

from collections.abc import Sequence

from backend.demo.ballots import Setting
from backend.demo.people import Cast, log_in
from backend.demo.roll import homes_of
from backend.demo.story import Story
from backend.kernel.ids import new_id
from backend.policies.rules.gates import Gate
from backend.projects import service as projects
from backend.registry import queries as registry
from backend.surveys import service
from backend.surveys.service import CreateSurvey, EnterAnswers, NoteTry, WorklistQuery

ITEMS = ("屋面防水", "外墙保温", "小区道路")
_SAID = ("very_satisfied", "satisfied", "satisfied", "satisfied", "very_satisfied", "basically")
_WORDS = ("楼道干净多了，谢谢施工师傅。", "希望把自行车棚也修一修。", "")
_NEEDS = (("heating", "roof", "paving"), ("roof", "water", "lighting"), ("heating", "access", "green"))
_MOST = 50
_Said = tuple[str, dict[str, object]]


def closed_satisfaction(story: Story, cast: Cast, at: Setting, row: str) -> None:
    """Hold a satisfaction survey that ended ten days ago, and lay it before the evaluation gate."""
    survey = _open(story, at, "satisfaction", opened=24, closes=-10)
    _online(story, at, survey, (2, 4, 10), 20)
    homes = _todo(story, at, survey, 18)
    # Three were never at home, one household does not know what to say.
    answers = [{"overall": _SAID[turn % 6], **_about_items(turn)} for turn in range(len(homes) - 4)]
    answers[5] = {"overall": "dissatisfied", "why": ["restore"], **_about_items(5)}
    _enter(story, at, survey, list(zip(homes, [*answers, {"overall": "unknown"}], strict=False)), 17)
    _try(story, at, survey, homes[-3:], 15)
    with story.step(days_ago=9.5) as ctx:
        service.close_survey(ctx, survey)
    with story.step(at.clerks[0], days_ago=9) as ctx:
        projects.link_survey(ctx, projects.LinkSurvey(row, Gate.EVALUATION, survey))


def open_satisfaction(story: Story, at: Setting) -> None:
    """Open one three days ago for nine more days; half of the households have answered."""
    survey = _open(story, at, "satisfaction", opened=3, closes=9)
    _online(story, at, survey, (12,), 2)
    doors = homes_of(at.plan)
    waiting, told = (_household(story, at, survey, doors[number - 1]) for number in (10, 11))
    homes = [home for home in _todo(story, at, survey, 2) if home not in (waiting, told)]
    answers = [{"overall": level, **_about_items(turn)} for turn, level in enumerate(_SAID)]
    _enter(story, at, survey, list(zip(homes, answers, strict=False)), 1.5)
    _try(story, at, survey, homes[-3:], 1)
    # Just now: the bot tells it to the household's phone, which may object with one tap.
    _enter(story, at, survey, [(told, {"overall": "satisfied"})], 0)


def demand(story: Story, at: Setting) -> None:
    """Ask what should be renovated first, since two days and for twelve more; ten households have said it."""
    survey = _open(story, at, "demand", opened=2, closes=12)
    for turn, number in enumerate(range(10, 20)):
        answers: dict[str, object] = {"needs": list(_NEEDS[turn % 3]), "elderly": turn % 3}
        _answer(story, at, (survey, number), answers, 1)


def _open(story: Story, at: Setting, template: str, *, opened: float, closes: int) -> str:
    name = at.plan.name.partition("（")[0]
    title = f"{name}{'需求征集' if template == 'demand' else '改造满意度'}（演示）"
    closes_at = story.midnight(closes)
    with story.step(at.clerks[0], days_ago=opened) as ctx:
        community = registry.organisation_of_estate(ctx.session, at.estate_id)
        items = () if template == "demand" else ITEMS
        command = CreateSurvey(community, template, (at.estate_id,), new_id(), title, items)
        row = service.create_survey(ctx, command)
        return service.open_survey(ctx, row.id, closes_at, row.version).id


def _online(story: Story, at: Setting, survey: str, numbers: Sequence[int], days_ago: float) -> None:
    for turn, number in enumerate(numbers):
        answers: dict[str, object] = {"overall": _SAID[turn], **_about_items(turn)}
        if _WORDS[turn]:
            answers["words"] = _WORDS[turn]
        _answer(story, at, (survey, number), answers, days_ago)


def _answer(
    story: Story, at: Setting, who: tuple[str, int], answers: dict[str, object], days_ago: float
) -> None:
    survey, number = who
    actor, _ = log_in(story, at.plan, number, days_ago=days_ago)
    with story.step(actor, days_ago=days_ago) as ctx:
        service.answer_survey(ctx, survey, actor.homes[0].dwelling_id, answers, new_id())


def _about_items(turn: int) -> dict[str, object]:
    return {f"item_{number}": _SAID[(turn + number) % 6] for number in range(1, len(ITEMS) + 1)}


def _todo(story: Story, at: Setting, survey: str, days_ago: float) -> list[str]:
    with story.step(at.clerks[1], days_ago=days_ago) as ctx:
        rows = service.worklist(ctx, WorklistQuery(survey, at.estate_id, limit=_MOST))
        return [row.id for row in rows]


def _household(story: Story, at: Setting, survey: str, door: str) -> str:
    with story.step(at.clerks[1]) as ctx:
        return service.find_household(ctx, survey, at.estate_id, door).id


def _enter(story: Story, at: Setting, survey: str, said: Sequence[_Said], days_ago: float) -> None:
    with story.step(at.clerks[1], days_ago=days_ago) as ctx:
        for home, answers in said:
            service.enter_answers(ctx, EnterAnswers(survey, home, "doorstep", answers, new_id()))


def _try(story: Story, at: Setting, survey: str, homes: Sequence[str], days_ago: float) -> None:
    with story.step(at.clerks[1], days_ago=days_ago) as ctx:
        for home, outcome in zip(homes, ("not_home", "vacant", "later"), strict=False):
            service.note_try(ctx, NoteTry(survey, home, "doorstep", outcome, new_id()))
