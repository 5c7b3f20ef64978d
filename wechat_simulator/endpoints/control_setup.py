"""``/__sim``: what the operator sets up at WeChat, callbacks, and outages. Ours, not WeChat's."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, jsonify

from wechat_simulator.catalogue import Template
from wechat_simulator.crypto import key_of
from wechat_simulator.endpoints.checks import world
from wechat_simulator.endpoints.control_input import BadControl, body, integer, text, texts
from wechat_simulator.pushes import Address, Envelope, call, envelope

blueprint = Blueprint("control_setup", __name__, url_prefix="/__sim")

_ACCOUNTS = ("mini", "official")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_MOST_TIMES = 1000
_MOST_OUTAGE_MS = 3_600_000


@blueprint.post("/templates")
def templates() -> Response:
    """Register ``{"templates": [{"template_id", "title", "fields": […], "labels": {…}}], "pages": […]}``.

    All of a template's fields must be sent; without ``fields`` any may. Without any, the simulator takes every template and page.
    """
    given = body()
    listed = given.get("templates", [])
    if not isinstance(listed, list) or not all(isinstance(row, dict) for row in listed):
        raise BadControl("templates must be a list of objects")
    made = [_template(row) for row in listed]
    world().catalogue.add(made, texts(given, "pages"))
    return jsonify(ok=True)


@blueprint.post("/callbacks/<account>")
def connect(account: str) -> Response:
    """Tell this account's news to ``{"url", "token", "aes_key", "form": "xml" | "json"}`` from now on."""
    if account not in _ACCOUNTS:
        raise BadControl("the account is mini or official", 404)
    given = body()
    form = given.get("form", "xml")
    if form not in ("xml", "json") or (account == "official" and form == "json"):
        raise BadControl("form is xml, or json for the mini-program")
    url = text(given, "url", 512)
    if urlsplit(url).scheme != "http" or urlsplit(url).hostname not in _LOOPBACK:
        raise BadControl("url must be http on this machine")
    app_id = world().app.app_id if account == "mini" else world().app.official_id
    address = Address(url, text(given, "token", 64), _aes_key(given), app_id, form)
    world().pusher.connect(account, address)
    world().pusher.timeout_seconds = integer(given, "timeout_ms", 10, 60_000, default=5000) / 1000
    return jsonify(ok=True)


@blueprint.post("/callbacks/<account>/attempt")
def attempt(account: str) -> Response:
    """Call the product right or wrong, and return each answer's status, text and seconds.

    ``{"message": {…} | "raw": "…", "times": 1, "age_seconds": 0, "break": "signature" | "encryption"}``:
    a message is signed and encrypted, the same envelope ``times`` times (a replay); raw goes as it is.
    """
    address = world().pusher.address(account)
    if address is None:
        raise BadControl("this account has no callback address", 409)
    given = body()
    sent = _envelope(address, given)
    answers = []
    for _ in range(integer(given, "times", 1, _MOST_TIMES, default=1)):
        started = time.monotonic()
        status, told = call(address, sent, world().pusher.timeout_seconds)
        answers.append({"status": status, "text": told[:2000], "seconds": time.monotonic() - started})
    return jsonify(answers=answers)


@blueprint.get("/pushes")
def pushes() -> Response:
    """Return the last thousand callbacks and how they ended, oldest first."""
    return jsonify(
        pushes=[
            {
                "account": push.account,
                "event": push.event,
                "attempts": push.attempts,
                "is_taken": push.is_taken,
            }
            for push in world().pusher.log()
        ]
    )


@blueprint.post("/outage")
def outage() -> Response:
    """Refuse every connection for ``{"milliseconds": n}``, controls included; kept ones are closed."""
    current_app.extensions["outage"](integer(body(), "milliseconds", 1, _MOST_OUTAGE_MS) / 1000)
    return jsonify(ok=True)


def _template(row: dict[str, Any]) -> Template:
    labels = row.get("labels", {})
    if not isinstance(labels, dict) or not all(isinstance(label, str) for label in labels.values()):
        raise BadControl("labels must be texts by field name")
    fields = tuple(texts(row, "fields", 20))
    return Template(text(row, "template_id", 128), text(row, "title", 60), fields, labels)


def _aes_key(given: dict[str, Any]) -> str:
    aes_key = text(given, "aes_key", 64)
    try:
        key_of(aes_key)
    except ValueError as error:
        raise BadControl("aes_key must have the 43 characters of WeChat's page") from error
    return aes_key


def _envelope(address: Address, given: dict[str, Any]) -> Envelope:
    if "raw" in given:
        fields: dict[str, Any] = {}
    elif isinstance(given.get("message"), dict):
        fields = given["message"]
    else:
        raise BadControl("message must be an object, or raw a text")
    broken = given.get("break", "")
    if broken not in ("", "signature", "encryption"):
        raise BadControl("break is signature or encryption")
    moment = world().now() - integer(given, "age_seconds", -86_400, 86_400, default=0)
    target = address
    if broken == "encryption":  # rightly signed, but for another app
        target = Address(address.url, address.token, address.aes_key, "wxsomebodyelse00", address.form)
    made = envelope(target, fields, moment)
    query = {**made.query, "msg_signature": "0" * 40} if broken == "signature" else made.query
    return Envelope(query, str(given["raw"]).encode() if "raw" in given else made.body)
