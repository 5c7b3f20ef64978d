"""Questionnaires and answers: conditions, limits, what staff may leave blank, what joins the sums."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.surveys.rules.answers import asked_questions, check_answers, photos_of, texts_of
from backend.surveys.rules.counts import counts_of, difference, result_of
from backend.surveys.rules.forms import check_form
from backend.surveys.rules.questions import (
    Condition,
    Form,
    Kind,
    Option,
    Question,
    Role,
    Section,
    form_hash,
    form_json,
    form_of,
)
from backend.surveys.rules.templates import build_form, load_catalogues, load_templates

OPTIONS = (Option("a", "甲"), Option("b", "乙"), Option("c", "丙"), Option("d", "丁"))
OVERALL = Question("overall", Kind.RATING, "总体", required=True, role=Role.OVERALL)
WHY = Question(
    "why", Kind.SINGLE, "为什么", required=True, options=OPTIONS, when=Condition("overall", ("dissatisfied",))
)
DEEPER = Question("deeper", Kind.TEXT, "细说", longest=5, when=Condition("why", ("a",)))
MANY = Question("many", Kind.MULTIPLE, "多选", options=OPTIONS, most=2)
TOP = Question("top", Kind.RANKING, "排序", options=OPTIONS, most=3)
NUMBER = Question("number", Kind.NUMBER, "几人", minimum=1, maximum=9)
PHOTO = Question("photo", Kind.PHOTO, "照片", most=2)
FORM = Form((Section("one", "一", (OVERALL, WHY, DEEPER)), Section("two", "二", (MANY, TOP, NUMBER, PHOTO))))
SHA = "ab" * 10


def faults(answers: Mapping[str, Any], *, is_by_hand: bool = False) -> set[str]:
    return {found.where for found in check_answers(FORM, answers, is_by_hand=is_by_hand)}


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({"overall": "satisfied"}, set()),
        ({}, {"answers.overall"}),
        ({"overall": "perfect"}, {"answers.overall"}),
        ({"overall": "invalid"}, {"answers.overall"}),
        ({"overall": ["satisfied"]}, {"answers.overall"}),
        ({"overall": "dissatisfied"}, {"answers.why"}),
        ({"overall": "dissatisfied", "why": "b"}, set()),
        ({"overall": "dissatisfied", "why": "b", "deeper": "太慢"}, {"answers.deeper"}),
        ({"overall": "dissatisfied", "why": "a", "deeper": "太慢"}, set()),
        ({"overall": "dissatisfied", "why": "a", "deeper": "太慢太慢太慢"}, {"answers.deeper"}),
        ({"overall": "satisfied", "why": "a"}, {"answers.why"}),
        ({"overall": "satisfied", "nothing": 1}, {"answers.nothing"}),
        ({"overall": "satisfied", "many": ["a", "b"]}, set()),
        ({"overall": "satisfied", "many": ["a", "b", "c"]}, {"answers.many"}),
        ({"overall": "satisfied", "many": ["a", "a"]}, {"answers.many"}),
        ({"overall": "satisfied", "many": "a"}, {"answers.many"}),
        ({"overall": "satisfied", "top": ["c", "a", "b"]}, set()),
        ({"overall": "satisfied", "top": ["c", "x"]}, {"answers.top"}),
        ({"overall": "satisfied", "number": 1}, set()),
        ({"overall": "satisfied", "number": 10}, {"answers.number"}),
        ({"overall": "satisfied", "number": True}, {"answers.number"}),
        ({"overall": "satisfied", "number": "1"}, {"answers.number"}),
        ({"overall": "satisfied", "photo": [SHA]}, set()),
        ({"overall": "satisfied", "photo": ["../etc/passwd"]}, {"answers.photo"}),
        ({"overall": "satisfied", "photo": [SHA, SHA]}, {"answers.photo"}),
    ],
)
def test_answers_fit_the_questions_that_were_asked(answers: dict[str, Any], wrong: set[str]) -> None:
    assert faults(answers) == wrong


def test_paper_may_be_blank_or_spoilt_where_a_phone_may_not() -> None:
    assert faults({"overall": "invalid"}, is_by_hand=True) == set()
    assert faults({"number": 3}, is_by_hand=True) == set()
    assert faults({}, is_by_hand=True) == {"answers"}
    assert faults({"overall": " ", "top": []}, is_by_hand=True) == {"answers"}


def test_a_hidden_question_hides_what_rests_on_it() -> None:
    answers = {"overall": "satisfied", "why": "a"}
    assert [question.id for question in asked_questions(FORM, answers)][:2] == ["overall", "many"]


PLAIN = st.sampled_from((None, True, 0, 3, 10**20, 1.5, "", " ", "a", "satisfied", "漏水", SHA))
VALUES = PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(st.sampled_from("ab"), PLAIN, max_size=1)
IDS = [question.id for _, question in FORM.questions()]


@given(st.dictionaries(st.sampled_from([*IDS, "x"]), VALUES, max_size=6), st.booleans())
def test_whatever_arrives_is_taken_or_refused_and_never_breaks(
    answers: dict[str, Any], is_by_hand: bool
) -> None:
    if not check_answers(FORM, answers, is_by_hand=is_by_hand):
        counts_of(FORM, answers, "online")
        texts_of(FORM, answers)
        photos_of(FORM, answers)


ALL = {
    "overall": "dissatisfied",
    "why": "a",
    "deeper": "漏水",
    "many": ["a", "b"],
    "top": ["c", "a", "b"],
    "number": 3,
}


def test_a_response_adds_its_codes_and_takes_them_back() -> None:
    counts = counts_of(FORM, ALL, "paper")
    assert counts["$channel", "paper"] == 1
    assert counts["top", "1:c"] == counts["top", "3:b"] == counts["many", "b"] == 1
    assert (counts["number", "total"], counts["number", "*"], counts["deeper", "*"]) == (3, 1, 1)
    other = counts_of(FORM, {"overall": "satisfied"}, "online")
    change = difference([other], [counts])
    assert change["overall", "satisfied"] == 1
    assert change["overall", "dissatisfied"] == -1
    assert ("overall", "*") not in change
    assert difference([counts], [counts]) == {}


def test_results_have_shares_of_those_who_answered_rounded_down() -> None:
    rating = result_of(OVERALL, {"*": 4, "satisfied": 2, "basically": 1, "unknown": 1})
    assert (rating.covered, rating.satisfied_rate, rating.satisfied_rate_wide) == (3, "66.66", "100.00")
    assert {bar.code: bar.share for bar in rating.bars}["satisfied"] == "50.00"
    ranking = {bar.code: bar for bar in result_of(TOP, {"*": 2, "1:c": 2, "2:a": 1, "3:b": 1}).bars}
    assert (ranking["c"].number, ranking["c"].points) == (2, 6)
    assert (ranking["a"].points, ranking["b"].points, ranking["d"].points) == (2, 1, 0)
    assert result_of(NUMBER, {"*": 3, "total": 7}).mean == "2.33"
    assert result_of(NUMBER, {}).mean is None
    assert result_of(OVERALL, {}).satisfied_rate is None


@pytest.mark.parametrize(
    ("form", "where"),
    [
        (Form(()), "form"),
        (Form((Section("s", "空", ()),)), "form.sections.0"),
        (Form((Section("s", "一", (OVERALL, OVERALL)),)), "form"),
        (Form((Section("s", "一", (WHY, OVERALL)),)), "form.sections.0.questions.0.when"),
        (Form((Section("S!", "一", (OVERALL,)),)), "form"),
        (Form((Section("s", "一", (MANY,)),)), "form"),
        (
            Form((Section("s", "一", (OVERALL, Question("q", Kind.SINGLE, "?"))),)),
            "form.sections.0.questions.1.options",
        ),
        (
            Form((Section("s", "一", (OVERALL, Question("q", Kind.TEXT, " "))),)),
            "form.sections.0.questions.1.title",
        ),
        (
            Form((Section("s", "一", (OVERALL, Question("q", Kind.TEXT, "?", longest=9999))),)),
            "form.sections.0.questions.1.longest",
        ),
        (
            Form((Section("s", "一", (OVERALL, Question("q", Kind.TEXT, "?", role=Role.ITEM))),)),
            "form.sections.0.questions.1.role",
        ),
        (
            Form((Section("s", "一", (OVERALL, Question("q", Kind.RANKING, "?", options=OPTIONS))),)),
            "form.sections.0.questions.1.most",
        ),
        (
            Form((Section("s", "一", (OVERALL, Question("q", Kind.NUMBER, "?", minimum=3, maximum=2))),)),
            "form.sections.0.questions.1.minimum",
        ),
        (
            Form((Section("s", "一", (Question("overall", Kind.RATING, "总体", role=Role.OVERALL),)),)),
            "form",
        ),
    ],
)
def test_a_form_that_cannot_be_asked_says_where(form: Form, where: str) -> None:
    assert where in {found.where for found in check_form(form, is_gate=True)}


@pytest.mark.parametrize("name", ["satisfaction", "willingness", "demand", "follow_up"])
def test_every_template_can_be_asked_over_every_catalogue(name: str) -> None:
    template = load_templates()[name]
    for catalogue in load_catalogues().values():
        form = build_form(template, ("屋面防水", "道路"), catalogue)
        assert check_form(form, is_gate=template.rule is not None) == []
        assert form_of(form_json(form)) == form
        assert form_hash(form_of(form_json(form))) == form_hash(form)
        assert build_form(template, (), catalogue) == build_form(template, (), catalogue)


def test_the_demand_template_asks_for_the_first_three_of_the_three_classes() -> None:
    form = build_form(load_templates()["demand"], (), load_catalogues()["base"])
    needs = form.question("needs")
    assert needs is not None
    assert needs.most == 3
    assert {str(option.group)[:3] for option in needs.options} == {"基础类", "完善类", "提升类"}
    assert {str(o.group) for o in load_catalogues()["litong-2026"].options} >= {"楼本体", "公共服务设施"}
