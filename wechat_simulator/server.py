"""A small threaded WSGI server with keep-alive.

Werkzeug's own server closes the connection after every answer; WeChat does not, and bugs with kept
connections only show against a server that keeps them.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from urllib.parse import unquote_to_bytes

# A key in the WSGI environment: the app asks for the connection to be closed without an answer.
DROP = "wechat_simulator.drop"
_MAX_BODY = 64 * 1024 * 1024
_IDLE_SECONDS = 75
_LAST_ANSWER_SECONDS = 0.1

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class SimulatorServer(ThreadingMixIn, TCPServer):
    """One thread per connection."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], app: WsgiApp) -> None:
        super().__init__(address, _Handler)
        self.app = app
        self.connections: set[socket.socket] = set()

    @property
    def base_url(self) -> str:
        """Return the address it listens on."""
        host, port = self.socket.getsockname()[:2]
        return f"http://{host}:{port}"

    def hang_up(self) -> None:
        """Close every kept connection."""
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when a client goes away; show every other error."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Service:
    """A server that can be away for a while: it comes back on the same port with the same app."""

    def __init__(self, address: tuple[str, int], app: WsgiApp) -> None:
        self._app = app
        self._stop = threading.Event()
        self._away_seconds = 0.0
        self._server = SimulatorServer(address, app)

    @property
    def base_url(self) -> str:
        """Return the address it listens on."""
        return self._server.base_url

    def run(self) -> None:
        """Serve until ``stop``."""
        while True:
            server = self._server
            with server:
                server.serve_forever(poll_interval=0.1)
            server.hang_up()
            if self._stop.wait(self._away_seconds) or not self._away_seconds:
                return
            self._away_seconds = 0.0
            self._server = SimulatorServer(server.server_address[:2], self._app)  # type: ignore[arg-type]  # host and port

    def go_away(self, seconds: float) -> None:
        """Refuse connections for some seconds, from a moment after this call's own answer on."""
        self._away_seconds = seconds
        threading.Timer(_LAST_ANSWER_SECONDS, self._server.shutdown).start()

    def stop(self) -> None:
        """End; to be called from another thread than ``run``."""
        self._stop.set()
        self._server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65_536  # head and body leave in one packet
    timeout = _IDLE_SECONDS
    server: SimulatorServer

    def setup(self) -> None:
        """Note the connection, so that an outage can close it."""
        self.server.connections.add(self.request)
        super().setup()

    def finish(self) -> None:
        """Forget the connection."""
        self.server.connections.discard(self.request)
        super().finish()

    def _serve(self) -> None:
        body = self._read_body()
        if body is None:
            return
        environ = self._environ(body)
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> None:
            started[:] = [status, headers]

        chunks = self.server.app(environ, start_response)
        content = b"".join(chunks)
        if environ.get(DROP):
            self.close_connection = True
            return
        status, headers = started
        self._send(status, headers, content)

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD = do_OPTIONS = _serve

    def _read_body(self) -> bytes | None:
        if "Transfer-Encoding" in self.headers:
            self._refuse("411 Length Required")
            return None
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit() and len(length) < 12):
            self._refuse("400 Bad Request")
            return None
        if int(length) > _MAX_BODY:
            self._refuse("413 Content Too Large")
            return None
        return self.rfile.read(int(length))

    def _refuse(self, status: str) -> None:
        self.close_connection = True
        self._send(status, [("Content-Length", "0"), ("Connection", "close")], b"")

    def _send(self, status: str, headers: list[tuple[str, str]], content: bytes) -> None:
        code, _, phrase = status.partition(" ")
        self.send_response_only(int(code), phrase)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        host, port = self.server.server_address[:2]
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            environ.setdefault(f"HTTP_{name.upper().replace('-', '_')}", value)
        return environ

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: request lines carry secrets, codes and openids."""
