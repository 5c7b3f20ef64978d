"""Many hands: the same work for many people at once; what comes of it does not depend on who is faster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from backend.rehearsal.progress import Progress

T = TypeVar("T")
R = TypeVar("R")
_HANDS = 4


class Crew:
    """A few threads with the progress line they advance; use as a context manager."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self._pool = ThreadPoolExecutor(_HANDS, thread_name_prefix="crew")

    def __enter__(self) -> Crew:
        """Begin work."""
        return self

    def __exit__(self, *_: object) -> None:
        """Drop what nobody has begun, and let the hands finish what they hold."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def each(
        self,
        title: str,
        items: Sequence[T],
        action: Callable[[T], R],
        finish: Callable[[], None] | None = None,
    ) -> list[R]:
        """Do ``action`` for every item and return the results in the items' order; the first error ends it.

        ``finish`` runs after all of them and counts as one more.
        """
        self.progress.begin(title, len(items) + (finish is not None))
        tasks = [self._pool.submit(action, item) for item in items]
        results = []
        try:
            for task in tasks:
                results.append(task.result())
                self.progress.advance()
        except BaseException:
            for task in tasks:
                task.cancel()
            raise
        if finish is not None:
            finish()
            self.progress.advance()
        return results
