"""What a staff password must be."""

from __future__ import annotations

import itertools

from backend.identity.errors import WeakPassword

MIN_LENGTH = 10
MAX_LENGTH = 128
_MIN_DISTINCT = 5
_TRIVIAL = (
    "password",
    "passw0rd",
    "qwerty",
    "qazwsx",
    "1q2w3e",
    "asdfgh",
    "zxcvbn",
    "iloveyou",
    "woaini",
    "letmein",
    "welcome",
    "admin",
    "gongjue",
    "abc123",
    "a123456",
    "123456",
    "654321",
    "111111",
    "000000",
    "888888",
    "666666",
    "5201314",
    "147258",
    "112233",
)


def check_password(password: str, username: str) -> None:
    """Raise WeakPassword unless the password is long, varied, not trivial and not built on the username."""
    if len(password) < MIN_LENGTH:
        raise WeakPassword(f"密码至少要 {MIN_LENGTH} 位。")
    if len(password) > MAX_LENGTH:
        raise WeakPassword(f"密码最多 {MAX_LENGTH} 位。")
    lowered = password.lower()
    if len(set(lowered)) < _MIN_DISTINCT or _is_run(lowered):
        raise WeakPassword("密码太简单，请不要用重复或连续的字符。")
    if username.lower() in lowered:
        raise WeakPassword("密码不能包含用户名。")
    # A trivial core with a few characters around it is still trivial; a long phrase may contain one.
    if any(core in lowered and len(lowered) - len(core) < 6 for core in _TRIVIAL):
        raise WeakPassword("密码太常见，请换一个别人猜不到的。")


def _is_run(text: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in itertools.pairwise(text)}
    return steps <= {1} or steps <= {-1}
