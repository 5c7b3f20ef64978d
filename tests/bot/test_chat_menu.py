"""The menu fits WeChat's limits, and the command publishes it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.menu import buttons
from bot.replies import topics
from tests.bot.environment import process_environment
from tests.factories.databases import make_settings
from tests.factories.simulator import start_simulator

ROOT = Path(__file__).parents[2]


def test_menu_fits_wechat_and_every_tap_has_a_topic(tmp_path: Path) -> None:
    menu = buttons(make_settings("sqlite:///x.db", tmp_path))
    assert 1 <= len(menu) <= 3
    for button in menu:
        assert len(button["name"].encode()) <= 16 and 1 <= len(button["sub_button"]) <= 5
        assert all(len(item["name"].encode()) <= 60 for item in button["sub_button"])
    keys = {item["key"] for button in menu for item in button["sub_button"] if item["type"] == "click"}
    assert keys == {topic.name for topic in topics() if topic.side != "staff"}


@pytest.fixture
def environment(migrated_sqlite: Path, tmp_path: Path) -> dict[str, str]:
    from tests.factories.databases import sqlite_copy

    return process_environment(sqlite_copy(migrated_sqlite, tmp_path / "menu.db"), tmp_path / "files")


def gongjue(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "backend.cli", "wechat", *words]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_command_publishes_shows_and_removes(environment: dict[str, str]) -> None:
    simulator = start_simulator()
    try:
        environment["GONGJUE_WECHAT_API_BASE"] = simulator.base_url
        shown = gongjue(environment, "menu", "--show")
        assert shown.returncode == 0 and "现在能投的（vote）" in shown.stdout
        assert simulator.calls("/cgi-bin/menu/create") == 0
        assert gongjue(environment, "menu").returncode == 0
        assert simulator.calls("/cgi-bin/menu/create") == 1
        assert gongjue(environment, "menu", "--remove").returncode == 0
        simulator.inject("error", errcode=40016, count=1, path="/cgi-bin/menu/create")
        refused = gongjue(environment, "menu")
        assert refused.returncode == 1 and "40016" in refused.stderr
    finally:
        simulator.stop()


def test_command_without_an_official_account_says_so(environment: dict[str, str]) -> None:
    environment["GONGJUE_WECHAT_OFFICIAL_APP_ID"] = ""
    refused = gongjue(environment, "menu")
    assert refused.returncode == 2 and "GONGJUE_WECHAT_OFFICIAL_APP_ID" in refused.stderr
