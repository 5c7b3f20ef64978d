"""What the process writes to its log, kept for reading."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr

from backend.infra import access_log


class KeptLog:
    """Standard error of the process."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def lines(self) -> list[str]:
        """Return the lines so far; they are written a tenth of a second after the request."""
        time.sleep(0.3)
        return self.stream.getvalue().splitlines()


@contextmanager
def keep_log() -> Iterator[KeptLog]:
    """Log as in production, and let every other logger warn into the same stream."""
    kept, ours, root = KeptLog(), access_log.logger, logging.getLogger()
    before = ours.handlers, ours.level, ours.propagate
    other = logging.StreamHandler(kept.stream)
    root.addHandler(other)
    try:
        with redirect_stderr(kept.stream):
            access_log.configure()
            yield kept
    finally:
        root.removeHandler(other)
        ours.handlers, ours.propagate = before[0], before[2]
        ours.setLevel(before[1])
        vars(access_log)["_lines"] = None  # the other tests log nothing
