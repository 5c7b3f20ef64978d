"""What can go wrong at WeChat, sorted by what the caller can do about it."""

from __future__ import annotations

import re

# WeChat's own codes that the gateway acts on.
BUSY = -1
TOKEN_REJECTED = frozenset({40001, 40014, 42001})

# Ours, where WeChat gave no code; far from any of WeChat's.
NO_CONNECTION = -1001
TIMED_OUT = -1002
NOT_UNDERSTOOD = -1003
NOT_MAINLAND = -1004

NOT_ALLOWED_HERE = -1005
NOT_WRITABLE = -1006

_MINUTE = 60
_HOUR = 3600
_RID = re.compile(r"rid: ?([0-9a-f-]{8,40})")
_FIELD = re.compile(r"data\.([a-z_]{2,20}[0-9]{0,2})\b")


class WeChatError(Exception):
    """Base of all failures: ``code`` is WeChat's or one of ours, ``message`` names no person or secret."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Passing(WeChatError):
    """WeChat is busy or out of reach: the same wish may succeed later, with a fresh code from the phone.

    ``may_be_done``: the request had left and no answer tells what became of it.
    """

    def __init__(self, code: int, message: str, *, may_be_done: bool = False) -> None:
        super().__init__(code, message)
        self.may_be_done = may_be_done


class Unknown(WeChatError):
    """A message had left and nobody can tell whether it arrived: sending it again may deliver it twice."""


class Permanent(WeChatError):
    """The same call will fail again."""


class InvalidCode(Permanent):
    """The one-time code is unknown, used or older than five minutes; the phone can get a new one."""


class UserRefused(WeChatError):
    """The user, or WeChat on account of the user, does not allow this."""


class Quota(WeChatError):
    """A limit per minute or per day is reached; ``retry_after`` in seconds, nothing was done."""

    def __init__(self, code: int, message: str, retry_after: int = _MINUTE) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class ReaderQuota(Quota):
    """A limit of one reader is reached; everybody else may be written to."""


class Configuration(WeChatError):
    """App id, secret, address list or permissions are wrong: an operator has to mend it."""


_MEANINGS: dict[int, tuple[type[WeChatError], str]] = {
    BUSY: (Passing, "WeChat is busy"),
    40001: (Configuration, "the access token or the app secret is not valid"),
    40002: (Permanent, "wrong grant type"),
    40003: (Permanent, "the openid is not one of this app"),
    40013: (Configuration, "the app id is not valid"),
    40014: (Configuration, "the access token is malformed"),
    40029: (InvalidCode, "the code is not valid or too old"),
    40037: (Configuration, "the template id is not valid"),
    40058: (Permanent, "a parameter is not valid"),
    40097: (Permanent, "a parameter is not valid"),
    40125: (Configuration, "the app secret is not valid"),
    40163: (InvalidCode, "the code has been used"),
    40164: (Configuration, "this server's address is not on the app's address list"),
    40226: (UserRefused, "WeChat blocks this user's logins as risky"),
    40243: (Configuration, "the app secret is frozen"),
    41001: (Configuration, "the access token is missing"),
    41002: (Configuration, "the app id is missing"),
    41004: (Configuration, "the app secret is missing"),
    41008: (InvalidCode, "the code is missing"),
    41030: (Configuration, "the page does not exist in the published mini-program"),
    42001: (Configuration, "the access token has expired"),
    43004: (UserRefused, "the user does not follow the Official Account"),
    43101: (UserRefused, "the user has not subscribed, or the subscription is used up"),
    43107: (Configuration, "the app or the template is banned from subscription messages"),
    43108: (ReaderQuota, "another message to this user is on its way"),
    45002: (Permanent, "the message is too long"),
    45009: (Quota, "the limit of calls is reached"),
    45011: (Quota, "the limit of calls per minute is reached"),
    45015: (UserRefused, "the user has not written within 48 hours"),
    45047: (UserRefused, "the messages allowed since the user last wrote are used up"),
    45168: (Permanent, "the message holds words that WeChat does not allow"),
    47003: (Permanent, "a field of the message is not valid"),
    48001: (Configuration, "the app has no permission for this call"),
    48002: (UserRefused, "the user does not accept messages of the Official Account"),
    50002: (Configuration, "the app is restricted"),
    61010: (UserRefused, "the user has not opened the mini-program lately"),
    61451: (Permanent, "a parameter is not valid"),
    65303: (Configuration, "there is no default menu"),
    65400: (Configuration, "the customer service function is not switched on"),
    93000: (Configuration, "the robot's key is not valid"),
}
# Limits that end later than within a minute: those of the day are looked at once an hour.
_RETRY_AFTER = {45009: _HOUR, 43108: 5}


def error_of(code: int, text: str) -> WeChatError:
    """Return the typed error of an errcode; of WeChat's text only field name and request id are kept."""
    kind, meaning = _MEANINGS.get(code, (Permanent, "WeChat refused the call"))
    field = _FIELD.search(text) if code == 47003 else None
    rid = _RID.search(text)
    message = meaning + (f": {field[1]}" if field else "") + (f" (rid {rid[1]})" if rid else "")
    if issubclass(kind, Quota):
        return kind(code, message, _RETRY_AFTER.get(code, _MINUTE))
    return kind(code, message)
