"""Child processes of the demo: started together, watched together, stopped together."""

from __future__ import annotations

import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STOP_SECONDS = 20.0
_LAST_LINES = 15
_PR_SET_PDEATHSIG = 1
# The simulator is no part of the product's package: it is found beside it.
_ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Child:
    """A running process with the file its output goes to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_lines(self) -> list[str]:
        """Return the end of its log."""
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]


@dataclass(slots=True)
class Household:
    """The children in the order they were started."""

    logs: Path
    environment: Mapping[str, str]
    children: list[Child] = field(default_factory=list)

    def start(self, name: str, command: Sequence[str]) -> Child:
        """Start a process in a session of its own, so that Ctrl-C reaches only us and we stop it in order."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own commands
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=_ROOT,
                env=_outer_environment() | dict(self.environment),
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        child = Child(name, process, log)
        self.children.append(child)
        return child

    def dead(self) -> Child | None:
        """Return a child that has ended by itself."""
        return next((child for child in self.children if child.process.poll() is not None), None)

    def stop(self) -> None:
        """End all of them, the last started first; whoever does not end in time is killed."""
        for child in reversed(self.children):
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in reversed(self.children):
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()


def _outer_environment() -> dict[str, str]:
    """Return this process's environment without any setting of a real installation, its accounts at WeChat least."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GONGJUE_")}


def _die_with_parent() -> None:
    """Ask Linux to end this child when the launcher is killed outright, so that no port stays taken."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def free_port(wanted: int, taken: Sequence[int] = ()) -> int:
    """Return ``wanted`` or the next port that nobody listens on; raises OSError when a hundred are taken."""
    for port in range(wanted, min(wanted + 100, 65_536)):
        if port not in taken and _is_free(port):
            return port
    raise OSError(f"no free port from {wanted} on")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port of connections just closed is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(port: int, path: str) -> bool:
    """Tell whether a process on this machine answers 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait_until(condition: Callable[[], bool], give_up: Callable[[], bool], seconds: float) -> bool:
    """Ask ten times a second; False when told to give up or when time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        if give_up():
            return False
        time.sleep(0.1)
    return False
