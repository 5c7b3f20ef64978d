"""The hotline's cases of the demo, each left standing somewhere else in its life."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from backend.complaints import service
from backend.complaints.rules.vocabulary import Disclosure, Nature, PartyKind, PauseReason, Source
from backend.complaints.service import (
    AcceptComplaint,
    Answer,
    DispatchComplaint,
    HandleComplaint,
    PauseComplaint,
    RecordComplaint,
    RecordMediation,
    RegisterComplaint,
    Report,
    TransferComplaint,
)
from backend.complaints.tables import Complaint
from backend.demo.ballots import Setting
from backend.demo.people import Cast, log_in
from backend.demo.pictures import defect
from backend.demo.story import Story
from backend.infra.context import Context
from backend.kernel.access import Actor
from backend.kernel.clock import local_date
from backend.kernel.ids import new_id
from backend.media import service as media


@dataclass(frozen=True, slots=True)
class Desk:
    """Who works on the demo's cases: the hotline, and the two units with the people who act for them."""

    story: Story
    hotline: Actor
    units: Mapping[str, tuple[str, Actor]]


@dataclass(frozen=True, slots=True)
class Case:
    """Something reported ``ago`` days before today: by a resident's phone number, or by telephone (None)."""

    at: Setting
    category: str
    words: str
    ago: float
    number: int | None = None
    disclosure: Disclosure = Disclosure.NAMED
    nature: Nature = Nature.COMPLAINT
    pictures: tuple[int, ...] = ()


def play_hotline(
    story: Story, cast: Cast, county_id: str, places: tuple[Setting, Setting, Setting]
) -> Complaint:
    """Tell every case; returns one that reveals a defect, for the rectification register."""
    heping, tuanjie, xinyi = places
    desk = Desk(story, cast.hotline, _units(story, cast, county_id))
    leak = Case(
        heping, "quality", "顶楼楼道顶部渗水，下雨时滴到台阶上，地面湿滑", 12, number=2, pictures=(1, 2)
    )
    found = _work(desk, leak, "builder", ("accept", "dispatch", "start", "resolve"))
    by_phone = Case(heping, "environment", "改造后的雨水口被建筑垃圾堵住，院里积水", 9)
    _work(desk, by_phone, "builder", ("accept", "dispatch", "start", "resolve"))
    late = Case(heping, "disturbance", "外墙补漆的脚手架一直没有拆，挡住一层窗户", 26, number=10)
    _work(desk, late, "builder", ("accept", "dispatch", "start"))
    quarrel = Case(tuanjie, "dispute", "楼下新装的空调外机正对窗户，夜里噪声大", 14, number=10)
    _mediate(desk, quarrel, tuanjie.clerks[0])
    hidden = Case(
        tuanjie,
        "charges",
        "停车收费没有公示，收据也不开",
        2,
        number=12,
        disclosure=Disclosure.CONFIDENTIAL,
    )
    _work(desk, hidden, "property", ("accept", "dispatch"))
    asked = Case(xinyi, "enquiry", "想问改造期间能不能暂时停车到学校操场", 16, number=2)
    _confirm(desk, asked, _work(desk, asked, "property", ("accept", "dispatch", "start", "resolve")))
    _report(desk, Case(xinyi, "facilities", "二号楼单元门禁失灵，关不上", 0.05, number=30, pictures=(3,)))
    unnamed = Case(xinyi, "environment", "垃圾桶满了没人清运", 1, number=11, disclosure=Disclosure.ANONYMOUS)
    _report(desk, unnamed)
    accused = Case(xinyi, "conduct", "反映一名工作人员登记时态度生硬", 3, number=12)
    _report(desk, accused)
    _pass_on(desk, Case(heping, "other", "对前年的征收补偿有意见，要求复查", 6, nature=Nature.PETITION))
    return found


def _units(story: Story, cast: Cast, county_id: str) -> dict[str, tuple[str, Actor]]:
    units = {}
    for name, kind, title, person in (
        ("builder", PartyKind.CONTRACTOR, "示例建设公司（虚构）", cast.handlers[0]),
        ("property", PartyKind.PROPERTY_COMPANY, "示例物业公司（虚构）", cast.handlers[1]),
    ):
        with story.step(cast.bureau, days_ago=200) as ctx:
            made = service.create_party(ctx, service.CreateParty(county_id, kind, title))
            service.add_member(ctx, made.id, str(person.account_id))
        units[name] = (made.id, person)
    return units


