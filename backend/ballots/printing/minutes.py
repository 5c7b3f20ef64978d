"""The minutes of count day on paper: everything the signatures stand under, complete by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from backend.ballots.printing import short_code, window_text
from backend.ballots.queries.minutes import sample_draws
from backend.ballots.repository import paper
from backend.ballots.repository.records import installation_mode
from backend.ballots.repository.tally import votes_by_channel
from backend.ballots.rules.kinds import KINDS
from backend.ballots.rules.minutes import OFFICES, Content
from backend.ballots.service.loading import load_for, tell
from backend.ballots.service.minutes import show_minutes
from backend.ballots.service.minutes_rows import MinutesView
from backend.ballots.service.reading import may_see_result
from backend.ballots.service.sealing import tree_of
from backend.ballots.service.texts import BASES, OUTCOMES, SUMS, WHOLES, demand_words, totals_line
from backend.ballots.tables import Ballot, RollEntry
from backend.infra.context import Context
from backend.infra.print import Sheet
from backend.kernel.access import Permission
from backend.kernel.clock import SHANGHAI
from backend.ledger import queries as ledger
from backend.registry import queries as registry

TEXT, SMALL = 11, 9
_MOST_BATCHES = 5000

CHANNELS = {"online": "手机", "paper": "纸质", "proxy": "受托代投", "legacy": "此前征集的纸质"}
VOTE_STATES = {
    "standing": "有效在案",
    "pending": "待核对",
    "replaced": "被同户后来的票代替",
    "held": "待裁定",
    "rejected": "未计入",
}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows, the first as headings, and the proportions of the columns."""

    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """The name of a part."""

    text: str


Block = Heading | Table | str


def print_minutes(ctx: Context, minutes_id: str) -> bytes:
    """Return the PDF to be signed; raises NotFound, Forbidden.

    The result stands on it from the seal on, for those who see it then: before it the sheet holds no sum of choices.
    """
    view = show_minutes(ctx, minutes_id)
    ballot = load_for(ctx, view.row.ballot_id, Permission.BALLOT_PUBLISH)
    estate = registry.estate_card(ctx.session, ballot.estate_id).name
    sheet = Sheet(f"计票记录：{ballot.title}")
    sheet.page()
    sheet.heading(f"{estate}　{ballot.title}", 16)
    for block in compose(ctx, ballot, view):
        _draw(sheet, block)
    has_result = _result_of(ctx, ballot) is not None
    payload = {"minutes": view.row.id, "edition": view.row.edition, "version": view.row.version}
    tell(ctx, ballot, "minutes.printed", {**payload, "result": has_result})
    return sheet.output()


def _draw(sheet: Sheet, block: Block) -> None:
    if isinstance(block, Heading):
        sheet.space(1)
        sheet.paragraph(block.text, TEXT + 1)
    elif isinstance(block, Table):
        sheet.table(block.rows, block.widths, SMALL)
        sheet.space(2)
    else:
        sheet.paragraph(block, TEXT)


def compose(ctx: Context, ballot: Ballot, view: MinutesView) -> Iterator[Block]:
    """Yield what the sheet says, from top to bottom."""
    row, content = view.row, view.content
    yield f"计票记录（第 {row.edition} 版）　编号 {short_code(ballot.id)}　文本 {short_code(row.id)}-{row.version}"
    if installation_mode(ctx.session) == "rehearsal":
        yield "演练数据，不是真实表决。"
    if view.reason:
        yield f"更正理由：{view.reason}"
    yield f"表决种类：{KINDS[ballot.kind].title}　　范围：{_scope(ctx.session, ballot)}"
    yield f"投票时间：{window_text(ballot)}"
    yield totals_line(ballot)
    yield f"冻结时的名册校验码（SHA-256）：{ballot.roll_hash}"
    yield from _count_day(content)
    yield Heading("一、纸质票批次")
    yield from _batches(ctx.session, ballot.id)
    yield Heading("二、各渠道票数（只计张数，不含选择）")
    yield from _channels(ctx.session, ballot.id)
    yield Heading("三、计票结果")
    yield from _result(ctx, ballot)
    yield Heading("四、电话核对样本")
    yield from _sample(ctx.session, ballot.id, content)
    yield Heading("五、情况说明")
    yield content.words or "无。"
    yield Heading("六、签字")
    for office, title in OFFICES.items():
        for name in content.people.of(office):
            yield f"{title}（{name}）签字：__________________　日期：______年____月____日"


