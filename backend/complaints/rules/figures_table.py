"""The hotline's figures as a table with Chinese headings, for workbooks and the console."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backend.complaints.rules.statistics import Figures, Group, Rate, Times
from backend.tally.report import percent_floor
from backend.tally.small_groups import FEWEST

Cell = str | int | None

HIDDEN = f"不足 {FEWEST} 份，不显示"
NOT_SHOWN = "不显示"
UNDECIDABLE = "—"
TOTAL = "合计"
_COUNTS: Mapping[str, str] = {
    "registered": "登记",
    "passed_on": "转送（信访、检举、涉诉）",
    "merged": "并入",
    "withdrawn": "撤回",
    "declined": "不予受理",
    "waiting": "待受理",
    "running": "办理中",
    "resolved": "已办结待回访",
    "closed": "已结案",
}
_AFTERWARDS: Mapping[str, str] = {
    "unconfirmed": "未回应结案",
    "reopened": "重新办理",
    "overdue": "目前超期",
    "late": "超期办结",
    "response_missing": "超时未响应",
    "repeats_place": "重复（同地同类）",
}
_RATES = (("响应率", "按时响应", "应响应"), ("解决率", "已解决", "应解决"), ("满意率", "满意", "评价"))
_TIMES = ("受理用时", "办结用时")
HEADINGS: tuple[str, ...] = (
    *_COUNTS.values(),
    *(heading for title, above, below in _RATES for heading in (f"{title}%", above, below)),
    *(f"{title}{part}（分钟）" for title in _TIMES for part in ("中位数", "九成以内")),
    *_AFTERWARDS.values(),
    "重复（同一反映人）",
)
MEANINGS: Sequence[tuple[str, str]] = (
    ("统计对象", "区间内登记的投诉，按统计时刻的状态计；月份按登记时间（北京时间）。"),
    ("响应率", "在响应期限前受理或答复不予受理的 ÷ 已响应和响应期限已到的；并入、撤回、转送的不计。"),
    ("解决率", "结案且反映人确认已解决的 ÷ 已结案（含未回应）、曾重新办理或目前超期的。"),
    ("满意率", "反映人回答满意且之后没有重新办理的 ÷ 已回答的；不足 5 份的不单独列出。"),
    ("用时", "自登记起的自然时间，整分钟；办结用时到最后一次办结，不含已记录的暂停。"),
    (
        "重复",
        "登记前 30 天内同一楼栋（没有楼栋的同一小区）同类的，或同一实名反映人的（只向热线和街镇显示，不足 5 件不显示）。",
    ),
)


def row_of(title: str, found: Figures) -> tuple[Cell, ...]:
    """Return a line of the table: a title and everything under ``HEADINGS``."""
    rates = (found.response, found.resolution, found.satisfaction)
    return (
        title,
        *(found.counts[name] for name in _COUNTS),
        *(cell for rate in rates for cell in _rate(rate)),
        *(cell for times in (found.to_accept, found.to_resolve) for cell in _times(times)),
        *(found.counts[name] for name in _AFTERWARDS),
        NOT_SHOWN if found.repeats_reporter is None else found.repeats_reporter,
    )


def rows_of(groups: Sequence[Group], total: Figures) -> list[tuple[Cell, ...]]:
    """Return a line for each group and one for all."""
    return [*(row_of(each.title, each.figures) for each in groups), row_of(TOTAL, total)]


def rate_text(rate: Rate | None) -> str:
    """Return ``7/8（87.50%）``, or why there is none."""
    if rate is None:
        return HIDDEN
    percent = percent_floor(rate.numerator, rate.denominator)
    return f"{rate.numerator}/{rate.denominator}（{UNDECIDABLE if percent is None else percent + '%'}）"


def _rate(rate: Rate | None) -> tuple[Cell, ...]:
    if rate is None:
        return HIDDEN, None, None
    percent = percent_floor(rate.numerator, rate.denominator)
    return percent or UNDECIDABLE, rate.numerator, rate.denominator


def _times(times: Times) -> tuple[Cell, ...]:
    return tuple(UNDECIDABLE if value is None else value for value in (times.median, times.p90))
