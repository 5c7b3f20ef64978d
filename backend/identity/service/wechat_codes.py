"""One-time codes from the phone, exchanged at WeChat before any transaction is opened.

The exchange may take seconds; holding a write lock meanwhile would stop everybody else's votes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from backend.infra.context import Ports
from backend.infra.wechat.errors import NOT_MAINLAND, InvalidCode, Permanent, UserRefused, WeChatError
from backend.kernel.errors import DomainError, Forbidden, Invalid, Unavailable, Unprocessable

T = TypeVar("T")


def exchange_login_code(ports: Ports, code: str) -> tuple[str, str | None]:
    """Return openid and unionid (if any) behind a login code; raises Invalid, Forbidden or Unavailable."""
    return _exchange(ports.wechat.person_of, code)


def exchange_phone_code(ports: Ports, code: str) -> str:
    """Return the mainland number behind a phone code; raises as above, and Unprocessable for others."""
    return _exchange(ports.wechat.phone_of, code)


def _exchange(ask: Callable[[str], T], code: str) -> T:
    try:
        return ask(code)
    except WeChatError as error:
        raise _in_our_words(error) from error


def _in_our_words(error: WeChatError) -> DomainError:
    if isinstance(error, InvalidCode):
        return Invalid("wechat_code", "微信授权码无效或已过期，请重试一次。")
    if isinstance(error, UserRefused):
        return Forbidden("wechat_refused", "微信暂不允许这个账号登录。")
    if isinstance(error, Permanent) and error.code == NOT_MAINLAND:
        return Unprocessable("not_mainland", "只能使用中国大陆的手机号，请改用邀请码或请社区核实。")
    return Unavailable("wechat_unavailable", "微信暂时没有应答，请稍后重试。")