def _scope(session: Session, ballot: Ballot) -> str:
    if ballot.building_id is None:
        return "全小区"
    labels = select(RollEntry.building_label, RollEntry.entrance_label).where(
        RollEntry.ballot_id == ballot.id, RollEntry.building_id == ballot.building_id
    )
    if ballot.entrance_id is not None:
        labels = labels.where(RollEntry.entrance_id == ballot.entrance_id)
    building, entrance = session.exec(labels.order_by(col(RollEntry.id)).limit(1)).first() or ("", "")
    return building if ballot.entrance_id is None else f"{building}{entrance}"


def _count_day(content: Content) -> Iterator[str]:
    first, last = (
        moment.astimezone(SHANGHAI).strftime("%Y年%m月%d日 %H:%M")
        for moment in (content.counted_from, content.counted_until)
    )
    yield f"计票时间：{first} 至 {last}"
    yield f"计票地点：{content.place}"
    for office, title in OFFICES.items():
        yield f"{title}：{'、'.join(content.people.of(office)) or '无'}"


def _batches(session: Session, ballot_id: str) -> Iterator[Block]:
    batches = paper.batches_of(session, ballot_id, 0, _MOST_BATCHES)
    if not batches:
        yield "没有纸质票。"
        return
    rows = [
        (
            str(batch.number),
            CHANNELS[batch.channel],
            str(batch.paper_count),
            *(str(states.get(state, 0)) for state in ("entered", "confirmed", "returned")),
            "两人登记见证" if batch.witnessed_at is not None else "未经见证",
        )
        for batch, states in batches
    ]
    heads = ("批次", "来源", "封存张数", "已录未核", "已核对", "已退回", "封存")
    yield Table((heads, *rows), (1, 2, 1.3, 1.3, 1.2, 1.2, 2))


def _channels(session: Session, ballot_id: str) -> Iterator[Block]:
    counted = votes_by_channel(session, ballot_id)
    if not counted:
        yield "没有收到票。"
        return
    rows = [(CHANNELS[channel], VOTE_STATES[state], str(count)) for channel, state, count in counted]
    yield Table((("渠道", "状态", "张数"), *rows), (2, 3, 1))


def _result_of(ctx: Context, ballot: Ballot) -> list[dict[str, Any]] | None:
    return ballot.result if may_see_result(ctx, ballot) else None


def _result(ctx: Context, ballot: Ballot) -> Iterator[Block]:
    result = _result_of(ctx, ballot)
    if result is None:
        yield "表决还没有封存，本表不含结果；请在封存后重新打印，再行签字。"
        return
    rows = [
        (
            f"{motion['title']}（{OUTCOMES[motion['outcome']]}）",
            rule["title"],
            f"{SUMS[test['numerator_kind']]}{BASES[test['basis']]} {test['numerator']}",
            f"{WHOLES[test['denominator_kind']]} {test['denominator']}",
            demand_words(test),
            "达到" if test["passed"] else "未达到",
        )
        for motion in result
        for rule in motion["rules"]
        for test in rule["tests"]
    ]
    heads = ("事项", "规则", "分子", "分母", "要求", "结论")
    yield Table((heads, *rows), (2.2, 2, 2.4, 1.8, 1.6, 1.2))
    checkpoint = ledger.last_checkpoint(ctx.session, tree_of(ballot.id))
    yield f"封存校验码（SHA-256）：{checkpoint.root if checkpoint else '-'}"


def _sample(session: Session, ballot_id: str, content: Content) -> Iterator[str]:
    draws = sample_draws(session, ballot_id)
    if not draws:
        yield "没有抽取。"
        return
    for number, draw in enumerate(draws, 1):
        yield f"第 {number} 次：种子 {draw.seed}，应抽 {draw.size} 户，实抽 {draw.drawn} 户。"
    if content.sample_confirmed is None or content.sample_disputed is None:
        yield "核对结果：未填写。"
        return
    rest = sum(draw.drawn for draw in draws) - content.sample_confirmed - content.sample_disputed
    yield (
        f"核对结果：核实无误 {content.sample_confirmed} 户，有出入 {content.sample_disputed} 户，"
        f"没有核对上 {rest} 户。"
    )
