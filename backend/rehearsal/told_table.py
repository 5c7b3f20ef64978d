"""The messages of a rehearsal for a terminal: a line per ballot, the sums, and what was checked."""

from __future__ import annotations

from backend.rehearsal.report_lines import aligned
from backend.rehearsal.told import NEAR, BallotMessages, Reminded, Told

_KINDS = {"canvass": "征询", "plan": "方案"}
_OCCASIONS = {"T-7": "截止前 7 天", "T-3": "截止前 3 天", "last": "截止当天", NEAR: "就差一点"}
_HEADINGS = (
    "小区", "表决", "户数", "前7天", "前3天", "当天", "就差一点", "上门", "登记告知", "结果通知", "群消息",
)  # fmt: skip
_NONE = "—"
# What no column above counts; a topic that is not named here stands under its own name.
_OTHERS = {
    "chat/chat": "聊天答复",
    "complaint/result": "投诉进展和回访（微信）",
    "complaint/follow_up": "投诉回访（短信）",
    "room_complaint": "投诉提醒（群）",
    "room_complaint_above": "投诉超期（上级群）",
    "room_register": "整改和保修提醒（群）",
    "survey/reminder": "调查开始和提醒",
    "survey/record": "代填告知",
}
_COUNTED = ("binding/", "vote/", "mandate/", "result/", "reminder/", "near/", "room_")


def told_lines(told: Told) -> list[str]:
    """Return the table (sent / due), the sums in words, and the assertions that held."""
    cells = [_HEADINGS, *(_cells(ballot) for ballot in told.ballots)]
    lines = ["消息（已提醒/应提醒，单位：户）", *aligned(cells, right=frozenset(range(2, len(_HEADINGS))))]
    phones = told.phones
    lines += [
        "",
        f"手机：{phones['bound']:,} 人绑定，点“允许”共 {phones['allowed']:,} 条，"
        f"点“取消” {phones['refused']:,} 条，从未点过的 {phones['never_asked']:,} 人；"
        f"留了手机号可收短信的 {phones['gave_number']:,} 人。",
        f"绑定告知：应告知 {told.bindings[0]:,} 条，送达 {told.bindings[1]:,} 条。关口决定发群 {told.gates} 条。",
    ]
    sums = told.reminders()
    lines += [_words(name, sums[name]) for name in _OCCASIONS if name in sums]
    lines.append(f"其他消息（送达/应发）：{_others(told)}。")
    lines += ["", *(f"核对通过：{check.name}。{check.figure}" for check in told.checks)]
    return lines


def _others(told: Told) -> str:
    others = {
        name: found for name, found in told.topics.items() if name in _OTHERS or not name.startswith(_COUNTED)
    }
    words = (f"{_OTHERS.get(name, name)} {sent:,}/{to:,}" for name, (to, sent) in others.items())
    return "，".join(words) or "没有"


def _cells(ballot: BallotMessages) -> tuple[str, ...]:
    reminders = ballot.reminders
    return (
        ballot.estate,
        _KINDS[ballot.kind],
        f"{ballot.households:,}",
        *(_share(reminders.get(name)) for name in _OCCASIONS),
        str(ballot.doorstep),
        "/".join(map(str, reversed(ballot.at_once))),
        "/".join(map(str, reversed(ballot.news))),
        str(sum(ballot.rooms.values())),
    )


def _share(found: Reminded | None) -> str:
    return _NONE if found is None or not found.due else f"{found.sent}/{found.due}"


def _words(name: str, found: Reminded) -> str:
    return (
        f"{_OCCASIONS[name]}：应提醒 {found.due:,} 户，已提醒 {found.sent:,}；未提醒：排队时已投票 {found.voted:,}，"
        f"没有授权 {found.no_consent:,}，没有绑定 {found.unbound:,}，当天或本次已提醒够 {found.limit:,}。"
        f"夜里排队、早上才发的 {found.deferred:,} 户。"
    )
