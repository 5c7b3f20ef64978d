"""The rehearsal's HTTP client: kept connections, one per thread, and each person's own address.

The rehearsal plays the TLS proxy in front of the product (``X-Forwarded-For``), so that the limits per address
hold for every simulated phone by itself, exactly as in production.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.rehearsal.connections import Connections


class Refused(Exception):
    """The product refused; ``code`` and ``fields`` are those of its problem JSON."""

    def __init__(self, what: str, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code", ""))
        self.message = str(problem.get("message", ""))
        fields = problem.get("fields") or ()
        self.fields = tuple(str(field.get("message", "")) for field in fields)
        named = "；".join(f"{field.get('where')}：{field.get('message')}" for field in fields[:3])
        super().__init__(f"{what} → {status} {self.code} {self.message} {named}")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the address of the phone or desk, and the session's token once there is one."""

    address: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Headers:
    """What some calls carry beside the body: the version read, a key for repeating."""

    version: int | None = None
    key: str | None = None

    def of(self, caller: Caller, media_type: str) -> dict[str, str]:
        """Return the request's headers."""
        headers = {"X-Forwarded-For": caller.address, "Content-Type": media_type}
        if caller.token is not None:
            headers["Authorization"] = f"Bearer {caller.token}"
        if self.version is not None:
            headers["If-Match"] = f'"{self.version}"'
        if self.key is not None:
            headers["Idempotency-Key"] = self.key
        return headers


_PLAIN = Headers()


class Web:
    """Calls the product on loopback; raises Refused for every answer of 400 and above."""

    def __init__(self, *base_urls: str) -> None:
        self._connections = Connections(*base_urls)

    def get(self, caller: Caller, path: str) -> Any:
        """Read something."""
        return _read(
            f"GET {path}", *self._connections.send("GET", path, None, _PLAIN.of(caller, "application/json"))
        )

    def post(
        self, caller: Caller, path: str, body: Mapping[str, Any] | None = None, headers: Headers = _PLAIN
    ) -> Any:
        """Do something."""
        return self._send("POST", caller, path, (body, headers))

    def put(self, caller: Caller, path: str, body: Mapping[str, Any], headers: Headers) -> Any:
        """Replace something."""
        return self._send("PUT", caller, path, (body, headers))

    def store(self, caller: Caller, content: bytes) -> str:
        """Upload a file and return its hash."""
        return str(self.upload(caller, content, "/api/v1/staff/files")["sha256"])

    def upload(self, caller: Caller, content: bytes, path: str, headers: Headers = _PLAIN) -> Any:
        """Send a file as the raw body."""
        sent = headers.of(caller, "application/octet-stream")
        return _read(f"POST {path}", *self._connections.send("POST", path, content, sent))

    def download(self, caller: Caller, path: str) -> bytes:
        """Read a file."""
        status, content = self._connections.send("GET", path, None, _PLAIN.of(caller, "application/json"))
        if status >= 400:
            _read(f"GET {path}", status, content)
        return content

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def _send(
        self, method: str, caller: Caller, path: str, what: tuple[Mapping[str, Any] | None, Headers]
    ) -> Any:
        body, headers = what
        content = json.dumps(body).encode() if body is not None else b""
        sent = self._connections.send(method, path, content, headers.of(caller, "application/json"))
        return _read(f"{method} {path}", *sent)


def _read(what: str, status: int, content: bytes) -> Any:
    answer = json.loads(content) if content else None
    if status >= 400:
        raise Refused(what, status, answer if isinstance(answer, dict) else {})
    return answer
