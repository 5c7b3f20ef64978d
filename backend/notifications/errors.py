"""Refusals of notifications."""

from __future__ import annotations

from backend.kernel.errors import Conflict, FieldError, Unprocessable


def unknown_template() -> Unprocessable:
    """The phone names a template that this installation does not use."""
    return Unprocessable("unknown_template", "没有这个消息模板，请刷新后重试。")


def entry_done() -> Conflict:
    """The doorstep entry is done already."""
    return Conflict("entry_done", "这一户已经由别人办理完毕，无需重复登记。")


def bad_room_key() -> Unprocessable:
    """What was given as the robot's key is none."""
    where = FieldError("key", "请填写群机器人 Webhook 地址里 key= 后面的那一串（字母、数字和横线）。")
    return Unprocessable("room_key", "群机器人密钥格式不对。", [where])


def room_exists() -> Conflict:
    """This robot is registered for this community already."""
    return Conflict("room_exists", "这个群机器人已经登记过。")


def bad_template(message: str) -> Unprocessable:
    """A template's fields cannot carry our messages."""
    return Unprocessable("template", "消息模板有误。", [FieldError("fields", message)])


def bad_setting(name: str, message: str) -> Unprocessable:
    """A reminder setting is unknown or out of its bounds."""
    return Unprocessable("settings", "提醒参数有误。", [FieldError(f"settings.{name}", message)])
