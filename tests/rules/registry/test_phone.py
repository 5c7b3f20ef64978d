"""Telephone numbers in one form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.phone import mask_phone, normalise_phone


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("13800138000", "13800138000"),
        ("+86 138 0013 8000", "13800138000"),
        ("0086-13800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("(0953)2012345", "09532012345"),
        ("010－8888 6666", "01088886666"),
        ("+86 953 2012345", "09532012345"),
        ("12800138000", None),
        ("1380013800", None),
        ("2012345", None),
        ("0953-0012345", None),
        ("138001380000", None),
        ("", None),
        ("电话13800138000", None),
        ("٠١٣٨٠٠١٣٨٠٠", None),
    ],
)
def test_number_has_one_form_or_none(text: str, digits: str | None) -> None:
    assert normalise_phone(text) == digits


@given(st.text())
def test_normal_form_is_stable_and_plain(text: str) -> None:
    digits = normalise_phone(text)
    if digits is not None:
        assert digits.isascii()
        assert digits.isdigit()
        assert normalise_phone(digits) == digits


def test_mask_keeps_three_and_two() -> None:
    assert mask_phone("13800138000") == "138******00"
    assert mask_phone("12345") == "*****"
