"""What callers of the control API send, checked; and what they are told."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from wechat_simulator.endpoints.checks import parsed_json, world
from wechat_simulator.state import User


class BadControl(Exception):
    """The caller of the control API made a mistake; the text says which."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


def tell_mistake(error: BadControl) -> tuple[Response, int]:
    """Answer a mistake with a sentence."""
    return jsonify(error=str(error)), error.status


def body() -> dict[str, Any]:
    """Return the JSON object of the call, or an empty one."""
    if not request.data:
        return {}
    given = parsed_json()
    if given is None:
        raise BadControl("the body must be a JSON object")
    return given


def integer(given: dict[str, Any], name: str, low: int, high: int, *, default: int | None = None) -> int:
    """Return a whole number of the body."""
    value = given.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise BadControl(f"{name} must be a whole number from {low} to {high}")
    return value


def text(given: dict[str, Any], name: str, most: int = 4096, *, default: str | None = None) -> str:
    """Return a text of the body."""
    value = given.get(name, default)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise BadControl(f"{name} must be a text of at most {most} characters")
    return value


def texts(given: dict[str, Any], name: str, most: int = 1000) -> list[str]:
    """Return a list of texts of the body."""
    value = given.get(name, [])
    if not isinstance(value, list) or len(value) > most or not all(isinstance(item, str) for item in value):
        raise BadControl(f"{name} must be a list of at most {most} texts")
    return value


def query_integer(name: str, default: int) -> int:
    """Return a whole number of the query."""
    given = request.args.get(name, str(default))
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        raise BadControl(f"{name} must be a whole number")
    return int(given)


def known_user(openid: str) -> User:
    """Return a user; 404 for one that does not exist."""
    user = world().user(openid)
    if user is None:
        raise BadControl("no such user", 404)
    return user
