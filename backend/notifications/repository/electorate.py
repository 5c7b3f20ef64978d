"""Enqueue for a whole electorate in SQL, a page of dwellings per statement: no row passes through Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Date, Select, case, exists, func, literal, literal_column, null, select
from sqlmodel import Session, col

from backend.identity.queries import active_binding
from backend.infra.columns import UtcDateTime
from backend.notifications.repository.sql import insert_once, random_id
from backend.notifications.tables import (
    ConsentBalance,
    Delivery,
    DeliveryHousehold,
    DoorstepEntry,
    Follower,
    Message,
)

# SQLite reads "SELECT … JOIN … ON CONFLICT" as a join condition unless a WHERE stands between.
_ALWAYS = literal_column("1") == literal_column("1")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a message's enqueuing.

    ``homes`` publishes dwelling_id, building_id, estate_id; ``relations`` may be asked, best first.
    ``a_day`` and ``a_topic`` bound what a household gets; None: no reminder, no bound.
    """

    message: Message
    homes: Select[Any]
    relations: Sequence[str]
    priority: int
    send_at: datetime
    now: datetime
    a_day: int | None = None
    a_topic: int | None = None


def last_of_page(session: Session, homes: Select[Any], after: str, size: int) -> str | None:
    """Return the last dwelling of the page that follows ``after``, None when there is none."""
    all_homes = homes.subquery()
    page = select(all_homes.c.dwelling_id).where(all_homes.c.dwelling_id > after)
    found = page.order_by(all_homes.c.dwelling_id).limit(size).subquery()
    last: str | None = session.execute(select(func.max(found.c.dwelling_id))).scalar_one()
    return last


_DELIVERY = [
    "id",
    "message_id",
    "topic",
    "recipient_kind",
    "recipient_id",
    "kind",
    "occasion",
    "organisation_id",
    "channel",
    "state",
    "priority",
    "tries",
    "next_try_at",
    "created_at",
]
_HOUSEHOLD = [
    "message_id",
    "dwelling_id",
    "delivery_id",
    "topic",
    "estate_id",
    "building_id",
    "day",
    "day_no",
    "ballot_no",
]
_DOORSTEP = [
    "id",
    "topic",
    "dwelling_id",
    "estate_id",
    "building_id",
    "ballot_id",
    "kind",
    "is_reminder",
    "reason",
    "delivery_id",
    "created_at",
]


def enqueue_page(session: Session, page: Page, after: str, last: str) -> None:
    """Give every household of the page one delivery, to whom it most likely reaches.

    An account that stands for several households gets one row for all of them.
    """
    picked, message = _picked(page, after, last), page.message
    who = select(picked.c.account_id).distinct().subquery("who")
    rows = select(
        random_id(session),
        literal(message.id),
        literal(message.topic),
        literal("account"),
        who.c.account_id,
        literal(message.kind),
        literal(message.occasion),
        literal(message.organisation_id),
        literal(message.route.partition(",")[0]),
        literal("created"),
        literal(page.priority),
        literal(0),
        literal(page.send_at, UtcDateTime()),
        literal(page.now, UtcDateTime()),
    ).where(_ALWAYS)
    insert = insert_once(session, Delivery).from_select(_DELIVERY, rows, include_defaults=False)
    session.execute(insert.on_conflict_do_nothing())
    _cover(session, page, picked)


def _cover(session: Session, page: Page, picked: Any) -> None:
    """Note which households each delivery speaks to; a reminder takes its number of the day and the topic."""
    message = page.message
    day = literal(message.day, Date()) if page.a_day is not None else null()
    # One look per household under the whole unique key: as a join, a database that has not yet counted the new
    # rows would walk through all of the message's rows for each household.
    delivery = select(col(Delivery.id)).where(
        col(Delivery.topic) == message.topic,
        col(Delivery.recipient_id) == picked.c.account_id,
        col(Delivery.kind) == message.kind,
        col(Delivery.occasion) == message.occasion,
    )
    rows = select(
        literal(message.id),
        picked.c.dwelling_id,
        delivery.scalar_subquery(),
        literal(message.topic),
        picked.c.estate_id,
        picked.c.building_id,
        day,
        picked.c.so_far_today + 1 if page.a_day is not None else null(),
        picked.c.so_far + 1 if page.a_topic is not None else null(),
    ).where(_ALWAYS)
    insert = insert_once(session, DeliveryHousehold).from_select(_HOUSEHOLD, rows, include_defaults=False)
    session.execute(insert.on_conflict_do_nothing())


