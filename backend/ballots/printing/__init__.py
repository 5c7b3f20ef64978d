"""Printed ballots: one complete page per entry, with a QR code that only this installation can make."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from backend.ballots.repository import paper as repository
from backend.ballots.repository.ballots import find_ballot, motions_of
from backend.ballots.rules.kinds import KINDS
from backend.ballots.service.codes import code_of
from backend.ballots.service.entries import require_inside, scope_of_entry
from backend.ballots.service.loading import require_state, tell
from backend.ballots.tables import Ballot, Motion, RollEntry
from backend.infra.context import Context
from backend.infra.print import Sheet
from backend.kernel.access import Permission, require
from backend.kernel.clock import SHANGHAI, local_date
from backend.kernel.errors import NotFound
from backend.registry import queries as registry

# One PDF is built in memory: a building larger than this comes in several parts.
ENTRIES_PER_PART = 120
_BOX = "□"
_NUMBER = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Print:
    """Sizes in points and how many motions fit on one page; large print keeps everything at 18 pt or more."""

    title: int
    text: int
    small: int
    qr_mm: float
    motions_per_page: int


NORMAL = Print(title=18, text=12, small=10, qr_mm=32, motions_per_page=7)
LARGE = Print(title=22, text=18, small=18, qr_mm=26, motions_per_page=2)


@dataclass(frozen=True, slots=True)
class PrintBallots:
    """The printed ballots of one building; ``part`` counts from 1 (see ``count_parts``)."""

    ballot_id: str
    building_id: str
    part: int = 1
    is_large: bool = False


@dataclass(frozen=True, slots=True)
class Printout:
    """One PDF and how many parts the building has."""

    content: bytes
    parts: int
    entries: int


def print_ballots(ctx: Context, command: PrintBallots) -> Printout:
    """Return the PDF of one part of a building, rooms in their natural order.

    Raises NotFound (no such ballot, building or part), Forbidden, WrongState (before the notice, after the close).
    """
    ballot, entries = _load(ctx, command.ballot_id, command.building_id)
    parts = count_parts(len(entries))
    if not 1 <= command.part <= parts:
        raise NotFound
    start = (command.part - 1) * ENTRIES_PER_PART
    chosen = entries[start : start + ENTRIES_PER_PART]
    layout = LARGE if command.is_large else NORMAL
    sheet = Sheet(ballot.title)
    for page in _pages(ctx, ballot, chosen, layout):
        draw_page(sheet, page, layout)
    payload = {"building": command.building_id, "count": len(chosen), "large": command.is_large}
    tell(ctx, ballot, "paper.printed", payload)
    return Printout(sheet.output(), parts, len(chosen))


def count_parts(entries: int) -> int:
    """Return in how many PDFs so many entries come."""
    return -(-entries // ENTRIES_PER_PART)


def _load(ctx: Context, ballot_id: str, building_id: str) -> tuple[Ballot, list[RollEntry]]:
    ballot = find_ballot(ctx.session, ballot_id)
    if ballot is None:
        raise NotFound
    require_inside(ctx, ballot, Permission.PAPER_ENTER)
    require_state(ballot, "notice", "open", doing="印制纸质票")
    entries = repository.doors_of(ctx.session, ballot_id, building_id)
    if not entries:
        raise NotFound
    for place in {(entry.building_id, entry.entrance_id): entry for entry in entries}.values():
        require(ctx.actor, Permission.PAPER_ENTER, scope_of_entry(ctx, ballot, place))
    return ballot, sorted(entries, key=_natural)


def _natural(entry: RollEntry) -> list[tuple[int, str]]:
    """Order ``2单元`` before ``10单元``."""
    label = f"{entry.entrance_label} {entry.door_label}"
    return [(int(part), "") if part.isdigit() else (0, part) for part in _NUMBER.split(label)]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything one page says; each page of an entry is complete by itself."""

    estate: str
    title: str
    kind: str
    window: str
    room: str
    area: str
    motions: Sequence[tuple[int, str]]
    number: int
    pages: int
    code: str
    short_code: str
    max_choices: int | None


