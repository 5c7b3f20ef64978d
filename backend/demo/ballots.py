"""The demo's ballots: canvasses and plan votes that are over, a plan vote in its notice, a canvass that is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO

from PIL import Image

from backend.ballots import queries
from backend.ballots.queries import OwnEntry
from backend.ballots.repository.cast import build_statements
from backend.ballots.service import batches, closing, opening, paper, preparing, serving
from backend.ballots.service.desk import Paper, PollingDesk
from backend.demo.people import log_in, move_in
from backend.demo.roll import EstatePlan
from backend.demo.story import Story
from backend.identity import service as identity
from backend.infra.context import Context
from backend.kernel.access import Actor
from backend.kernel.clock import local_date
from backend.registry import queries as registry
from backend.registry.service import OpenDisplay, open_roll_display

RULE = "litong-2026"
REASON = "演示：按利通区实施方案（征求意见稿）征求居民意愿"
QUESTIONS = (
    ("是否同意对本小区进行老旧小区改造", "改造内容以后续公布的方案为准，另行表决。"),
    ("是否同意改造后建立长效管理机制", "由业主共同决定管理方式，并缴纳必要的物业服务费用。"),
)
PLAN_TEXT = """{estate}老旧小区改造方案（演示，内容虚构）

一、屋面防水、外墙保温、楼道粉刷、雨污管网更换。
二、将院内闲置锅炉房用地改为停车位与活动场地。
三、工期七个月，资金由中央和地方财政承担，居民不出资。
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a ballot is held and by which two people of the residents' committee."""

    plan: EstatePlan
    estate_id: str
    project_id: str
    clerks: tuple[Actor, Actor]


def finished_canvass(story: Story, at: Setting, ago: int = 0) -> str:
    """Hold a canvass on paper from 48 days to its final notice ``ago`` days ago; returns the ballot's id."""
    window = (story.midnight(-30 - ago), story.midnight(-23 - ago))
    ballot_id = _canvass(story, at, window, announced=47 + ago)
    _finish(story, at, ballot_id, ago)
    return ballot_id


def finished_plan_vote(story: Story, at: Setting, ago: int) -> str:
    """Hold a vote on the plan, likewise."""
    window = (story.midnight(-30 - ago), story.midnight(-23 - ago))
    motion = (
        "同意实施改造方案",
        "屋面、外墙、管网和道路改造。",
        "cn-civil-code/general",
        "维修共用部位，一般事项",
    )
    ballot_id = _plan_vote(story, at, window, (motion,), announced=47 + ago)
    with story.step(at.clerks[1], days_ago=40 + ago) as ctx:
        homes = [row.dwelling_id for row in registry.roll_source(ctx.session, at.estate_id)]
        serving.record_service(ctx, serving.RecordService(ballot_id, "letter", homes))
    _finish(story, at, ballot_id, ago)
    return ballot_id


def _finish(story: Story, at: Setting, ballot_id: str, ago: int) -> None:
    first, _ = at.clerks
    # From publication to the final notice 19 days: the longest holiday may lie at the end of the objection days.
    _open(story, at, ballot_id, days_ago=30 + ago)
    _count_papers(story, at, ballot_id, ago)
    with story.step(days_ago=22 + ago) as ctx:
        assert closing.close_ballot(ctx, ballot_id) is not None
    with story.step(days_ago=19 + ago) as ctx:
        assert closing.seal_ballot(ctx, ballot_id) is not None
    with story.step(first, days_ago=19 + ago) as ctx:
        closing.publish_preliminary(ctx, ballot_id)
    with story.step(first, days_ago=ago) as ctx:
        closing.finalise(ctx, ballot_id)


def open_canvass(story: Story, at: Setting, voters: list[int], waiting: list[int]) -> str:
    """Open a canvass two days ago for twelve more days; ``voters`` have voted, ``waiting`` still may."""
    move_in(story, at.plan, [*voters, *waiting], days_ago=20)
    ballot_id = _canvass(story, at, (story.midnight(-2), story.midnight(12)), announced=6)
    _open(story, at, ballot_id, days_ago=2)
    desk = PollingDesk(story.ports.engine, build_statements(story.ports.settings, story.ports.engine))
    for turn, number in enumerate(voters):
        _vote(story, at, (desk, ballot_id), (turn, number))
    return ballot_id


def plan_in_notice(story: Story, at: Setting) -> str:
    """Announce a vote on the plan that opens in 17 days; returns the ballot's id."""
    motions = (
        (
            "同意实施改造方案第一、三项",
            "屋面、外墙、楼道和管网改造。",
            "cn-civil-code/general",
            "维修共用部位，一般事项",
        ),
        (
            "同意将闲置锅炉房用地改为停车位",
            "方案第二项。",
            "cn-civil-code/special",
            "改变共有部分用途，特别事项",
        ),
    )
    return _plan_vote(story, at, (story.midnight(17), story.midnight(31)), motions, announced=0)


