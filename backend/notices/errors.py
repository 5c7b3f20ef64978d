"""What can go wrong with notices and objections."""

from __future__ import annotations

from backend.kernel.errors import Conflict, FieldError, TooMany, Unprocessable


def not_open() -> Conflict:
    """Return the refusal to answer or withdraw an objection that has been answered or withdrawn already."""
    return Conflict("objection_closed", "这项异议已经答复或撤回，请刷新后查看。")


def key_used() -> Unprocessable:
    """Return the refusal of an idempotency key that came with other content."""
    return Unprocessable("idempotency_mismatch", "同一个请求编号已用于另一项内容，请重新提交。")


def unknown_kind(where: str, value: str) -> Unprocessable:
    """Return the refusal of a kind nobody knows."""
    return Unprocessable("unknown_kind", "没有这个类别。", (FieldError(where, f"未知的类别：{value[:32]}"),))


def empty_text(where: str) -> Unprocessable:
    """Return the refusal of a text without words."""
    return Unprocessable("empty_text", "请写明内容。", (FieldError(where, "不能为空。"),))


def too_many_open() -> TooMany:
    """Return the refusal of one more objection while many of the same person wait for an answer."""
    return TooMany("too_many_objections", "您有多项异议正在等待答复，请在得到答复后再提交新的异议。")
