"""Test results in the words a resident reads."""

from __future__ import annotations

from fractions import Fraction

from backend.tally.count import TestResult
from backend.tally.definition import Denominator, Numerator, Operator
from backend.tally.report import percent_floor, quantity
from backend.tally.weight import Basis

_BASIS = {Basis.AREA: "面积", Basis.HEADS: "业主人数", Basis.HOUSEHOLDS: "户数"}
_UNIT = {Basis.AREA: "平方米", Basis.HEADS: "人", Basis.HOUSEHOLDS: "户"}
_NUMERATOR = {
    Numerator.PARTICIPATING: "参与",
    Numerator.FOR: "同意",
    Numerator.COVERED: "已调查",
    Numerator.SATISFIED: "满意",
    Numerator.SATISFIED_WIDE: "满意（含基本满意）",
}
_DENOMINATOR = {
    Denominator.ROLL: "名册",
    Denominator.PARTICIPATING: "参与",
    Denominator.COVERED: "已调查",
}


def share_text(share: Fraction) -> str:
    """Return ``75%`` where that is exact, else ``2/3``: 66.7 % is not 2/3."""
    percent = share * 100
    return f"{percent}%" if percent.denominator == 1 else f"{share.numerator}/{share.denominator}"


def line_of(result: TestResult) -> str:
    """Return one test as a line: both sums, the rate rounded down, the bound, and what is missing."""
    basis, unit = _BASIS[result.basis], _UNIT[result.basis]
    have = f"{_NUMERATOR[result.numerator_kind]}{basis} {quantity(result.numerator, result.basis)} {unit}"
    whole = (
        f"{_DENOMINATOR[result.denominator_kind]}{basis} {quantity(result.denominator, result.basis)} {unit}"
    )
    rate = percent_floor(result.numerator, result.denominator)
    counted = f"{have}，{whole}，占 {rate}%" if rate is not None else f"{have}，{whole}，无法计算比例"
    if result.threshold is None:
        return f"{counted}；规定比例尚未由当地确定"
    bound = "应超过" if result.operator is Operator.MORE_THAN else "应不低于"
    return f"{counted}；{bound} {share_text(result.threshold)}，{_ending(result, unit)}"


def _ending(result: TestResult, unit: str) -> str:
    if result.passed:
        return "达到"
    if result.shortfall is None:
        return "未达到"
    return f"未达到，还差 {quantity(result.shortfall, result.basis)} {unit}"
