"""What WeChat tells us: signatures checked, messages decrypted, answers sealed. Nothing here has effects."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wechatpy.crypto import PrpCrypto
from wechatpy.exceptions import InvalidAppIdException

from backend.infra.wechat.callback_parsing import Malformed, parse_message

MOST_BYTES = 64 * 1024
_LISTS = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}


class CallbackError(Exception):
    """A call that is not WeChat's, or not for now: answer with a plain refusal, do nothing."""


class BadSignature(CallbackError):
    """The caller does not know our token."""


class Stale(CallbackError):
    """Signed too long ago, or in the future."""


class Oversized(CallbackError):
    """Larger than anything WeChat sends."""


class BadMessage(CallbackError):
    """Rightly signed or not, it cannot be read: no such XML, JSON or ciphertext."""


@dataclass(frozen=True, slots=True)
class CallbackSettings:
    """One account's callback secrets as entered at WeChat; ``window_seconds`` is how old a call may be."""

    app_id: str
    token: str = field(repr=False)
    aes_key: str = field(repr=False)  # 43 characters
    window_seconds: int = 300

    def __post_init__(self) -> None:
        """Refuse secrets that cannot work, at start instead of at the first call."""
        if not self.token:
            raise ValueError("the callback token is empty")
        if len(_aes_key(self)) != 32:
            raise ValueError("the callback AES key must have the 43 characters that WeChat gives")


@dataclass(frozen=True, slots=True)
class Subscription:
    """One template in a subscription event: ``status`` accept | reject | ban, or of a sent message."""

    template_id: str
    status: str
    message_id: str = ""
    error_code: str = ""


@dataclass(frozen=True, slots=True)
class Callback:
    """One message or event. ``key`` is the same for every repetition and names nobody."""

    kind: str  # MsgType in lower case; "event" has its name in ``event``
    event: str
    openid: str = field(repr=False)
    account: str = field(repr=False)
    created_at: int
    key: str
    fields: Mapping[str, Any] = field(repr=False)
    subscriptions: tuple[Subscription, ...]
    is_json: bool

    def text(self, name: str) -> str:
        """Return a field's text, or nothing."""
        value = self.fields.get(name, "")
        return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def verify_address(settings: CallbackSettings, query: Mapping[str, str], now: int) -> str:
    """Return what a GET that checks our address must be answered with; raises BadSignature or Stale."""
    expected = _sign(settings.token, query.get("timestamp", ""), query.get("nonce", ""))
    _check_signature(expected, query.get("signature", ""))
    _check_fresh(settings, query, now)
    return query.get("echostr", "")


def open_callback(settings: CallbackSettings, query: Mapping[str, str], body: bytes, now: int) -> Callback:
    """Verify, decrypt and read a POST; ``now`` in epoch seconds.

    Raises Oversized, BadMessage, BadSignature or Stale; never anything else, whatever the bytes are.
    """
    if len(body) > MOST_BYTES:
        raise Oversized("the message is too large")
    try:
        envelope, _ = parse_message(body)
        encrypted = envelope.get("Encrypt")
        if not isinstance(encrypted, str):
            raise BadMessage("the message is not encrypted")
        expected = _sign(settings.token, query.get("timestamp", ""), query.get("nonce", ""), encrypted)
        _check_signature(expected, query.get("msg_signature", ""))
        _check_fresh(settings, query, now)
        fields, is_json = parse_message(_decrypt(settings, encrypted))
    except Malformed as error:
        raise BadMessage(str(error)) from None
    return _callback(fields, is_json)


def text_reply(callback: Callback, text: str, now: int) -> str:
    """Return the passive answer to a message of the Official Account, to be sealed."""
    words = "]]]]><![CDATA[>".join(text.split("]]>"))
    return (
        f"<xml><ToUserName><![CDATA[{callback.openid}]]></ToUserName>"
        f"<FromUserName><![CDATA[{callback.account}]]></FromUserName><CreateTime>{now}</CreateTime>"
        f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{words}]]></Content></xml>"
    )


