"""The settings of ``make_settings``, as environment variables for a process of its own."""

from __future__ import annotations

import base64
import os
from pathlib import Path


def process_environment(url: str, storage: Path, mode: str = "rehearsal") -> dict[str, str]:
    """Return this process's environment with the product's settings for a test database."""
    key = base64.urlsafe_b64encode(bytes(range(32))).decode()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GONGJUE_")}
    return kept | {
        "GONGJUE_MODE": mode,
        "GONGJUE_DATABASE_URL": url,
        "GONGJUE_STORAGE": str(storage),
        "GONGJUE_FIELD_KEYS": f"t1:{key}",
        "GONGJUE_INDEX_KEY": key,
    }
