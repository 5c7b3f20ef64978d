"""Sending in three steps, each in a transaction of the caller's: take, start, record. The request lies between."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backend.ballots.queries.turnout import deadlines_of
from backend.complaints import queries as complaints
from backend.infra.context import Context
from backend.kernel.ids import new_id
from backend.notifications.channels import doorstep
from backend.notifications.channels.letter import Letter
from backend.notifications.repository import channels, consents, queue, sweeping
from backend.notifications.repository.queue import Held as Held
from backend.notifications.repository.queue import Settled
from backend.notifications.rules.complaints import occasion_of
from backend.notifications.rules.kinds import KINDS, Asks
from backend.notifications.rules.outcomes import channel_after
from backend.notifications.rules.texts import with_deadline
from backend.notifications.rules.timing import LEASE, Quiet, sendable_at
from backend.notifications.service.addressing import Addresses, addresses_for, complaint_of, compose

_INSTANT = timedelta(microseconds=1)
# Why a row waits whose template somebody has to correct; it begins as WeChat's own word on it does.
TEMPLATE = "configuration:template"
FAILED = ("permanent_failure", "technical_failure", "unknown")


@dataclass(frozen=True, slots=True)
class Moment:
    """The database's time and the state of the channels, read once for the steps of one transaction."""

    now: datetime
    breakers: channels.Breakers


def look(ctx: Context) -> Moment:
    """Read the moment."""
    now = ctx.clock.now()
    return Moment(now, channels.breakers(ctx.session, now))


def take(ctx: Context, limit: int) -> list[Held]:
    """Claim waiting deliveries for this worker; their lease is renewed when they start."""
    moment = look(ctx)
    until, resting = moment.now + LEASE, moment.breakers.resting
    return queue.claim(ctx.session, new_id(), moment.now, until, limit=limit, resting=resting.keys())


def start(
    ctx: Context, held: Sequence[Held], available: Collection[str], moment: Moment | None = None
) -> list[Letter]:
    """Re-check held deliveries and mark those that may leave; commit, then send the letters.

    What is not sent after all goes where it belongs: voters are never reminded, quiet hours wait, a channel
    without consent is passed over, and who has none left goes on the doorstep list.
    """
    if not held:
        return []
    at = moment or look(ctx)
    now = at.now
    ours = queue.start(ctx.session, held, now, now + LEASE)
    rows = [row for row in held if row.id in ours]
    asked = _still_asked(ctx, rows)
    left = _left(ctx, [row for row in rows if row.id not in asked])
    stopped = {row.id: _stop(row, now, asked=asked, left=left) for row in rows}
    going = _with_deadlines(ctx, [row for row in rows if stopped[row.id] is None])
    letters = _letters(ctx, going, available, at)
    ends = [end for end in stopped.values() if end is not None]
    put_away(ctx, [*ends, *(letter for _, letter in letters if isinstance(letter, Settled))], now)
    ready = [(row, letter) for row, letter in letters if isinstance(letter, Letter)]
    changed = {row.id: letter.channel for row, letter in ready if letter.channel != row.channel}
    queue.note_channels(ctx.session, changed)
    return [letter for _, letter in ready]


def _still_asked(ctx: Context, rows: Sequence[Held]) -> set[str]:
    """Return the rows that ask for something nobody has done yet: a vote, a survey's answers, word on the result."""
    asked: dict[Asks, list[Held]] = defaultdict(list)
    for row in rows:
        asked[KINDS[row.kind].asks].append(row)
    votes, answers, results = (asked[kind] for kind in (Asks.VOTE, Asks.ANSWERS, Asks.RESULT))
    return {
        *queue.with_unvoted_home(ctx.session, [row.id for row in votes]),
        *queue.with_unanswered_home(ctx.session, [row.id for row in answers]),
        *_unanswered_questions(ctx, results),
    }


def _unanswered_questions(ctx: Context, rows: Sequence[Held]) -> list[str]:
    waiting = complaints.questioned(ctx.session, {complaint_of(row) for row in rows})
    return [
        row.id
        for row in rows
        if (asked := waiting.get(complaint_of(row))) is not None and row.occasion == occasion_of(asked.round)
    ]


def _with_deadlines(ctx: Context, rows: Sequence[Held]) -> list[Held]:
    """Return rows that ask for a vote with the deadline that holds now."""
    asking = {row.topic.partition(":")[2] for row in rows if KINDS[row.kind].asks is Asks.VOTE}
    until = deadlines_of(ctx.session, asking)
    return [
        replace(row, payload=with_deadline(row.payload, closes_at))
        if KINDS[row.kind].asks is Asks.VOTE and (closes_at := until.get(row.topic.partition(":")[2]))
        else row
        for row in rows
    ]


def _left(ctx: Context, rows: Sequence[Held]) -> set[str]:
    """Return the rows whose reader has left every household that they are asked for."""
    ids = {row.id for row in rows if KINDS[row.kind].asks in (Asks.VOTE, Asks.ANSWERS)}
    return ids - queue.with_own_home(ctx.session, ids)


