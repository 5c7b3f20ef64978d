"""Sending: subscribe messages, the Official Account's messages, the committee's group robot.

Nothing here is ever sent again by itself. Every function returns None when WeChat took the message, and raises
Passing (not sent, may go later) · Quota (not sent, ``retry_after`` seconds) · UserRefused (43101 and the like) ·
Permanent (this message never) · Configuration (an operator must mend something) · **Unknown** (it had left).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from backend.infra.wechat.account import WeChatAccount, send_once
from backend.infra.wechat.client import ROBOT_API, SafeClient, WeChatSettings
from backend.infra.wechat.errors import NOT_ALLOWED_HERE, Configuration, Permanent, Quota, WeChatError

_SUBSCRIBE = "/cgi-bin/message/subscribe/send"
_CUSTOM = "/cgi-bin/message/custom/send"
_TEMPLATE = "/cgi-bin/message/template/send"
_ROBOT = "/cgi-bin/webhook/send"

STATES = ("formal", "trial", "developer")
LANGUAGES = ("zh_CN", "zh_TW", "zh_HK", "en_US")
MOST_TEXT_BYTES = 2048
MOST_MARKDOWN_BYTES = 4096
_ROBOT_PAUSE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class MiniProgramLink:
    """A page of the mini-program, opened by tapping an Official Account message."""

    app_id: str
    page: str


class WeChatMessages:
    """One per process; any number of threads. ``official`` None: there is no Official Account."""

    def __init__(
        self,
        mini: WeChatAccount,
        official: WeChatAccount | None = None,
        *,
        state: str = "formal",
        language: str = "zh_CN",
        robot_api: str = ROBOT_API,
    ) -> None:
        if state not in STATES or language not in LANGUAGES:
            raise ValueError("state or language is none of WeChat's")
        self._mini = mini
        self._official = official
        self._state = state
        self._language = language
        self._robot_settings = WeChatSettings("robot", "", robot_api, mini.timeout_seconds)
        self._local = threading.local()

    def send_subscribe(self, openid: str, template_id: str, page: str, data: Mapping[str, str]) -> None:
        """Send one subscription message; it uses up one consent. ``page`` without a leading ``/``."""
        body = {
            "touser": openid,
            "template_id": template_id,
            "page": page,
            "data": _values(data),
            "miniprogram_state": self._state,
            "lang": self._language,
        }
        self._mini.send(_SUBSCRIBE, body)

    def send_custom(self, openid: str, text: str) -> None:
        """Write to a follower of the Official Account; UserRefused outside the time WeChat allows (45015)."""
        _check_size(text, MOST_TEXT_BYTES)
        self._account().send(_CUSTOM, {"touser": openid, "msgtype": "text", "text": {"content": text}})

    def send_template(
        self,
        openid: str,
        template_id: str,
        url: str,
        data: Mapping[str, str],
        *,
        mini_program: MiniProgramLink | None = None,
        once_key: str | None = None,
    ) -> None:
        """Send a template message of the Official Account; over-long fields are cut silently at 20.

        ``once_key`` (at most 32 characters) lets WeChat drop a repetition within ten minutes.
        """
        body: dict[str, object] = {"touser": openid, "template_id": template_id, "data": _values(data)}
        if url:
            body["url"] = url
        if mini_program is not None:
            body["miniprogram"] = {"appid": mini_program.app_id, "pagepath": mini_program.page}
        if once_key is not None:
            body["client_msg_id"] = once_key
        self._account().send(_TEMPLATE, body)

    def send_robot(self, key: str, content: str, kind: str = "markdown") -> None:
        """Write into a group by its robot: ``markdown`` ≤ 4096 bytes or ``text`` ≤ 2048; 20 a minute each.

        One message per three seconds and robot keeps clear of Quota.
        """
        limits = {"markdown": MOST_MARKDOWN_BYTES, "text": MOST_TEXT_BYTES}
        if kind not in limits:
            raise Permanent(40058, "the robot writes markdown or text")
        _check_size(content, limits[kind])
        body = {"msgtype": kind, kind: {"content": content}}
        answer = send_once(self._robot_client(), _ROBOT, {"key": key, "access_token": None}, body)
        if isinstance(answer, Quota):
            raise Quota(answer.code, answer.message, _ROBOT_PAUSE_SECONDS)
        if isinstance(answer, WeChatError):
            raise answer

    def _account(self) -> WeChatAccount:
        if self._official is None:
            raise Configuration(NOT_ALLOWED_HERE, "no Official Account is set up")
        return self._official

    def _robot_client(self) -> SafeClient:
        client: SafeClient | None = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = SafeClient(self._robot_settings, lambda: "", ROBOT_API)
        return client


def _values(data: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"value": value} for name, value in data.items()}


def _check_size(text: str, most: int) -> None:
    size = len(text.encode("utf-8", "surrogatepass"))
    if not 0 < size <= most:
        raise Permanent(45002, f"the message has {size} bytes, allowed are 1 to {most}")
