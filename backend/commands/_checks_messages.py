"""The doctor's look at messages: what is set up at WeChat, and whether the queue moves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from backend.commands._finding import Finding, State
from backend.infra.context import Ports
from backend.infra.database import db_now, open_session
from backend.infra.settings import Settings
from backend.notifications import queries
from backend.notifications.rules.kinds import Purpose

STUCK_AFTER = timedelta(minutes=10)
_ASKED = (Purpose.REMINDER, Purpose.RECORD, Purpose.RESULT)
_BY_TEXT = (Purpose.REMINDER, Purpose.RECORD, Purpose.FOLLOW_UP)


def examine_messages(ports: Ports) -> Iterator[Finding]:
    """Yield the queue's state, and notes on what is not set up."""
    with open_session(ports.engine, read_only=True) as session:
        now = db_now(session)
        health = queries.queue_health(session, now, now - STUCK_AFTER)
        missing = queries.missing_templates(session, "subscribe", _ASKED)
        unsent = queries.missing_templates(session, "sms", _BY_TEXT)
    if health.overdue:
        words = f"有 {health.overdue} 条消息到时十分钟仍未发出，请检查 gongjue bot"
        yield Finding(State.WRONG, "消息", words)
    else:
        yield Finding(State.RIGHT, "消息", "该发的都已发出")
    if health.resting:
        yield Finding(
            State.NOTE, "消息", f"渠道 {'、'.join(health.resting)} 因连续失败或限额暂停，会自动恢复"
        )
    for channel, purpose in health.templates:
        words = f"{channel} 的 {purpose} 模板微信不认，这类消息暂停到更换模板或一小时后：gongjue template set"
        yield Finding(State.WRONG, "消息", words)
    if health.unknown:
        yield Finding(
            State.NOTE, "消息", f"一天内有 {health.unknown} 条不知是否送达，不会重发，住户已列入上门名单"
        )
    if ports.settings.mode == "production":
        yield from _not_set_up(ports.settings, missing, health.rooms)
        if unsent and ports.settings.sms.transport != "none":
            words = f"没有短信模板 {'、'.join(unsent)}，这类短信发不出：gongjue template set sms"
            yield Finding(State.NOTE, "消息", words)


def _not_set_up(settings: Settings, missing: list[str], rooms: int) -> Iterator[Finding]:
    if missing:
        words = f"没有订阅消息模板 {'、'.join(missing)}，这类消息到不了微信：gongjue template set"
        yield Finding(State.NOTE, "消息", words)
    if not settings.callback_token_mini:
        yield Finding(State.NOTE, "消息", "没有设置小程序回调：关闭订阅的住户要到发送失败才知道")
    if settings.wechat_official_app_id and not settings.callback_token_official:
        yield Finding(State.NOTE, "消息", "没有设置公众号回调：关注者不能对话，也收不到客服消息")
    if not rooms:
        yield Finding(State.NOTE, "消息", "还没有社区登记工作群：检查点没有库外见证，简报无处可发")
