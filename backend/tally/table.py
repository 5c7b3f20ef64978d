"""Results as plain text for people: Chinese, aligned for fonts where one Chinese character is two columns wide."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

from backend.tally.count import MotionResult, Outcome, TestResult, local_decisions
from backend.tally.definition import Denominator, Numerator, Operator, Profile, Rule, Status
from backend.tally.parameter import Parameter, resolve
from backend.tally.report import lowest_terms, percent_floor, quantity
from backend.tally.weight import Basis, Weights

OUTCOME_TEXT = {Outcome.PASSED: "通过", Outcome.FAILED: "未通过", Outcome.UNDECIDABLE: "无法判定"}
STATUS_TEXT = {
    Status.LAW: "法律",
    Status.POLICY: "政策文件",
    Status.DRAFT: "征求意见稿",
    Status.LOCAL_CHOICE: "当地决定",
}
_BASIS_TEXT = {Basis.AREA: "面积（平方米）", Basis.HEADS: "人数", Basis.HOUSEHOLDS: "户数"}
_NUMERATOR_TEXT = {
    Numerator.PARTICIPATING: "参与",
    Numerator.FOR: "同意",
    Numerator.COVERED: "已调查",
    Numerator.SATISFIED: "满意",
    Numerator.SATISFIED_WIDE: "满意（含基本满意）",
}
_DENOMINATOR_TEXT = {
    Denominator.ROLL: "名册",
    Denominator.PARTICIPATING: "参与",
    Denominator.COVERED: "已调查",
}
_HEADINGS = ("计算依据", "比较", "数量", "总数", "比例", "要求", "达标", "还差", "未投的够不够")


def visible(text: str) -> str:
    """Return text with control and invisible characters spelled out, safe to print on a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def head_lines(profile: Profile, rule: Rule, parameters: Mapping[str, str], totals: Weights) -> Iterator[str]:
    """Yield what the count rests on: rule, clause, status, local decisions, roll."""
    yield f"规则：{rule.id}  {rule.title}"
    yield f"依据：{profile.title}（{STATUS_TEXT[profile.status]}）"
    yield f"条款：{rule.clause}"
    values = resolve(rule.parameters, parameters)
    unset = {parameter.name for parameter in local_decisions(rule, parameters)}
    for parameter in rule.parameters:
        text = _value_text(parameter, values[parameter.name])
        mark = "【需当地确定】" if parameter.name in unset else "【当地已定】"
        yield f"参数：{parameter.title}（{parameter.name}）：{text}{mark}"
    area = quantity(totals.area, Basis.AREA)
    yield f"名册：业主 {totals.heads} 人，{totals.households} 户，专有部分面积 {area} 平方米"
    if rule.evidence:
        yield "另需材料：" + "；".join(rule.evidence)
    if rule.note:
        yield f"说明：{rule.note}"


def _value_text(parameter: Parameter, value: str | None) -> str:
    if value is None:
        return "未确定"
    if parameter.is_share:
        return value
    return parameter.values[value] if value != parameter.default else f"{parameter.values[value]}（默认口径）"


def motion_lines(rule: Rule, motion: str, result: MotionResult) -> Iterator[str]:
    """Yield one motion's outcome, its tests as a table, the reasons and the consequence of failing."""
    yield ""
    yield f"事项 {visible(motion)}：{OUTCOME_TEXT[result.outcome]}"
    yield from _table([_HEADINGS, *map(_cells, result.tests)])
    for test in result.beside:
        cells = _cells(test)
        yield f"  另列（不作判定）：{cells[0]} {cells[1]} {cells[2]}/{cells[3]} = {cells[4]}"
    for reason in result.reasons:
        yield f"  原因：{reason.message}"
    if result.outcome is Outcome.FAILED and rule.consequence:
        yield f"  后果：{rule.consequence}"


def _cells(test: TestResult) -> tuple[str, ...]:
    percent = percent_floor(test.numerator, test.denominator)
    is_set = test.threshold is not None
    bound = "超过" if test.operator is Operator.MORE_THAN else "不低于"
    return (
        _BASIS_TEXT[test.basis],
        f"{_NUMERATOR_TEXT[test.numerator_kind]}/{_DENOMINATOR_TEXT[test.denominator_kind]}",
        quantity(test.numerator, test.basis),
        quantity(test.denominator, test.basis),
        "无" if percent is None else f"{percent}%",
        "未确定" if test.threshold is None else f"{bound} {lowest_terms(test.threshold)}",
        ("是" if test.passed else "否") if is_set else "-",
        "-" if test.shortfall is None else quantity(test.shortfall, test.basis),
        ("够" if test.reachable else "不够") if is_set and not test.passed else "-",
    )


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        yield ("  " + "  ".join(cells)).rstrip()


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
