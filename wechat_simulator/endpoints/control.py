"""``/__sim``: the simulator's own controls, and the phone it plays. Not WeChat's; loopback only."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response, jsonify

from wechat_simulator.endpoints.checks import world
from wechat_simulator.endpoints.control_input import BadControl, body, integer, query_integer
from wechat_simulator.faults import KINDS, MAX_SLOW_MS, Fault

blueprint = Blueprint("control", __name__, url_prefix="/__sim")

MAX_USERS_PER_CALL = 200_000
_TEXT_FIELDS = ("openid", "phone", "country_code", "unionid", "name", "official_openid")
_MAX_SECONDS = 10 * 366 * 86_400
_LATEST = 4_102_444_800  # 2100


@blueprint.get("/health")
def health() -> Response:
    """Tell that the simulator is up."""
    count, _ = world().users(0, 0)
    return jsonify(ok=True, users=count, now=int(world().now()))


@blueprint.post("/users")
def create_users() -> Response:
    """Create ``{"users": [{openid, phone, country_code, unionid, name, blocked}]}`` or ``{"count": n}``.

    All fields are optional. An openid that exists is replaced, so that repeating the call is harmless.
    """
    given = body()
    wanted: object = given.get("users")
    if "count" in given:
        wanted = [{}] * integer(given, "count", 0, MAX_USERS_PER_CALL)
    if not isinstance(wanted, list) or len(wanted) > MAX_USERS_PER_CALL:
        raise BadControl(f"users must be a list of at most {MAX_USERS_PER_CALL}")
    users = world().add_users([_user_fields(fields) for fields in wanted])
    return jsonify(users=[asdict(user) for user in users])


@blueprint.get("/users")
def list_users() -> Response:
    """Return a page of users: ``offset``, ``limit`` (at most 1000)."""
    offset = query_integer("offset", 0)
    limit = min(query_integer("limit", 100), 1000)
    total, users = world().users(offset, limit)
    return jsonify(total=total, users=[asdict(user) for user in users])


@blueprint.post("/users/<openid>/login_code")
def login_code(openid: str) -> tuple[Response, int]:
    """Do what ``wx.login`` does on this user's phone."""
    if world().user(openid) is None:
        return jsonify(error="no such user"), 404
    return jsonify(code=world().new_code("login", openid)), 200


@blueprint.post("/users/<openid>/phone_code")
def phone_code(openid: str) -> tuple[Response, int]:
    """Do what tapping the ``getPhoneNumber`` button does on this user's phone."""
    user = world().user(openid)
    if user is None:
        return jsonify(error="no such user"), 404
    if user.phone is None:
        return jsonify(error="this user has no phone number"), 409
    return jsonify(code=world().new_code("phone", openid)), 200


@blueprint.post("/clock")
def advance_clock() -> Response:
    """Move WeChat's clock forward by ``{"advance_seconds": n}``, or set it: ``{"at": epoch seconds}``."""
    given = body()
    if "at" in given:
        return jsonify(now=int(world().set_clock(integer(given, "at", 0, _LATEST))))
    seconds = integer(given, "advance_seconds", 0, _MAX_SECONDS)
    return jsonify(now=int(world().advance(seconds)))


@blueprint.post("/faults")
def arm_fault() -> Response:
    """Arm ``{"kind", "count"=1, "path"="/", "errcode"=-1, "milliseconds"=0}``; see ``faults.Fault``."""
    given = body()
    kind, path = given.get("kind"), given.get("path", "/")
    if kind == "http_error":
        integer(given, "errcode", 400, 599)
    if kind not in KINDS or not isinstance(path, str):
        raise BadControl(f"kind must be one of {', '.join(KINDS)} and path a text")
    world().arm(
        Fault(
            kind=kind,
            remaining=integer(given, "count", 1, 1_000_000, default=1),
            path=path,
            errcode=integer(given, "errcode", -1, 99_999_999, default=-1),
            milliseconds=integer(given, "milliseconds", 0, MAX_SLOW_MS, default=0),
        )
    )
    return jsonify(ok=True)


@blueprint.delete("/faults")
def clear_faults() -> Response:
    """Disarm all faults."""
    world().disarm()
    return jsonify(ok=True)


@blueprint.post("/token/expire")
def expire_token() -> Response:
    """Make the app's tokens fail: ``{"errcode": 42001}`` expired, ``40001`` replaced elsewhere."""
    errcode = body().get("errcode", 42001)
    if errcode not in (40001, 42001):
        raise BadControl("errcode must be 40001 or 42001")
    world().spoil_tokens(errcode)
    return jsonify(ok=True)


@blueprint.get("/calls")
def calls() -> Response:
    """Return how often each WeChat path was called, faults included."""
    return jsonify(calls=world().calls())


@blueprint.post("/reset")
def reset() -> Response:
    """Forget everything."""
    world().reset()
    return jsonify(ok=True)


def _user_fields(fields: object) -> dict[str, object]:
    if not isinstance(fields, dict):
        raise BadControl("each user must be an object")
    for name, value in fields.items():
        is_text = name in _TEXT_FIELDS and isinstance(value, str) and 0 < len(value) <= 128
        if not is_text and not (name == "blocked" and isinstance(value, bool)):
            raise BadControl(f"user field {name!r} is unknown or has a wrong value")
    return fields
