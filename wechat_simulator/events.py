"""What happens on phones and how the product is told: the texts WeChat pushes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wechat_simulator.consents import Popup
from wechat_simulator.mail import Message
from wechat_simulator.pushes import Push
from wechat_simulator.state import User, World

BROKEN = "该公众号提供的服务出现故障，请稍后再试"


def answer_popup(world: World, popup: Popup, answers: Mapping[str, str]) -> bool:
    """Take the answers and tell the mini-program's server; False when answered before."""
    if not world.consents.answer(popup, answers):
        return False
    told = [
        {"TemplateId": template_id, "SubscribeStatusString": answer, "PopupScene": "0"}
        for template_id, answer in answers.items()
        if answer in ("accept", "reject")
    ]
    if told:
        _push_list(world, popup.openid, "popup", told)
    return True


def refuse_template(world: World, openid: str, template_id: str) -> None:
    """Do what "拒收" in the notification's menu does."""
    world.consents.grant(openid, template_id, 0)
    told = [{"TemplateId": template_id, "SubscribeStatusString": "reject"}]
    _push_list(world, openid, "change", told)


def tell_sent(world: World, message: Message) -> None:
    """Tell that a subscription message reached the phone."""
    told = {
        "TemplateId": message.template_id,
        "MsgID": str(message.number),
        "ErrorCode": "0",
        "ErrorStatus": "success",
    }
    _push_list(world, message.openid, "sent", [told])


def tell_template_done(world: World, user: User, number: int) -> None:
    """Tell that a template message was delivered."""
    more = {"MsgID": number, "Status": "success"}
    world.pusher.push("official", _event(world, "official", user, "TEMPLATESENDJOBFINISH", more))


def tell_media_checked(world: World, openid: str, trace_id: str, suggestion: str) -> None:
    """Tell the result of a media check."""
    label = 100 if suggestion == "pass" else 20001
    detail = {"strategy": "content_model", "errcode": 0, "suggest": suggestion, "label": label, "prob": 90}
    fields = {
        **_head(world, "mini", openid),
        "MsgType": "event",
        "Event": "wxa_media_check",
        "appid": world.app.app_id,
        "trace_id": trace_id,
        "version": 2,
        "detail": [detail],
        "errcode": 0,
        "errmsg": "ok",
        "result": {"suggest": suggestion, "label": label},
    }
    world.pusher.push("mini", fields)


def write(world: World, user: User, text: str) -> None:
    """Let a person write to the Official Account; its answer appears in the chat."""
    message = world.mail.deliver("mine", user.openid, text=text)
    world.followers.allow(user.openid, "message")
    fields = {
        **_head(world, "official", user.official_openid),
        "MsgType": "text",
        "Content": text,
        "MsgId": str(23_000_000_000_000_000 + message.number),
    }
    world.pusher.push("official", fields, lambda push: _show_answer(world, user.openid, push))


def click(world: World, user: User, name: str, key: str) -> None:
    """Let a person tap a menu button."""
    world.mail.deliver("click", user.openid, text=name)
    world.followers.allow(user.openid, "event")
    fields = _event(world, "official", user, "CLICK", {"EventKey": key})
    world.pusher.push("official", fields, lambda push: _show_answer(world, user.openid, push))


def follow(world: World, user: User, *, is_following: bool) -> None:
    """Let a person follow or leave the Official Account."""
    world.followers.follow(user.openid, is_following=is_following)
    if is_following:
        world.followers.allow(user.openid, "event")
    name = "subscribe" if is_following else "unsubscribe"
    fields = _event(world, "official", user, name, {"EventKey": ""})
    world.pusher.push("official", fields, lambda push: _show_answer(world, user.openid, push))


def account_name(app_id: str) -> str:
    """Return an account's original id."""
    return f"gh_{app_id[-12:]}"


def _show_answer(world: World, openid: str, push: Push) -> None:
    if not push.is_taken:
        world.mail.deliver("notice", openid, text=BROKEN)
    elif push.reply:
        world.mail.deliver("reply", openid, text=push.reply)


def _push_list(world: World, openid: str, what: str, told: list[dict[str, str]]) -> None:
    address = world.pusher.address("mini")
    if address is None:
        return
    # As JSON, a list of one comes as an object; as XML the element is simply not repeated.
    listed: Any = told[0] if len(told) == 1 else told
    event = f"subscribe_msg_{what}_event"
    holder = {"List": listed}
    if address.form == "xml":
        holder = {f"SubscribeMsg{what.capitalize()}Event": holder}
    fields = {**_head(world, "mini", openid), "MsgType": "event", "Event": event, **holder}
    world.pusher.push("mini", fields)


def _event(world: World, account: str, user: User, name: str, more: Mapping[str, Any]) -> dict[str, Any]:
    return {**_head(world, account, user.official_openid), "MsgType": "event", "Event": name, **more}


def _head(world: World, account: str, openid: str) -> dict[str, Any]:
    app_id = world.app.app_id if account == "mini" else world.app.official_id
    return {"ToUserName": account_name(app_id), "FromUserName": openid, "CreateTime": int(world.now())}
