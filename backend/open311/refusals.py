"""Refusals in the standard's form: a list of code and description, with 404, 403 or 400 over it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from flask import Request, Response

from backend.infra import problems
from backend.kernel.errors import FieldError, Invalid
from backend.open311 import messages
from backend.open311.rendering import render

# Everything else is 400 (the standard: basically 400 for any other error).
_STATUSES = {403: 403, 404: 404, 429: 429, 500: 500, 503: 503}
_RESOURCES = re.compile(r"/+open311/+v2/+(discovery|services|requests|tokens|servicerequestupdates)(?![^./])")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: ``code`` as in HTTP, the argument it is about, and the words."""

    message: str
    where: str = ""
    code: int = 400


class Refused(Invalid):
    """A request refused for one or more reasons, all told at once."""

    def __init__(self, found: Sequence[Problem]) -> None:
        super().__init__("refused", messages.REFUSED)
        self.problems = tuple(found)

    @property
    def status(self) -> int:
        """Return the status over the list: that of its entries where they agree."""
        codes = {found.code for found in self.problems}
        return codes.pop() if len(codes) == 1 else 400


def refuse(message: str, where: str = "", code: int = 400) -> Refused:
    """Return a refusal for one reason."""
    return Refused([Problem(message, where, code)])


def no_address(path: str) -> Refused:
    """Return the refusal of an address that is none, or of a method it has not."""
    return refuse(messages.BAD_ADDRESS, code=400 if _RESOURCES.match(path) else 404)


def problems_in(fields: Sequence[FieldError]) -> list[Problem]:
    """Return a service's wrong fields as problems of this door."""
    return [Problem(found.message, found.where) for found in fields]


def answer(running: Request, error: Exception) -> Response:
    """Answer an error in the format that was asked for, XML where none was; nothing is redirected."""
    fmt = (running.view_args or {}).get("fmt") or ("json" if running.path.endswith(".json") else "xml")
    if error is running.routing_exception:
        error = no_address(running.path)
    if isinstance(error, Refused):
        return _rendered(fmt, error.status, error.problems)
    told = problems.respond(error)
    body = orjson.loads(told.get_data())
    status = _STATUSES.get(told.status_code, 400)
    fields = [Problem(field["message"], field["where"], status) for field in body.get("fields", ())]
    response = _rendered(fmt, status, fields or [Problem(body["message"], "", status)])
    if "Retry-After" in told.headers:
        response.headers["Retry-After"] = told.headers["Retry-After"]
    return response


def _rendered(fmt: str, status: int, found: Sequence[Problem]) -> Response:
    rows = [
        {"code": str(one.code), "description": f"{one.where}：{one.message}" if one.where else one.message}
        for one in found
    ]
    return render(fmt, "errors", rows, status)
