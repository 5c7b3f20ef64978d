"""Text messages: the file transport, and Tencent Cloud's signature and answers against a loopback server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from backend.notifications.channels.letter import Letter
from backend.notifications.channels.sms import SmsChannel
from backend.notifications.channels.sms.file import FileSms
from backend.notifications.channels.sms.tencent import TencentAccount, TencentSms, authorization
from backend.notifications.rules.outcomes import Came

VALUES = {"title": "方案表决", "time": "2026年6月30日 18:00", "note": "您家还没有投票"}
LETTER = Letter("d" * 20, "c", "sms", 0, "a", "reminder", "sms", "13800000000", "449739", VALUES)


def test_the_file_keeps_one_private_line_per_message(tmp_path: Path) -> None:
    path = tmp_path / "sms.jsonl"
    channel = SmsChannel(FileSms(path))
    assert [channel.send(LETTER).came for _ in range(2)] == [Came.SENT, Came.SENT]
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0]["parameters"] == list(VALUES.values()) and len(lines) == 2
    assert path.stat().st_mode & 0o077 == 0


@contextmanager
def provider(status: int, answer: bytes) -> Iterator[tuple[str, list[Any]]]:
    seen: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(
                (dict(self.headers), json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            )
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def account(base: str) -> TencentAccount:
    return TencentAccount("AKIDEXAMPLE", "very-private", "1400006666", "示例签名", base=base)


def status_of(code: str) -> bytes:
    return json.dumps({"Response": {"SendStatusSet": [{"Code": code}], "RequestId": "r"}}).encode()


def error_of(code: str) -> bytes:
    return json.dumps({"Response": {"Error": {"Code": code, "Message": "m"}, "RequestId": "r"}}).encode()


@pytest.mark.parametrize(
    ("answer", "came"),
    [
        (status_of("Ok"), Came.SENT),
        (status_of("LimitExceeded.PhoneNumberDailyLimit"), Came.READER),
        (status_of("LimitExceeded.DeliveryFrequencyLimit"), Came.READER),
        (error_of("LimitExceeded.AppDailyLimit"), Came.QUOTA),
        (status_of("FailedOperation.PhoneNumberInBlacklist"), Came.REFUSED),
        (status_of("FailedOperation.TemplateIncorrectOrUnapproved"), Came.PERMANENT),
        (status_of("FailedOperation.InsufficientBalanceInSmsPackage"), Came.CONFIGURATION),
        (error_of("AuthFailure.SignatureFailure"), Came.CONFIGURATION),
        (error_of("AuthFailure.SignatureExpire"), Came.PASSING),
        (error_of("InternalError"), Came.UNKNOWN),
        (b"<html>", Came.UNKNOWN),
        (b'{"Response": []}', Came.UNKNOWN),
    ],
)
def test_the_provider_s_answers_are_sorted(answer: bytes, came: Came) -> None:
    with provider(200, answer) as (base, seen):
        outcome = SmsChannel(TencentSms(account(base))).send(LETTER)
    assert outcome.came is came
    headers, body = seen[0]
    assert body["PhoneNumberSet"] == ["+8613800000000"] and body["TemplateParamSet"] == list(VALUES.values())
    assert headers["X-TC-Action"] == "SendSms" and headers["Authorization"].startswith("TC3-HMAC-SHA256 ")


def test_nobody_listening_means_not_sent() -> None:
    with provider(200, b"") as (base, _):
        pass
    assert SmsChannel(TencentSms(account(base))).send(LETTER).came is Came.PASSING


def test_the_signature_covers_body_host_and_day() -> None:
    one = account("http://x")
    first = authorization(one, "sms.tencentcloudapi.com", b"{}", 1_551_113_065)
    assert "Credential=AKIDEXAMPLE/2019-02-25/sms/tc3_request" in first
    others = [
        authorization(one, "sms.tencentcloudapi.com", b"{ }", 1_551_113_065),
        authorization(one, "example.com", b"{}", 1_551_113_065),
        authorization(one, "sms.tencentcloudapi.com", b"{}", 1_551_199_465),
    ]
    assert len({first, *others}) == 4
    assert "very-private" not in repr(one)
