"""Where a delivery can go: contacts, followers, templates and rooms of a batch, read at once and opened here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.complaints.service.asking import TextQuestion, text_questions
from backend.identity.service.contacts import Contact, contacts_of
from backend.infra.context import Context
from backend.kernel.phone import is_mobile
from backend.notifications.channels.letter import Letter
from backend.notifications.channels.robot import TOKEN_EVERY
from backend.notifications.repository import channels
from backend.notifications.repository.queue import Held
from backend.notifications.rules import templates, texts
from backend.notifications.rules.complaints import with_code
from backend.notifications.rules.templates import Template
from backend.notifications.tables import Follower, Room

# WeChat allows 48 hours after a follower's message; a little less, as its clock is not ours.
_WINDOW = timedelta(hours=47)
# And one minute after a tap or a follow; a letter needs some of it to leave.
_TAP_WINDOW = timedelta(seconds=50)


@dataclass(frozen=True, slots=True)
class Addresses:
    """What a batch needs to find its ways."""

    now: datetime
    available: frozenset[str]
    contacts: Mapping[str, Contact]
    followers: Mapping[str, tuple[Follower, str]]
    rooms: Mapping[str, tuple[Room, str]]
    templates: Mapping[tuple[str, str], Template]
    questions: Mapping[str, TextQuestion]

    def take_token(self, ctx: Context, room_id: str, now: datetime) -> datetime | None:
        """Take a robot's token; returns None when taken, else when the next one is there."""
        if channels.take_token(ctx.session, room_id, now, now + TOKEN_EVERY):
            return None
        return max(self.rooms[room_id][0].next_send_at, now + TOKEN_EVERY)


def addresses_for(ctx: Context, rows: Sequence[Held], available: Collection[str]) -> Addresses:
    """Read and open the addresses of a batch."""
    accounts = {row.recipient_id for row in rows if row.recipient_kind == "account"}
    rooms = {row.recipient_id for row in rows if row.recipient_kind == "room"}
    now, vault = ctx.clock.now(), ctx.vault
    follows = channels.followers(ctx.session, accounts) if "official_account" in available else {}
    return Addresses(
        now,
        frozenset(available),
        contacts_of(ctx, accounts),
        {key: (row, vault.open(row.openid_sealed, "follower.openid")) for key, row in follows.items()},
        {
            key: (row, vault.open(row.key_sealed, "room.key"))
            for key, row in channels.rooms(ctx.session, rooms).items()
        },
        templates_of(ctx),
        text_questions(ctx, {complaint_of(row) for row in rows if row.recipient_kind == "reporter"}),
    )


def complaint_of(row: Held) -> str:
    """Return the complaint that a row is about."""
    return row.topic.partition(":")[2]


def templates_of(ctx: Context) -> dict[tuple[str, str], Template]:
    """Return the templates by (channel, purpose); outside production simulated ones stand in for missing ones."""
    found: dict[tuple[str, str], Template] = {}
    if ctx.ports.settings.mode != "production":
        for purpose, template in templates.SIMULATED.items():
            found["subscribe", purpose] = found["sms", purpose] = template
        found |= {("sms", purpose): template for purpose, template in templates.SIMULATED_SMS.items()}
    stored = channels.templates(ctx.session)
    return found | {key: Template(row.template_id, row.fields) for key, row in stored.items()}


def compose(row: Held, channel: str, addresses: Addresses) -> Letter | None:
    """Return the letter over a channel, None where it cannot go that way."""
    if channel not in addresses.available:
        return None
    if channel == "robot":
        room = addresses.rooms.get(row.recipient_id)
        return None if room is None else _letter(row, channel, room[1], text=row.payload["markdown"])
    template = addresses.templates.get((channel, row.purpose))
    if row.recipient_kind == "reporter":
        return _to_reporter(row, template, addresses)
    contact = addresses.contacts.get(row.recipient_id)
    if contact is None:
        return None
    if channel == "official_account":
        return _to_follower(row, template, addresses)
    address = contact.openid if channel == "subscribe" else contact.phone
    if template is None or address is None:
        return None
    values = templates.fill(template, row.payload) if channel == "subscribe" else row.payload
    return _letter(row, channel, address, template_id=template.template_id, values=values)


def _to_reporter(row: Held, template: Template | None, addresses: Addresses) -> Letter | None:
    """The question after the work, to the phone that was left, if text messages reach it."""
    asked = addresses.questions.get(complaint_of(row))
    if template is None or asked is None or asked.phone is None or not is_mobile(asked.phone):
        return None
    values = with_code(row.payload, asked.code)
    return _letter(row, "sms", asked.phone, template_id=template.template_id, values=values)


def _to_follower(row: Held, template: Template | None, addresses: Addresses) -> Letter | None:
    found = addresses.followers.get(row.recipient_id)
    if found is None:
        return None
    is_in_window = any(
        since is not None and addresses.now - since < window
        for since, window in ((found[0].spoke_at, _WINDOW), (found[0].tapped_at, _TAP_WINDOW))
    )
    if not is_in_window and template is None:
        return None
    return _letter(
        row,
        "official_account",
        found[1],
        template_id=template.template_id if template else "",
        values=templates.fill(template, row.payload) if template else {},
        text=texts.plain(row.payload),
        is_in_window=is_in_window,
    )


def _letter(
    row: Held,
    channel: str,
    address: str,
    *,
    template_id: str = "",
    values: Mapping[str, str] | None = None,
    text: str = "",
    is_in_window: bool = False,
) -> Letter:
    return Letter(
        delivery_id=row.id,
        claim=row.claim,
        channel=channel,
        tries=row.tries if channel == row.channel else 0,
        recipient_id=row.recipient_id,
        purpose=row.purpose,
        route=row.route,
        address=address,
        template_id=template_id,
        values=values or {},
        text=text,
        page=row.page,
        is_in_window=is_in_window,
    )