def _stop(row: Held, now: datetime, *, asked: set[str], left: set[str]) -> Settled | None:
    """Return why a row does not leave now, None if it does."""
    if row.expires_at <= now:
        return _to(row, "technical_failure", now, "expired")
    asks = KINDS[row.kind].asks
    if asks is not Asks.NOTHING and row.id not in asked:
        done = "voted" if asks is Asks.VOTE else "answered"
        return _to(row, "cancelled", now, "left" if row.id in left else done)
    at = sendable_at(now, Quiet(row.quiet_from, row.quiet_until), is_urgent=row.is_urgent)
    return None if at <= now else _to(row, "created", at, row.reason)


def _to(row: Held, state: str, at: datetime, reason: str | None, channel: str | None = None) -> Settled:
    return Settled(row.id, row.claim, state, channel or row.channel, row.tries, at, reason)


def _letters(
    ctx: Context, rows: Sequence[Held], available: Collection[str], at: Moment
) -> list[tuple[Held, Letter | Settled]]:
    """Find each row's way; the consents of all are taken at once."""
    if not rows:
        return []
    addresses = addresses_for(ctx, rows, available)
    taken = _take_consents(ctx, [row for row in rows if row.channel == "subscribe"])
    found: list[tuple[Held, Letter | Settled]] = []
    for place, row in enumerate(rows):
        if row.recipient_kind == "room":
            # A microsecond apart, so that messages that wait for their robot keep their order.
            found.append((row, _room_letter(ctx, row, addresses, at, place * _INSTANT)))
            continue
        letter = _letter(row, addresses, at, taken[_consent(row)] > 0)
        taken[_consent(row)] -= isinstance(letter, Letter) and letter.channel == "subscribe"
        found.append((row, letter))
    for account_id, purpose in sorted(taken.elements()):
        consents.add_consent(ctx.session, account_id, purpose)
    return found


def _take_consents(ctx: Context, rows: Sequence[Held]) -> Counter[tuple[str, str]]:
    """Take one consent for each of these rows as far as there are any; one statement unless a person has two rows."""
    wanted, taken = Counter(_consent(row) for row in rows), Counter[tuple[str, str]]()
    while wanted:
        got = consents.take_consents(ctx.session, wanted.keys())
        taken.update(got)
        wanted = Counter({key: number - 1 for key, number in wanted.items() if key in got and number > 1})
    return taken


def _consent(row: Held) -> tuple[str, str]:
    return (row.recipient_id, row.purpose)


def _letter(row: Held, addresses: Addresses, at: Moment, has_consent: bool) -> Letter | Settled:
    """Return the letter over the first channel that can carry it."""
    channel: str | None = row.channel
    while channel is not None:
        letter = compose(row, channel, addresses)
        if letter is not None and (channel != "subscribe" or has_consent):
            until = at.breakers.rest_of(channel, row.purpose)
            if until is None:
                return letter
            is_template = (channel, row.purpose) in at.breakers.templates
            return _to(row, "created", until, TEMPLATE if is_template else row.reason, channel)
        channel = channel_after(row.route, channel)
    return _to(row, "permanent_failure", at.now, row.reason or "no_channel")


def _room_letter(
    ctx: Context, row: Held, addresses: Addresses, at: Moment, behind: timedelta
) -> Letter | Settled:
    letter = compose(row, "robot", addresses)
    if letter is None:
        return _to(row, "permanent_failure", at.now, "no_channel")
    free_at = at.breakers.resting.get("robot") or addresses.take_token(ctx, row.recipient_id, at.now)
    return letter if free_at is None else _to(row, "created", free_at + behind, row.reason)


def put_away(ctx: Context, ends: Sequence[Settled], now: datetime) -> set[str]:
    """Write where held deliveries go, and list the households of those that failed; returns what was still held."""
    written = queue.settle(ctx.session, ends, now)
    doorstep.hand_over(ctx, [end.id for end in ends if end.id in written and end.state in FAILED])
    return written


def break_off(ctx: Context, row: Held, reason: str) -> None:
    """End a held delivery that cannot even be prepared, so that it holds up no other."""
    now = ctx.clock.now()
    put_away(ctx, [_to(row, "technical_failure", now, f"broken:{reason}")], now)


def give_back(ctx: Context, held: Sequence[Held]) -> None:
    """Return deliveries that were taken and will not be started by this worker."""
    if held:
        queue.release(ctx.session, held)


def sweep(ctx: Context, limit: int = 1000) -> Mapping[str, int]:
    """Replay what never started, end what nobody can tell of, drop what came too late; returns the counts."""
    now = ctx.clock.now()
    replayed = sweeping.replay_unstarted(ctx.session, now)
    lost = sweeping.give_up_started(ctx.session, now)
    late = sweeping.expire(ctx.session, now, limit)
    doorstep.hand_over(ctx, [*lost, *late])
    return {"replayed": replayed, "unknown": len(lost), "expired": len(late)}
