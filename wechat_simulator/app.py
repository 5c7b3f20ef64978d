"""The Flask app: WeChat's paths under their real names, faults in front of them, our controls beside them."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse

from wechat_simulator.answers import Refused, refusal
from wechat_simulator.endpoints import (
    cgi_bin,
    control,
    control_phone,
    control_setup,
    messages,
    pages,
    sns,
    wxa,
)
from wechat_simulator.endpoints.checks import world
from wechat_simulator.endpoints.control_input import BadControl, tell_mistake
from wechat_simulator.server import DROP
from wechat_simulator.shelf import Shelf
from wechat_simulator.state import AppCredentials, World

_WECHAT_PREFIXES = ("/cgi-bin/", "/sns/", "/wxa/")
_MODULES = (cgi_bin, messages, sns, wxa, control, control_phone, control_setup, pages)


def build_app(
    app: AppCredentials,
    seed: int | None = None,
    outage: Callable[[float], None] | None = None,
    shelf: Shelf | None = None,
) -> Flask:
    """Make the app with a fresh state; the same seed gives the same openids, codes and tokens.

    ``outage`` is called with the seconds for which the server is to refuse connections; what lies on ``shelf``
    is on the phones from the beginning.
    """
    flask = Flask(__name__, static_folder=None)
    flask.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    flask.extensions["world"] = World(app, seed, shelf)
    flask.extensions["outage"] = outage or (lambda _seconds: None)
    for module in _MODULES:
        flask.register_blueprint(module.blueprint)
    flask.add_url_rule("/", view_func=index)
    flask.register_error_handler(Refused, lambda refused: refusal(refused.errcode, refused.detail))
    flask.register_error_handler(BadControl, tell_mistake)
    flask.before_request(_meet_fault)
    return flask


def index() -> WerkzeugResponse:
    """List what is here, for programs; people are led to the phones."""
    if "text/html" in request.headers.get("Accept", ""):
        return redirect("/phones")
    return pages.describe()


def _meet_fault() -> Response | None:
    if not request.path.startswith(_WECHAT_PREFIXES):
        return None
    fault = world().meet(request.path)
    if fault is None:
        return None
    if fault.kind == "error":
        return refusal(fault.errcode)
    if fault.kind == "http_error":
        return Response("<html><body>nginx</body></html>", status=fault.errcode, mimetype="text/html")
    if fault.kind == "slow":
        time.sleep(fault.milliseconds / 1000)
        return None
    request.environ[DROP] = True
    return Response() if fault.kind == "drop" else None
