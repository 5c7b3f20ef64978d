"""Answers to a questionnaire: which questions are asked, and whether what came back can be taken."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from backend.kernel.errors import FieldError
from backend.surveys.rules.forms import LONGEST_TEXT, bounds_of
from backend.surveys.rules.questions import Condition, Form, Kind, Question, options_of

# Question id → what was said: an option id (single, rating), a list of them (multiple, ranking in order), a whole
# number, a text, or a list of media ids.
Answers = Mapping[str, Any]

INVALID = "invalid"  # two ticks on a paper sheet
_MEDIA = re.compile(r"[0-9a-z]{20}")


def asked_questions(form: Form, answers: Answers) -> list[Question]:
    """Return the questions whose conditions hold under these answers; a hidden question hides what rests on it."""
    shown: dict[str, Question] = {}
    for section, question in form.questions():
        if all(_holds(condition, shown, answers) for condition in (section.when, question.when)):
            shown[question.id] = question
    return list(shown.values())


def _holds(condition: Condition | None, shown: Mapping[str, Question], answers: Answers) -> bool:
    if condition is None:
        return True
    said = answers.get(condition.question) if condition.question in shown else None
    chosen = said if isinstance(said, list) else [said]
    return any(value in condition.any_of for value in chosen)


def check_answers(form: Form, answers: Answers, *, is_by_hand: bool) -> list[FieldError]:
    """Return what is wrong with the answers, by question.

    ``is_by_hand``: copied by staff from paper or from what was said, where a required question may have stayed
    blank and two ticks may stand (``invalid``).
    """
    asked = {question.id: question for question in asked_questions(form, answers)}
    problems = [
        FieldError(f"answers.{name}"[:64], "问卷里没有这道题，或按前面的回答不需要回答这道题。")
        for name in answers
        if name not in asked
    ]
    for question in asked.values():
        value = answers.get(question.id)
        if is_blank(value):
            if question.required and not is_by_hand:
                problems.append(FieldError(f"answers.{question.id}", "必答，请回答。"))
        else:
            problems += [
                FieldError(f"answers.{question.id}", text) for text in _faults(question, value, is_by_hand)
            ]
    if not problems and all(is_blank(value) for value in answers.values()):
        problems.append(FieldError("answers", "一题也没有回答；没有见到人或对方拒答的，请登记联系情况。"))
    return problems


def is_blank(value: Any) -> bool:
    """Tell whether a question was left open."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def said(answers: Answers) -> dict[str, Any]:
    """Return the answers without blanks."""
    return {name: value for name, value in answers.items() if not is_blank(value)}


def texts_of(form: Form, answers: Answers) -> dict[str, str]:
    """Return question id → free text."""
    texts = {question.id for _, question in form.questions() if question.kind is Kind.TEXT}
    return {name: str(value).strip() for name, value in said(answers).items() if name in texts}


def photos_of(form: Form, answers: Answers) -> dict[str, list[str]]:
    """Return question id → media ids."""
    photos = {question.id for _, question in form.questions() if question.kind is Kind.PHOTO}
    return {name: list(value) for name, value in said(answers).items() if name in photos}


def _faults(question: Question, value: Any, is_by_hand: bool) -> Iterator[str]:
    if question.kind in (Kind.SINGLE, Kind.RATING):
        known = {*options_of(question), *([INVALID] if is_by_hand and question.kind is Kind.RATING else [])}
        if value not in known if isinstance(value, str) else True:
            yield "没有这个选项。"
    elif question.kind in (Kind.MULTIPLE, Kind.RANKING):
        yield from _list_faults(question, value)
    elif question.kind is Kind.NUMBER:
        low, high = bounds_of(question)
        if type(value) is not int or not low <= value <= high:
            yield f"应为 {low} 到 {high} 之间的整数。"
    elif question.kind is Kind.TEXT:
        longest = question.longest or LONGEST_TEXT
        if not isinstance(value, str) or len(value) > longest:
            yield f"应为文字，最长 {longest} 字。"
    else:
        yield from _photo_faults(question, value)


def _list_faults(question: Question, value: Any) -> Iterator[str]:
    known = options_of(question)
    if not isinstance(value, list) or not all(isinstance(item, str) and item in known for item in value):
        yield "有不存在的选项。"
    elif len(set(value)) != len(value):
        yield "同一选项选了两次。"
    elif len(value) > (question.most or len(known)):
        yield f"最多选 {question.most} 项。"


def _photo_faults(question: Question, value: Any) -> Iterator[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        yield "应为照片编号的列表。"
    elif not all(_MEDIA.fullmatch(item) for item in value) or len(set(value)) != len(value):
        yield "照片编号不正确，请先上传照片。"
    elif len(value) > (question.most or 1):
        yield f"最多 {question.most or 1} 张照片。"