def seal_reply(settings: CallbackSettings, reply: str, now: int, *, as_json: bool = False) -> str:
    """Return the encrypted and signed envelope of a passive answer."""
    nonce = secrets.token_hex(8)
    encrypted = str(_cipher(settings).encrypt(reply, settings.app_id), "ascii")
    signature = _sign(settings.token, str(now), nonce, encrypted)
    if as_json:
        return json.dumps({"Encrypt": encrypted, "MsgSignature": signature, "TimeStamp": now, "Nonce": nonce})
    return (
        f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
        f"<TimeStamp>{now}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
    )


def _cipher(settings: CallbackSettings) -> Any:
    return PrpCrypto(_aes_key(settings))  # type: ignore[no-untyped-call]  # wechatpy is untyped


def _aes_key(settings: CallbackSettings) -> bytes:
    try:
        return base64.b64decode(settings.aes_key + "=")
    except (binascii.Error, ValueError):
        return b""


def _sign(*parts: str) -> str:
    joined = "".join(sorted(parts)).encode("utf-8", "surrogatepass")
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest()  # WeChat's choice


def _check_signature(expected: str, given: str) -> None:
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass")):
        raise BadSignature("the signature is wrong")


def _check_fresh(settings: CallbackSettings, query: Mapping[str, str], now: int) -> None:
    moment = query.get("timestamp", "")
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
        raise BadMessage("the timestamp is no number")
    if abs(now - int(moment)) > settings.window_seconds:
        raise Stale("signed outside the time window")


def _decrypt(settings: CallbackSettings, encrypted: str) -> bytes:
    try:
        plain = str(_cipher(settings).decrypt(encrypted, settings.app_id))
    except (ValueError, IndexError, struct.error, InvalidAppIdException):
        raise BadMessage("cannot be decrypted for this account") from None
    return plain.encode()


def _callback(fields: dict[str, Any], is_json: bool) -> Callback:
    openid, kind, moment = (_text(fields, name) for name in ("FromUserName", "MsgType", "CreateTime"))
    if not openid or not kind or not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
        raise BadMessage("sender, kind or time is missing")
    event = _text(fields, "Event").lower()
    subscriptions = _subscriptions(fields, event)
    return Callback(
        kind=kind.lower(),
        event=event,
        openid=openid,
        account=_text(fields, "ToUserName"),
        created_at=int(moment),
        key=_key(fields, openid, moment, event, subscriptions),
        fields=fields,
        subscriptions=subscriptions,
        is_json=is_json,
    )


def _key(
    fields: Mapping[str, Any], openid: str, moment: str, event: str, items: tuple[Subscription, ...]
) -> str:
    """Tell repetitions from news: MsgId; for events who, when, what, and which templates or messages.

    Two different sent-events of one person may fall into the same second, hence the items.
    """
    message_id = _text(fields, "MsgId")
    parts = ["message", message_id]
    if event or not message_id:
        told = [f"{item.template_id}/{item.status}/{item.message_id}" for item in items]
        more = [_text(fields, name) for name in ("EventKey", "trace_id", "MsgID")]
        parts = ["event", openid, moment, event, *more, *sorted(told)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _subscriptions(fields: Mapping[str, Any], event: str) -> tuple[Subscription, ...]:
    wrapper = _LISTS.get(event)
    if wrapper is None:
        return ()
    # XML and some JSON put the list inside the wrapper, JSON of one item has it at the top as an object, and
    # WeChat's own JSON example has no "List" at all.
    holder = fields.get(wrapper, fields)
    if isinstance(holder, dict):
        holder = holder.get("List", () if holder is fields else holder)
    items = holder if isinstance(holder, list) else [holder]
    return tuple(_subscription(item) for item in items if isinstance(item, dict))


def _subscription(item: Mapping[str, Any]) -> Subscription:
    status = _text(item, "SubscribeStatusString") or _text(item, "ErrorStatus")
    return Subscription(
        _text(item, "TemplateId"),
        status,
        _text(item, "MsgID") or _text(item, "MsgId"),
        _text(item, "ErrorCode"),
    )


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name, "")
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
