"""Fixtures of the counting tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.tally.command import Command


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, capsys)
