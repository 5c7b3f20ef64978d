"""Callbacks: WeChat calls the product, signed and encrypted, waits five seconds, and tries again three times."""

from __future__ import annotations

import http.client
import json
import queue
import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from wechat_simulator.crypto import seal, sign, unseal

TIMEOUT_SECONDS = 5.0
ATTEMPTS = 4
_WORKERS = 8
_PAUSE_SECONDS = 0.2
_ENCRYPTED = re.compile(r"<Encrypt><!\[CDATA\[([A-Za-z0-9+/=]+)\]\]></Encrypt>")


@dataclass(frozen=True, slots=True)
class Address:
    """Where and how one account is told: as entered on WeChat's page."""

    url: str
    token: str
    aes_key: str
    app_id: str
    form: str = "xml"  # or "json", mini-programs only


@dataclass(slots=True)
class Push:
    """One message to the product, and how each attempt ended (a status, or ``timeout``, ``refused``)."""

    account: str
    event: str
    fields: Mapping[str, Any] = field(repr=False)
    attempts: list[str] = field(default_factory=list)
    is_taken: bool = False
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What goes over the wire."""

    query: Mapping[str, str]
    body: bytes


class Pusher:
    """Eight senders behind a queue; the last pushes are kept to look at."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._addresses: dict[str, Address] = {}
        self._queue: queue.SimpleQueue[tuple[Push, Callable[[Push], None] | None] | None] = (
            queue.SimpleQueue()
        )
        self._log: deque[Push] = deque(maxlen=1000)
        self._lock = threading.Lock()
        self._has_workers = False
        self._is_closed = False
        self.timeout_seconds = TIMEOUT_SECONDS

    def connect(self, account: str, address: Address) -> None:
        """Tell this account's news to an address from now on."""
        with self._lock:
            self._addresses[account] = address
            if not self._has_workers:
                self._has_workers = True
                for _ in range(_WORKERS):
                    threading.Thread(target=self._work, daemon=True).start()

    def address(self, account: str) -> Address | None:
        """Return where an account is told."""
        with self._lock:
            return self._addresses.get(account)

    def push(
        self, account: str, fields: Mapping[str, Any], then: Callable[[Push], None] | None = None
    ) -> None:
        """Queue a message; ``then`` gets the outcome. Without an address nobody is told."""
        if self.address(account) is None:
            return
        push = Push(account, str(fields.get("Event") or fields.get("MsgType")), fields)
        self._log.append(push)
        self._queue.put((push, then))

    def log(self) -> list[Push]:
        """Return the last pushes, oldest first."""
        return list(self._log)

    def close(self) -> None:
        """Let the senders end."""
        self._is_closed = True
        if self._has_workers:
            for _ in range(_WORKERS):
                self._queue.put(None)

    def _work(self) -> None:
        while (task := self._queue.get()) is not None:
            push, then = task
            address = self.address(push.account)
            if address is None:
                continue
            self._deliver(push, address)
            if then is not None and not self._is_closed:
                then(push)

    def _deliver(self, push: Push, address: Address) -> None:
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(_PAUSE_SECONDS)
            if self._is_closed:
                return
            status, text = call(address, envelope(address, push.fields, self._now()), self.timeout_seconds)
            push.attempts.append(status)
            if status == "200":
                push.is_taken, push.reply = read_reply(address, text)
                return


def envelope(address: Address, fields: Mapping[str, Any], now: float) -> Envelope:
    """Return a signed and encrypted message."""
    stamp, nonce = str(int(now)), secrets.token_hex(5)
    encrypted = seal(address.aes_key, address.app_id, render(fields, address.form).encode())
    query = {
        "signature": sign(address.token, stamp, nonce),
        "timestamp": stamp,
        "nonce": nonce,
        "openid": str(fields.get("FromUserName", "")),
        "encrypt_type": "aes",
        "msg_signature": sign(address.token, stamp, nonce, encrypted),
    }
    outer = {"ToUserName": fields.get("ToUserName", ""), "Encrypt": encrypted}
    return Envelope(query, render(outer, address.form).encode())


def call(address: Address, sent: Envelope, timeout: float) -> tuple[str, str]:
    """POST once; return the status and text, or ``timeout`` or ``refused``."""
    parts = urlsplit(address.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    kind = "application/json" if address.form == "json" else "text/xml"
    try:
        connection.request(
            "POST", f"{parts.path or '/'}?{urlencode(sent.query)}", sent.body, {"Content-Type": kind}
        )
        response = connection.getresponse()
        return str(response.status), response.read(65_536).decode("utf-8", "replace")
    except TimeoutError:
        return "timeout", ""
    except (OSError, http.client.HTTPException):
        return "refused", ""
    finally:
        connection.close()


def read_reply(address: Address, text: str) -> tuple[bool, str]:
    """Tell whether an answer is one WeChat takes, and return the text to show, if any."""
    if text in ("", "success"):
        return True, ""
    found = _ENCRYPTED.search(text)
    try:
        message = unseal(address.aes_key, address.app_id, found[1]).decode() if found else ""
    except (ValueError, IndexError):
        return False, ""
    content = re.search(r"<Content><!\[CDATA\[(.*)\]\]></Content>", message, re.DOTALL)
    return (True, content[1].replace("]]]]><![CDATA[>", "]]>")) if content else (False, "")


def render(fields: Mapping[str, Any], form: str) -> str:
    """Write a message as JSON or XML; lists repeat their element."""
    if form == "json":
        return json.dumps(fields, ensure_ascii=False)
    return f"<xml>{_xml(fields)}</xml>"


def _xml(fields: Mapping[str, Any]) -> str:
    parts = []
    for name, value in fields.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping):
                parts.append(f"<{name}>{_xml(item)}</{name}>")
            elif isinstance(item, int):
                parts.append(f"<{name}>{item}</{name}>")
            else:
                words = str(item).replace("]]>", "]]]]><![CDATA[>")
                parts.append(f"<{name}><![CDATA[{words}]]></{name}>")
    return "".join(parts)
