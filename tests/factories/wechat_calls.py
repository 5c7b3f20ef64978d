"""Plays WeChat towards the app: signed and encrypted calls, written with the simulator's own cryptography."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlencode

from backend.infra.settings import Settings
from wechat_simulator.crypto import seal, sign, unseal
from wechat_simulator.pushes import render

_NUMBERS = count(1)


@dataclass(frozen=True)
class Call:
    """One POST as WeChat sends it."""

    path: str
    body: bytes
    content_type: str

    @property
    def request(self) -> bytes:
        """Return the whole request as bytes, for a kept connection."""
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {self.content_type}\r\n"
            f"Content-Length: {len(self.body)}\r\n\r\n"
        )
        return head.encode() + self.body


@dataclass
class WeChatCaller:
    """Knows an account's secrets; ``spoil`` makes a call wrong in one way."""

    app_id: str
    token: str
    aes_key: str
    account: str
    form: str = "xml"
    times: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, account: str, form: str = "xml") -> WeChatCaller:
        if account == "mini":
            return cls(
                settings.wechat_app_id,
                settings.callback_token_mini,
                settings.callback_aes_key_mini,
                account,
                form,
            )
        return cls(
            settings.wechat_official_app_id,
            settings.callback_token_official,
            settings.callback_aes_key_official,
            account,
            form,
        )

    def call(
        self,
        fields: Mapping[str, Any] | None = None,
        *,
        raw: bytes | None = None,
        age: int = 0,
        token: str | None = None,
        aes_key: str | None = None,
    ) -> Call:
        """Return a call with these fields, or with ``raw`` bytes encrypted as they are."""
        message = render(dict(fields or {}), self.form).encode() if raw is None else raw
        encrypted = seal(aes_key or self.aes_key, self.app_id, message)
        return self.envelope(encrypted, age=age, token=token)

    def envelope(self, encrypted: str, *, age: int = 0, token: str | None = None) -> Call:
        """Sign what is given as ciphertext."""
        stamp, nonce, key = str(int(time.time()) - age), secrets.token_hex(5), token or self.token
        query = {
            "signature": sign(key, stamp, nonce),
            "timestamp": stamp,
            "nonce": nonce,
            "encrypt_type": "aes",
            "msg_signature": sign(key, stamp, nonce, encrypted),
        }
        body = render({"ToUserName": "gh_test", "Encrypt": encrypted}, self.form).encode()
        kind = "application/json" if self.form == "json" else "text/xml"
        return Call(f"/wechat/{self.account}?{urlencode(query)}", body, kind)

    def text(self, openid: str, words: str, **more: Any) -> Call:
        """Return a text message of a follower."""
        return self.call(self.message(openid, "text", Content=words), **more)

    def message(self, openid: str, kind: str, **fields: Any) -> dict[str, Any]:
        """Return the fields of a message with a number of its own."""
        number = str(23_000_000_000_000_000 + next(_NUMBERS))
        return {**_head(openid), "MsgType": kind, **fields, "MsgId": number}

    def event(self, openid: str, name: str, **fields: Any) -> dict[str, Any]:
        """Return the fields of an event; each of one person in a second of its own."""
        head = _head(openid)
        head["CreateTime"] += self.times.setdefault(openid, 0)
        self.times[openid] += 1
        return {**head, "MsgType": "event", "Event": name, **fields}

    def said(self, answer: str) -> str:
        """Return the text of a sealed answer, empty for ``success``; fails on anything else."""
        if answer == "success":
            return ""
        if self.form == "json":
            encrypted = json.loads(answer)["Encrypt"]
        else:
            found = re.search(r"<Encrypt><!\[CDATA\[(.*)\]\]></Encrypt>", answer, re.DOTALL)
            assert found is not None, answer[:200]
            encrypted = found[1]
        message = unseal(self.aes_key, self.app_id, encrypted).decode()
        content = re.search(r"<Content><!\[CDATA\[(.*)\]\]></Content>", message, re.DOTALL)
        assert content is not None, message
        return content[1].replace("]]]]><![CDATA[>", "]]>")


def _head(openid: str) -> dict[str, Any]:
    return {"ToUserName": "gh_test", "FromUserName": openid, "CreateTime": int(time.time())}
