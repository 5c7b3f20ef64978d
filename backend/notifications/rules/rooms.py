"""What the committee's room reads: markdown of at most 4,096 bytes, participation only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from backend.notifications.rules.texts import deadline, moment
from backend.tally.weight import Basis

MOST_BYTES = 4096
_BASES = {Basis.AREA: "面积", Basis.HEADS: "人数", Basis.HOUSEHOLDS: "户数"}


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What a participation test still lacks on one basis (0.01 m² or ones), of ``denominator``."""

    basis: Basis
    missing: int
    denominator: int


@dataclass(frozen=True, slots=True)
class Turnout:
    """One building's participation: entries on the roll, entries that voted."""

    building: str
    entries: int
    voted: int


def shortfall_text(rows: Sequence[Shortfall]) -> str:
    """Return what is missing in words: ``还差 12 户``; empty when nothing is."""
    return "，".join(_one(row) for row in rows if row.missing > 0)


def _one(row: Shortfall) -> str:
    if row.basis is Basis.HOUSEHOLDS:
        return f"还差 {row.missing} 户"
    if row.basis is Basis.HEADS:
        return f"还差 {row.missing} 人"
    return f"还差 {row.missing // 100}.{row.missing % 100:02d} 平方米"


def is_near(rows: Sequence[Shortfall], near_percent: int) -> bool:
    """Tell whether participation lacks something, and on every basis no more than the given percentage."""
    lacking = [row for row in rows if row.missing > 0]
    return bool(lacking) and all(row.missing * 100 <= row.denominator * near_percent for row in lacking)


def stage_text(kind: str, title: str, at: datetime, step: str = "") -> str:
    """Return the line for a step in a ballot's life."""
    stopped = {"suspend": "已暂停", "resume": "已恢复", "extended": "已延期", "void": "已作废"}
    words = {
        "room_opened": "开始投票",
        "room_closed": "投票已截止，开始计票核对",
        "room_sealed": "计票完成，结果已封存，请按期公示",
        "room_publication_due": "结果已封存，公示期限快到了，请在下列时间前公示",
        "room_publication_late": "结果已封存，超过公示期限仍未公示，请立即公示",
        "room_preliminary": "结果已公示，异议期开始",
        "room_objections_over": "异议期已满，请答复异议后公布最终结果",
        "room_final": "最终结果已公布",
        "room_stopped": stopped.get(step, "有变动") + "，详见公告",
    }
    return f"**{title}**\n{words[kind]}\n{moment(at)}"


def near_text(title: str, closes_at: datetime, missing: str) -> str:
    """Return the push when participation lacks little."""
    return f"**{title}**\n参与{missing}即达到参与要求\n截止 {deadline(closes_at)}"


def gate_text(estate: str, gate: str, at: datetime, outcome: str) -> str:
    """Return a gate's decision about an estate."""
    words = {"passed": "已通过", "failed": "未通过", "revoked": "的决定已撤销"}
    return f"**{estate}改造项目**\n“{gate}”{words[outcome]}\n{moment(at)}"


def register_line(step: str, estate: str, name: str, day: date) -> str:
    """Return the line for an item or a warranty with a last day; ``name`` is its number or code."""
    words = {
        "due_soon": f"整改台账 {name} 的期限是",
        "overdue": f"整改台账 {name} 已逾期，期限是",
        "expiring": f"工程项目 {name} 的保修期截止",
    }
    return f"{estate} {words[step]} {day.year}年{day.month}月{day.day}日"


def register_digest(lines: Sequence[str]) -> str:
    """Return a day's digest of what the register is due for, the overdue first, as far as it fits."""
    ordered = sorted(lines, key=lambda line: ("已逾期" not in line, line))
    text = f"**整改与保修提醒（{len(ordered)} 项）**"
    for number, line in enumerate(ordered):
        rest = f"\n> 另有 {len(ordered) - number} 项，请看整改台账"
        if len((text + f"\n> {line}" + rest).encode()) > MOST_BYTES:
            return text + rest
        text += f"\n> {line}"
    return text


def checkpoint_text(title: str, number: int, size: int, root: str, at: datetime) -> str:
    """Return a vote tree's checkpoint: whoever keeps this room's history can check the sealed record with it."""
    return f"**{title}**\n选票检查点 {number}：{size} 条\n`{root}`\n请保留本条，日后可核对选票有无改动\n{moment(at)}"


def digest_text(
    title: str, closes_at: datetime, buildings: Sequence[Turnout], missing: Sequence[Shortfall]
) -> str:
    """Return the day's digest: participation in all and per building, the lowest first, as far as it fits."""
    entries, voted = sum(row.entries for row in buildings), sum(row.voted for row in buildings)
    lines = [
        f"**{title}**",
        f"截止 {deadline(closes_at)}",
        f"已参与 {voted} / {entries} 户（{_rate(voted, entries)}）",
    ]
    lines.append(f"参与要求：{shortfall_text(missing) or '已达到'}" if missing else "本次没有单独的参与要求")
    text = "\n".join(lines)
    ordered = sorted(buildings, key=lambda row: (row.voted * 10_000 // max(row.entries, 1), row.building))
    for number, row in enumerate(ordered):
        line = f"\n> {row.building} {row.voted}/{row.entries}（{_rate(row.voted, row.entries)}）"
        rest = f"\n> 另有 {len(ordered) - number} 栋未列出"
        if len((text + line + rest).encode()) > MOST_BYTES:
            return text + rest
        text += line
    return text


def _rate(part: int, whole: int) -> str:
    return f"{part * 100 // whole}%" if whole else "-"


def room_payload(text: str) -> Mapping[str, str]:
    """Return a room message's payload, cut where the robot would refuse it."""
    return {"markdown": text.encode()[:MOST_BYTES].decode(errors="ignore")}
