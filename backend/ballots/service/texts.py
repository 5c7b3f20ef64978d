"""The words of the public notices; sums and rates only, never a name, a phone or a household's choice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from backend.ballots.queries.minutes import signed_minutes
from backend.ballots.queries.paperwork import amendments_of
from backend.ballots.repository.amendments import counted_roll
from backend.ballots.rules.kinds import KINDS
from backend.ballots.rules.parameters import local_choices
from backend.ballots.tables import Ballot
from backend.kernel.clock import SHANGHAI
from backend.ledger.rules.record_roll import roll_hash
from backend.tally.rule import get_rule, profile_of

Text = tuple[str, str]

PARKING_BASIS = "单独登记的车位计入名册的依据"

OUTCOMES = {"passed": "通过", "failed": "未通过", "undecidable": "暂不能判定"}
BASES = {"area": "专有部分面积（平方米）", "heads": "业主人数", "households": "户数"}
SUMS = {"participating": "参与", "for": "同意", "covered": "有效答复", "satisfied": "满意"}
_BOUNDS = {">=": "不低于", ">": "超过"}
WHOLES = {"roll": "名册全部", "participating": "参与", "covered": "有效答复"}


def _moment(instant: datetime | None) -> str:
    return "" if instant is None else instant.astimezone(SHANGHAI).strftime("%Y年%m月%d日 %H:%M")


def totals_line(ballot: Ballot) -> str:
    """Return the roll's three totals in a sentence."""
    area = ballot.roll_area_centi or 0
    return (
        f"名册共 {ballot.roll_households} 户、业主 {ballot.roll_heads} 人、"
        f"专有部分面积 {area // 100}.{area % 100:02d} 平方米。"
    )


def voting_notice(ballot: Ballot, motions: Sequence[tuple[str, str, str, tuple[str, ...]]]) -> Text:
    """Return the voting notice: scope, totals, window, motions with their rules, what is a local choice."""
    who = (
        "业主（共有的由推举的代表，也可书面委托）"
        if ballot.electorate == "owners"
        else "住户（每户一票，本户成年成员均可）"
    )
    lines = [
        f"表决种类：{KINDS[ballot.kind].title}。投票人：{who}。",
        f"投票时间：{_moment(ballot.opens_at)} 至 {_moment(ballot.closes_at)}（不含截止的那一刻），以系统数据库时间为准。",
        totals_line(ballot),
        f"名册校验码（SHA-256）：{ballot.roll_hash}",
        f"方案文件与事项校验码：{ballot.documents_hash}",
        "改票：截止前可以改，以最后一次为准。" if ballot.re_vote else "改票：投出后不能更改。",
        *_parking(ballot),
        *_motions(motions),
        "以下各项没有法定数值，采用默认值，当地可以另定："
        + "；".join(local_choices(ballot.parameters, kind=ballot.kind, electorate=ballot.electorate))
        + "。",
    ]
    if ballot.parameters["track_consensus"]:
        lines.append("投票期间，居民委员会每天可查看一次全体同意户数（不分楼栋、不涉及具体住户）。")
    lines.append("不会使用手机的居民可以填写纸质票，请与居民委员会联系。")
    return f"表决公告：{ballot.title}", "\n".join(lines)


def _parking(ballot: Ballot) -> list[str]:
    if ballot.parking_rule is None:
        return []
    text = "" if ballot.parking_document is None else f"（文本校验码 SHA-256：{ballot.parking_document}）"
    return [f"{PARKING_BASIS}：{ballot.parking_rule}{text}。"]


def _motions(motions: Sequence[tuple[str, str, str, tuple[str, ...]]]) -> Iterable[str]:
    for number, (_, title, body, rules) in enumerate(motions, 1):
        yield f"事项{number}：{title}"
        if body:
            yield body
        for rule_id in rules:
            rule = get_rule(rule_id)
            yield f"　计票规则：{rule.title}（{rule.clause}；{profile_of(rule_id).title}）"


def opening_notice(ballot: Ballot, *, has_changed: bool) -> Text:
    """Return the notice that voting has begun on the frozen roll."""
    lines = [
        f"名册已冻结。{totals_line(ballot)}",
        f"名册校验码（SHA-256）：{ballot.roll_hash}",
        f"截止时间：{_moment(ballot.closes_at)}。",
    ]
    if has_changed:
        lines.append("与公告时相比名册有更正，以本次冻结的名册为准。")
    return f"开始投票：{ballot.title}", "\n".join(lines)


