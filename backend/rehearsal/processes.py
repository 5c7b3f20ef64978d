"""The rehearsal's servers: the product under gunicorn and the WeChat simulator, on free loopback ports."""

from __future__ import annotations

import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_PR_SET_PDEATHSIG = 1
_ROOT = Path(__file__).parents[2]
_LISTENING = "listening on "


class NotStarted(Exception):
    """A server did not come up; the text holds the last lines of its log."""


@contextmanager
def running_simulator(log: Path, environment: Mapping[str, str], seed: int) -> Iterator[str]:
    """Run the WeChat simulator and yield its address."""
    command = [sys.executable, "-m", "wechat_simulator", "--port", "0", "--seed", str(seed)]
    with _running(command, environment, log) as process:
        yield _wait_for_address(process, log)


@contextmanager
def running_web(folder: Path, environment: Mapping[str, str], servers: int) -> Iterator[tuple[str, ...]]:
    """Run the product as ``gongjue serve`` does and yield the servers' addresses once all are ready.

    Each is one process with a port of its own: behind one port the kernel may put all of the few connections of a
    rehearsal on the same process, and half the machine would idle.
    """
    with ExitStack() as stack:
        started = []
        for number, port in enumerate(_free_ports(servers), start=1):
            log = folder / f"web{number}.log"
            bind = ("--workers", "1", "--bind", f"127.0.0.1:{port}")
            command = [sys.executable, "-m", "backend.cli", "serve", *bind]
            started.append((stack.enter_context(_running(command, environment, log)), port, log))
        for process, port, log in started:
            _wait_until_ready(process, port, log)
        yield tuple(f"http://127.0.0.1:{port}" for _, port, _ in started)


@contextmanager
def _running(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own commands
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            # The simulator is no part of the installed package: it stands beside it.
            cwd=_ROOT,
            # A session of its own: Ctrl-C reaches only us, and we stop everything in order.
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        # The group: a server that does not end would leave its workers behind.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _die_with_parent() -> None:
    """Ask Linux to end this child when the rehearsal is killed outright."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _free_ports(number: int) -> list[int]:
    """Return different ports: all are held until the last is known."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _wait_for_address(process: subprocess.Popen[bytes], log: Path) -> str:
    for _ in _while_alive(process, log):
        first = log.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
        if first.startswith(_LISTENING):
            return first.removeprefix(_LISTENING).strip()
    raise NotStarted(_last_lines(log))


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in _while_alive(process, log):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
    raise NotStarted(_last_lines(log))


def _while_alive(process: subprocess.Popen[bytes], log: Path) -> Iterator[None]:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NotStarted(_last_lines(log))
        yield
        time.sleep(0.05)


def _last_lines(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
