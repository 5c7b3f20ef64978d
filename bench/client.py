"""The load generator, a process of its own: kept connections, prebuilt requests, one epoll loop.

``python -m bench.client`` reads a pickled Burst from standard input and writes a pickled Outcome.
"""

from __future__ import annotations

import pickle
import select
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

CONNECTIONS = 32
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Burst:
    """Requests to send for ``seconds``; once each, or over and over when ``is_repeated``."""

    port: int
    requests: Sequence[bytes]
    seconds: float
    is_repeated: bool = False
    connections: int = CONNECTIONS


@dataclass
class Outcome:
    """What came back: seconds from the first request to the last answer, latencies in seconds; status and body of each answer."""

    elapsed: float = 0.0
    sent: int = 0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    bodies: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Return answers per second."""
        return len(self.latencies) / self.elapsed if self.elapsed else 0.0

    def percentile(self, share: float) -> float:
        """Return a latency in milliseconds."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


@dataclass
class _Line:
    """One kept connection with at most one request under way."""

    socket: socket.socket
    sent_at: float = 0.0
    received: bytes = b""


def fire(burst: Burst) -> Outcome:
    """Run the burst in another process and wait for its outcome."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.client"],
        input=pickle.dumps(burst),
        stdout=subprocess.PIPE,
        cwd=_ROOT,
        check=True,
    )
    outcome = pickle.loads(done.stdout)
    assert isinstance(outcome, Outcome)
    return outcome


def run(burst: Burst) -> Outcome:
    """Keep every connection busy until time or requests are over, then wait for what is under way."""
    outcome = Outcome()
    poll = select.epoll()
    lines = {line.socket.fileno(): line for line in (_open(burst.port) for _ in range(burst.connections))}
    started = time.perf_counter()
    deadline = started + burst.seconds
    for descriptor, line in lines.items():
        poll.register(descriptor, select.EPOLLIN)
        _send_next(burst, outcome, line)
    waiting = min(len(lines), outcome.sent)
    while waiting:
        for descriptor, _ in poll.poll():
            line = lines[descriptor]
            if not _receive(line, outcome, burst.is_repeated):
                continue
            is_over = time.perf_counter() >= deadline
            if is_over or not _send_next(burst, outcome, line):
                waiting -= 1
    outcome.elapsed = time.perf_counter() - started
    for line in lines.values():
        line.socket.close()
    return outcome


def _open(port: int) -> _Line:
    connected = socket.create_connection(("127.0.0.1", port), timeout=30)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _Line(connected)


def _send_next(burst: Burst, outcome: Outcome, line: _Line) -> bool:
    number = outcome.sent
    if number >= len(burst.requests):
        if not burst.is_repeated:
            return False
        number %= len(burst.requests)
    outcome.sent += 1
    line.sent_at = time.perf_counter()
    line.socket.sendall(burst.requests[number])
    return True


def _receive(line: _Line, outcome: Outcome, is_repeated: bool) -> bool:
    """Take what has arrived; True when the answer is whole."""
    chunk = line.socket.recv(65_536)
    if not chunk:
        raise ConnectionError("the server closed a kept connection")
    received = line.received + chunk
    end = received.find(b"\r\n\r\n") + 4
    at = received.find(b"\r\nContent-Length: ")
    if end < 4 or at < 0 or len(received) < end + int(received[at + 18 : received.index(b"\r", at + 18)]):
        line.received = received
        return False
    line.received = b""
    outcome.latencies.append(time.perf_counter() - line.sent_at)
    status = int(received[9:12])
    outcome.statuses[status] += 1
    if not is_repeated:
        outcome.bodies.append((status, received[end:]))
    return True


if __name__ == "__main__":
    # Unpickle under the module's importable name, not __main__.
    from bench import client

    sys.stdout.buffer.write(pickle.dumps(client.run(pickle.load(sys.stdin.buffer))))