def _plan_vote(
    story: Story,
    at: Setting,
    window: tuple[datetime, datetime],
    motions: Sequence[tuple[str, str, str, str]],
    *,
    announced: float,
) -> str:
    name = at.plan.name.partition("（")[0]
    digest = story.ports.storage.put(PLAN_TEXT.format(estate=name).encode())
    with story.step(at.clerks[0], days_ago=announced) as ctx:
        _display(ctx, at.estate_id)
        command = preparing.CreateBallot(
            at.estate_id, "plan", f"{name}改造方案表决（演示）", project_id=at.project_id
        )
        ballot_id = preparing.create_ballot(ctx, command).id
        preparing.set_window(ctx, ballot_id, window, None)
        for title, body, rule, reason in motions:
            preparing.add_motion(ctx, preparing.AddMotion(ballot_id, title, body, rule, reason))
        preparing.add_document(ctx, ballot_id, digest, "改造方案（演示）", "text/plain; charset=utf-8")
        opening.publish_notice(ctx, ballot_id)
    return ballot_id


def _canvass(story: Story, at: Setting, window: tuple[datetime, datetime], announced: float) -> str:
    with story.step(at.clerks[0], days_ago=announced) as ctx:
        _display(ctx, at.estate_id)
        title = at.plan.name.partition("（")[0] + "改造意愿征询（演示）"
        command = preparing.CreateBallot(at.estate_id, "canvass", title, project_id=at.project_id)
        ballot_id = preparing.create_ballot(ctx, command).id
        preparing.set_window(ctx, ballot_id, window, None)
        for question, body in QUESTIONS:
            preparing.add_motion(ctx, preparing.AddMotion(ballot_id, question, body, RULE, REASON))
        opening.publish_notice(ctx, ballot_id)
    return ballot_id


def _display(ctx: Context, estate_id: str) -> None:
    """Show the roll to its own members for three days, before it is frozen."""
    first = local_date(ctx.clock.now())
    open_roll_display(ctx, OpenDisplay(estate_id, first, first + timedelta(days=2)))


def _open(story: Story, at: Setting, ballot_id: str, *, days_ago: float) -> None:
    with story.step(at.clerks[0], days_ago=days_ago) as ctx:
        for name in ("roll_checked", "committee_told", "posted_on_site"):
            preparing.state_check(ctx, ballot_id, name, "演示", None)
        opening.open_ballot(ctx, ballot_id)


def _count_papers(story: Story, at: Setting, ballot_id: str, ago: int) -> None:
    """Hand in, witness, enter and confirm one batch: nine households in ten answered, most of them yes."""
    first, second = at.clerks
    photo = story.ports.storage.put(_photo())
    with story.step(first, days_ago=25 + ago) as ctx:
        sources = registry.roll_source(ctx.session, at.estate_id)
        entries = queries.own_entries(ctx.session, ballot_id, [row.dwelling_id for row in sources])
        motion_ids = [motion.id for motion in queries.motions_of(ctx.session, ballot_id)]
        answered = [entry for number, entry in enumerate(entries) if number % 10]
        command = batches.RegisterBatch(ballot_id, len(answered), photo, f"demo-{ballot_id}")
        batch_id = batches.register_batch(ctx, command).id
    with story.step(second, days_ago=25 + ago) as ctx:
        batches.witness_batch(ctx, batch_id, len(answered))
    marks = [
        dict(zip(motion_ids, _marks(number)[: len(motion_ids)], strict=True))
        for number in range(len(answered))
    ]
    receipts = []
    with story.step(first, days_ago=24 + ago) as ctx:
        for number, entry in enumerate(answered):
            sheet = paper.EnterSheet(batch_id, number + 1, entry.entry_id, marks[number], photo)
            receipts.append(paper.enter_sheet(ctx, sheet).receipt)
    with story.step(second, days_ago=23.5 + ago) as ctx:
        for number, entry in enumerate(answered):
            paper.confirm_sheet(ctx, paper.ConfirmSheet(receipts[number], entry.entry_id, marks[number]))


def _marks(number: int) -> tuple[str, str]:
    if number % 12 == 5:
        return "against", "against"
    return "for", "abstain" if number % 9 == 4 else "for"


def _vote(story: Story, at: Setting, where: tuple[PollingDesk, str], who: tuple[int, int]) -> None:
    desk, ballot_id = where
    turn, number = who
    actor, token_hash = log_in(story, at.plan, number)
    with story.step(actor) as ctx:
        ballot = queries.find_public(ctx.session, ballot_id, actor.estate_ids())
        assert ballot is not None
        homes = [home.dwelling_id for home in actor.homes]
        entries: list[OwnEntry] = queries.own_entries(ctx.session, ballot_id, homes)
        motion_ids = [motion.id for motion in queries.motions_of(ctx.session, ballot_id)]
    choices = dict(zip(motion_ids, _marks(turn), strict=True))
    ids = [entry.entry_id for entry in entries]
    bound = str(ballot.documents_hash)
    desk.cast(Paper(ballot_id, ids, choices, bound, f"demo-{ballot_id}-{number}", token_hash))
    with story.step(actor) as ctx:
        identity.log_out(ctx)


def _photo() -> bytes:
    """Return a blank sheet's picture: the demo's papers are as invented as its people."""
    out = BytesIO()
    Image.new("L", (210, 297), 245).save(out, "PNG")
    return out.getvalue()
