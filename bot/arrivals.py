"""What a call of WeChat changes: once, however often it comes.

Questions change nothing and are answered again when they are repeated; whatever has an effect has its row.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from backend.identity.service.contacts import account_of_openid
from backend.infra.context import Context
from backend.infra.wechat.arrivals import note_arrival
from backend.infra.wechat.callbacks import Callback
from backend.infra.wechat.pushed import MEDIA_CHECK, media_check_of, registered
from backend.notifications.service import chats, followers, subscriptions
from backend.notifications.service.subscriptions import PopupEvent

logger = logging.getLogger("gongjue.bot")

# Events that a person makes in the chat and waits for an answer to.
_ASKING = ("click", "subscribe", "scan")


def wants_answer(callback: Callback) -> bool:
    """Tell whether somebody sits at the phone and waits."""
    return callback.kind != "event" or callback.event in _ASKING


def arrive(ctx: Context, account: str, callback: Callback) -> bool:
    """Note a call and let it have its effect, in one transaction; False where it had it before."""
    if not note_arrival(ctx.session, f"{account}:{callback.key}", ctx.clock.now()):
        return False
    effect = _EFFECTS.get((account, callback.event))
    if effect is not None:
        effect(ctx, callback)
    return True


def _follow(ctx: Context, callback: Callback) -> None:
    """Somebody follows: they may be known across the operator's apps."""
    if ctx.ports.gateways is not None and ctx.ports.gateways.official is not None:
        chats.ask_to_recognise(ctx, callback.openid, is_new=True)


def _leave(ctx: Context, callback: Callback) -> None:
    followers.unlink_follower(ctx, callback.openid)


def _consents(ctx: Context, callback: Callback) -> None:
    """Put a popup or a changed setting into the consent ledger, which pairs it with what the phone tells."""
    account_id = account_of_openid(ctx, callback.openid)
    if account_id is None:
        return
    answers = [(item.template_id, item.status) for item in callback.subscriptions]
    is_setting = callback.event == "subscribe_msg_change_event"
    event = PopupEvent(account_id, callback.key, answers, ctx.clock.now(), is_setting)
    subscriptions.record_callback(ctx, event)


def _sent(_ctx: Context, callback: Callback) -> None:
    """A message reached the phone or did not. Its consent was used when it left: nothing is counted again."""
    for item in callback.subscriptions:
        if item.error_code not in ("", "0"):
            code = item.error_code if item.error_code.isascii() and len(item.error_code) <= 12 else "-"
            logger.warning("message_not_shown", extra={"fields": {"code": code}})


def _media_checked(ctx: Context, callback: Callback) -> None:
    """Hand WeChat's opinion of a picture to whoever asked for it; one listener's fault is not the others'."""
    check = media_check_of(callback)
    for listener in registered.media_listeners if check is not None else ():
        assert check is not None
        try:
            with ctx.session.begin_nested():
                listener(ctx, check)
        except Exception:
            logger.exception("media_listener_failed")


_EFFECTS: Mapping[tuple[str, str], Callable[[Context, Callback], None]] = {
    ("mini", "subscribe_msg_popup_event"): _consents,
    ("mini", "subscribe_msg_change_event"): _consents,
    ("mini", "subscribe_msg_sent_event"): _sent,
    ("mini", MEDIA_CHECK): _media_checked,
    ("official", "subscribe"): _follow,
    ("official", "unsubscribe"): _leave,
}
