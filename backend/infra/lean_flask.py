"""Flask without the steps this product never uses, each of which every request would pay for.

What is left out comes back by itself where somebody starts to use it: hooks before a request, redirects, bodies
that are streamed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface
from flask.typing import ResponseReturnValue
from werkzeug.routing import MapAdapter

_BODILESS = (204, 304)


class WholeAnswer(Response):
    """An answer whose body is there as bytes, with its length, and that redirects nowhere."""

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Answer as it stands; werkzeug would look for a location, measure the body and wrap it once more."""
        if environ["REQUEST_METHOD"] == "HEAD" or self.status_code in _BODILESS:
            return super().__call__(environ, start_response)
        start_response(self.status, self.headers.to_wsgi_list())
        return cast("list[bytes]", self.response)


class _NoSession(SessionInterface):
    """There are no cookies: who calls is said by the bearer token."""

    _session = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:
        return self._session


class LeanFlask(Flask):
    """Flask for a JSON API: routes are matched by path alone, and no path leads to another."""

    session_interface = _NoSession()

    def __init__(self, name: str) -> None:
        super().__init__(name, static_folder=None)
        self.url_map.merge_slashes = self.url_map.redirect_defaults = False

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Bind the routes to a request; the host, which Flask reads each time, is only needed for redirects."""
        if request is None:
            return super().create_url_adapter(None)
        return MapAdapter(
            self.url_map,
            server_name="",
            script_name="/",
            subdomain="",
            url_scheme="",
            path_info=request.path,
            default_method=request.method,
        )

    def preprocess_request(self) -> ResponseReturnValue | None:
        """Run the hooks before a request, if there are any."""
        if self.before_request_funcs or self.url_value_preprocessors:
            return super().preprocess_request()
        return None
