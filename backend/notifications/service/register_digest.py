"""One message a day to a community's rooms about its register: every item and warranty that came due since the last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import col

from backend.infra.context import Context
from backend.kernel.clock import local_date
from backend.notifications.repository import messages as repository
from backend.notifications.rules import rooms
from backend.notifications.rules.parameters import Parameters
from backend.notifications.rules.timing import next_digest
from backend.notifications.service.writing import Draft, delivery_row, message_row, write_all
from backend.notifications.tables import Message

KIND = "room_register"


def add_to_digests(
    ctx: Context,
    events: Sequence[Any],
    room_ids: Mapping[str, Sequence[str]],
    chosen: Mapping[str | None, Parameters],
) -> None:
    """Add what these events tell to the digests that go out next; a community without a room has none.

    The caller holds the cursor of events, so that no two write into one digest.
    """
    lines = defaultdict(list)
    for event in events:
        if event.organisation_id in room_ids:
            lines[str(event.organisation_id)].append(_line(event))
    now = ctx.clock.now()
    for organisation_id, fresh in lines.items():
        settings = chosen.get(organisation_id, Parameters())
        at = next_digest(now, settings.digest_hour)
        _write(ctx, organisation_id, fresh, at, room_ids[organisation_id])


def _line(event: Any) -> str:
    said, step = event.payload, event.type.partition(".")[2]
    name, day = said.get("number") or said["code"], said.get("due_on") or said["ends_on"]
    return rooms.register_line(step, said["estate_name"], name, date.fromisoformat(day))


def _write(
    ctx: Context, organisation_id: str, fresh: Sequence[str], at: datetime, room_ids: Sequence[str]
) -> None:
    """Begin the digest of that day, or add to it; ``lines`` beside the text keep what it is made of."""
    topic, now = f"register:{organisation_id}", ctx.clock.now()
    former = repository.find_message(ctx.session, topic, KIND, local_date(at).isoformat())
    if former is not None and repository.has_begun(ctx.session, former.id):
        # The hour was moved after the day's digest had left.
        at += timedelta(days=1)
        former = repository.find_message(ctx.session, topic, KIND, local_date(at).isoformat())
    lines = [*(former.payload["lines"] if former is not None else ()), *fresh]
    payload = {**rooms.room_payload(rooms.register_digest(lines)), "lines": lines}
    if former is not None:
        changed = update(Message).where(col(Message.id) == former.id).values(payload=payload)
        ctx.session.execute(changed.execution_options(synchronize_session=False))
        ctx.session.expire(former)
        return
    row = message_row(
        Draft(topic, KIND, local_date(at).isoformat(), organisation_id, payload, "", at), Parameters(), now
    )
    deliveries = [{**delivery_row(row, "room", room, now), "next_try_at": at} for room in room_ids]
    write_all(ctx, [(row, deliveries)], [])
