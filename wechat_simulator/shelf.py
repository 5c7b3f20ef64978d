"""A file in which phones and rooms outlive the process: one JSON line for each thing that arrived."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


class Shelf:
    """Without a path nothing is kept; thread-safe."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()

    def read(self, kind: str) -> Iterator[dict[str, Any]]:
        """Yield what was kept of a kind, oldest first; a line cut off by a crash is passed over."""
        if self._path is None or not self._path.exists():
            return
        for line in self._path.read_text(encoding="utf-8", errors="replace").split("\n"):
            try:
                found = json.loads(line)
                if found["kind"] == kind:
                    yield found["kept"]
            except (ValueError, KeyError, TypeError):
                continue

    def keep(self, kind: str, kept: Mapping[str, object]) -> None:
        """Add a line."""
        if self._path is None:
            return
        line = json.dumps({"kind": kind, "kept": kept}, ensure_ascii=False)
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            # A line cut off by a crash must not spoil this one.
            file.write(f"\n{line}\n")

    def clear(self) -> None:
        """Keep nothing of what was."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
