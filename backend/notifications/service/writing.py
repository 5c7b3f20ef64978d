"""Writing one message: its row, and the deliveries of those who are known already."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from backend.infra.context import Context
from backend.kernel.errors import DomainError
from backend.kernel.ids import new_id
from backend.notifications.repository import messages as repository
from backend.notifications.rules.kinds import KINDS
from backend.notifications.rules.parameters import Parameters, resolve
from backend.notifications.rules.rooms import room_payload
from backend.notifications.rules.timing import Quiet, sendable_at
from backend.notifications.tables import Message, NotificationSetting

logger = logging.getLogger("gongjue")


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to write; ``payload`` holds template values, ``at`` is when it became true."""

    topic: str
    kind: str
    occasion: str
    organisation_id: str | None
    payload: Mapping[str, Any]
    page: str
    at: datetime
    ballot_id: str | None = None
    expires_at: datetime | None = None
    day: date | None = None
    is_enqueued: bool = True


def parameters_of(session: Session, organisation_ids: Iterable[str | None]) -> dict[str | None, Parameters]:
    """Return the settings in force for each organisation; None and those without a choice get the defaults.

    So do those whose choice has come to be out of bounds: one community's row stops nobody's messages.
    """
    wanted = set(organisation_ids)
    chosen = select(NotificationSetting).where(col(NotificationSetting.organisation_id).in_(wanted - {None}))
    found = {row.organisation_id: _in_force(row) for row in session.exec(chosen)}
    return {name: found.get(name or "", Parameters()) for name in wanted}


def _in_force(row: NotificationSetting) -> Parameters:
    try:
        return resolve(row.settings)
    except (DomainError, TypeError, AttributeError):
        logger.error("settings_out_of_bounds", extra={"fields": {"organisation": row.organisation_id}})
        return Parameters()


def message_row(draft: Draft, chosen: Parameters, now: datetime) -> dict[str, Any]:
    """Return the values of a message's row."""
    kind = KINDS[draft.kind]
    return {
        "id": new_id(),
        "topic": draft.topic,
        "kind": draft.kind,
        "occasion": draft.occasion,
        "ballot_id": draft.ballot_id,
        "organisation_id": draft.organisation_id,
        "purpose": str(kind.purpose),
        "payload": dict(draft.payload),
        "page": draft.page,
        "route": ",".join(kind.route),
        "is_urgent": kind.is_urgent,
        "is_reminder": kind.is_reminder,
        "to_doorstep": kind.to_doorstep,
        "quiet_from": chosen.quiet_from,
        "quiet_until": chosen.quiet_until,
        "day": draft.day,
        "is_enqueued": draft.is_enqueued,
        "created_at": now,
        "expires_at": draft.expires_at or draft.at + kind.useful,
    }


def delivery_row(
    message: Mapping[str, Any], recipient_kind: str, recipient_id: str, now: datetime
) -> dict[str, Any]:
    """Return the values of a delivery's row, due as soon as the quiet hours allow."""
    kind = KINDS[message["kind"]]
    quiet = Quiet(message["quiet_from"], message["quiet_until"])
    return {
        "id": new_id(),
        "message_id": message["id"],
        "topic": message["topic"],
        "recipient_kind": recipient_kind,
        "recipient_id": recipient_id,
        "kind": message["kind"],
        "occasion": message["occasion"],
        "organisation_id": message["organisation_id"],
        "channel": kind.route[0],
        "priority": kind.priority,
        "next_try_at": sendable_at(now, quiet, is_urgent=kind.is_urgent),
        "state": "created",
        "tries": 0,
        "created_at": now,
    }


def post_to_rooms(
    ctx: Context, *, organisation_id: str, topic: str, kind: str, occasion: str, text: str, at: datetime
) -> int:
    """Enqueue a text for a community's rooms, once per occasion; returns the new deliveries (0 the second time)."""
    rooms = repository.rooms_of(ctx.session, [organisation_id]).get(organisation_id, [])
    if not rooms or repository.find_message(ctx.session, topic, kind, occasion) is not None:
        return 0
    ballot_id = topic.removeprefix("ballot:") if topic.startswith("ballot:") else None
    draft = Draft(topic, kind, occasion, organisation_id, room_payload(text), "", at, ballot_id)
    now = ctx.clock.now()
    row = message_row(draft, Parameters(), now)
    return write_all(ctx, [(row, [delivery_row(row, "room", room, now) for room in rooms])], [])


def write_all(
    ctx: Context,
    messages: Sequence[tuple[dict[str, Any], list[dict[str, Any]]]],
    households: Sequence[dict[str, Any]],
) -> int:
    """Write messages with their deliveries; what an earlier run wrote under the same key stays as it is."""
    repository.insert_all(ctx.session, Message, [row for row, _ in messages])
    kept = repository.stored_messages(ctx.session, [row["id"] for row, _ in messages])
    deliveries = [row for message, rows in messages if message["id"] in kept for row in rows]
    repository.add_deliveries(
        ctx.session, deliveries, [row for row in households if row["message_id"] in kept]
    )
    return len(deliveries)
