"""One call of WeChat: opened and judged, its effect once, its answer within a second."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from backend.infra.context import Context
from backend.infra.database import open_session
from backend.infra.web import GongjueFlask
from backend.infra.wechat.callbacks import (
    BadMessage,
    BadSignature,
    Callback,
    CallbackError,
    CallbackSettings,
    Oversized,
    Stale,
    open_callback,
    seal_reply,
    text_reply,
    verify_address,
)
from backend.kernel.access import SYSTEM
from backend.kernel.errors import DomainError, Forbidden, Invalid, NotFound, TooLarge
from bot import arrivals
from bot.chat import Chat, has_effect
from bot.clock import SteadyClock
from bot.replies import texts

# What WeChat takes for "received, nothing to say".
TAKEN = "success"
_OPENID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# A person, not WeChat: who writes more often is told so, without any work for the database.
_SENDER_LIMIT = "30/minute"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Taken:
    """What WeChat is answered."""

    body: str
    media_type: str = "text/plain"


class CallbackDesk:
    """One per process, any number of threads."""

    def __init__(self, app: GongjueFlask) -> None:
        self._app = app
        self._ports = ports = app.ports
        self._clock = SteadyClock(ports.engine)
        self._chat = Chat(ports, app.extensions["polling_desk"])
        settings = ports.settings
        window = settings.callback_window_seconds
        self._accounts = {
            "mini": _secrets(
                settings.wechat_app_id, settings.callback_token_mini, settings.callback_aes_key_mini, window
            ),
            "official": _secrets(
                settings.wechat_official_app_id,
                settings.callback_token_official,
                settings.callback_aes_key_official,
                window,
            ),
        }

    def close(self) -> None:
        """Write down what waits, before the database goes."""
        self._chat.close()

    def verify(self, account: str, query: Mapping[str, str]) -> str:
        """Return what a check of the address is answered; raises NotFound where nothing is set up, Forbidden."""
        settings = self._settings(account)
        try:
            return _in_time(self._clock, lambda now: verify_address(settings, query, now))
        except CallbackError as error:
            raise _refusal(error) from None

    def take(self, account: str, query: Mapping[str, str], body: bytes, request_id: str) -> Taken:
        """Take a call; raises NotFound, Forbidden, Invalid or TooLarge for what is not WeChat's."""
        settings = self._settings(account)
        try:
            callback = _in_time(self._clock, lambda now: open_callback(settings, query, body, now))
        except CallbackError as error:
            raise _refusal(error) from None
        if not _OPENID.fullmatch(callback.openid):
            raise _refusal(BadMessage("the sender is no openid"))
        text = self._hear(account, callback, request_id)
        if text is None:
            return Taken(TAKEN)
        now = self._clock.now()
        reply = text_reply(callback, text.encode("utf-8", "replace").decode(), now)
        sealed = seal_reply(settings, reply, now, as_json=callback.is_json)
        return Taken(sealed, "application/json" if callback.is_json else "text/xml")

    def _settings(self, account: str) -> CallbackSettings:
        settings = self._accounts[account]
        if settings is None:
            raise NotFound
        return settings

    def _hear(self, account: str, callback: Callback, request_id: str) -> str | None:
        """Let the call have its effect, unless it had it already, and return what to say, if anything."""
        is_chat = account == "official" and arrivals.wants_answer(callback)
        if is_chat and callback.kind != "event" and self._is_flood(callback):
            return texts.TOO_FAST
        is_new = True
        if not is_chat or has_effect(callback):
            with open_session(self._ports.engine) as session:
                ctx = Context(session=session, actor=SYSTEM, ports=self._ports, request_id=request_id)
                is_new = arrivals.arrive(ctx, account, callback)
                session.commit()
        return self._chat.answer(callback, request_id, is_new=is_new) if is_chat else None

    def _is_flood(self, callback: Callback) -> bool:
        sender = self._ports.vault.index(callback.openid, "flood")
        return not self._app.floods.admits(_SENDER_LIMIT, "wechat sender", sender)


def _secrets(app_id: str, token: str, aes_key: str, window: int) -> CallbackSettings | None:
    return CallbackSettings(app_id, token, aes_key, window) if app_id and token and aes_key else None


def _in_time(clock: SteadyClock, judge: Callable[[int], T]) -> T:
    """Judge by the remembered time; what seems stale is judged once more by the database's."""
    try:
        return judge(clock.now())
    except Stale:
        return judge(clock.renew())


def _refusal(error: CallbackError) -> DomainError:
    if isinstance(error, Oversized):
        return TooLarge("too_large", "消息太大。")
    if isinstance(error, BadSignature | Stale):
        return Forbidden("callback_refused", "签名不对，或已超过时间窗口。")
    return Invalid("callback_unreadable", "消息无法读取。")
