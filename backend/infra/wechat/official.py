"""The Official Account: menu, followers, OAuth and signatures for pages inside WeChat."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from backend.infra.wechat.account import WeChatAccount, text_of
from backend.infra.wechat.errors import NOT_UNDERSTOOD, Passing
from backend.infra.wechat.gateway import WeChatSession, check_code
from backend.infra.wechat.tokens import Token, TokenKeeper, TokenStore

OPEN = "https://open.weixin.qq.com"
_AUTHORIZE = "/connect/oauth2/authorize"
_OAUTH = "/sns/oauth2/access_token"
_MENU = "/cgi-bin/menu"
_FOLLOWER = "/cgi-bin/user/info"
_TICKET = "/cgi-bin/ticket/getticket"


@dataclass(frozen=True, slots=True)
class PageSignature:
    """What ``wx.config`` in a page wants."""

    app_id: str
    timestamp: int
    nonce: str
    signature: str = field(repr=False)


class OfficialAccount:
    """One per process; any number of threads. Every method that asks raises a ``WeChatError`` subclass."""

    def __init__(self, account: WeChatAccount, token_store: TokenStore, *, open_base: str = OPEN) -> None:
        self.account = account
        self._open_base = open_base.rstrip("/")
        # The ticket lives and is shared as tokens are; "#" is in no app id.
        key = f"{account.app_id}#jsapi"
        self._tickets = TokenKeeper(key, token_store, self._fetch_ticket, time.time)

    def set_menu(self, buttons: Sequence[Mapping[str, Any]]) -> None:
        """Replace the menu: at most 3 buttons with at most 5 each, as WeChat's page describes them."""
        self.account.ask_with_token(f"{_MENU}/create", {"button": [dict(button) for button in buttons]})

    def delete_menu(self) -> None:
        """Remove the menu."""
        self.account.ask_with_token(f"{_MENU}/delete")

    def follower(self, openid: str) -> tuple[bool, str | None]:
        """Return whether this person follows the account, and the unionid where WeChat gives it."""
        answer = self.account.ask_with_token(_FOLLOWER, params={"openid": openid, "lang": "zh_CN"})
        unionid = answer.get("unionid")
        return answer.get("subscribe") == 1, unionid if isinstance(unionid, str) and unionid else None

    def login_address(self, return_to: str, state: str, *, scope: str = "snsapi_base") -> str:
        """Return the address that sends a person's WeChat back to ``return_to`` with a code."""
        query = {
            "appid": self.account.app_id,
            "redirect_uri": return_to,
            "response_type": "code",
            "scope": scope,
            "state": state,
        }
        return f"{self._open_base}{_AUTHORIZE}?{urlencode(query)}#wechat_redirect"

    def login(self, code: str) -> WeChatSession:
        """Exchange an OAuth code for the person's ids; raises as the mini-program's ``login`` does."""
        check_code(code)
        answer = self.account.ask(_OAUTH, {**self._oauth_credentials(), "code": code})
        unionid = answer.get("unionid")
        return WeChatSession(
            text_of(answer, "openid"), unionid if isinstance(unionid, str) and unionid else None
        )

    def sign_page(self, url: str) -> PageSignature:
        """Sign a page's address (what follows ``#`` does not count) for the JS-SDK."""
        ticket, nonce, now = self._tickets.current(), secrets.token_hex(8), int(time.time())
        signature = sign_page(ticket, nonce, now, url)
        return PageSignature(self.account.app_id, now, nonce, signature)

    def _oauth_credentials(self) -> dict[str, str | None]:
        return self.account.credentials("authorization_code")

    def _fetch_ticket(self) -> Token:
        asked_at = int(time.time())
        answer = self.account.ask_with_token(_TICKET, params={"type": "jsapi"})
        seconds = answer.get("expires_in")
        if not isinstance(seconds, int):
            raise Passing(NOT_UNDERSTOOD, "WeChat's answer lacks expires_in")
        return Token(text_of(answer, "ticket"), asked_at + seconds)


def sign_page(ticket: str, nonce: str, timestamp: int, url: str) -> str:
    """Return the JS-SDK signature; source: appendix 1 of WeChat's JS-SDK page, whose example is our test."""
    page = url.partition("#")[0]
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={page}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
