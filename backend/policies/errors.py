"""What can go wrong with adoptions and local numbers."""

from __future__ import annotations

from backend.kernel.errors import Conflict, FieldError, Unprocessable


def unknown_profile(profile: str) -> Unprocessable:
    """Return the refusal of a profile that the product does not know."""
    return Unprocessable(
        "unknown_profile", "没有这个政策口径。", (FieldError("profile", f"未知的政策口径：{profile[:64]}"),)
    )


def unknown_parameter(rule_id: str, name: str) -> Unprocessable:
    """Return the refusal of a number that the rule does not leave to the locality."""
    text = f"规则 {rule_id[:64]} 没有可由当地确定的“{name[:64]}”"
    return Unprocessable("unknown_parameter", "这个数值不能由当地确定。", (FieldError("name", text),))


def impossible_value(reason: str) -> Unprocessable:
    """Return the refusal of a value that the parameter cannot take."""
    return Unprocessable("impossible_value", "数值不能采用。", (FieldError("value", reason),))


def not_yet_valid() -> Unprocessable:
    """Return the refusal of a number whose document takes effect later."""
    return Unprocessable(
        "not_yet_valid",
        "文件尚未生效，请在生效日当天或以后登记。",
        (FieldError("valid_from", "生效日期不能晚于今天"),),
    )


def document_missing() -> Unprocessable:
    """Return the refusal of a document hash under which nothing was uploaded."""
    return Unprocessable(
        "document_missing", "没有找到所附文件，请先上传。", (FieldError("document_sha256", "文件未上传"),)
    )


def impossible_calendar(reason: str) -> Unprocessable:
    """Return the refusal of a year's arrangement that cannot be right."""
    return Unprocessable("impossible_calendar", "节假日安排不能录入。", (FieldError("calendar", reason),))


def already_ended() -> Conflict:
    """Return the refusal to end or replace something that somebody else has just ended."""
    return Conflict("already_ended", "这一项刚刚已被他人变更或终止，请刷新后重试。")
