"""Works with their warranties, and a rectification register with items open, late, submitted and struck off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from backend.complaints.tables import Complaint
from backend.demo.ballots import Setting
from backend.demo.finished import ACCEPTED
from backend.demo.people import Cast
from backend.demo.pictures import defect, mended
from backend.demo.story import Story
from backend.kernel.access import Actor
from backend.kernel.clock import local_date
from backend.kernel.ids import new_id
from backend.media import service as media
from backend.rectification import service
from backend.rectification.rules.progress import Step
from backend.rectification.rules.wording import Category, Source
from backend.rectification.service import (
    AddEvidence,
    CreateWorks,
    Description,
    Links,
    OpenItem,
    TakeStep,
    WorksFacts,
)

_UNIT = "示例建设公司（虚构）"
# Code, class, name, kind of warranty, days since acceptance.
_WORKS = (
    ("GC-01", Category.BASIC, "屋面防水", "waterproofing", ACCEPTED),
    ("GC-02", Category.BASIC, "给排水管道更换", "pipes", ACCEPTED),
    ("GC-03", Category.COMPLETING, "外墙保温", "insulation", ACCEPTED),
    ("GC-04", Category.BASIC, "供暖管网（先期改造）", "heating", ACCEPTED + 640),
    ("GC-05", Category.COMPLETING, "楼道照明线路（先期改造）", "wiring", 715),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An item: what is wrong and where, since when and until when (days from today), and the steps taken."""

    source: Source
    problem: str
    place: str
    found: int
    due: int
    steps: tuple[Step, ...] = ()
    reference: str | None = None
    works: int | None = None


def keep_register(story: Story, cast: Cast, places: tuple[Setting, Setting], leak: Complaint) -> None:
    """Write works down for both estates and open the items of the first one."""
    heping, tuanjie = places
    works = _record_works(story, heping, _WORKS)
    _record_works(story, tuanjie, _WORKS[:3])
    done = (Step.START, Step.SUBMIT, Step.VERIFY, Step.CLOSE_OUT)
    entries = (
        Entry(Source.INSPECTION, "单元门口坡道没有做防滑处理", "1栋1单元", 30, -8, done),
        Entry(Source.COMPLAINT, "顶层楼道渗水", "2栋1单元楼梯间", 11, 10, done[:2], leak.number, 0),
        Entry(Source.AUDIT, "隐蔽工程验收照片不全", "全小区给排水", 34, -6, done[:1], None, 1),
        Entry(Source.SUPERVISION, "非机动车棚消防通道被占用", "小区东侧", 4, 12),
    )
    for seed, entry in enumerate(entries, start=11):
        _keep(story, cast.handlers[0], heping, (entry, works, seed))


def _record_works(
    story: Story, at: Setting, chosen: Sequence[tuple[str, Category, str, str, int]]
) -> list[str]:
    made = []
    with story.step(at.clerks[0], days_ago=ACCEPTED - 1) as ctx:
        today = local_date(ctx.clock.now()) + timedelta(days=ACCEPTED - 1)
        for code, category, name, kind, ago in chosen:
            facts = WorksFacts(code, category, name, _UNIT, kind, today - timedelta(days=ago))
            made.append(service.create_works(ctx, CreateWorks(at.estate_id, facts, new_id())).id)
    return made


def _keep(story: Story, handler: Actor, at: Setting, what: tuple[Entry, list[str], int]) -> None:
    entry, works, seed = what
    with story.step(at.clerks[0], days_ago=entry.found) as ctx:
        found_on = local_date(ctx.clock.now())
        links = Links(
            entry.source,
            entry.reference,
            None if entry.works is None else works[entry.works],
            str(handler.account_id),
        )
        said = Description(
            entry.problem,
            entry.place,
            _UNIT,
            "现场核实，限期整改并附整改前后照片",
            found_on,
            found_on + timedelta(days=entry.found + entry.due),
        )
        item = service.open_item(ctx, OpenItem(at.estate_id, links, said, new_id())).id
    _show(story, handler, at, (item, "before", seed), entry.found - 1)
    for turn, step in enumerate(entry.steps, start=2):
        days_ago = entry.found - turn
        if step is Step.SUBMIT:
            _show(story, handler, at, (item, "after", seed), days_ago)
        is_own = step in (Step.START, Step.SUBMIT)
        with story.step(handler if is_own else at.clerks[1], days_ago=days_ago) as ctx:
            version = service.show_item(ctx, item).card.version
            service.take_step(ctx, TakeStep(item, step, version))


def _show(story: Story, handler: Actor, at: Setting, what: tuple[str, str, int], days_ago: float) -> None:
    """Attach a picture of the place before or after the work."""
    item, phase, seed = what
    content = defect(seed) if phase == "before" else mended(seed)
    with story.step(handler, days_ago=days_ago) as ctx:
        photo = media.upload_media(ctx, media.Upload(content, new_id(), at.estate_id)).id
        service.add_evidence(ctx, AddEvidence(item, phase, photo))
