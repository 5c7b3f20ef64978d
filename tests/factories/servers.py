"""Real web processes on a loopback port: gunicorn as production runs it."""

from __future__ import annotations

import base64
import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from backend.commands.serve import gunicorn_command
from backend.infra.settings import Settings

_ROOT = Path(__file__).parents[2]
_PRODUCT = "backend.wsgi:app"


@dataclass(frozen=True)
class WebServer:
    """A running gunicorn with its workers; its log holds what it wrote to standard error."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def workers(self) -> list[int]:
        """Return the process ids of the workers that live now."""
        children = psutil.Process(self.process.pid).children()
        return [child.pid for child in children if child.status() != psutil.STATUS_ZOMBIE]

    def answers(self, path: str) -> bool:
        """Tell whether a GET is answered with 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def wait_for(self, path: str, seconds: float = 120) -> None:
        """Return when every worker answers; raises TimeoutError or, if the server ended, RuntimeError.

        The kernel spreads new connections over the workers' sockets: sixteen in a row have met them all.
        """
        deadline = time.monotonic() + seconds
        while not all(self.answers(path) for _ in range(16)):
            if self.process.poll() is not None:
                raise RuntimeError(f"the web server ended: {self.log.read_text()[-2000:]}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"the web server does not answer: {self.log.read_text()[-2000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End it and wait."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the variables that make a process read these settings."""

    def text(key: bytes) -> str:
        return base64.urlsafe_b64encode(key).decode()

    return {
        "GONGJUE_MODE": settings.mode,
        "GONGJUE_DATABASE_URL": settings.database_url,
        "GONGJUE_STORAGE": str(settings.storage_path),
        "GONGJUE_FIELD_KEYS": ",".join(f"{name}:{text(key)}" for name, key in settings.field_keys),
        "GONGJUE_INDEX_KEY": ",".join(
            f"{name}:{text(key)}" if name else text(key) for name, key in settings.index_keys
        ),
        "GONGJUE_POOL_SIZE": str(settings.pool_size),
    }


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def web_server(
    environment: Mapping[str, str],
    log: Path,
    *,
    app: str = _PRODUCT,
    workers: int = 2,
    ready: str = "/readyz",
) -> Iterator[WebServer]:
    """Run gunicorn (4 threads a worker) until the block ends."""
    port = free_port()
    command = gunicorn_command(f"127.0.0.1:{port}", workers, 4)
    command[command.index(_PRODUCT)] = app
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GONGJUE_")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**inherited, **environment},
        )
    server = WebServer(process, port, log)
    try:
        server.wait_for(ready)
        yield server
    finally:
        server.stop()
