"""Progress on stderr: one line per step, counts and percent; redrawn in place on a terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

T = TypeVar("T")
_REDRAW_SECONDS = 0.2


class Progress:
    """Counts steps of the play and items within each; safe to advance from several threads."""

    def __init__(self, stream: TextIO, steps: int) -> None:
        self._stream = stream
        self._steps = steps
        self._step = 0
        self._title = ""
        self._done = 0
        self._total = 0
        self._began = 0.0
        self._drawn = 0.0
        self._lock = threading.Lock()

    def begin(self, title: str, total: int) -> None:
        """Begin the next step."""
        self._step += 1
        self._title, self._done, self._total = title, 0, total
        self._began = time.monotonic()
        self._draw(is_last=not total)

    def over(self, title: str, items: Iterable[T], total: int) -> Iterator[T]:
        """Begin a step and advance it after every item."""
        self.begin(title, total)
        for item in items:
            yield item
            self.advance()

    def advance(self) -> None:
        """Count one item as done."""
        with self._lock:
            self._done += 1
            is_last = self._done == self._total
            if is_last or time.monotonic() - self._drawn >= _REDRAW_SECONDS:
                self._draw(is_last=is_last)

    def _draw(self, *, is_last: bool) -> None:
        self._drawn = time.monotonic()
        is_terminal = self._stream.isatty()
        if not (is_last or is_terminal):
            return
        percent = self._done * 100 // self._total if self._total else 100
        counted = f"{self._done:,}/{self._total:,} {percent:3d}%" if self._total else "完成"
        seconds = f"{time.monotonic() - self._began:5.1f} 秒" if is_last else ""
        line = f"[{self._step:2d}/{self._steps}] {self._title} {counted} {seconds}"
        if is_terminal:
            self._stream.write(f"\r\x1b[2K{line}" + ("\n" if is_last else ""))
        else:
            self._stream.write(line + "\n")
        self._stream.flush()
