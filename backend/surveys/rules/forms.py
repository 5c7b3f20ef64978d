"""Whether a questionnaire can be asked at all: identifiers, options, limits, conditions, the overall question."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from backend.kernel.errors import FieldError
from backend.surveys.rules.questions import (
    CHOOSING,
    Condition,
    Form,
    Kind,
    Question,
    Role,
    options_of,
)

MOST_QUESTIONS = 80
MOST_OPTIONS = 60
MOST_PHOTOS = 6
LONGEST_TEXT = 2000
LARGEST_NUMBER = 10**9

_ID = re.compile(r"[a-z0-9_]{1,32}")


def check_form(form: Form, *, is_gate: bool) -> list[FieldError]:
    """Return everything that keeps the form from being opened; ``is_gate``: a gate will be decided on it."""
    found = [*_check_ids(form), *_check_overall(form, is_gate=is_gate)]
    earlier: dict[str, Question] = {}
    for number, section in enumerate(form.sections):
        where = f"form.sections.{number}"
        if not section.questions:
            found.append(FieldError(where, "这一部分没有题目，请添加或删去。"))
        found += _check_condition(where, section.when, earlier)
        for index, question in enumerate(section.questions):
            at = f"{where}.questions.{index}"
            found += _check_condition(at, question.when, earlier)
            found += _check_question(at, question)
            earlier[question.id] = question
    return found


def _check_ids(form: Form) -> Iterator[FieldError]:
    ids = [question.id for _, question in form.questions()]
    if not ids:
        yield FieldError("form", "问卷还没有题目。")
    if len(ids) > MOST_QUESTIONS:
        yield FieldError("form", f"题目太多，最多 {MOST_QUESTIONS} 题。")
    names = ids + [f"section {section.id}" for section in form.sections]
    for name, number in Counter(names).items():
        if number > 1:
            yield FieldError(
                "form", f"编号“{name.removeprefix('section ')[:32]}”重复，每题的编号应各不相同。"
            )
        if not _ID.fullmatch(name.removeprefix("section ")):
            yield FieldError("form", f"编号“{name[:32]}”只能用小写字母、数字和下划线，最长 32 个。")


def _check_overall(form: Form, *, is_gate: bool) -> Iterator[FieldError]:
    overall = [(s, q) for s, q in form.questions() if q.role is Role.OVERALL]
    if len(overall) > 1:
        yield FieldError("form", "总体满意度只能有一题。")
    if is_gate and not overall:
        yield FieldError("form", "满意度调查须有一道“总体满意度”题，调查率和满意率按它计算。")
    for section, question in overall:
        if question.when is not None or section.when is not None:
            yield FieldError("form", "总体满意度题不能设显示条件：每一户都要问到。")
        if is_gate and not question.required:
            yield FieldError("form", "总体满意度题须设为必答。")


def _check_condition(
    where: str, condition: Condition | None, earlier: dict[str, Question]
) -> Iterator[FieldError]:
    if condition is None:
        return
    asked = earlier.get(condition.question)
    if asked is None:
        yield FieldError(f"{where}.when", "显示条件只能依据前面的题目。")
    elif asked.kind not in (Kind.SINGLE, Kind.MULTIPLE, Kind.RATING):
        yield FieldError(f"{where}.when", "显示条件只能依据单选、多选或满意度题。")
    elif not condition.any_of or not set(condition.any_of) <= set(options_of(asked)):
        yield FieldError(f"{where}.when", "显示条件中的选项不在所依据的题目里。")


def _check_question(where: str, question: Question) -> Iterator[FieldError]:
    if not question.title.strip():
        yield FieldError(f"{where}.title", "请写明题目。")
    if question.role is not None and question.kind is not Kind.RATING:
        yield FieldError(f"{where}.role", "只有满意度题可以作为总体或分项满意度。")
    if question.kind in CHOOSING:
        yield from _check_options(where, question)
    elif question.options:
        yield FieldError(f"{where}.options", "这类题目没有选项，请删去。")
    yield from _check_limits(where, question)


def _check_options(where: str, question: Question) -> Iterator[FieldError]:
    ids = [option.id for option in question.options]
    if not 2 <= len(ids) <= MOST_OPTIONS:
        yield FieldError(f"{where}.options", f"选项应有 2 到 {MOST_OPTIONS} 个。")
    if len(set(ids)) != len(ids) or not all(_ID.fullmatch(name) for name in ids):
        yield FieldError(f"{where}.options", "选项编号应各不相同，只能用小写字母、数字和下划线，最长 32 个。")
    if not all(option.title.strip() for option in question.options):
        yield FieldError(f"{where}.options", "每个选项都要写明文字。")
    if question.most is not None and not 1 <= question.most <= len(ids):
        yield FieldError(f"{where}.most", "最多可选的个数应在 1 和选项数之间。")
    if question.kind is Kind.RANKING and question.most is None:
        yield FieldError(f"{where}.most", "排序题须写明选前几项。")


def _check_limits(where: str, question: Question) -> Iterator[FieldError]:
    if question.kind is Kind.PHOTO and not 1 <= (question.most or 1) <= MOST_PHOTOS:
        yield FieldError(f"{where}.most", f"照片最多 {MOST_PHOTOS} 张。")
    if question.kind is Kind.TEXT and not 1 <= (question.longest or 1) <= LONGEST_TEXT:
        yield FieldError(f"{where}.longest", f"文字最长 {LONGEST_TEXT} 字。")
    if question.kind is Kind.NUMBER:
        low, high = bounds_of(question)
        if not 0 <= low <= high <= LARGEST_NUMBER:
            yield FieldError(f"{where}.minimum", "最小值不能小于 0 或大于最大值，最大值不能超过十亿。")


def bounds_of(question: Question) -> tuple[int, int]:
    """Return the least and the greatest number that may be answered."""
    low = 0 if question.minimum is None else question.minimum
    return low, LARGEST_NUMBER if question.maximum is None else question.maximum