def stop_notice(ballot: Ballot, doing: str, reason: str, at: datetime | None = None) -> Text:
    """Return the notice of a suspension, resumption, extension, voiding or cancellation.

    With its moment where it may happen again for the same reason: the same words are published once.
    """
    lines = [f"事由：{reason}", *([f"时间：{_moment(at)}。"] if at else [])]
    if ballot.closes_at is not None and ballot.state == "open":
        lines.append(f"截止时间：{_moment(ballot.closes_at)}。")
    return f"{doing}：{ballot.title}", "\n".join(lines)


def preliminary_notice(session: Session, ballot: Ballot, root: str) -> Text:
    """Return the preliminary result with the time for objections (询异公示)."""
    lines = [
        *_result(session, ballot, root),
        f"对结果有异议的，请在 {_moment(ballot.objections_until)} 前提出，逐条答复。",
    ]
    return f"结果公示：{ballot.title}", "\n".join(lines)


def final_notice(session: Session, ballot: Ballot, root: str) -> Text:
    """Return the final result."""
    lines = [*_result(session, ballot, root), "公示期内的异议已逐条答复。"]
    return f"表决结果：{ballot.title}", "\n".join(lines)


def correction_notice(session: Session, ballot: Ballot, reason: str, root: str) -> Text:
    """Return the corrected preliminary result and why it was corrected."""
    return f"结果更正：{ballot.title}", "\n".join([f"更正事由：{reason}", *_result(session, ballot, root)])


def _result(session: Session, ballot: Ballot, root: str) -> list[str]:
    lines = [totals_line(ballot), f"冻结时的名册校验码（SHA-256）：{ballot.roll_hash}"]
    for row in ballot.result or []:
        lines.append(f"{row['title']}：{OUTCOMES[row['outcome']]}")
        for rule in row["rules"]:
            lines.append(f"　{rule['title']}（{rule['clause']}）：{OUTCOMES[rule['outcome']]}")
            lines += [_test(test, rate) for test, rate in zip(rule["tests"], rule["rates"], strict=True)]
            lines += [f"　　{reason['message']}" for reason in rule["reasons"]]
    lines += _amendments(session, ballot)
    lines += _minutes(session, ballot.id)
    lines.append(f"封存校验码（各户可凭回执查验自己的票已计入）：{root}")
    return lines


def _amendments(session: Session, ballot: Ballot) -> list[str]:
    """Return the corrections of the frozen roll and the hash of the roll that was counted (threats.md)."""
    amended = amendments_of(session, ballot.id)
    if not amended:
        return []
    counted = roll_hash(counted_roll(session, ballot.id))
    return [
        f"名册冻结后的更正：{len(amended)} 处，均有事由并经第二人确认：",
        *(f"　{row.number}．{row.place}　{row.text}；事由：{row.reason}" for row in amended),
        f"以上合计数按更正后的名册计算，更正后的名册校验码（SHA-256）：{counted}",
    ]


def _minutes(session: Session, ballot_id: str) -> list[str]:
    """Say that minutes are kept; who counted is read in them, on the spot (interp. 13)."""
    signed = signed_minutes(session, ballot_id)
    if not signed:
        return []
    last = signed[-1]
    former = f"（第 {last.edition} 版，以前各版一并保存）" if last.edition > 1 else ""
    return [
        f"计票记录{former}：由 {last.scrutineers} 名监票人监督计票，签字件已存档，业主可以向居民委员会查阅，"
        f"其校验码（SHA-256）：{last.document_sha256}"
    ]


def _test(test: dict[str, Any], rate: str | None) -> str:
    verdict = "达到" if test["passed"] else "未达到"
    share = "" if rate is None else f"，{rate}%"
    return (
        f"　　{SUMS[test['numerator_kind']]}{BASES[test['basis']]} {test['numerator']}，"
        f"占{WHOLES[test['denominator_kind']]} {test['denominator']}{share}，要求{demand_words(test)}，{verdict}"
    )


def demand_words(test: dict[str, Any]) -> str:
    """Return what a test of a stored result demands."""
    return "未确定" if test["threshold"] is None else f"{_BOUNDS[test['op']]} {test['threshold']}"
