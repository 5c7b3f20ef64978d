"""A silent bot shows in the metric, on the first page and under /health/bot, and never takes voting out of service."""

from __future__ import annotations

from datetime import timedelta

from backend.infra.installation import move_clock
from bot.jobs import beat
from tests.api.conftest import World

MICROSECOND = timedelta(microseconds=1)


def look(world: World) -> tuple[int, bool, bool, int]:
    """Return /health/bot's status, whether metric and page say silent, and /readyz's status."""
    client = world.app.test_client()
    metric = client.get("/metrics").get_data(as_text=True)
    page = client.get("/").get_data(as_text=True)
    return (
        client.get("/health/bot").status_code,
        "gongjue_bot_silent 1" in metric.splitlines(),
        "后台任务没有运行" in page,
        client.get("/readyz").status_code,
    )


def test_a_silent_bot_is_seen_everywhere_and_voting_goes_on(world: World) -> None:
    assert look(world) == (503, True, True, 200)
    assert "age_seconds" not in world.app.test_client().get("/metrics").get_data(as_text=True)
    beat(world.ports)
    assert look(world) == (200, False, False, 200)
    move_clock(world.ports.engine, timedelta(minutes=3) // MICROSECOND)
    assert look(world) == (503, True, True, 200)
    metric = world.app.test_client().get("/metrics")
    assert metric.mimetype == "text/plain"
    assert "gongjue_bot_heartbeat_age_seconds 18" in metric.get_data(as_text=True)
