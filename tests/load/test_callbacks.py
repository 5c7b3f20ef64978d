"""Callbacks at three hundred a second: every one answered rightly, the slowest hundredth within a second."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psutil
import pytest

from backend.infra.context import Context
from backend.infra.database import open_session
from backend.kernel.access import SYSTEM
from backend.notifications.rules.templates import SIMULATED
from backend.notifications.service import followers
from tests.factories.servers import WebServer, environment_of, web_server
from tests.factories.wechat_calls import WeChatCaller
from tests.load.hall import Crowd, Hall

RATE = 300
PEOPLE = 200
# Of one processor, for one call. Alone it is a third of this; sharing a core with other tests costs the rest.
MOST_PROCESSOR = 0.008
WORDS = ("投票", "进度", "2", "结果", "绑定", "你好", "怎么投票")
_NUMBERS = count()
TEMPLATE = SIMULATED["reminder"].template_id  # type: ignore[index] # a StrEnum's value is its key


@dataclass
class Answers:
    """What came back, and how long each took from the moment at which it was due."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    lost: int = 0
    processor_seconds: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def slowest_hundredth(self) -> float:
        ordered = sorted(self.seconds)
        return ordered[int(len(ordered) * 0.99)]


def people(hall: Hall, crowd: Crowd) -> list[str]:
    """Link every voter to a chat; return their openids there."""
    with open_session(hall.engine) as session:
        ctx = Context(session=session, actor=SYSTEM, ports=hall.ports, request_id="load")
        openids = [f"oLoad{number:05d}" for number in range(len(crowd.voters))]
        for openid, voter in zip(openids, crowd.voters, strict=True):
            followers.link_follower(ctx, voter.resident.account_id, openid)
        session.commit()
    return openids


def calls(hall: Hall, openids: Sequence[str], number: int) -> list[bytes]:
    """Prepare what WeChat would send: messages of people known and unknown, taps, consents, repetitions."""
    official = WeChatCaller.of(hall.settings, "official")
    mini = WeChatCaller.of(hall.settings, "mini", "json")
    prepared: list[bytes] = []
    accepted = {"TemplateId": TEMPLATE, "SubscribeStatusString": "accept"}
    for place in range(number):
        who = openids[place % len(openids)]
        match place % 10:
            case 0:
                event = mini.event(f"oMini{next(_NUMBERS):06d}", "subscribe_msg_popup_event", List=accepted)
                prepared.append(mini.call(event).request)
            case 1:
                prepared.append(official.call(official.event(who, "CLICK", EventKey="vote")).request)
            case 2:
                prepared.append(official.text(f"oStranger{place:06d}", "投票").request)
            case 3:
                prepared.append(prepared[-1])
            case _:
                prepared.append(official.text(who, WORDS[place % len(WORDS)]).request)
    return prepared


def send(port: int, requests: Sequence[bytes], lines: int = 32) -> Answers:
    """Send at a steady rate over kept connections; a call whose connection is busy waits, and that counts."""
    told = Answers()
    begin = time.monotonic() + 0.2
    threads = [
        threading.Thread(target=_line, args=(port, requests[n::lines], begin + n / RATE, lines / RATE, told))
        for n in range(lines)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def _line(port: int, requests: Sequence[bytes], begin: float, every: float, told: Answers) -> None:
    line = socket.create_connection(("127.0.0.1", port), timeout=20)
    for number, request in enumerate(requests):
        due = begin + number * every
        time.sleep(max(0.0, due - time.monotonic()))
        try:
            line.sendall(request)
            status = _status(line)
        except OSError:
            line.close()
            line = socket.create_connection(("127.0.0.1", port), timeout=20)
            with told.lock:
                told.lost += 1
            continue
        took = time.monotonic() - due
        with told.lock:
            told.statuses[status] += 1
            told.seconds.append(took)
    line.close()


def _status(line: socket.socket) -> int:
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(line)
    head, _, body = received.partition(b"\r\n\r\n")
    fields = dict(row.lower().split(b": ", 1) for row in head.split(b"\r\n")[1:])
    while len(body) < int(fields[b"content-length"]):
        body += _more(line)
    return int(head.split(b" ", 2)[1])


def _more(line: socket.socket) -> bytes:
    part = line.recv(65536)
    if not part:
        raise OSError("closed")
    return part


def processor_seconds(server: WebServer) -> float:
    """Return what the web processes have used so far."""
    family = [psutil.Process(server.process.pid)]
    family += family[0].children(recursive=True)
    return sum(sum(member.cpu_times()[:2]) for member in family)


def _flood(hall: Hall, folder: Path, seconds: int) -> Answers:
    crowd = hall.crowd(PEOPLE)
    openids = people(hall, crowd)
    warm, requests = calls(hall, openids, 100), calls(hall, openids, RATE * seconds)
    with web_server(environment_of(hall.settings), folder / "web.log") as server:
        # The first calls of each process open its connections.
        send(server.port, warm)
        before = processor_seconds(server)
        told = send(server.port, requests)
        told.processor_seconds = processor_seconds(server) - before
    print(
        f"{hall.engine.dialect.name}: {len(told.seconds)} calls at {RATE}/s, "
        f"p50 {1000 * sorted(told.seconds)[len(told.seconds) // 2]:.0f} ms, "
        f"p99 {1000 * told.slowest_hundredth():.0f} ms, max {1000 * max(told.seconds):.0f} ms, "
        f"web processes {1000 * told.processor_seconds / len(requests):.2f} ms each"
    )
    assert told.lost == 0
    assert told.statuses == Counter({200: len(requests)}), "none is refused"
    arrived = hall.rows("SELECT count(*) FROM wechat_arrival")[0][0]
    consents = (len(requests) + len(warm)) // 10
    assert int(arrived) == consents, "every event with an effect has its row"
    return told


def test_three_seconds_of_callbacks_are_all_answered(hall: Hall, tmp_path: Path) -> None:
    told = _flood(hall, tmp_path, 3)
    # Other tests share this machine: what a call costs is judged here, how long it takes in the long run below.
    assert told.processor_seconds / len(told.seconds) <= MOST_PROCESSOR


@pytest.mark.heavy
def test_thirty_seconds_of_callbacks_are_answered_within_a_second(hall: Hall, tmp_path: Path) -> None:
    told = _flood(hall, tmp_path, 30)
    assert told.slowest_hundredth() <= 1.0
