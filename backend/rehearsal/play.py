"""A whole rehearsal, scene by scene: canvass → inclusion → vote on the plan → start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TextIO

from backend.rehearsal import announcing, deciding, founding, setting_up, voting
from backend.rehearsal.announcing import CANVASS, PLAN, BallotScript
from backend.rehearsal.cast import EstatePlay, Residents, Staff
from backend.rehearsal.checking import check_counts, check_record
from backend.rehearsal.crew import Crew
from backend.rehearsal.moments import Moment
from backend.rehearsal.progress import Progress
from backend.rehearsal.report import EstateRow, row_of
from backend.rehearsal.scenario import Scenario
from backend.rehearsal.second_act import act
from backend.rehearsal.second_act.figures import AfterStart
from backend.rehearsal.shift import Shift
from backend.rehearsal.stage import set_stage
from backend.rehearsal.theatre import Theatre
from backend.rehearsal.told import Told, account_for_messages
from backend.rehearsal.world import World, build_world

_TITLES = {CANVASS.kind: "意愿征询", PLAN.kind: "方案表决"}
_OTHER_STEPS, _STEPS_OF_PHONES = 20 + act.STEPS, 10
# A second server pays when there are more people than this.
_ONE_SERVER = 500
_STAFF = "/api/v1/staff"


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it; ``votes`` = papers that stand in all ballots, ``arrivals`` = papers recorded in all.

    ``after`` is what came of the works; ``told`` counts the messages, None where nobody had a phone.
    """

    world: World
    rows: tuple[EstateRow, ...]
    votes: int
    arrivals: int
    after: AfterStart
    told: Told | None


def play(
    scenario: Scenario,
    seed: int,
    stream: TextIO,
    *,
    with_phones: bool = True,
    afterwards: Callable[[Theatre, list[EstatePlay]], None] | None = None,
) -> Played:
    """Play a scenario on its own stage; raises Unexpected when the product does not do what it should.

    ``with_phones``: people subscribe, the bot reminds, and every message is counted. ``afterwards`` sees the stage
    before it is taken down.
    """
    world = build_world(scenario, seed)
    progress = Progress(stream, _steps(with_phones=with_phones))
    progress.begin("搭建演练环境（数据库、网页服务、微信模拟器）", 1)
    servers = 2 if scenario.households > _ONE_SERVER else 1
    with set_stage(scenario.starts_on, seed, servers) as stage, Crew(progress) as crew:
        progress.advance()
        stage.phones.register_templates()
        staff, residents = Staff(stage.web), Residents(stage.web, stage.phones)
        shift = Shift(stage.ports, stage.calendar) if with_phones else None
        theatre = Theatre(stage, world, staff, residents, crew, seed, shift)
        estates, played = _play(theatre)
        if afterwards is not None:
            afterwards(theatre, estates)
        return played


def _steps(*, with_phones: bool) -> int:
    moments = [moment for script in (CANVASS, PLAN) for moment in script.moments]
    if with_phones:
        return _OTHER_STEPS + len(moments) + _STEPS_OF_PHONES
    return _OTHER_STEPS + sum(bool(moment.share or moment.papers) for moment in moments)


def _play(theatre: Theatre) -> tuple[list[EstatePlay], Played]:
    theatre.new_day(CANVASS.announced)
    place, estates = _prepare(theatre)
    arrivals = _hold(theatre, estates, CANVASS, place.project_id)
    included = _include(theatre, place.project_id, estates)
    arrivals += _hold(theatre, included, PLAN, place.project_id)
    _start(theatre, included)
    after = act.play_on(theatre, place, estates)
    rows = theatre.crew.each("核对计票，整理结果", estates, lambda estate: _row(theatre, estate))
    theatre.crew.progress.begin("导出并核验一份公开记录", 1)
    check_record(theatre, estates)
    theatre.crew.progress.advance()
    told = None
    if theatre.shift is not None:
        theatre.crew.progress.begin("核对每一条消息", 1)
        told = account_for_messages(theatre, estates)
        theatre.crew.progress.advance()
    votes = sum(row.votes for row in rows)
    return estates, Played(theatre.world, tuple(rows), votes, arrivals, after, told)


def _prepare(theatre: Theatre) -> tuple[act.Place, list[EstatePlay]]:
    county_id = founding.found_county(theatre)
    community_ids = founding.found_communities(theatre, county_id)
    estates = setting_up.import_estates(theatre, community_ids)
    project_id = founding.found_project(theatre, county_id, estates)
    theatre.crew.each("改造对象认定", estates, lambda estate: deciding.decide(theatre, estate, "eligibility"))
    setting_up.send_letters(theatre, estates)
    theatre.residents.read_notice()
    return act.Place(county_id, project_id), estates


