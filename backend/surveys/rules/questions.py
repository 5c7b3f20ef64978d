"""What a questionnaire is: sections of questions with options and conditions, as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

import orjson


class Kind(StrEnum):
    """The kinds of questions."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    RATING = "rating"
    RANKING = "ranking"
    NUMBER = "number"
    TEXT = "text"
    PHOTO = "photo"


class Role(StrEnum):
    """What a rating stands for in the rates: the whole renovation, or one works item."""

    OVERALL = "overall"
    ITEM = "item"


CHOOSING = frozenset({Kind.SINGLE, Kind.MULTIPLE, Kind.RANKING})
# The scale of domain.md §5; ``invalid`` (two ticks on paper) is not among the answers offered.
RATINGS: Mapping[str, str] = {
    "very_satisfied": "非常满意",
    "satisfied": "满意",
    "basically": "基本满意",
    "dissatisfied": "不满意",
    "very_dissatisfied": "非常不满意",
    "unknown": "不了解",
}
KIND_TITLES: Mapping[Kind, str] = {
    Kind.SINGLE: "单选",
    Kind.MULTIPLE: "多选",
    Kind.RATING: "满意度",
    Kind.RANKING: "排序",
    Kind.NUMBER: "数字",
    Kind.TEXT: "文字",
    Kind.PHOTO: "照片",
}


@dataclass(frozen=True, slots=True)
class Option:
    """Something to choose; ``group`` is a heading above several (e.g. 基础类)."""

    id: str
    title: str
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """Asked only when an earlier question was answered with one of ``any_of``."""

    question: str
    any_of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    ``most``: choices of a multiple question, places of a ranking (top n), or photos. ``minimum`` and
    ``maximum``: whole numbers. ``longest``: characters of a text.
    """

    id: str
    kind: Kind
    title: str
    required: bool = False
    role: Role | None = None
    options: tuple[Option, ...] = ()
    most: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    longest: int | None = None
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its questions; ``when`` holds for all of them."""

    id: str
    title: str
    questions: tuple[Question, ...]
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A questionnaire."""

    sections: tuple[Section, ...]

    def questions(self) -> Iterator[tuple[Section, Question]]:
        """Yield every question with its section, in order."""
        for section in self.sections:
            for question in section.questions:
                yield section, question

    def question(self, question_id: str) -> Question | None:
        """Return a question by its id."""
        return next((found for _, found in self.questions() if found.id == question_id), None)

    @property
    def overall(self) -> Question | None:
        """Return the question that coverage and satisfaction are counted on."""
        return next((found for _, found in self.questions() if found.role is Role.OVERALL), None)


def options_of(question: Question) -> Mapping[str, str]:
    """Return id → title of everything that can be chosen; empty for numbers, texts and photos."""
    if question.kind is Kind.RATING:
        return RATINGS
    return {option.id: option.title for option in question.options}


def form_json(form: Form) -> dict[str, Any]:
    """Return the form as plain JSON values."""
    return dict(orjson.loads(orjson.dumps(asdict(form))))


def shown_json(form: Form) -> dict[str, Any]:
    """Return the form as the person who answers needs it: ratings with their levels as options."""
    shown = form_json(form)
    for section in shown["sections"]:
        for question in section["questions"]:
            if question["kind"] == Kind.RATING:
                question["options"] = [
                    {"id": level, "title": title, "group": None} for level, title in RATINGS.items()
                ]
    return shown


def form_hash(form: Form) -> str:
    """Return the SHA-256 (hex) of the form with sorted keys: the version that was frozen."""
    return sha256(orjson.dumps(form_json(form), option=orjson.OPT_SORT_KEYS)).hexdigest()


def form_of(value: Mapping[str, Any]) -> Form:
    """Return the form behind ``form_json``; raises KeyError, TypeError and ValueError for anything else."""
    return Form(tuple(_section(section) for section in value["sections"]))


def _section(value: Mapping[str, Any]) -> Section:
    questions = tuple(_question(question) for question in value["questions"])
    return Section(value["id"], value["title"], questions, _condition(value.get("when")))


def _question(value: Mapping[str, Any]) -> Question:
    given = dict(value)
    role = given.pop("role", None)
    return Question(
        kind=Kind(given.pop("kind")),
        role=None if role is None else Role(role),
        options=tuple(Option(**option) for option in given.pop("options", ())),
        when=_condition(given.pop("when", None)),
        **given,
    )


def _condition(value: Mapping[str, Any] | None) -> Condition | None:
    return None if value is None else Condition(value["question"], tuple(value["any_of"]))
