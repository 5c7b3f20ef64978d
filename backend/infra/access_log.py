"""One JSON line per request: route template, status, duration, request id; never a path, query or body."""

from __future__ import annotations

import atexit
import logging
import sys
import threading
import time
from collections import deque
from functools import lru_cache
from typing import TextIO

import orjson
from flask import Request

logger = logging.getLogger("gongjue")


class JsonFormatter(logging.Formatter):
    """Formats any record as one JSON line; nobody logs arguments that may hold personal data."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            # Only the place: messages of database errors quote the values they failed on.
            line["error"] = record.exc_info[0].__name__
            line["trace"] = _frames(record)
        return orjson.dumps(line, default=str).decode()


def _frames(record: logging.LogRecord) -> list[str]:
    trace = record.exc_info[2] if record.exc_info else None
    frames: list[str] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    return frames[-8:]


class _Lines:
    """Request lines on their way out, written ten times a second by a thread of their own.

    A write lets go of the interpreter's lock: done in every request it had the threads wait for each other.
    A process killed outright loses the lines of its last tenth of a second; errors are written at once.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: deque[str] = deque()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, line: str) -> None:
        self._waiting.append(line)
        if self._thread is None:
            with self._start:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="access-log", daemon=True)
                    self._thread.start()
                    atexit.register(self._flush)

    def _run(self) -> None:
        while True:
            time.sleep(0.1)
            self._flush()

    def _flush(self) -> None:
        lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if lines:
            self._stream.write("".join(lines))
            self._stream.flush()


_lines: _Lines | None = None


def configure() -> None:
    """Send our log lines to standard error; call in the process that logs, after any fork."""
    global _lines
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    _lines = _Lines(sys.stderr)


def write(request: Request, status: int) -> None:
    """Log a request; without a LogRecord's round."""
    if _lines is None:
        return
    environ = request.environ
    fields = {
        "at": _second(int(time.time())),
        "level": "info",
        "event": "request",
        "request_id": environ["gongjue.request_id"],
        "method": request.method,
        "route": request.url_rule.rule if request.url_rule else "-",
        "status": status,
        "ms": round((time.perf_counter() - environ["gongjue.started"]) * 1000, 1),
    }
    _lines.add(orjson.dumps(fields).decode() + "\n")


@lru_cache(maxsize=4)
def _second(moment: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(moment))