def _report(desk: Desk, case: Case) -> Complaint:
    """Let a resident report on their phone, or the hotline take down a call."""
    said = Report(case.category, case.words, case.disclosure, case.nature, case.at.estate_id)
    if case.number is None:
        phone = case.at.plan.phone(4)
        with desk.story.step(desk.hotline, days_ago=case.ago) as ctx:
            command = RecordComplaint(said, Source.TELEPHONE, new_id(), reporter_phone=phone)
            return service.record_complaint(ctx, command).complaint
    actor, _ = log_in(desk.story, case.at.plan, case.number, days_ago=case.ago)
    taken = tuple(_upload(desk.story, actor, case, seed) for seed in case.pictures)
    with desk.story.step(actor, days_ago=case.ago) as ctx:
        report = Report(
            case.category, case.words, case.disclosure, case.nature, case.at.estate_id, media_ids=taken
        )
        return service.register_complaint(ctx, RegisterComplaint(report, new_id())).complaint


def _upload(story: Story, actor: Actor, case: Case, seed: int) -> str:
    with story.step(actor, days_ago=case.ago) as ctx:
        return media.upload_media(ctx, media.Upload(defect(seed), new_id(), case.at.estate_id)).id


def _work(desk: Desk, case: Case, unit: str, actions: Sequence[str]) -> Complaint:
    """Take a case through its life, the last action two days ago at the latest."""
    row, (party, person) = _report(desk, case), desk.units[unit]
    steps: Mapping[str, tuple[Actor, float, Callable[[Context, str], Complaint]]] = {
        "accept": (
            desk.hotline,
            0.1,
            lambda ctx, key: service.accept_complaint(ctx, AcceptComplaint(key, None, case.nature)),
        ),
        "dispatch": (
            desk.hotline,
            0.2,
            lambda ctx, key: service.dispatch_complaint(ctx, DispatchComplaint(key, None, party)),
        ),
        "start": (person, 1, lambda ctx, key: service.start_complaint(ctx, HandleComplaint(key, None))),
        "resolve": (
            person,
            case.ago - 2,
            lambda ctx, key: service.resolve_complaint(
                ctx, HandleComplaint(key, None, "已安排人员到场处理并复查，情况见照片和记录。")
            ),
        ),
    }
    for action in actions:
        actor, later, take = steps[action]
        with desk.story.step(actor, days_ago=case.ago - later) as ctx:
            row = take(ctx, row.id)
    return row


def _mediate(desk: Desk, case: Case, clerk: Actor) -> None:
    """Stop the clock for a mediation whose first meeting brought no agreement."""
    row = _work(desk, case, "property", ("accept", "dispatch", "start"))
    with desk.story.step(clerk, days_ago=case.ago - 4) as ctx:
        held_on = local_date(ctx.clock.now())
        held = RecordMediation(row.id, None, held_on, "双方住户（演示）", "社区调解员（演示）", False)
        service.record_mediation(ctx, held)
    with desk.story.step(desk.hotline, days_ago=case.ago - 4.1) as ctx:
        words = "第一次调解没有达成一致，双方同意测量噪声后再谈。"
        service.pause_complaint(ctx, PauseComplaint(row.id, None, PauseReason.MEDIATION, words))


def _confirm(desk: Desk, case: Case, row: Complaint) -> None:
    assert case.number is not None
    actor, _ = log_in(desk.story, case.at.plan, case.number, days_ago=1)
    with desk.story.step(actor, days_ago=1) as ctx:
        service.answer_own(ctx, row.id, Answer(is_solved=True, is_satisfied=True, words="答复清楚，谢谢"))


def _pass_on(desk: Desk, case: Case) -> None:
    row = _report(desk, case)
    with desk.story.step(desk.hotline, days_ago=case.ago - 1) as ctx:
        day = local_date(ctx.clock.now())
        command = TransferComplaint(
            row.id, None, case.nature, "区信访局（演示）", "信访事项转送函（演示）", "演示1号", day
        )
        service.transfer_complaint(ctx, command)
