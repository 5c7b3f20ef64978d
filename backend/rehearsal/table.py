"""The table of a rehearsal for a terminal, aligned for Chinese characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backend.rehearsal.report import NOT_REACHED, EstateRow
from backend.rehearsal.report_lines import aligned

_HEADINGS = (
    "小区", "户数", "征询参与%", "征询同意%", "纳入计划",
    "方案参与% 面积/人数/户数", "一般事项同意% 面积/人数", "特别事项同意% 面积/人数", "开工",
)  # fmt: skip
_OUTCOMES = {"passed": "通过", "failed": "不通过", "undecidable": "不能决定", NOT_REACHED: "—"}
_NONE = "—"
_GATES = (
    ("inclusion", "纳入年度计划"),
    ("start", "开工"),
    ("acceptance", "竣工验收"),
    ("evaluation", "改造效果评价"),
)
_RIGHT = frozenset({1, 2, 3, 5, 6, 7})


def table_lines(rows: Sequence[EstateRow]) -> list[str]:
    """Return the table with what is missing under each estate."""
    cells = [_HEADINGS, *(_cells(row) for row in rows)]
    heading, rule, *found = aligned(cells, right=_RIGHT)
    lines = [heading, rule]
    for row, line in zip(rows, found, strict=True):
        lines.append(line)
        lines += [f"    · {text}" for text in row.missing]
    return lines


def totals_lines(totals: dict[str, Any]) -> list[str]:
    """Return the sums in words."""
    lines = [
        f"合计：{totals['estates']} 个小区，{totals['buildings']} 栋楼，{totals['households']:,} 户，"
        f"专有部分面积 {totals['exclusive_area']} 平方米，有效票 {totals['votes']:,} 张"
        f"（共收到 {totals['papers_recorded']:,} 张，含改票和以纸质票为准的）。"
    ]
    for name, title in _GATES:
        counts = totals["gates"][name]
        lines.append(
            f"{title}：通过 {counts['passed']}，不通过 {counts['failed']}，不能决定 {counts['undecidable']}。"
        )
    return lines


def _cells(row: EstateRow) -> tuple[str, ...]:
    return (
        row.name,
        f"{row.households:,}",
        *_canvass_cells(row.canvass),
        _OUTCOMES[row.inclusion],
        *_plan_cells(row.plan),
        _OUTCOMES[row.start],
    )


def _canvass_cells(canvass: dict[str, Any] | None) -> tuple[str, str]:
    """The lower of the two questions; both readings where the locality has not chosen one."""
    if canvass is None:
        return _NONE, _NONE
    by_reading: dict[str, list[str]] = {}
    for motion in canvass["motions"]:
        for test in motion["tests"]:
            if test["numerator_kind"] == "for":
                by_reading.setdefault(test["denominator_kind"], []).append(test["rate"])
    lowest = [min(rates, key=float) for rates in by_reading.values()]
    return canvass["participation"]["households"], " 或 ".join(lowest)


def _plan_cells(plan: dict[str, Any] | None) -> tuple[str, str, str]:
    if plan is None:
        return _NONE, _NONE, _NONE
    general, special = (
        "/".join(test["rate"] for test in motion["tests"] if test["numerator_kind"] == "for")
        for motion in plan["motions"]
    )
    return "/".join(plan["participation"].values()), general, special
