"""Kept HTTP connections: one per thread, spread evenly over the servers, all closed together at the end."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Mapping
from urllib.parse import urlsplit

_TIMEOUT_SECONDS = 60


class Connections:
    """Sends requests to servers on loopback that do the same; each thread keeps to one of them."""

    def __init__(self, *base_urls: str) -> None:
        self._addresses = [urlsplit(url).netloc for url in base_urls]
        self._local = threading.local()
        self._lock = threading.Lock()
        self._all: list[http.client.HTTPConnection] = []

    def send(
        self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        """Return status and body; raises OSError or HTTPException when there is no answer."""
        try:
            return self._once(method, path, content, headers)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # Servers close connections that were idle; such a request was never read.
            return self._once(method, path, content, headers)

    def close(self) -> None:
        """Close every thread's connection; a later call opens another."""
        for connection in self._all:
            connection.close()

    def _once(
        self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        connection = self._own()
        try:
            connection.request(method, path, content, dict(headers))
            response = connection.getresponse()
            return response.status, response.read()
        except BaseException:
            connection.close()
            raise

    def _own(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            with self._lock:
                address = self._addresses[len(self._all) % len(self._addresses)]
                connection = http.client.HTTPConnection(address, timeout=_TIMEOUT_SECONDS)
                self._all.append(connection)
            self._local.connection = connection
        return connection
