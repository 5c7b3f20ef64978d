"""Checks that several WeChat endpoints share."""

from __future__ import annotations

import json
from typing import Any, cast

from flask import current_app, request

from wechat_simulator.answers import Refused
from wechat_simulator.state import User, World


def world() -> World:
    """Return the state behind this app."""
    return cast(World, current_app.extensions["world"])


def json_body() -> dict[str, Any]:
    """Return the JSON object of a POST; refuses 43002 other methods, 47001 anything else."""
    if request.method != "POST":
        raise Refused(43002)
    body = parsed_json()
    if body is None:
        raise Refused(47001)
    return body


def parsed_json() -> dict[str, Any] | None:
    """Return the JSON object of the call; None for anything else, and for halves of characters."""
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        return None
    if b"\\ud" in request.data.lower():
        try:
            json.dumps(body, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return None
    return body


def check_app(app_id: object, app_secret: object) -> str:
    """Return which app it is; refuses 41002/41004 when missing, 40013/40125 when wrong."""
    if not app_id:
        raise Refused(41002)
    if not app_secret:
        raise Refused(41004)
    name = world().app.name_of(app_id)
    if name is None:
        raise Refused(40013)
    if app_secret != world().app.secret_of(name):
        raise Refused(40125)
    return name


def check_mini(app_id: object, app_secret: object) -> None:
    """Refuse what is not the mini-program's account."""
    if check_app(app_id, app_secret) != "mini":
        raise Refused(40013)


def check_grant_type(given: object, wanted: str) -> None:
    """Refuse 40002 any other grant type."""
    if given != wanted:
        raise Refused(40002)


def check_token(name: str) -> None:
    """Refuse a call without the valid access token of this app."""
    world().check_token(name, request.args.get("access_token", ""))


def mini_user(openid: object) -> User:
    """Return the user; refuses 40003."""
    user = world().user(str(openid))
    if user is None:
        raise Refused(40003)
    return user


def follower(openid: object) -> User:
    """Return the user whom the Official Account knows; refuses 40003."""
    user = world().follower(str(openid))
    if user is None:
        raise Refused(40003)
    return user