def _hold(theatre: Theatre, estates: list[EstatePlay], script: BallotScript, project_id: str) -> int:
    """Hold a ballot in every estate, from its notice to its final result; returns the papers recorded."""
    crew, kind = theatre.crew, script.kind
    title = _TITLES[kind]
    crew.each(
        f"{title}：公告", estates, lambda estate: announcing.announce(theatre, estate, script, project_id)
    )
    held = [estate for estate in estates if kind in estate.ballots]
    turns = voting.owners_voting(held, kind)
    if script is CANVASS:
        people = turns + voting.bound_anyway(theatre, held)
        crew.each(f"{title}：登录、绑定", people, lambda turn: voting.settle_in(theatre, turn, kind))
        theatre.scene_of_the_bot(f"{title}：告知绑定")
    theatre.new_day(script.opens)
    crew.each(f"{title}：开始投票", held, lambda estate: announcing.open_voting(theatre, estate, script))
    if script is PLAN:
        theatre.residents.forget_sessions()
        crew.each(f"{title}：登录、绑定", turns, lambda turn: voting.settle_in(theatre, turn, kind))
    parts = voting.by_moment(theatre, turns, script)
    arrivals = sum(_pass(theatre, held, script, (moment, parts[moment])) for moment in script.moments)
    _publish(theatre, held, script, title)
    return arrivals


def _pass(
    theatre: Theatre, held: list[EstatePlay], script: BallotScript, what: tuple[Moment, list[voting.Turn]]
) -> int:
    """Let one moment of the window pass: votes, papers, then the bot; returns the papers recorded."""
    moment, turns = what
    if theatre.shift is None and not (moment.share or moment.papers):
        return 0
    theatre.new_day(moment.day, moment.time)
    kind, now = script.kind, theatre.stage.calendar.now()
    work = [partial(voting.vote, theatre, turn, kind) for turn in turns]
    if moment.papers:
        work += [partial(voting.hand_in, theatre, estate, script) for estate in held]
    bot = theatre.look if theatre.shift is not None else None
    recorded = theatre.crew.each(f"{_TITLES[kind]}：{moment.words}", work, lambda step: step(), bot)
    for turn in turns + (voting.owners_on_paper(held, kind) if moment.papers else []):
        theatre.diary.note_vote(kind, voting.place_of(turn), now)
    return sum(recorded)


def _publish(theatre: Theatre, held: list[EstatePlay], script: BallotScript, title: str) -> None:
    crew, kind = theatre.crew, script.kind
    theatre.new_day(script.closes + deciding.COUNTED_AFTER)
    deciding.seal_all(theatre, held, kind)
    crew.each(f"{title}：结果公示", held, lambda estate: deciding.publish_preliminary(theatre, estate, kind))
    theatre.scene_of_the_bot(f"{title}：告知结果公示")
    theatre.new_day(script.closes + deciding.OBJECTIONS_OVER_AFTER)
    theatre.scene_of_the_bot(f"{title}：告知异议期满")
    crew.each(f"{title}：最终结果", held, lambda estate: deciding.finalise(theatre, estate, kind))
    theatre.scene_of_the_bot(f"{title}：告知最终结果")


def _include(theatre: Theatre, project_id: str, estates: list[EstatePlay]) -> list[EstatePlay]:
    """Decide on inclusion; returns the estates that go on to the vote on the plan."""

    def judge(estate: EstatePlay) -> bool:
        deciding.gather_evidence(theatre, estate, "inclusion", CANVASS.kind)
        return deciding.decide(theatre, estate, "inclusion").outcome == "passed"

    passed = theatre.crew.each("决定是否纳入年度计划", estates, judge)
    theatre.scene_of_the_bot("告知纳入的决定")
    included = [estate for estate, is_in in zip(estates, passed, strict=True) if is_in]
    deciding.move_on(theatre, project_id, included, "plan_vote")
    return included


def _start(theatre: Theatre, included: list[EstatePlay]) -> None:
    def judge(estate: EstatePlay) -> str:
        deciding.gather_evidence(theatre, estate, "start", PLAN.kind)
        return deciding.decide(theatre, estate, "start").outcome

    theatre.crew.each("决定是否开工", included, judge)
    theatre.scene_of_the_bot("告知开工的决定")


def _row(theatre: Theatre, estate: EstatePlay) -> EstateRow:
    caller = theatre.staff.desk(estate.clerk(1))
    counted = {
        kind: theatre.web.get(caller, f"{_STAFF}/ballots/{ballot.id}/participation")
        for kind, ballot in estate.ballots.items()
    }
    check_counts(estate, counted)
    return row_of(estate, theatre.scenario, counted)
