"""What came of the letters that left: where their deliveries go, their consents, and rest for who fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.infra.context import Context
from backend.notifications.channels import doorstep
from backend.notifications.channels.letter import Letter
from backend.notifications.repository import channels, consents, queue
from backend.notifications.repository.queue import Settled
from backend.notifications.rules.outcomes import (
    Came,
    Consent,
    Next,
    Outcome,
    channel_after,
    decide,
    pause_of,
    template_rest_of,
)
from backend.notifications.rules.timing import breaker_pause
from backend.notifications.service.sending import Moment, look, put_away

_FAILURES = (Came.PASSING, Came.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Sent:
    """A letter that left, and how that ended."""

    letter: Letter
    outcome: Outcome


def record(ctx: Context, results: Sequence[Sent], moment: Moment | None = None) -> None:
    """Write down how letters ended, settle their consents, and rest a channel or a robot that fails.

    Recording the same results twice changes nothing the second time. A result that comes after its delivery
    was given up as unknown corrects that if it is an end, and takes the household off the doorstep list.
    """
    if not results:
        return
    at = moment or look(ctx)
    following = [decide(sent.outcome, sent.letter.tries, at.now) for sent in results]
    ends = [_end(sent, next_, at.now) for sent, next_ in zip(results, following, strict=True)]
    written = put_away(ctx, ends, at.now)
    late = [end for end in ends if end.id not in written]
    corrected = queue.correct(ctx.session, late, at.now)
    doorstep.withdraw(ctx, [end.id for end in late if end.id in corrected and end.state == "delivered"])
    _settle_consents(
        ctx,
        [
            (sent.letter, next_.consent)
            for sent, next_ in zip(results, following, strict=True)
            if sent.letter.delivery_id in written | corrected
        ],
    )
    for channel in sorted({sent.letter.channel for sent in results}):
        _guard(ctx, channel, [sent for sent in results if sent.letter.channel == channel], at)


def _end(sent: Sent, following: Next, now: datetime) -> Settled:
    letter = sent.letter
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


def _settle_consents(ctx: Context, results: Sequence[tuple[Letter, Consent]]) -> None:
    """Give back or drop what was taken before the letters left; in order, as everybody locks them."""
    for letter, consent in sorted(results, key=lambda result: (result[0].recipient_id, result[0].purpose)):
        if letter.channel != "subscribe":
            continue
        if consent is Consent.BACK:
            consents.add_consent(ctx.session, letter.recipient_id, letter.purpose)
        elif consent is Consent.GONE:
            consents.drop_consents(ctx.session, letter.recipient_id, letter.purpose)


def _guard(ctx: Context, channel: str, results: Sequence[Sent], at: Moment) -> None:
    """Count failures in a row over all processes; a channel that only fails rests a while.

    A robot's own limit or key is no other robot's affair.
    """
    pauses = []
    for sent in results:
        pause = pause_of(sent.outcome)
        if pause is not None and channel == "robot":
            channels.rest_room(ctx.session, sent.letter.recipient_id, at.now + pause)
        elif pause is not None:
            pauses.append(pause)
        rest = template_rest_of(sent.outcome)
        if rest is not None:
            channels.rest_template(ctx.session, channel, sent.letter.purpose, at.now + rest)
    outcomes = [sent.outcome.came for sent in results]
    if Came.SENT in outcomes:
        if channel in at.breakers.failing:
            channels.forget_failures(ctx.session, channel)
    elif failed := sum(came in _FAILURES for came in outcomes):
        breather = breaker_pause(channels.count_failures(ctx.session, channel, failed, at.now))
        pauses += [breather] if breather is not None else []
    if pauses:
        channels.rest_channel(ctx.session, channel, at.now + max(pauses))
