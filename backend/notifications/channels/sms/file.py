"""Text messages into a file, one JSON line each, for demo, rehearsal and tests: no provider is asked."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import orjson


class FileSms:
    """Appends whole lines; safe for threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def send_sms(self, phone: str, template_id: str, parameters: Sequence[str], once_key: str) -> None:
        """Write the message down."""
        line = {"phone": phone, "template": template_id, "parameters": list(parameters), "key": once_key}
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Phones stand in this file: the owner alone may read it.
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, orjson.dumps(line) + b"\n")
            finally:
                os.close(handle)
