"""Canonical JSON: one byte string per value (RFC 8785 restricted to integers, strings, booleans and null)."""

from __future__ import annotations

import json
from json.encoder import JSONEncoder

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 32


class NotCanonical(ValueError):
    """A value or text that has no canonical form; the message says why, in Chinese, for reports."""


_ENCODER = JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def encode(value: object) -> bytes:
    """Return the canonical bytes: UTF-8, keys sorted, no spaces.

    Raises NotCanonical for floats, integers of 2^53 and beyond, and keys that are not ASCII.
    """
    _check(value, 0)
    return _dump(value)


def decode(text: bytes) -> object:
    """Parse bytes that must be canonical already (so no duplicate key, no spacing, no NaN can hide)."""
    try:
        value: object = json.loads(text.decode("utf-8"), parse_float=_refuse, parse_constant=_refuse)
    except RecursionError:
        raise NotCanonical("嵌套层数过深") from None
    except UnicodeDecodeError as error:
        raise NotCanonical(f"不是 UTF-8 文本（第 {error.start + 1} 字节）") from None
    except NotCanonical:
        raise
    except ValueError as error:
        raise NotCanonical(f"不是有效的 JSON（{_position(error)}）") from None
    _check(value, 0)
    if _dump(value) != text:
        raise NotCanonical("不是规范写法（键未排序、键重复、有多余空格或转义写法不同）")
    return value


def _dump(value: object) -> bytes:
    try:
        return _ENCODER.encode(value).encode("utf-8")
    except UnicodeEncodeError:
        raise NotCanonical("含有不成对的代理字符") from None


def _check(value: object, depth: int) -> None:
    if value is None or isinstance(value, str | bool):
        return
    if depth > MAX_DEPTH:
        raise NotCanonical("嵌套层数过深")
    if isinstance(value, dict):
        for key, item in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise NotCanonical("键必须是 ASCII 字符串")
            _check(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item, depth + 1)
    elif not (isinstance(value, int) and -MAX_INTEGER <= value <= MAX_INTEGER):
        raise NotCanonical("数值必须是绝对值小于 2 的 53 次方的整数")


def _refuse(text: str) -> object:
    raise NotCanonical(f"不允许的数值 {text[:20]}")


def _position(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"第 {error.pos + 1} 个字符"
    return "整数过大"
