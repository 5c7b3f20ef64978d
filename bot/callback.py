"""What WeChat tells us: the two addresses it calls, served by the web process.

A call that is not WeChat's, or not for now, is refused and has no effect; everything else is answered with 200.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from backend.infra.web import GongjueFlask, current_app, endpoint, public
from backend.infra.wechat.callbacks import MOST_BYTES
from bot.desk import CallbackDesk

door = Blueprint("wechat", __name__, url_prefix="/wechat")

# WeChat calls from few addresses and is never refused for calling often; senders are limited one by one.
_UNLIMITED = "1000000/second"
_CHECK = public(transaction=False, limit=_UNLIMITED)
_TELL = public(transaction=False, limit=_UNLIMITED, is_raw=True, max_body=MOST_BYTES)
_TAGS = ["wechat"]
_EXTENSION = "wechat_callbacks"


@door.get("/mini")
@endpoint(_CHECK, {200: None}, tags=_TAGS, responses_raw="text/plain")
def verify_mini_address() -> Response:
    """Let WeChat check the address entered for the mini-program's messages."""
    return _verify("mini")


@door.post("/mini")
@endpoint(_TELL, {200: None}, tags=_TAGS, responses_raw="text/plain")
def take_mini_callback() -> Response:
    """Take a message or event of the mini-program: XML or JSON, signed and encrypted."""
    return _take("mini")


@door.get("/official")
@endpoint(_CHECK, {200: None}, tags=_TAGS, responses_raw="text/plain")
def verify_official_address() -> Response:
    """Let WeChat check the address entered for the Official Account's messages."""
    return _verify("official")


@door.post("/official")
@endpoint(_TELL, {200: None}, tags=_TAGS, responses_raw="text/plain")
def take_official_callback() -> Response:
    """Take a message or event of the Official Account, and answer it."""
    return _take("official")


def register(app: GongjueFlask) -> None:
    """Open the door."""
    app.extensions[_EXTENSION] = CallbackDesk(app)
    app.register_blueprint(door)


def _desk() -> CallbackDesk:
    desk: CallbackDesk = current_app().extensions[_EXTENSION]
    return desk


def _verify(account: str) -> Response:
    return Response(_desk().verify(account, request.args), mimetype="text/plain")


def _take(account: str) -> Response:
    body = request.get_data(cache=False)
    taken = _desk().take(account, request.args, body, str(request.environ["gongjue.request_id"]))
    return Response(taken.body, mimetype=taken.media_type)
