"""Passwords that a guesser tries first are refused."""

from __future__ import annotations

import pytest

from backend.identity.errors import WeakPassword
from backend.identity.rules.passwords import check_password


@pytest.mark.parametrize(
    "password",
    [
        "short1!aa",
        "aaaaaaaaaaaa",
        "abcdefghijkl",
        "9876543210",
        "password123",
        "Passw0rd2024",
        "wang.fang-88",
        "5201314abc",
        "x" * 129,
    ],
)
def test_weak_password_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        check_password(password, "wang.fang")


@pytest.mark.parametrize(
    "password", ["三更灯火五更鸡正是男儿", "Tian-Shan#27", "correct horse battery", "kR8_xw92Lq"]
)
def test_good_password_is_accepted(password: str) -> None:
    check_password(password, "wang.fang")
