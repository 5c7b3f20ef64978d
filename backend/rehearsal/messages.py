"""Every message of a play in one place: the product's rows, what lay on the phones and in the rooms, and the diary."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backend.infra.database import open_session
from backend.kernel.clock import SHANGHAI
from backend.notifications import queries
from backend.notifications.queries import CoveredHome, DoorstepRow, LogRow
from backend.notifications.rules.templates import SIMULATED
from backend.notifications.rules.texts import sms
from backend.rehearsal.announcing import CANVASS, PLAN, BallotScript
from backend.rehearsal.answers import Way
from backend.rehearsal.cast import EstatePlay, Person, Unexpected
from backend.rehearsal.diary import Diary
from backend.rehearsal.moments import QUIET_FROM, QUIET_UNTIL
from backend.rehearsal.theatre import Theatre

Place = tuple[int, int]
_PAGE = 500
# What a text message carries, in order; a one-time code stands in no row.
_PARAMETERS = ("title", "time", "note")
MASKED = "***"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A service message or a text message as it lies on a phone.

    A text message says neither when it came nor what it opens: both are taken from its delivery.
    """

    channel: str
    openid: str
    purpose: str
    at: datetime
    link: str
    values: tuple[str, ...]

    @property
    def day(self) -> str:
        """Return the Asia/Shanghai day."""
        return self.at.astimezone(SHANGHAI).date().isoformat()


@dataclass(frozen=True, slots=True)
class Held:
    """A ballot that was held: its id, its estate and its script."""

    id: str
    estate: EstatePlay
    script: BallotScript


@dataclass(frozen=True, slots=True)
class Facts:
    """What both sides know. ``homes``: delivery → households; ``owner_of``: dwelling → (estate, owner)."""

    theatre: Theatre
    ballots: tuple[Held, ...]
    rows: tuple[LogRow, ...]
    homes: Mapping[str, tuple[CoveredHome, ...]]
    arrived: tuple[Arrived, ...]
    doorstep: Mapping[int, tuple[DoorstepRow, ...]]
    rooms: Mapping[str, tuple[str, ...]]
    owner_of: Mapping[str, Place]
    openid_of: Mapping[str, str]

    @property
    def diary(self) -> Diary:
        """Return what the play saw itself."""
        return self.theatre.diary

    def of_purpose(self, purpose: str) -> list[Arrived]:
        """Return the messages of a purpose on all phones."""
        return [message for message in self.arrived if message.purpose == purpose]

    def allowed(self, person: Person, purpose: str) -> int:
        """Return how many messages of a purpose a person ever allowed."""
        return self.diary.accepts.get(person, Counter())[SIMULATED[purpose].template_id]

    def person_of(self, script: BallotScript, place: Place, at: datetime) -> Person | None:
        """Return who could be reminded for a home: the one person in it who may vote and had bound by then."""
        estate, owner = place
        answer = self.theatre.world.estates[self._position(estate)].owners[owner - 1].canvass
        is_family = script is CANVASS and answer.way is Way.FAMILY
        person = Person(estate, owner, is_family)
        bound_at = self.diary.bound.get(person)
        return person if bound_at is not None and bound_at <= at else None

    def unvoted(self, ballot: Held, at: datetime) -> dict[str, Place]:
        """Return the homes of a ballot's roll that had not voted by then."""
        return {
            dwelling: self.owner_of[dwelling]
            for dwelling in ballot.estate.dwelling_ids
            if not self.diary.has_voted(ballot.script.kind, self.owner_of[dwelling], at)
        }

    def look_after(self, day: int, time: timedelta = timedelta(0)) -> datetime:
        """Return the bot's first look at or after a time of a day of the play."""
        at = self.theatre.stage.calendar.moment(day, time)
        found = next((look for look in self.diary.looks if look >= at), None)
        if found is None:
            raise Unexpected(f"the bot did not look after {at}")
        return found

    def rows_about(self, ballot: Held, *kinds: str) -> Iterator[LogRow]:
        """Return the deliveries of some kinds that are about a ballot."""
        return (row for row in self.rows if row.ballot_id == ballot.id and row.kind in kinds)

    def _position(self, number: int) -> int:
        return next(at for at, world in enumerate(self.theatre.world.estates) if world.number == number)


