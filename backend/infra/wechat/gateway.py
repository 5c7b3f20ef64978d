"""The product's only way to WeChat: what the mini-program's server asks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from backend.infra.wechat.account import WeChatAccount, text_of
from backend.infra.wechat.client import WeChatSettings
from backend.infra.wechat.errors import NOT_MAINLAND, NOT_UNDERSTOOD, InvalidCode, Passing, Permanent
from backend.infra.wechat.tokens import TokenStore

__all__ = ["WeChatGateway", "WeChatSession", "WeChatSettings"]

_SESSION = "/sns/jscode2session"
_PHONE = "/wxa/business/getuserphonenumber"

_CODE = re.compile(r"[\x21-\x7e]{1,256}")
_MAINLAND_NUMBER = re.compile(r"1[0-9]{10}")


@dataclass(frozen=True, slots=True)
class WeChatSession:
    """Who logged in: ``openid`` within this app, ``unionid`` across the operator's apps, if given."""

    openid: str = field(repr=False)
    unionid: str | None = field(repr=False)


class WeChatGateway:
    """One per process; any number of threads. Every method raises a ``WeChatError`` subclass."""

    def __init__(self, settings: WeChatSettings, token_store: TokenStore) -> None:
        self.account = WeChatAccount(settings, token_store)

    def login(self, code: str) -> WeChatSession:
        """Exchange a login code for the person's ids; the session key is dropped here.

        Raises InvalidCode, UserRefused, Quota, Passing or Configuration.
        """
        check_code(code)
        params = {**self.account.credentials("authorization_code"), "js_code": code}
        answer = self.account.ask(_SESSION, params)
        unionid = answer.get("unionid")
        return WeChatSession(
            text_of(answer, "openid"), unionid if isinstance(unionid, str) and unionid else None
        )

    def phone_number(self, code: str) -> str:
        """Exchange a phone code for the mainland number: its 11 digits, no country code.

        Raises as ``login`` does, and Permanent for a number from elsewhere.
        """
        check_code(code)
        answer = self.account.ask_with_token(_PHONE, {"code": code})
        info = answer.get("phone_info")
        if not isinstance(info, dict):
            raise Passing(NOT_UNDERSTOOD, "WeChat's answer lacks phone_info")
        number = str(info.get("purePhoneNumber", ""))
        # WeChat's page calls countryCode a text and shows a number.
        if str(info.get("countryCode", "")) != "86" or not _MAINLAND_NUMBER.fullmatch(number):
            raise Permanent(NOT_MAINLAND, "not a mainland mobile number")
        return number


def check_code(code: str) -> None:
    """Refuse (InvalidCode) what cannot be a one-time code, without asking WeChat."""
    if not _CODE.fullmatch(code):
        raise InvalidCode(40029, "the code is not valid")
