"""Notification jobs: from events to messages, from messages to phones and rooms. All repeatable, none sends twice."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from backend.infra.context import Context, Ports
from backend.infra.database import open_session
from backend.kernel.access import SYSTEM
from backend.kernel.ids import new_id
from backend.notifications.channels.binding import channels_for
from backend.notifications.channels.letter import Channel, Letter
from backend.notifications.rules.outcomes import Came, Outcome
from backend.notifications.service import events, pushes, recording, reminders, sending, survey_reminders
from bot.jobs import each, one_by_one

logger = logging.getLogger("gongjue.bot")

IN_FLIGHT = 8
_MOMENT = 0.02
# What a killed worker held waits for its lease to end: enough for a few rounds, not more.
_BATCH = 32
# One run ends after so long, so that a shutdown waits for no electorate; the next run goes on.
_SECONDS = 10.0
# Together shorter than a lease by far more than any request takes.
_AGAIN = (0.1, 1.0, *(5.0,) * 18)
_AWAY = (OperationalError, InterfaceError, PoolTimeout)
_WITNESSED = ("open", "counting", "suspended", "sealed", "preliminary")

T = TypeVar("T")


def read_new_events(ports: Ports) -> int:
    """Turn every numbered event into its messages; returns how many events were read.

    Where a batch fails, its events are read one by one, and one that fails alone is passed over.
    """
    total = 0
    while done := _read_batch(ports):
        total += done
    return total


def _read_batch(ports: Ports) -> int:
    try:
        return run_step(ports, events.read_events)
    except events.OF_ONE_EVENT:
        logger.exception("events_not_read")
    return sum(run_step(ports, events.read_next_event) for _ in range(events.BATCH))


def remind(ports: Ports) -> int:
    """Plan the reminders that are due and enqueue them page by page; returns how many messages were worked on."""
    _each(ports, "open", reminders.plan_reminder)
    one_by_one(["surveys"], lambda _: _plan_survey_messages(ports))
    return enqueue(ports)


def _plan_survey_messages(ports: Ports) -> int:
    after: tuple[str, str] | None = ("", "")
    while after is not None:
        after = run_step(ports, partial(survey_reminders.plan_survey_messages, after=after))
    return 1


def enqueue(ports: Ports) -> int:
    """Enqueue every message whose electorate is not wholly enqueued; returns how many were finished.

    One that fails is begun anew in the next run and holds up no other.
    """
    waiting = run_step(ports, reminders.messages_to_enqueue)
    return one_by_one(waiting, partial(_enqueue, ports))


def _enqueue(ports: Ports, message_id: str) -> int:
    after: str | None = ""
    while after is not None:
        after = run_step(ports, partial(reminders.enqueue_next_page, message_id=message_id, after=after))
    return 1


def push_near_quorum(ports: Ports) -> int:
    """Tell rooms and missing households once that participation lacks little; returns how many ballots."""
    done = _each(ports, "open", reminders.plan_near_push)
    enqueue(ports)
    return done


def post_digests(ports: Ports) -> int:
    """Post the day's digest of every open ballot; returns the new deliveries."""
    return _each(ports, "open", pushes.post_digest)


def post_checkpoints(ports: Ports) -> int:
    """Post the newest checkpoint of every ballot under way to its rooms, the seal's among them; returns the
    new deliveries."""
    return sum(_each(ports, state, pushes.post_checkpoint) for state in _WITNESSED)


def tell_objections_over(ports: Ports) -> int:
    """Tell rooms that objection days are over, or a sealed result waits to be published; returns the new deliveries."""
    waiting = _each(ports, "sealed", pushes.post_publication_due)
    return waiting + _each(ports, "preliminary", pushes.post_objections_over)


def sweep(ports: Ports) -> Mapping[str, int]:
    """Replay, end or drop deliveries that stand still; returns the counts."""
    counts = run_step(ports, sending.sweep)
    if any(counts.values()):
        logger.info("deliveries_swept", extra={"fields": dict(counts)})
    return counts


