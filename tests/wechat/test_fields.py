"""Field formats: what WeChat takes passes, what it refuses is caught before anything is queued."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.infra.wechat.fields import FieldError, check_field, check_fields, fit_thing
from wechat_simulator.answers import Refused
from wechat_simulator.catalogue import Catalogue

GOOD = [
    ("thing1", "北塔花园加装电梯表决12月1日截止"),
    ("thing20", "字" * 20),
    ("number1", "12.5"),
    ("letter1", "ABC"),
    ("symbol1", "!?"),
    ("character_string1", "GJ-2026-0001"),
    ("time1", "15:01"),
    ("time1", "2026年10月1日 15:01"),
    ("date2", "2026年10月1日"),
    ("date2", "2026年10月1日 9:05"),
    ("amount1", "¥100.50元"),
    ("phone_number1", "0953-8888888"),
    ("car_number1", "宁A12345"),
    ("name1", "马建国"),
    ("name1", "Li Lei"),
    ("phrase3", "未投票"),
]
BAD = [
    ("thing1", ""),
    ("thing1", "   "),
    ("thing1", "字" * 21),
    ("thing1", "两\n行"),
    ("number1", "十二"),
    ("number1", "1" * 33),
    ("letter1", "A1"),
    ("symbol1", "abc"),
    ("character_string1", "编号"),
    ("time1", "25:01"),
    ("date2", "2026-10-01"),
    ("date2", "2026年13月1日"),
    ("amount1", "12345678901"),
    ("phone_number1", "1" * 18),
    ("name1", "马" * 11),
    ("name1", "   "),
    ("phrase3", "超过五个汉字"),
    ("phrase3", "no"),
    ("first", "x"),
    ("thing", "x"),
    ("keyword1", "x"),
    ("", "x"),
]


@pytest.mark.parametrize(("field", "value"), GOOD)
def test_what_wechat_takes_passes_here_and_there(field: str, value: str) -> None:
    check_field(field, value)
    assert Catalogue().check("any", {field: {"value": value}}) == {field: value}


@pytest.mark.parametrize(("field", "value"), BAD)
def test_what_wechat_refuses_is_caught(field: str, value: str) -> None:
    with pytest.raises(FieldError) as caught:
        check_fields({field: value})
    assert caught.value.field == field
    assert not value.strip() or len(value) < 3 or value not in str(caught.value)


def test_no_field_at_all_is_refused() -> None:
    with pytest.raises(FieldError):
        check_fields({})


KINDS = ("thing1", "number2", "character_string3", "phrase4", "name5", "time6", "date7", "phone_number8")


@given(field=st.sampled_from(KINDS), value=st.text(max_size=40))
def test_whatever_passes_here_passes_the_simulators_own_table(field: str, value: str) -> None:
    try:
        check_field(field, value)
    except FieldError:
        return
    try:
        Catalogue().check("any", {field: {"value": value}})
    except Refused as refused:
        raise AssertionError(f"{field}={value!r} passed and was refused") from refused


@given(st.text())
def test_any_text_can_be_fitted_into_a_thing(text: str) -> None:
    check_field("thing1", fit_thing(text) or "无")


@pytest.mark.parametrize("text", ["a\x00b", "a\rb", "a\x85b", "a\u2028b", "a\tb"])
def test_control_characters_are_refused_and_fitted_away(text: str) -> None:
    with pytest.raises(FieldError):
        check_field("thing1", text)
    assert fit_thing(text) == "a b"


def test_cut_is_shown() -> None:
    assert fit_thing("字" * 20) == "字" * 20
    assert fit_thing("字" * 21) == "字" * 19 + "…"
    assert fit_thing("两\n 行") == "两 行"
