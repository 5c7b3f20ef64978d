"""Tencent Cloud SMS: ``SendSms`` of API 3.0 (2021-01-11), signed with TC3-HMAC-SHA256.

Source: cloud.tencent.com/document/product/382/55981 (SendSms) and /382/52072 (signature), from memory.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit

import orjson
import requests
from urllib3.exceptions import NewConnectionError

from backend.notifications.channels.letter import SendFailed
from backend.notifications.rules.outcomes import Came

HOST = "sms.tencentcloudapi.com"
_ALGORITHM = "TC3-HMAC-SHA256"
_TYPE = "application/json; charset=utf-8"
_SIGNED = "content-type;host;x-tc-action"

_LATER = ("RequestTimeException", "AuthFailure.SignatureExpire", "FailedOperation.TimestampExpire")
# The provider itself does not know; asking again might send twice.
_UNCLEAR = ("InternalError",)
# What one number may get in a time: no other number's affair. (A count of numbers is a limit of the call.)
_OF_ONE_NUMBER = (
    "LimitExceeded.DeliveryFrequencyLimit",
    "LimitExceeded.PhoneNumberDailyLimit",
    "LimitExceeded.PhoneNumberOneHourLimit",
    "LimitExceeded.PhoneNumberSameContentDailyLimit",
    "LimitExceeded.PhoneNumberThirtySecondLimit",
)
_LIMITS = ("LimitExceeded", "RequestLimitExceeded")
_SETTINGS = (
    "AuthFailure",
    "UnauthorizedOperation",
    "MissingParameter",
    "FailedOperation.InsufficientBalance",
)
_REFUSED = ("FailedOperation.PhoneNumberInBlacklist", "UnsupportedOperation.ContainDomesticAndInternational")


@dataclass(frozen=True, slots=True)
class TencentAccount:
    """Secret id and key, the SMS application, the approved signature; ``base`` only differs in tests."""

    secret_id: str
    secret_key: str = field(repr=False)
    app_id: str
    sign_name: str
    region: str = "ap-guangzhou"
    base: str = f"https://{HOST}"


def authorization(account: TencentAccount, host: str, body: bytes, timestamp: int) -> str:
    """Return the ``Authorization`` header of a SendSms call at an epoch second."""
    day = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
    headers = f"content-type:{_TYPE}\nhost:{host}\nx-tc-action:sendsms\n"
    request = f"POST\n/\n\n{headers}\n{_SIGNED}\n{sha256(body).hexdigest()}"
    scope = f"{day}/sms/tc3_request"
    text = f"{_ALGORITHM}\n{timestamp}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    key = f"TC3{account.secret_key}".encode()
    for part in (day, "sms", "tc3_request"):
        key = hmac.new(key, part.encode(), sha256).digest()
    signature = hmac.new(key, text.encode(), sha256).hexdigest()
    return (
        f"{_ALGORITHM} Credential={account.secret_id}/{scope}, SignedHeaders={_SIGNED}, Signature={signature}"
    )


class TencentSms:
    """One per process; any number of threads. A call is made once: a lost answer is ``unknown``."""

    def __init__(self, account: TencentAccount) -> None:
        self._account = account

    def send_sms(self, phone: str, template_id: str, parameters: Sequence[str], once_key: str) -> None:
        """Send one message to a mainland number."""
        account = self._account
        body = orjson.dumps(
            {
                "PhoneNumberSet": [f"+86{phone}"],
                "SmsSdkAppId": account.app_id,
                "SignName": account.sign_name,
                "TemplateId": template_id,
                "TemplateParamSet": list(parameters),
                "SessionContext": once_key,
            }
        )
        _check(self._post(body))

    def _post(self, body: bytes) -> Mapping[str, object]:
        host, now = urlsplit(self._account.base).netloc, int(time.time())
        headers = {
            "Authorization": authorization(self._account, host, body, now),
            "Content-Type": _TYPE,
            "Host": host,
            "X-TC-Action": "SendSms",
            "X-TC-Timestamp": str(now),
            "X-TC-Version": "2021-01-11",
            "X-TC-Region": self._account.region,
        }
        try:
            answer = requests.post(self._account.base, data=body, headers=headers, timeout=(3, 8))
            found = orjson.loads(answer.content)["Response"]
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            if _never_left(error):
                raise SendFailed(Came.PASSING, "no_connection") from error
            raise SendFailed(Came.UNKNOWN, "no_answer") from error
        if not isinstance(found, dict):
            raise SendFailed(Came.UNKNOWN, "no_answer")
        return found


def _never_left(error: Exception) -> bool:
    """Tell whether no connection came about at all, so that nothing can have been sent."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(cause, NewConnectionError)


def _check(answer: Mapping[str, object]) -> None:
    """Raise what the answer means; one number was asked for, so one status counts."""
    error = answer.get("Error")
    statuses = answer.get("SendStatusSet")
    if isinstance(error, dict):
        code = str(error.get("Code", ""))
    elif isinstance(statuses, list) and len(statuses) == 1 and isinstance(statuses[0], dict):
        code = str(statuses[0].get("Code", ""))
    else:
        raise SendFailed(Came.UNKNOWN, "no_answer")
    if code == "Ok":
        return
    if code.startswith(_OF_ONE_NUMBER):
        raise SendFailed(Came.READER, code, timedelta(minutes=10))
    if code.startswith(_LIMITS):
        raise SendFailed(Came.QUOTA, code, timedelta(minutes=10))
    for prefixes, came in (
        (_LATER, Came.PASSING),
        (_UNCLEAR, Came.UNKNOWN),
        (_SETTINGS, Came.CONFIGURATION),
        (_REFUSED, Came.REFUSED),
    ):
        if code.startswith(prefixes):
            raise SendFailed(came, code)
    raise SendFailed(Came.PERMANENT, code)
