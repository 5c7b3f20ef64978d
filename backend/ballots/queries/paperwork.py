"""What auditors and the result notice see of paper and of roll corrections; never a choice."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from backend.ballots.repository import amendments
from backend.ballots.rules.amendments import describe, row_of
from backend.ballots.rules.paper import draw_sample
from backend.ballots.tables import PaperBatch, PaperVote, RollEntry, Vote
from backend.notices.rules import mask_door
from backend.tally.weight import RollEntry as CountedEntry

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class PersonRate:
    """How much one person entered; ``busiest_minute`` is the most sheets within any 60 seconds."""

    account_id: str
    entered: int
    confirmed: int
    returned: int
    busiest_minute: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class AmendmentLine:
    """One confirmed correction, in order of effect; ``before`` None was added, ``after`` None removed.

    ``place`` is the room as it may be published: ``1栋2单元5**``.
    """

    number: int
    at: datetime
    change: str
    reason: str
    before: CountedEntry | None
    after: CountedEntry | None
    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Recall:
    """A paper vote to be checked by telephone: which household to ask, and who handled the sheet.

    Without the receipt: through its proof it would lead to a leaf, and an audit record from there to the choice.
    """

    dwelling_id: str
    label: str
    channel: str
    entered_by: str
    decided_by: str | None


def entries_per_person(session: Session, ballot_id: str) -> list[PersonRate]:
    """Return the entry rates of a ballot, the busiest person first (threats.md: false papers in bulk)."""
    rows = session.exec(
        select(PaperVote.entered_by, PaperVote.state, PaperVote.entered_at)
        .join(PaperBatch, col(PaperBatch.id) == PaperVote.batch_id)
        .where(PaperBatch.ballot_id == ballot_id)
        .order_by(col(PaperVote.entered_by), col(PaperVote.entered_at))
    )
    people: dict[str, list[tuple[str, datetime]]] = {}
    for account_id, state, at in rows:
        people.setdefault(account_id, []).append((state, at))
    rates = [_rate(account_id, sheets) for account_id, sheets in people.items()]
    return sorted(rates, key=lambda rate: (-rate.busiest_minute, -rate.entered, rate.account_id))


def _rate(account_id: str, sheets: list[tuple[str, datetime]]) -> PersonRate:
    states = [state for state, _ in sheets]
    window: deque[datetime] = deque()
    busiest = 0
    for _, at in sheets:
        window.append(at)
        while at - window[0] >= _MINUTE:
            window.popleft()
        busiest = max(busiest, len(window))
    return PersonRate(
        account_id,
        len(sheets),
        states.count("confirmed"),
        states.count("returned"),
        busiest,
        sheets[0][1],
        sheets[-1][1],
    )


def recall_sample(session: Session, ballot_id: str, seed: str, size: int) -> list[Recall]:
    """Return the standing paper votes drawn by a published seed, in the order of the draw."""
    standing = select(Vote.receipt).where(
        Vote.ballot_id == ballot_id, Vote.state == "standing", col(Vote.channel).in_(("paper", "legacy"))
    )
    drawn = draw_sample(session.exec(standing), seed, size)
    rows = session.exec(
        select(Vote, RollEntry, PaperVote)
        .join(RollEntry, col(RollEntry.id) == col(Vote.roll_entry_id))
        .join(PaperVote, col(PaperVote.receipt) == col(Vote.receipt))
        .where(col(Vote.receipt).in_(drawn))
    )
    found = {
        vote.receipt: Recall(
            entry.dwelling_id,
            f"{entry.building_label}{entry.entrance_label}{entry.door_label}",
            vote.channel,
            sheet.entered_by,
            sheet.decided_by,
        )
        for vote, entry, sheet in rows
    }
    return [found[receipt] for receipt in drawn]


def amendments_of(session: Session, ballot_id: str) -> list[AmendmentLine]:
    """Return the confirmed corrections of the frozen roll, for the result notice and the record."""
    lines = []
    confirmed = amendments.confirmed(session, ballot_id)
    places = _places(session, ballot_id, {row.roll_entry_id for row in confirmed})
    for number, row in enumerate(confirmed, 1):
        before, after = row_of(row.before), row_of(row.after)
        assert row.confirmed_at is not None
        lines.append(
            AmendmentLine(
                number,
                row.confirmed_at,
                row.change,
                row.reason,
                before.counted() if before else None,
                after.counted() if after else None,
                describe(row.change, before, after),
                places.get(row.roll_entry_id or "", ""),
            )
        )
    return lines


def _places(session: Session, ballot_id: str, entry_ids: set[str | None]) -> dict[str, str]:
    if not entry_ids:
        return {}
    rows = session.exec(
        select(RollEntry.id, RollEntry.building_label, RollEntry.entrance_label, RollEntry.door_label).where(
            RollEntry.ballot_id == ballot_id, col(RollEntry.id).in_(entry_ids)
        )
    )
    return {key: mask_door(f"{building}{entrance}{door}") for key, building, entrance, door in rows}
