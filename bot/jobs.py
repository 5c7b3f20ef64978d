"""What the bot does: short, repeatable steps, one item per transaction; running one twice changes nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from sqlalchemy import text
from sqlmodel import Session

from backend.ballots import queries as ballots
from backend.ballots.service.closing import close_ballot, seal_ballot
from backend.ballots.service.sealing import number_votes, seal_tree
from backend.complaints.service import escalation
from backend.complaints.service.anonymous import forget_anonymous_days
from backend.complaints.service.follow_up import close_unanswered
from backend.identity.service import run_retention
from backend.infra.context import Context, Ports
from backend.infra.database import db_now, now_sql, open_session
from backend.kernel.access import SYSTEM
from backend.kernel.ids import new_id
from backend.ledger.service import EVENT_TREE, make_checkpoint, number_events
from backend.media import service as media
from backend.rectification import queries as rectification
from backend.rectification.service import tell_of_item, tell_of_warranty
from backend.registry.service import run_next_import
from backend.surveys import service as surveys

logger = logging.getLogger("gongjue.bot")

BOT = "bot"

T = TypeVar("T")


def beat(ports: Ports) -> None:
    """Write down, by the database's clock, that the bot lives."""
    now = now_sql(ports.engine.dialect.name)
    statement = (
        f"INSERT INTO heartbeat (name, beat_at) VALUES (:name, {now}) "  # noqa: S608 - a constant expression
        "ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at"
    )
    with ports.engine.begin() as connection:
        connection.execute(text(statement), {"name": BOT})


def close_due_ballots(ports: Ports) -> int:
    """End the window of every ballot whose deadline has passed; returns how many were ended."""
    due = _read(ports, lambda session: ballots.due_ballots(session, "open", db_now(session)))
    return each(ports, due, lambda ctx, ballot_id: close_ballot(ctx, ballot_id) is not None)


def seal_due_ballots(ports: Ports) -> int:
    """Seal every ballot whose counting is over; returns how many were sealed."""
    due = _read(ports, lambda session: ballots.due_ballots(session, "counting", db_now(session)))
    return each(ports, due, lambda ctx, ballot_id: seal_ballot(ctx, ballot_id) is not None)


def close_due_surveys(ports: Ports) -> int:
    """Close every survey whose deadline has passed; returns how many were closed."""
    due = _read(ports, lambda session: surveys.due_surveys(_context(ports, session)))
    return each(ports, due, lambda ctx, survey_id: surveys.close_survey(ctx, survey_id).state == "closed")


def number_new_events(ports: Ports) -> int:
    """Give every committed event its place in the event tree; returns how many got one."""
    return _until_none(ports, number_events)


def number_new_votes(ports: Ports) -> int:
    """Give every committed vote of the running ballots its leaf; returns how many got one."""
    active = _read(ports, ballots.active_ballots)
    return one_by_one(
        active, lambda ballot_id: _until_none(ports, partial(number_votes, ballot_id=ballot_id))
    )


def make_checkpoints(ports: Ports) -> int:
    """Set a checkpoint on every running ballot's tree and on the events'; returns how many trees were done."""
    active = _read(ports, ballots.active_ballots)
    done = each(ports, active, lambda ctx, ballot_id: seal_tree(ctx.session, ballot_id) is not None)
    number_new_events(ports)
    return done + each(ports, [EVENT_TREE], lambda ctx, tree: make_checkpoint(ctx.session, tree) is not None)


def run_imports(ports: Ports) -> int:
    """Run every waiting import of a roll, the oldest first; returns how many ran."""
    done = 0
    while run_next_import(ports):
        done += 1
    return done


def check_media(ports: Ports) -> int:
    """Ask WeChat about new photos and settle what it answered; returns how many were asked about."""
    gateways = ports.gateways
    return media.run_checks(ports, gateways.content if gateways is not None else None)


def forget_loose_media(ports: Ports) -> int:
    """Delete uploads that nothing came to refer to; returns how many went."""
    return _until_none(ports, lambda session: media.forget_unattached(_context(ports, session)))


def remind_rectification(ports: Ports) -> int:
    """Tell of every item soon due or overdue and every warranty about to end; returns how many were told of."""
    items = _read(ports, rectification.items_to_tell)
    works = _read(ports, rectification.warranties_to_tell)
    return each(ports, items, tell_of_item) + each(ports, works, tell_of_warranty)


def watch_complaints(ports: Ports) -> int:
    """Warn before deadlines, tell of missed ones, close what nobody answered; returns how many were told or closed."""
    steps: tuple[tuple[Callable[[Session], Iterable[str]], Callable[[Context, str], bool]], ...] = (
        (escalation.to_warn, escalation.warn),
        (escalation.overdue, escalation.tell_overdue),
        (escalation.unanswered, escalation.tell_unanswered),
        (escalation.long_paused, escalation.tell_long_pause),
        (escalation.expired, close_unanswered),
    )
    return sum(each(ports, _read(ports, find), step) for find, step in steps)


def recount_provisional(ports: Ports) -> int:
    """Count again the deadlines that lay beyond the known calendars; returns how many moved or became certain."""
    return each(ports, _read(ports, escalation.provisional), escalation.recompute)


def forget_what_is_old(ports: Ports) -> int:
    """Delete what has served its purpose (retention), batch by batch; returns how many rows went."""
    return _until_none(ports, lambda session: _forget(_context(ports, session)))


def _forget(ctx: Context) -> int:
    return sum(run_retention(ctx).values()) + forget_anonymous_days(ctx)


def _context(ports: Ports, session: Session) -> Context:
    return Context(session=session, actor=SYSTEM, ports=ports, request_id=f"bot-{new_id()}")


def _read(ports: Ports, query: Callable[[Session], T]) -> T:
    with open_session(ports.engine, read_only=True) as session:
        return query(session)


def each(ports: Ports, items: Iterable[str], step: Callable[[Context, str], int]) -> int:
    """Take every item in a transaction of its own; one that fails is logged and holds up no other."""

    def take(item: str) -> int:
        with open_session(ports.engine) as session:
            done = step(_context(ports, session), item)
            session.commit()
            return done

    return one_by_one(items, take)


def one_by_one(items: Iterable[str], take: Callable[[str], int]) -> int:
    """Take every item, in transactions of the step's own; one that fails is logged and holds up no other."""
    done = 0
    for item in items:
        try:
            done += take(item)
        except Exception:
            logger.exception("item_failed", extra={"fields": {"item": item}})
    return done


def _until_none(ports: Ports, step: Callable[[Session], int]) -> int:
    """Repeat a batch, each in a transaction of its own, until there is nothing left to do."""
    total = 0
    while True:
        with open_session(ports.engine) as session:
            done = step(session)
            session.commit()
        if not done:
            return total
        total += done
