"""Sending in three steps, each a transaction of the caller's: take, start, record. The request lies between."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.infra.context import Context
from backend.kernel.ids import new_id
from backend.notifications.channels import doorstep
from backend.notifications.channels.letter import Letter
from backend.notifications.repository import channels, consents, queue
from backend.notifications.repository.queue import Held as Held
from backend.notifications.repository.queue import Settled
from backend.notifications.rules.outcomes import Came, Consent, Outcome, channel_after, decide, pause_of
from backend.notifications.rules.timing import LEASE, Quiet, breaker_pause, sendable_at
from backend.notifications.service.addressing import Addresses, addresses_for, compose

_FAILURES = (Came.PASSING, Came.UNKNOWN)


def take(ctx: Context, limit: int) -> list[Held]:
    """Claim waiting deliveries for this worker; their lease is renewed when they start."""
    now = ctx.clock.now()
    resting = channels.resting_channels(ctx.session, now)
    return queue.claim(ctx.session, new_id(), now, now + LEASE, limit=limit, resting=resting.keys())


def start(ctx: Context, held: Sequence[Held], available: Collection[str]) -> list[Letter]:
    """Re-check held deliveries and mark those that may leave; commit, then send the letters.

    What is not sent after all goes where it belongs: voters are never reminded, quiet hours wait, a channel
    without consent is passed over, and who has none left goes on the doorstep list.
    """
    if not held:
        return []
    now = ctx.clock.now()
    ours = queue.start(ctx.session, [row.id for row in held], {row.claim for row in held}, now, now + LEASE)
    rows = [row for row in held if row.id in ours]
    reminded = [row.id for row in rows if row.is_reminder]
    unvoted = queue.with_unvoted_home(ctx.session, reminded)
    stopped = {row.id: _stop(row, unvoted, now) for row in rows}
    going = [row for row in rows if stopped[row.id] is None]
    addresses = addresses_for(ctx, going, available)
    letters = [(row, _letter(ctx, row, addresses, now)) for row in going]
    ends = [end for end in stopped.values() if end is not None]
    ends += [letter for _, letter in letters if isinstance(letter, Settled)]
    _settle(ctx, ends, now)
    ready = [(row, letter) for row, letter in letters if isinstance(letter, Letter)]
    changed = {row.id: letter.channel for row, letter in ready if letter.channel != row.channel}
    queue.note_channels(ctx.session, changed)
    return [letter for _, letter in ready]


def _stop(row: Held, unvoted: set[str], now: datetime) -> Settled | None:
    """Return why a row does not leave now, None if it does."""
    if row.expires_at <= now:
        return _to(row, "technical_failure", now, "expired")
    if row.is_reminder and row.id not in unvoted:
        return _to(row, "cancelled", now, "voted")
    at = sendable_at(now, Quiet(row.quiet_from, row.quiet_until), is_urgent=row.is_urgent)
    return None if at <= now else _to(row, "created", at, row.reason)


def _to(row: Held, state: str, at: datetime, reason: str | None, channel: str | None = None) -> Settled:
    return Settled(row.id, row.claim, state, channel or row.channel, row.tries, at, reason)


def _letter(ctx: Context, row: Held, addresses: Addresses, now: datetime) -> Letter | Settled:
    """Return the letter over the first channel that can carry it."""
    if row.recipient_kind == "room":
        return _room_letter(ctx, row, addresses, now)
    channel: str | None = row.channel
    while channel is not None:
        letter = compose(row, channel, addresses)
        if letter is not None and (
            channel != "subscribe" or consents.take_consent(ctx.session, row.recipient_id, row.purpose)
        ):
            until = addresses.resting.get(channel)
            if until is None:
                return letter
            if channel == "subscribe":
                consents.add_consent(ctx.session, row.recipient_id, row.purpose)
            return _to(row, "created", until, row.reason, channel)
        channel = channel_after(row.route, channel)
    return _to(row, "permanent_failure", now, row.reason or "no_channel")


def _room_letter(ctx: Context, row: Held, addresses: Addresses, now: datetime) -> Letter | Settled:
    letter = compose(row, "robot", addresses)
    if letter is None:
        return _to(row, "permanent_failure", now, "no_channel")
    free_at = addresses.resting.get("robot") or addresses.take_token(ctx, row.recipient_id, now)
    return letter if free_at is None else _to(row, "created", free_at, row.reason)


@dataclass(frozen=True, slots=True)
class Sent:
    """A letter that left, and how that ended."""

    letter: Letter
    outcome: Outcome


def record(ctx: Context, results: Sequence[Sent]) -> None:
    """Write down how letters ended, settle their consents, and rest a channel that fails."""
    if not results:
        return
    now = ctx.clock.now()
    ends = [_end(ctx, sent, now) for sent in results]
    _settle(ctx, ends, now)
    doorstep.withdraw(ctx, [end.id for end in ends if end.state == "delivered"])
    for channel in {sent.letter.channel for sent in results}:
        _guard(ctx, channel, [sent.outcome for sent in results if sent.letter.channel == channel], now)


def _end(ctx: Context, sent: Sent, now: datetime) -> Settled:
    letter = sent.letter
    following = decide(sent.outcome, letter.tries, now)
    if letter.channel == "subscribe" and letter.account_id is not None:
        if following.consent is Consent.BACK:
            consents.add_consent(ctx.session, letter.account_id, letter.purpose)
        elif following.consent is Consent.GONE:
            consents.drop_consents(ctx.session, letter.account_id, letter.purpose)
    reason = None if sent.outcome.came is Came.SENT else f"{sent.outcome.came}:{sent.outcome.reason}"
    onward = channel_after(letter.route, letter.channel) if following.advance else None
    if onward is not None:
        return Settled(letter.delivery_id, letter.claim, "created", onward, 0, now, reason)
    return Settled(
        letter.delivery_id,
        letter.claim,
        following.state,
        letter.channel,
        letter.tries + following.counts_try,
        following.try_at or now,
        reason,
    )


def _guard(ctx: Context, channel: str, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Count failures in a row over all processes; a channel that only fails rests a while."""
    pauses = [pause for outcome in outcomes if (pause := pause_of(outcome)) is not None]
    if any(outcome.came is Came.SENT for outcome in outcomes):
        channels.forget_failures(ctx.session, channel)
    elif failed := sum(outcome.came in _FAILURES for outcome in outcomes):
        pause = breaker_pause(channels.count_failures(ctx.session, channel, failed, now))
        pauses += [pause] if pause is not None else []
    if pauses and channel != "robot":
        channels.rest_channel(ctx.session, channel, now, now + max(pauses))


def _settle(ctx: Context, ends: Sequence[Settled], now: datetime) -> None:
    queue.settle(ctx.session, ends, now)
    failed = ("permanent_failure", "technical_failure", "unknown")
    doorstep.hand_over(ctx, [end.id for end in ends if end.state in failed])


def give_back(ctx: Context, held: Sequence[Held]) -> None:
    """Return deliveries that were taken and will not be started by this worker."""
    if held:
        queue.release(ctx.session, held)


def sweep(ctx: Context, limit: int = 1000) -> Mapping[str, int]:
    """Replay what never started, end what nobody can tell of, drop what came too late; returns the counts."""
    now = ctx.clock.now()
    replayed = queue.replay_unstarted(ctx.session, now)
    lost = queue.give_up_started(ctx.session, now)
    late = queue.expire(ctx.session, now, limit)
    doorstep.hand_over(ctx, [*lost, *late])
    return {"replayed": replayed, "unknown": len(lost), "expired": len(late)}