def deliver(
    ports: Ports, channels: Mapping[str, Channel] | None = None, *, in_flight: int = IN_FLIGHT
) -> int:
    """Send what waits, at most ``in_flight`` at a time; returns how many requests left.

    Any number of processes may run it. Each round is one transaction: outcomes in, starts out; only then the
    requests of the started rows leave. A process killed at any instant leaves at most ``in_flight`` rows of
    which nobody can tell whether they arrived.
    """
    run = _Run(ports, channels_for(ports) if channels is None else channels)
    flying: dict[Future[Outcome], Letter] = {}
    ends_at, total = time.monotonic() + _SECONDS, 0
    try:
        with ThreadPoolExecutor(in_flight, thread_name_prefix="deliver") as pool:
            while True:
                is_over = time.monotonic() > ends_at
                letters = run.turn(0 if is_over else in_flight - len(flying))
                total += len(letters)
                flying |= {pool.submit(_send, run.ways[one.channel], one): one for one in letters}
                if not flying and (run.is_dry or is_over):
                    return total
                done = _gathered(flying)
                run.arrived += [recording.Sent(flying.pop(future), future.result()) for future in done]
    finally:
        run.give_back()


def _gathered(flying: Collection[Future[Outcome]]) -> set[Future[Outcome]]:
    """Wait for all that fly, but for a slow one no longer than a moment: a round costs the same for one as for eight."""
    done, _ = wait(flying, timeout=_MOMENT)
    return done or wait(flying, return_when=FIRST_COMPLETED).done


class _Run:
    """What one run holds and what came back; both change only when the database has it."""

    def __init__(self, ports: Ports, ways: Mapping[str, Channel]) -> None:
        self.ways = ways
        self.arrived: list[recording.Sent] = []
        self.is_dry = False
        self._ports = ports
        self._held: deque[sending.Held] = deque()
        self._one_by_one = 0

    def turn(self, slots: int) -> list[Letter]:
        """Record what arrived and start as many deliveries as there are free slots; returns their letters."""
        if slots and not self._held:
            self._held.extend(self._insist(lambda ctx: sending.take(ctx, _BATCH)))
        # What was just recorded may have become due again, on its next channel.
        self.is_dry = not self._held and not self.arrived
        if self._one_by_one:
            return self._turn_with_care(slots)
        chosen = [self._held[place] for place in range(min(slots, len(self._held)))]
        try:
            return self._round(chosen)
        except Exception as error:
            if not chosen:
                raise
            logger.error("delivery_round_broken", extra={"fields": {"error": type(error).__name__}})
            self._one_by_one = len(chosen)
            return []

    def _turn_with_care(self, slots: int) -> list[Letter]:
        """Find, one by one, the row that cannot be prepared, and end it."""
        self._round([])
        chosen = [self._held[place] for place in range(min(slots, 1, len(self._held)))]
        self._one_by_one = max(self._one_by_one - len(chosen), 0) if self._held else 0
        try:
            return self._round(chosen) if chosen else []
        except Exception as error:
            name = type(error).__name__
            self._insist(lambda ctx: sending.break_off(ctx, chosen[0], name))
            self._held.popleft()
            return []

    def _round(self, chosen: Sequence[sending.Held]) -> list[Letter]:
        def step(ctx: Context) -> list[Letter]:
            moment = sending.look(ctx)
            recording.record(ctx, self.arrived, moment)
            return sending.start(ctx, chosen, self.ways.keys(), moment)

        if not chosen and not self.arrived:
            return []
        letters = self._insist(step)
        self.arrived = []
        for _ in chosen:
            self._held.popleft()
        return letters

    def _insist(self, step: Callable[[Context], T]) -> T:
        """Run a step, again while the database is away: what arrived must be written down before its lease ends."""
        for pause in _AGAIN:
            try:
                return run_step(self._ports, step)
            except _AWAY:
                logger.warning("delivery_waits_for_database")
                time.sleep(pause)
        return run_step(self._ports, step)

    def give_back(self) -> None:
        """Let others have what this run took and did not start; without a database the sweeper does."""
        if self._held:
            with suppress(*_AWAY):
                run_step(self._ports, lambda ctx: sending.give_back(ctx, list(self._held)))


def _send(channel: Channel, letter: Letter) -> Outcome:
    try:
        return channel.send(letter)
    except Exception as error:
        # Nobody knows how far it came; without the text, which may hold an address.
        logger.error(
            "channel_failed", extra={"fields": {"channel": letter.channel, "error": type(error).__name__}}
        )
        return Outcome(Came.UNKNOWN, type(error).__name__)


def run_step(ports: Ports, step: Callable[[Context], T]) -> T:
    """Run one step in a transaction of its own."""
    with open_session(ports.engine) as session:
        done = step(Context(session=session, actor=SYSTEM, ports=ports, request_id=f"bot-{new_id()}"))
        session.commit()
        return done


def _each(ports: Ports, state: str, step: Callable[[Context, str], int]) -> int:
    """Take every ballot of a state in a transaction of its own; one that fails holds up no other."""
    return each(ports, run_step(ports, lambda ctx: pushes.ballots_of_state(ctx, state)), step)
