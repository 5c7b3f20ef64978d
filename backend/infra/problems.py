"""Errors as one JSON problem ``{code, message, fields?}``: one table from kind to status."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from typing import Any, cast

import orjson
import psycopg
from flask import Flask, Response, request
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException

from backend.infra.access_log import logger
from backend.kernel.errors import DomainError, FieldError, Invalid, Kind

STATUS: Mapping[Kind, int] = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.PRECONDITION: 412,
    Kind.TOO_LARGE: 413,
    Kind.UNPROCESSABLE: 422,
    Kind.TOO_MANY: 429,
    Kind.UNAVAILABLE: 503,
}

_HTTP_MESSAGES = {
    400: ("bad_request", "请求格式不正确。"),
    404: ("not_found", "没有找到，或您无权查看。"),
    405: ("method_not_allowed", "这个地址不支持这种操作。"),
    413: ("too_large", "提交的内容太大。"),
    415: ("unsupported_media", "请以 JSON 格式提交（Content-Type: application/json）。"),
    416: ("range", "请求的片段超出了文件长度，请从头读取。"),
}

# pydantic's error types in the reader's words; anything else is "not right".
_FIELD_MESSAGES = {
    "missing": "必填，不能缺少。",
    "extra_forbidden": "不认识这一项，请删去。",
    "string_too_short": "太短。",
    "string_too_long": "太长。",
    "string_pattern_mismatch": "格式不正确。",
    "string_type": "应为文字。",
    "int_type": "应为整数。",
    "int_parsing": "应为整数。",
    "bool_type": "应为是或否。",
    "greater_than_equal": "数值太小。",
    "less_than_equal": "数值太大。",
    "greater_than": "数值太小。",
    "less_than": "数值太大。",
    "enum": "不是可选的值。",
    "literal_error": "不是可选的值。",
    "datetime_parsing": "时间格式不正确（例：2026-03-01T08:00:00+08:00）。",
    "datetime_from_date_parsing": "时间格式不正确（例：2026-03-01T08:00:00+08:00）。",
    "timezone_aware": "时间须带时区（例：+08:00）。",
    "date_parsing": "日期格式不正确（例：2026-03-01）。",
    "date_from_datetime_parsing": "日期格式不正确（例：2026-03-01）。",
    "list_type": "应为列表。",
    "dict_type": "应为对象。",
    "too_long": "太多。",
    "too_short": "太少。",
}


class FieldProblem(BaseModel):
    """One wrong field."""

    where: str
    message: str


class Problem(BaseModel):
    """The body of every error answer."""

    code: str
    message: str
    fields: list[FieldProblem] = []


class UnsupportedMedia(HTTPException):
    """A body that is not JSON on a JSON route."""

    code = 415


def parse_json(body: bytes) -> dict[str, Any]:
    """Return the body's object; refuse malformed JSON and anything else at the top (spectree would read it as ``{}``)."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Invalid("malformed_json", "提交的内容不是有效的 JSON。") from error
    if not isinstance(value, dict):
        raise Invalid("malformed_json", "提交的 JSON 应为一个对象。")
    return value


def refuse_invalid(_request: Any, _response: Any, error: Any, _instance: Any, _adapter: Any) -> None:
    """Turn a pydantic error into our problem; the values themselves are never echoed (they may be phones)."""
    if error is None:
        return
    assert isinstance(error, ValidationError)
    fields = tuple(_field(item) for item in error.errors(include_input=False, include_url=False)[:50])
    raise Invalid("invalid", "提交的内容有误，请按提示修改后重试。", fields)


def _field(item: Any) -> FieldError:
    where = ".".join(_place(part) for part in item["loc"]) or "body"
    if item["type"] == "value_error":
        return FieldError(where, str(item["ctx"]["error"]))
    return FieldError(where, _FIELD_MESSAGES.get(item["type"], "值不正确。"))


_NAME = re.compile(r"[A-Za-z_]\w{0,63}", re.ASCII)


def _place(part: int | str) -> str:
    """Return a step of the way to a wrong value; keys the caller made up may be names or phones too."""
    return str(part) if isinstance(part, int) or _NAME.fullmatch(part) else "*"


def answer(status: int, code: str, message: str, fields: tuple[FieldError, ...] = ()) -> Response:
    """Build the problem response."""
    body: dict[str, Any] = {"code": code, "message": message}
    if fields:
        body["fields"] = [{"where": item.where, "message": item.message} for item in fields]
    response = Response(orjson.dumps(body), status=status, mimetype="application/json")
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status in (429, 503):
        response.headers["Retry-After"] = "5"
    return response


def register(app: Flask) -> None:
    """Install the handlers."""
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(IntegrityError, _integrity_error)
    for away in (OperationalError, psycopg.OperationalError, sqlite3.OperationalError):
        app.register_error_handler(away, _database_away)
    app.register_error_handler(Exception, _bug)


def respond(error: Exception) -> Response:
    """Return the problem of an error as ``register`` answers it, for doors that must say it in another form."""
    handlers: tuple[tuple[Any, Any], ...] = (
        (DomainError, _domain_error),
        (HTTPException, _http_error),
        (IntegrityError, _integrity_error),
        ((OperationalError, psycopg.OperationalError, sqlite3.OperationalError), _database_away),
    )
    for kind, handler in handlers:
        if isinstance(error, kind):
            return cast(Response, handler(error))
    return _bug(error)


def _domain_error(error: DomainError) -> Response:
    from backend.infra.web import current_app

    for listener in current_app().on_refusal:
        listener(error)
    return answer(STATUS[error.kind], error.code, error.message, error.fields)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    code, message = _HTTP_MESSAGES.get(status, ("http_error", "请求无法处理。"))
    response = answer(status, code, message)
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _integrity_error(_error: IntegrityError) -> Response:
    """A constraint refused what slipped past the checks: two actions met, and the other one won."""
    logger.warning(
        "constraint",
        extra={"fields": {"request_id": request.environ["gongjue.request_id"], "route": _route()}},
    )
    return answer(409, "conflict", "这项操作与另一项操作冲突，没有任何改动，请刷新后重试。")


def _database_away(_error: Exception) -> Response:
    logger.error(
        "database away",
        extra={"fields": {"request_id": request.environ["gongjue.request_id"], "route": _route()}},
    )
    return answer(503, "unavailable", "系统暂时不可用，您的内容没有提交，请稍后重试。")


def _bug(_error: Exception) -> Response:
    number = request.environ["gongjue.request_id"]
    fields = {"request_id": number, "route": _route()}
    logger.exception("bug", extra={"fields": fields})
    return answer(500, "internal", f"系统出错了，没有任何改动。请把编号 {number} 告诉管理员。")


def _route() -> str:
    return request.url_rule.rule if request.url_rule else "-"
