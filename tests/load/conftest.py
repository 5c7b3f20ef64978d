"""The hall on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.load.hall import Hall


@pytest.fixture
def hall(database_url: str, tmp_path: Path) -> Iterator[Hall]:
    """A fresh migrated database of each kind with its ports."""
    built = Hall(database_url, tmp_path)
    yield built
    built.close()


@pytest.fixture(autouse=True)
def _as_in_production(durable: None) -> None:
    """What is measured here waits for the disk."""
