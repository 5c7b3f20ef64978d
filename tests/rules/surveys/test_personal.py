"""Phones, identity numbers and doors are found in free text and masked; ordinary numbers are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.surveys.rules.personal import mask_personal


@pytest.mark.parametrize(
    ("text", "kinds", "gone"),
    [
        ("请打13800001234找我", ("phone",), "00001234"),
        ("电话：138 0000 1234", ("phone",), "0000 1234"),
        ("电话１３８００００１２３４", ("phone",), "13800001234"),
        ("+86-13800001234", ("phone",), "00001234"),
        ("座机0951-2034567", ("phone",), "2034567"),
        ("身份证11010119900307123X", ("identity",), "19900307"),
        ("卡号6222 0212 3456 7890 123", ("card",), "7890"),
        ("发到zhang.san@example.com", ("email",), "example"),
        ("车宁A12345堵了路", ("plate",), "12345"),
        ("3号楼2单元501漏水", ("door",), "501"),
        ("2单元501漏水", ("door",), "501"),
        ("3-2-501漏水", ("door",), "501"),
    ],
)
def test_what_points_to_a_person_is_masked(text: str, kinds: tuple[str, ...], gone: str) -> None:
    found = mask_personal(text)
    assert found.found == kinds
    assert gone not in found.text
    assert "*" in found.text


@pytest.mark.parametrize(
    "text", ["2026年3月1日 15:30", "共1200元", "等了30天，修了2次", "5栋的灯不亮", "太慢"]
)
def test_ordinary_numbers_stay(text: str) -> None:
    assert mask_personal(text).text == text
    assert mask_personal(text).found == ()


@given(st.text(max_size=200))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = mask_personal(text).text
    assert mask_personal(once).text == once
