"""The second act for a terminal: a line per estate whose works started, what is short, and what was checked."""

from __future__ import annotations

from collections.abc import Sequence

from backend.rehearsal.report import NOT_REACHED
from backend.rehearsal.report_lines import aligned
from backend.rehearsal.second_act.figures import AfterStart, Json, SiteRow

_HEADINGS = (
    "小区", "已调查/户数", "调查率%", "满意率%", "含基本满意%", "效果评价",
    "投诉", "响应率%", "解决率%", "回访满意率%", "在办投诉", "整改", "未销号", "逾期",
)  # fmt: skip
_OUTCOMES = {"passed": "通过", "failed": "不通过", "undecidable": "不能决定", NOT_REACHED: "施工中"}
_NONE = "—"
_LEFT = (0, 5)


def after_lines(after: AfterStart) -> list[str]:
    """Return the table with what is short under each estate, and the assertions that held."""
    cells = [_HEADINGS, *(_cells(row) for row in after.rows)]
    right = frozenset(range(len(_HEADINGS))) - frozenset(_LEFT)
    heading, rule, *found = aligned(cells, right=right)
    lines = ["开工以后（满意度、热线和整改）", heading, rule]
    for row, line in zip(after.rows, found, strict=True):
        lines += [line, *(f"    · {text}" for text in row.missing)]
    consequences = dict.fromkeys(row.consequence for row in after.rows if row.consequence)
    lines += [f"不通过的后果：{text}" for text in consequences]
    return [*lines, "", *(f"核对通过：{check.name}。{check.figure}" for check in after.checks)]


def _cells(row: SiteRow) -> Sequence[str]:
    register = row.register
    return (
        row.name,
        *_survey_cells(row.survey),
        _OUTCOMES[row.evaluation],
        *_hotline_cells(row.hotline),
        *(f"{register[name]:,}" for name in ("total", "unfinished", "overdue")),
    )


def _survey_cells(survey: Json | None) -> Sequence[str]:
    if survey is None:
        return (_NONE,) * 4
    return (
        f"{survey['covered']}/{survey['households']}",
        survey["coverage_rate"],
        survey["satisfaction_rate"] or _NONE,
        survey["satisfaction_rate_wide"] or _NONE,
    )


def _hotline_cells(hotline: Json) -> Sequence[str]:
    rates = (hotline[name] or _NONE for name in ("response_rate", "resolution_rate", "satisfaction_rate"))
    return (f"{hotline['registered']:,}", *rates, f"{hotline['running']:,}")