def is_quiet(at: datetime) -> bool:
    """Tell whether an instant lies in the quiet hours, by the play's own reading of them."""
    local = at.astimezone(SHANGHAI)
    time = timedelta(hours=local.hour, minutes=local.minute)
    return not QUIET_UNTIL <= time < QUIET_FROM


def gather(theatre: Theatre, estates: list[EstatePlay]) -> Facts:
    """Read the product's rows, the phones and the rooms."""
    rows, homes = _read_log(theatre)
    with open_session(theatre.stage.ports.engine, read_only=True) as session:
        doorstep = {
            estate.world.number: tuple(queries.doorstep_log(session, estate.id)) for estate in estates
        }
    phones = theatre.stage.phones
    return Facts(
        theatre,
        tuple(_held(estates)),
        tuple(rows),
        homes,
        (*_arrived(theatre), *_texted(theatre, rows)),
        doorstep,
        {room: tuple(phones.room_texts(key)) for room, key in theatre.diary.rooms.items()},
        {
            estate.dwelling_ids[at]: (estate.world.number, owner.number)
            for estate in estates
            for owner in estate.world.owners
            for at in owner.homes
        },
        {str(theatre.residents.account_of(person)): person.openid for person in theatre.diary.bound},
    )


def _read_log(theatre: Theatre) -> tuple[list[LogRow], dict[str, tuple[CoveredHome, ...]]]:
    rows: list[LogRow] = []
    homes: dict[str, list[CoveredHome]] = defaultdict(list)
    with open_session(theatre.stage.ports.engine, read_only=True) as session:
        while page := queries.delivery_log(session, rows[-1].id if rows else "", _PAGE):
            rows += page
            for home in queries.homes_of_deliveries(session, [row.id for row in page]):
                homes[home.delivery_id].append(home)
    return rows, {delivery: tuple(found) for delivery, found in homes.items()}


def _held(estates: list[EstatePlay]) -> Iterator[Held]:
    for script in (CANVASS, PLAN):
        for estate in estates:
            if script.kind in estate.ballots:
                yield Held(estate.ballots[script.kind].id, estate, script)


def _arrived(theatre: Theatre) -> Iterator[Arrived]:
    purposes = {template.template_id: purpose for purpose, template in SIMULATED.items()}
    for message in theatre.stage.phones.messages():
        at = datetime.fromtimestamp(message["at"], UTC)
        if message["kind"] == "subscribe":
            yield Arrived(
                "subscribe",
                message["openid"],
                str(purposes[message["template_id"]]),
                at,
                message["link"],
                tuple(text for _, text in sorted(message["fields"].items())),
            )
        elif message["kind"] == "custom":
            yield Arrived("official_account", message["openid"], "", at, "", (message["text"],))


def _texted(theatre: Theatre, rows: list[LogRow]) -> Iterator[Arrived]:
    """Return the text messages: outside production they go into a file, a line each.

    Whoever is not on the roll has no phone at the simulator; theirs stand under the delivery's own id.
    """
    path = theatre.stage.ports.settings.sms.file
    by_id = {row.id: row for row in rows}
    for line in path.read_text().splitlines() if path.exists() else ():
        text = json.loads(line)
        row = by_id.get(text["key"])
        if row is None or row.finished_at is None:
            raise Unexpected(f"nobody sent the text message {text['key']}")
        person = theatre.diary.numbers.get(text["phone"])
        openid = row.id if person is None or row.recipient_kind != "account" else person.openid
        parameters = zip(_PARAMETERS, text["parameters"], strict=True)
        values = tuple(value if name in row.payload else MASKED for name, value in parameters)
        yield Arrived("sms", openid, row.purpose, row.finished_at, row.page, values)


def texted(row: LogRow) -> tuple[str, ...]:
    """Return what a text message says: its row holds everything but a one-time code."""
    return tuple(sms({name: row.payload.get(name, MASKED) for name in _PARAMETERS}))
