"""Consents to one message each: what to ask for at which tap, what was granted, what is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.infra.context import Context
from backend.kernel.access import require_resident
from backend.notifications.errors import unknown_template
from backend.notifications.repository import consents
from backend.notifications.rules.kinds import TAPS
from backend.notifications.service.addressing import templates_of

# Within it a telling of the phone and one of the callback are the same tap.
PAIRING = timedelta(hours=1)
MOST_ASKED = 3


@dataclass(frozen=True, slots=True)
class Ask:
    """A template to ask for at a tap, and how many consents of its purpose are left."""

    purpose: str
    template_id: str
    remaining: int


@dataclass(frozen=True, slots=True)
class RecordAnswers:
    """What a popup returned: template id → accept | reject | ban | filter; ``tap`` is the tap's own number."""

    tap: str
    answers: Mapping[str, str]


def templates_to_ask(ctx: Context, tap: str) -> list[Ask]:
    """Return the templates to ask for at this tap, at most three; what the reader lacks most comes first."""
    account_id = require_resident(ctx.actor)
    known, left = templates_of(ctx), consents.balances(ctx.session, account_id)
    asks = [
        Ask(str(purpose), known["subscribe", purpose].template_id, left.get(purpose, 0))
        for purpose in TAPS[tap]
        if ("subscribe", purpose) in known
    ]
    return sorted(asks, key=lambda ask: min(ask.remaining, 1))[:MOST_ASKED]


def record_answers(ctx: Context, command: RecordAnswers) -> list[Ask]:
    """Record a popup's answers as the phone tells them; the same tap told twice counts once."""
    account_id = require_resident(ctx.actor)
    purposes = _purposes(ctx)
    if not set(command.answers) <= set(purposes):
        raise unknown_template()
    at = ctx.clock.now()
    accepted = [purposes[name] for name, answer in command.answers.items() if answer == "accept"]
    for purpose in accepted:
        key = f"{account_id}:{command.tap}:{purpose}"
        note_accept(ctx, account_id, purpose, key, by_client=True, at=at)
    return templates_to_ask(ctx, "ballot")


@dataclass(frozen=True, slots=True)
class PopupEvent:
    """WeChat's callback about a popup or a changed setting: key of the push, template → accept | reject."""

    account_id: str
    key: str
    answers: Sequence[tuple[str, str]]
    at: datetime
    is_setting: bool = False


def record_callback(ctx: Context, event: PopupEvent) -> None:
    """Record what WeChat tells of consents; a setting turned off ends those that are left.

    Templates of other installations are passed over: WeChat's push is never refused.
    """
    purposes = _purposes(ctx)
    for place, (template_id, answer) in enumerate(event.answers):
        purpose = purposes.get(template_id)
        if purpose is None:
            continue
        if event.is_setting:
            if answer == "reject":
                consents.drop_consents(ctx.session, event.account_id, purpose)
        elif answer == "accept":
            key = f"{event.key}:{place}:{purpose}"
            note_accept(ctx, event.account_id, purpose, key, by_client=False, at=event.at)


def note_accept(
    ctx: Context, account_id: str, purpose: str, key: str, *, by_client: bool, at: datetime
) -> bool:
    """Count one accept, unless it was told already; returns whether it counted."""
    consents.lock_consents(ctx.session, account_id)
    is_new = consents.write_grant(
        ctx.session, account_id, purpose, key, by_client=by_client, at=at, window=PAIRING
    )
    if is_new:
        consents.add_consent(ctx.session, account_id, purpose)
    return is_new


def _purposes(ctx: Context) -> dict[str, str]:
    return {
        template.template_id: purpose
        for (channel, purpose), template in templates_of(ctx).items()
        if channel == "subscribe"
    }