def _picked(page: Page, after: str, last: str) -> Any:
    """Choose per household the one person most likely to be reached: consent first, then who decides."""
    homes, binding = _open_homes(page, after, last), active_binding()
    rank = case(
        {name: place for place, name in enumerate(page.relations)}, value=binding.c.relation, else_=99
    )
    has_consent = case((func.coalesce(col(ConsentBalance.remaining), 0) > 0, 0), else_=1)
    follows = case((col(Follower.account_id).is_not(None), 0), else_=1)
    place = func.row_number().over(
        partition_by=homes.c.dwelling_id, order_by=(has_consent, follows, rank, binding.c.binding_id)
    )
    ranked = (
        select(homes, binding.c.account_id, place.label("place"))
        .join(binding, binding.c.dwelling_id == homes.c.dwelling_id)
        .outerjoin(
            ConsentBalance,
            (col(ConsentBalance.account_id) == binding.c.account_id)
            & (col(ConsentBalance.purpose) == page.message.purpose),
        )
        .outerjoin(Follower, col(Follower.account_id) == binding.c.account_id)
        # The range again: the database need not judge the bindings of other pages.
        .where(binding.c.dwelling_id > after, binding.c.dwelling_id <= last)
        .where(binding.c.relation.in_(page.relations))
        .subquery("ranked")
    )
    return select(ranked).where(ranked.c.place == 1).subquery("picked")


def _open_homes(page: Page, after: str, last: str) -> Any:
    """The page's households that this message does not cover yet and whose limits leave room."""
    homes = page.homes.subquery("homes")
    covered, message = DeliveryHousehold, page.message
    mine = col(covered.dwelling_id) == homes.c.dwelling_id
    count = select(func.count()).select_from(covered)
    today = count.where(mine, col(covered.day) == literal(message.day, Date())).scalar_subquery()
    all_days = count.where(mine, col(covered.topic) == message.topic, col(covered.day).is_not(None))
    counted = (
        select(
            homes.c.dwelling_id,
            homes.c.building_id,
            homes.c.estate_id,
            (today if page.a_day is not None else literal(0)).label("so_far_today"),
            (all_days.scalar_subquery() if page.a_topic is not None else literal(0)).label("so_far"),
        )
        .where(homes.c.dwelling_id > after, homes.c.dwelling_id <= last)
        .where(~exists().where(mine, col(covered.message_id) == message.id))
        .subquery("counted")
    )
    chosen = select(counted)
    if page.a_day is not None:
        chosen = chosen.where(counted.c.so_far_today < page.a_day)
    if page.a_topic is not None:
        chosen = chosen.where(counted.c.so_far < page.a_topic)
    return chosen.subquery("open_homes")


def list_unbound(session: Session, page: Page, after: str, last: str) -> None:
    """Put the page's households in which nobody who may vote is bound on the doorstep list."""
    homes, binding, message = page.homes.subquery("homes"), active_binding(), page.message
    bound = exists().where(
        binding.c.dwelling_id == homes.c.dwelling_id,
        binding.c.dwelling_id > after,
        binding.c.dwelling_id <= last,
        binding.c.relation.in_(page.relations),
    )
    rows = select(
        random_id(session),
        literal(message.topic),
        homes.c.dwelling_id,
        homes.c.estate_id,
        homes.c.building_id,
        literal(message.ballot_id),
        literal(message.kind),
        literal(message.is_reminder),
        literal("no_binding"),
        null(),
        literal(page.now, UtcDateTime()),
    ).where(homes.c.dwelling_id > after, homes.c.dwelling_id <= last, ~bound)
    insert = insert_once(session, DoorstepEntry).from_select(_DOORSTEP, rows, include_defaults=False)
    session.execute(insert.on_conflict_do_nothing())
