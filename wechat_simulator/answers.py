"""WeChat's answers: HTTP 200 whatever happened, an ``errcode`` when something went wrong."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Response, json

JSON_TYPE = "application/json; encoding=utf-8"

ERROR_TEXTS = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest, "
    "could get access_token by getStableAccessToken",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40013: "invalid appid",
    40014: "invalid access_token",
    40016: "invalid button size",
    40029: "invalid code",
    40037: "invalid template_id",
    40058: "invalid Request Parameter",
    40097: "invalid args",
    40125: "invalid appsecret",
    40163: "code been used",
    40226: "code blocked",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    41030: "invalid page",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    43004: "require subscribe",
    43101: "user refuse to accept the msg",
    45002: "content size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    46003: "menu no exist",
    47001: "data format error",
    47003: "argument invalid!",
    61010: "code is expired",
    93000: "invalid webhook url",
}


class Refused(Exception):
    """WeChat says no; ``errcode`` says why."""

    def __init__(self, errcode: int, detail: str = "") -> None:
        super().__init__(errcode)
        self.errcode = errcode
        self.detail = detail


def answer(body: dict[str, Any], content_type: str = JSON_TYPE) -> Response:
    """Return a JSON answer with status 200."""
    return Response(json.dumps(body, ensure_ascii=False), content_type=content_type)


def success(**more: object) -> Response:
    """Return ``errcode`` 0 and what else belongs to the answer."""
    return answer({"errcode": 0, "errmsg": "ok", **more})


def refusal(errcode: int, detail: str = "") -> Response:
    """Return an error answer with WeChat's text and a request id (``rid``)."""
    text = " ".join(filter(None, (ERROR_TEXTS.get(errcode, "unknown error"), detail)))
    return answer({"errcode": errcode, "errmsg": f"{text}, rid: {_rid()}"})


def _rid() -> str:
    digits = secrets.token_hex(12)
    return f"{digits[:8]}-{digits[8:16]}-{digits[16:]}"
