"""``/cgi-bin/message`` and the group robot: what arrives on phones and in rooms."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from wechat_simulator import events
from wechat_simulator.answers import Refused, success
from wechat_simulator.catalogue import field_texts
from wechat_simulator.endpoints.checks import check_token, follower, json_body, mini_user, world

blueprint = Blueprint("messages", __name__, url_prefix="/cgi-bin")

_STATES = ("formal", "trial", "developer")
_LANGUAGES = ("zh_CN", "zh_TW", "zh_HK", "en_US")
_TEMPLATE_CUT = 20
_ONCE_SECONDS = 600
_MOST_TEXT = 2048
_MOST_MARKDOWN = 4096
_ROBOT_KINDS = ("text", "markdown", "image", "news", "file")


@blueprint.post("/message/subscribe/send")
def send_subscribe() -> Response:
    """Deliver a subscription message and use up one consent."""
    check_token("mini")
    body = json_body()
    user = mini_user(body.get("touser"))
    values = world().catalogue.check(body.get("template_id"), body.get("data"))
    world().catalogue.check_page(body.get("page"))
    if body.get("miniprogram_state", "formal") not in _STATES or body.get("lang", "zh_CN") not in _LANGUAGES:
        raise Refused(40097)
    template_id = str(body["template_id"])
    if not world().consents.use(user.openid, template_id):
        raise Refused(43101)
    page = str(body.get("page", ""))
    message = world().mail.deliver(
        "subscribe", user.openid, template_id=template_id, link=page, fields=values
    )
    events.tell_sent(world(), message)
    return success(msgid=message.number)


@blueprint.post("/message/custom/send")
def send_custom() -> Response:
    """Write to a follower who wrote or tapped lately."""
    check_token("official")
    body = json_body()
    user = follower(body.get("touser"))
    if body.get("msgtype") != "text" or not isinstance(body.get("text"), dict):
        raise Refused(40097)
    text = body["text"].get("content")
    if not isinstance(text, str) or not text:
        raise Refused(40097)
    if len(text.encode()) > _MOST_TEXT:
        raise Refused(45002)
    world().followers.use(user.openid)
    world().mail.deliver("custom", user.openid, text=text)
    return success()


@blueprint.post("/message/template/send")
def send_template() -> Response:
    """Deliver a template message to a follower; long fields are cut, repetitions dropped."""
    check_token("official")
    body = json_body()
    user = follower(body.get("touser"))
    if not body.get("template_id"):
        raise Refused(40037)
    values = {name: text[:_TEMPLATE_CUT] for name, text in field_texts(body.get("data")).items()}
    if not world().followers.is_following(user.openid):
        raise Refused(43004)
    key = str(body.get("client_msg_id", ""))
    before = world().mail.once(user.openid, key, _ONCE_SECONDS) if key else None
    if before is not None:
        return success(msgid=before)
    message = world().mail.deliver(
        "template",
        user.openid,
        template_id=str(body["template_id"]),
        link=_link(body),
        fields=values,
    )
    if key:
        world().mail.remember(user.openid, key, message.number)
    events.tell_template_done(world(), user, message.number)
    return success(msgid=message.number)


@blueprint.post("/webhook/send")
def send_robot() -> Response:
    """Let a group's robot write."""
    body = json_body()
    kind = body.get("msgtype")
    content = body.get(str(kind))
    if kind not in _ROBOT_KINDS or not isinstance(content, dict):
        raise Refused(40058)
    world().rooms.write(request.args.get("key", ""), str(kind), _robot_text(str(kind), content))
    return success()


def _robot_text(kind: str, content: dict[str, Any]) -> str:
    if kind not in ("text", "markdown"):
        return f"[{kind}]"
    text = content.get("content")
    most = _MOST_TEXT if kind == "text" else _MOST_MARKDOWN
    if not isinstance(text, str) or not 0 < len(text.encode()) <= most:
        raise Refused(40058)
    return text


def _link(body: dict[str, Any]) -> str:
    mini = body.get("miniprogram")
    if isinstance(mini, dict):
        if mini.get("appid") != world().app.app_id:
            raise Refused(40013)
        return str(mini.get("pagepath", ""))
    return str(body.get("url", ""))
