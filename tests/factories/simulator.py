"""The WeChat simulator in its own process, for tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.rehearsal.phones import SimulatedPhones

APP_ID = "wxdemo0000000001"
APP_SECRET = "demo-secret-0000000000000000000"
OFFICIAL_ID = "wxdemoofficial01"
OFFICIAL_SECRET = "demo-official-secret-00000000000"
DEMO_ROOM = "00000000-0000-4000-8000-00000000d001"
CALLBACK_TOKEN = "callback-token-for-tests"
CALLBACK_AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
_ROOT = Path(__file__).parents[2]


@dataclass
class SimulatorHandle:
    """A running simulator: the phones it plays, and its controls."""

    base_url: str
    process: subprocess.Popen[str]
    phones: SimulatedPhones = field(init=False)

    def __post_init__(self) -> None:
        self.phones = SimulatedPhones(self.base_url)

    def create_users(self, users: Sequence[Mapping[str, object]]) -> list[dict[str, Any]]:
        return self.phones.create_users(users)

    def login_code(self, openid: str) -> str:
        return self.phones.login_code(openid)

    def phone_code(self, openid: str) -> str:
        return self.phones.phone_code(openid)

    def advance(self, seconds: int) -> None:
        """Move WeChat's clock forward."""
        self.phones.ask("POST", "/__sim/clock", {"advance_seconds": seconds})

    def inject(self, kind: str, **details: object) -> None:
        """Arm error | http_error | slow | drop | drop_after, with ``count``, ``path``, ``errcode``, ``milliseconds``."""
        self.phones.ask("POST", "/__sim/faults", {"kind": kind, **details})

    def spoil_tokens(self, errcode: int) -> None:
        """Make the tokens given so far fail: 42001 expired, 40001 replaced elsewhere."""
        self.phones.ask("POST", "/__sim/token/expire", {"errcode": errcode})

    def calls(self, path: str) -> int:
        """Return how often a WeChat path was called since the last reset."""
        return int(self.phones.ask("GET", "/__sim/calls")["calls"].get(path, 0))

    def control(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Call the control API (``path`` after ``/__sim/``); raises PhoneError for every answer but 200."""
        return self.phones.ask(method, f"/__sim/{path}", body)

    def subscribe(self, openid: str, **answers: str) -> dict[str, Any]:
        """Answer a subscription popup: template id → accept | reject | ban."""
        return self.control("POST", f"users/{openid}/subscribe", {"answers": answers})

    def inbox(self, openid: str) -> list[dict[str, Any]]:
        """Return the service messages on a phone, oldest first."""
        messages: list[dict[str, Any]] = self.control("GET", f"users/{openid}/inbox")["messages"]
        return messages

    def chat(self, openid: str) -> list[dict[str, Any]]:
        """Return the chat with the Official Account, oldest first."""
        messages: list[dict[str, Any]] = self.control("GET", f"users/{openid}/chat")["messages"]
        return messages

    def connect_callback(self, account: str, url: str, form: str = "xml", **more: object) -> None:
        """Let the simulator tell the news of ``mini`` or ``official`` to a loopback address."""
        secrets = {"token": CALLBACK_TOKEN, "aes_key": CALLBACK_AES_KEY}
        self.control("POST", f"callbacks/{account}", {"url": url, "form": form, **secrets, **more})

    def reset(self) -> None:
        """Forget all users, codes, tokens, faults and counts."""
        self.phones.ask("POST", "/__sim/reset")

    def stop(self) -> None:
        """End the process and wait for it."""
        self.phones.close()
        self.process.terminate()
        self.process.wait(timeout=10)
        if self.process.stdout is not None:
            self.process.stdout.close()


def start_simulator(*, app_id: str = APP_ID, app_secret: str = APP_SECRET, seed: int = 1) -> SimulatorHandle:
    """Start a simulator on a free loopback port and return once it listens."""
    account = ["--app-id", app_id, "--app-secret", app_secret]
    process = subprocess.Popen(
        [sys.executable, "-m", "wechat_simulator", "--port", "0", "--seed", str(seed), *account],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("listening on "):
        process.kill()
        process.wait()
        raise RuntimeError("the WeChat simulator did not start")
    return SimulatorHandle(line.removeprefix("listening on ").strip(), process)
