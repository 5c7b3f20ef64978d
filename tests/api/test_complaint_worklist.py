"""The worklist over HTTP: what has a running clock, the most overdue first, page by page and nothing twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from backend.kernel.access import Role
from tests.api.conftest import World
from tests.factories.people import make_staff
from tests.services.complaints.figures import DAY, closed, put, taken
from tests.services.complaints.hotline import open_hotline


def test_the_worklist_shows_the_most_overdue_first_and_pages_on(world: World) -> None:
    with world.arrange() as ctx:
        hotline = open_hotline(ctx)
        now = ctx.clock.now()
        at = now - 30 * DAY
        same = now + 2 * DAY
        due = [now - 3 * DAY, now - timedelta(hours=1), now + DAY, same, same]
        # Written in another order than the one in which they are due.
        wanted = {
            taken(hotline, "in_progress", at + DAY * n, due_at=due[n]).id: due[n] for n in (3, 0, 4, 2, 1)
        }
        closed(hotline, at, (True, True))
        put(hotline, "registered", at)
        taken(hotline, "in_progress", at, due_at=None, paused_at=at, pause_reason="weather")
        staff = make_staff(ctx, Role.HOTLINE, hotline.place.community.id).token
    client = world.app.test_client()

    def ask(query: str) -> Any:
        path = f"/api/v1/staff/complaints?order=due&{query}"
        return client.get(path, headers={"Authorization": f"Bearer {staff}"}).get_json()

    seen: list[str] = []
    cursor = ""
    while True:
        page = ask(f"limit=2{cursor}")
        seen += [line["id"] for line in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == sorted(wanted, key=lambda each: (wanted[each], each))
    assert [line["id"] for line in ask("overdue=true")["items"]] == seen[:2]
    assert [line["id"] for line in ask("overdue=false")["items"]] == seen[2:]