def _pages(ctx: Context, ballot: Ballot, entries: Sequence[RollEntry], layout: Print) -> Iterator[Page]:
    motions = motions_of(ctx.session, ballot.id)
    step = layout.motions_per_page
    chunks = [motions[start : start + step] for start in range(0, len(motions), step)]
    estate = registry.estate_card(ctx.session, ballot.estate_id).name
    for entry in entries:
        for number, chunk in enumerate(chunks, 1):
            yield _page(ctx, ballot, entry, (estate, chunk, number, len(chunks)))


def _page(ctx: Context, ballot: Ballot, entry: RollEntry, part: tuple[str, list[Motion], int, int]) -> Page:
    estate, motions, number, pages = part
    return Page(
        estate=estate,
        title=ballot.title,
        kind=KINDS[ballot.kind].title,
        window=window_text(ballot),
        room=f"{entry.building_label}{entry.entrance_label}{entry.door_label}",
        area=f"{entry.area_centi // 100}.{entry.area_centi % 100:02d}",
        motions=[(motion.position + 1, motion.title) for motion in motions],
        number=number,
        pages=pages,
        code=code_of(ctx, ballot.id, entry.id),
        short_code=short_code(ballot.id),
        max_choices=ballot.max_choices,
    )


def short_code(ballot_id: str) -> str:
    """Return what people compare by eye: the first eight characters, in capitals."""
    return f"{ballot_id[:4]}-{ballot_id[4:8]}".upper()


def window_text(ballot: Ballot) -> str:
    """Return the voting days; the last day is the last on which a paper can be handed in (half-open window)."""
    if ballot.opens_at is None or ballot.closes_at is None:
        return ""
    first, last = local_date(ballot.opens_at), local_date(ballot.closes_at - timedelta(microseconds=1))
    return (
        f"{first.year}年{first.month}月{first.day}日 至 {last.year}年{last.month}月{last.day}日（含当日，"
        f"{_closing_time(ballot)}）"
    )


def _closing_time(ballot: Ballot) -> str:
    assert ballot.closes_at is not None
    closes_at = ballot.closes_at.astimezone(SHANGHAI)
    return "24时截止" if (closes_at.hour, closes_at.minute) == (0, 0) else f"{closes_at:%H:%M}截止"


def draw_page(sheet: Sheet, page: Page, layout: Print) -> None:
    """Draw one page."""
    sheet.page()
    sheet.heading(f"{page.estate}　{page.title}", layout.title)
    sheet.paragraph(f"纸质表决票（{page.kind}）　编号 {page.short_code}", layout.small, align="C")
    sheet.qr(page.code, layout.qr_mm)
    sheet.paragraph(f"房屋：{page.room}　　专有部分面积：{page.area} 平方米", layout.text)
    sheet.paragraph(f"投票时间：{page.window}", layout.small)
    rows = [["序号", "表决事项", "打勾（只选一项）" if page.max_choices is None else "同意请打勾"]]
    for number, title in page.motions:
        rows.append([str(number), title, _choices(page.max_choices)])
    sheet.table(rows, (1.2, 5, 6), layout.text)
    sheet.space(3)
    sheet.paragraph(_instructions(page), layout.small)
    sheet.paragraph("业主（代表、受托人）签名：______________　日期：______年____月____日", layout.text)
    sheet.paragraph(f"第 {page.number} 页，共 {page.pages} 页", layout.small, align="R")


def _choices(max_choices: int | None) -> str:
    return f"{_BOX}同意　{_BOX}反对　{_BOX}弃权" if max_choices is None else f"{_BOX}同意"


def _instructions(page: Page) -> str:
    rule = (
        "每项只勾一处，多勾或涂改的该项无效。"
        if page.max_choices is None
        else f"最多勾选 {page.max_choices} 人，多勾的整张无效；不勾视为弃权。"
    )
    return f"{rule}请签名后在截止前交到社区居委会，当面封存。已在手机上投票的不必再交。二维码只用于核对房屋。"
