"""The play's assertions about messages: each says what must hold, looks at both sides, and counts what it saw."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from backend.notifications.queries import DoorstepRow, LogRow
from backend.notifications.rules.templates import SIMULATED, fill
from backend.notifications.rules.texts import plain
from backend.rehearsal.cast import Person, Unexpected
from backend.rehearsal.messages import Arrived, Facts, Held, Place, is_quiet, texted
from backend.rehearsal.moments import DIGEST_FROM, QUIET_UNTIL, reminder_days

_ENDS = {"delivered", "permanent_failure", "cancelled"}
_A_DAY, _A_BALLOT = 1, 3
_AT_ONCE = timedelta(minutes=10)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Checked:
    """An assertion that held, and what it looked at."""

    name: str
    figure: str


def check_messages(facts: Facts) -> tuple[Checked, ...]:
    """Check everything; raises Unexpected naming the assertion that does not hold."""
    return all_checked(CHECKS, facts)


def all_checked(checks: Iterable[tuple[str, Callable[[T], str]]], seen: T) -> tuple[Checked, ...]:
    """Run named assertions over what was seen; raises Unexpected naming the first that does not hold."""
    found = []
    for name, check in checks:
        try:
            found.append(Checked(name, check(seen)))
        except Unexpected as error:
            raise Unexpected(f"{name}: {error}") from error
    return tuple(found)


def _nothing_hangs(facts: Facts) -> str:
    states = Counter(row.state for row in facts.rows)
    _same({}, {state: number for state, number in states.items() if state not in _ENDS}, "unfinished")
    return f"{len(facts.rows):,} 条发送，送达 {states['delivered']:,} 条"


def _phones_agree(facts: Facts) -> str:
    sent: Counter[tuple[object, ...]] = Counter()
    for row in facts.rows:
        if row.state == "delivered" and row.recipient_kind != "room":
            sent[_as_it_arrives(facts, row)] += 1
    lying: Counter[tuple[object, ...]] = Counter(
        (one.channel, one.openid, one.purpose, one.link, one.values) for one in facts.arrived
    )
    _same(sent, lying, "rows and inboxes")
    channels = Counter(one.channel for one in facts.arrived)
    phones = len({one.openid for one in facts.arrived})
    words = f"{phones:,} 部手机，服务通知 {channels['subscribe']:,} 条，短信 {channels['sms']:,} 条"
    return f"{words}，公众号 {channels['official_account']:,} 条"


def _as_it_arrives(facts: Facts, row: LogRow) -> tuple[object, ...]:
    """Return a delivery as it must lie on the phone, whatever its kind."""
    openid = facts.openid_of.get(row.recipient_id, row.id)
    if row.channel == "official_account":
        return row.channel, openid, "", "", (plain(row.payload),)
    if row.channel == "sms":
        return row.channel, openid, row.purpose, row.page, texted(row)
    filled = fill(SIMULATED[row.purpose], row.payload)
    return row.channel, openid, row.purpose, row.page, tuple(text for _, text in sorted(filled.items()))


def _rooms_agree(facts: Facts) -> str:
    sent: dict[str, list[str]] = defaultdict(list)
    for row in facts.rows:
        if row.state == "delivered" and row.recipient_kind == "room":
            sent[row.recipient_id].append(row.payload["markdown"])
    _same(
        {room: sorted(texts) for room, texts in sent.items()},
        {room: sorted(texts) for room, texts in facts.rooms.items() if texts},
        "rows and rooms",
    )
    return f"{sum(map(len, facts.rooms.values())):,} 条，{len(facts.rooms)} 个群"


def _nobody_after_voting(facts: Facts) -> str:
    ballots = {ballot.id: ballot for ballot in facts.ballots}
    reminders = _reminders(facts)
    for one in reminders:
        ballot = ballots[_ballot_in(one)]
        place = place_of(one.openid)
        if facts.diary.has_voted(ballot.script.kind, place, one.at):
            raise Unexpected(f"{one.openid} had voted before {one.at}")
    withdrawn = sum(row.reason == "voted" for row in facts.rows)
    return f"{len(reminders):,} 条提醒；排队期间投了票而不再发的 {withdrawn:,} 条"


def _nobody_twice(facts: Facts) -> str:
    per_day = Counter((one.openid, one.link, one.day) for one in _reminders(facts))
    per_ballot = Counter((one.openid, one.link) for one in _reminders(facts))
    _at_most(_A_DAY, per_day)
    _at_most(_A_BALLOT, per_ballot)
    homes = [(row, home) for row in facts.rows for home in facts.homes.get(row.id, ()) if home.day]
    _at_most(1, Counter((home.message_id, home.dwelling_id) for _, home in homes))
    _at_most(_A_DAY, Counter((home.dwelling_id, home.day) for _, home in homes))
    _at_most(_A_BALLOT, Counter((row.ballot_id, home.dwelling_id) for row, home in homes))
    return f"每户每天最多 {max(per_day.values(), default=0)} 次，每次表决最多 {max(per_ballot.values(), default=0)} 次"


def _nobody_at_night(facts: Facts) -> str:
    bound = [*facts.of_purpose("reminder"), *facts.of_purpose("result")]
    late = [one for one in bound if is_quiet(one.at)]
    if late:
        raise Unexpected(f"{late[0].openid} was disturbed at {late[0].at}")
    put_off = sum(row.kind in ("reminder", "near_quorum") and is_quiet(row.created_at) for row in facts.rows)
    return f"{len(bound):,} 条；夜里排队、等到早上的提醒 {put_off:,} 条"


def _everybody_reminded(facts: Facts) -> str:
    expected = 0
    sent, reminded_at = _by_day(facts), defaultdict(list)
    for one in _reminders(facts):
        if one.channel == "subscribe":
            reminded_at[one.openid].append(one.at)
    for ballot, day, at in _reminder_looks(facts):
        for person in _reachable(facts, ballot, at):
            before = sum(at < facts.theatre.stage.calendar.midnight(day) for at in reminded_at[person.openid])
            has_consent = facts.allowed(person, "reminder") > before
            can_reach = has_consent or person in facts.diary.gave_number
            due = int(can_reach and _has_room(sent, ballot, person, day))
            found = sent[person.openid, ballot.id, day]
            if found != due:
                raise Unexpected(f"{person.openid} got {found} reminders on day {day}, not {due}")
            expected += due
    return f"应提醒 {expected:,} 人次，一个不少"


def _has_room(sent: Counter[tuple[str, str, int]], ballot: Held, person: Person, day: int) -> bool:
    """A push near the quorum takes the place of the next reminder: each leaves room for the later ones."""
    planned = reminder_days(ballot.script.opens, ballot.script.closes).values()
    room = _A_BALLOT - sum(later > day for later in planned)
    return sum(sent[person.openid, ballot.id, past] for past in range(day)) < room


def _unreached_on_the_doorstep(facts: Facts) -> str:
    wanted = {(row.ballot_id, row.dwelling_id) for row in _entries(facts)}
    missed: set[tuple[str | None, str]] = set()
    sent = _by_day(facts)
    for ballot, day, at in _reminder_looks(facts):
        for dwelling, place in facts.unvoted(ballot, at).items():
            person = facts.person_of(ballot.script, place, at)
            was_due = person is None or _has_room(sent, ballot, person, day)
            if was_due and (person is None or not sent[person.openid, ballot.id, day]):
                missed.add((ballot.id, dwelling))
    _same(set(), missed - wanted, "not on the list")
    for row in _entries(facts):
        ballot = next(found for found in facts.ballots if found.id == row.ballot_id)
        if facts.diary.has_voted(ballot.script.kind, facts.owner_of[row.dwelling_id], row.created_at):
            raise Unexpected(f"{row.dwelling_id} had voted when it was put on the list")
    return f"{len(missed):,} 户没收到提醒，都在上门名单上"


def _told_at_once(facts: Facts) -> str:
    addressed = Counter(
        facts.openid_of[row.recipient_id]
        for row in facts.rows
        if row.purpose == "record" and row.recipient_kind == "account"
    )
    inbox = Counter(one.openid for one in facts.of_purpose("record"))
    for person in facts.diary.bound:
        due = addressed[person.openid]
        if person not in facts.diary.gave_number:
            due = min(facts.allowed(person, "record"), due)
        if inbox[person.openid] != due:
            raise Unexpected(f"{person.openid} was told {inbox[person.openid]} times, not {due}")
    for row in facts.rows:
        is_late = row.finished_at is not None and row.finished_at - row.created_at > _AT_ONCE
        if row.purpose == "record" and is_late:
            raise Unexpected(f"{row.id} waited")
    at_night = sum(is_quiet(one.at) for one in facts.of_purpose("record"))
    return f"{sum(inbox.values()):,} 条，其中夜里也立即告知的 {at_night:,} 条"


def _votes_told(facts: Facts) -> str:
    told = {
        (row.ballot_id, home.dwelling_id)
        for row in facts.rows
        if row.kind == "vote_recorded"
        for home in facts.homes.get(row.id, ())
    }
    wanted = set()
    for ballot in facts.ballots:
        for dwelling in ballot.estate.dwelling_ids:
            place = facts.owner_of[dwelling]
            voted_at = facts.diary.votes.get((ballot.script.kind, *place))
            if voted_at is not None and _is_told(facts, place, voted_at):
                wanted.add((ballot.id, dwelling))
    _same(wanted, told, "votes and tellings")
    return f"{len(wanted):,} 户次投票，都告知了本户"


def _is_told(facts: Facts, place: Place, at: datetime) -> bool:
    people = (Person(*place), Person(*place, is_family=True))
    return any(person in facts.diary.bound and facts.diary.bound[person] <= at for person in people)


def _rooms_witness(facts: Facts) -> str:
    digests = checkpoints = 0
    for ballot in facts.ballots:
        days = {moment.day for moment in ballot.script.moments if moment.time >= DIGEST_FROM}
        found = Counter(row.kind for row in facts.rows_about(ballot, "room_digest", "room_checkpoint"))
        if found["room_digest"] != len(days) or not found["room_checkpoint"]:
            raise Unexpected(
                f"{ballot.estate.world.script.name}: {dict(found)}, {len(days)} digests foreseen"
            )
        digests += found["room_digest"]
        checkpoints += found["room_checkpoint"]
    return f"每日简报 {digests:,} 条，检查点 {checkpoints:,} 条"


CHECKS: tuple[tuple[str, Callable[[Facts], str]], ...] = (
    ("每条发送都有结局", _nothing_hangs),
    ("手机上的消息与发送记录一致（逐人、逐模板、逐字）", _phones_agree),
    ("群里的消息与发送记录一致", _rooms_agree),
    ("投票之后没有人再被提醒", _nobody_after_voting),
    ("同一次提醒没有人收到两遍", _nobody_twice),
    ("免打扰时间里没有提醒和结果通知", _nobody_at_night),
    ("能提醒又没投票的，到日子都提醒了", _everybody_reminded),
    ("没提醒到的户都在上门名单上", _unreached_on_the_doorstep),
    ("投票和绑定的告知，能收到的都立即收到", _told_at_once),
    ("每张票都告知了本户已绑定的人", _votes_told),
    ("居委会群每天有简报，也有检查点", _rooms_witness),
)


def _reminder_looks(facts: Facts) -> Iterator[tuple[Held, int, datetime]]:
    """Yield every ballot with each of its reminder days and when the bot sent that day's reminders."""
    for ballot in facts.ballots:
        for day in reminder_days(ballot.script.opens, ballot.script.closes).values():
            yield ballot, day, facts.look_after(day, QUIET_UNTIL)


def _reachable(facts: Facts, ballot: Held, at: datetime) -> set[Person]:
    places = set(facts.unvoted(ballot, at).values())
    people = (facts.person_of(ballot.script, place, at) for place in places)
    return {person for person in people if person is not None}


def _by_day(facts: Facts) -> Counter[tuple[str, str, int]]:
    """Count reminders by phone, ballot and day of the play."""
    starts_on = facts.theatre.scenario.starts_on.toordinal()
    return Counter(
        (one.openid, _ballot_in(one), datetime.fromisoformat(one.day).date().toordinal() - starts_on)
        for one in _reminders(facts)
    )


def _reminders(facts: Facts) -> list[Arrived]:
    """Return the reminders of ballots."""
    ballots = {ballot.id for ballot in facts.ballots}
    return [one for one in facts.of_purpose("reminder") if _ballot_in(one) in ballots]


def _entries(facts: Facts) -> list[DoorstepRow]:
    """Return the households on the doorstep lists because of a ballot's reminders."""
    ballots = {ballot.id for ballot in facts.ballots}
    entries = [row for rows in facts.doorstep.values() for row in rows if row.is_reminder]
    return [row for row in entries if row.ballot_id in ballots]


def _ballot_in(one: Arrived) -> str:
    return one.link.partition("?id=")[2]


def place_of(openid: str) -> Place:
    """Return the numbers of the estate and the owner whose phone it is."""
    _, estate, owner, *_ = openid.split("-")
    return int(estate), int(owner)


def _same(expected: object, found: object, what: str) -> None:
    if expected == found:
        return
    if isinstance(expected, Counter) and isinstance(found, Counter):
        raise Unexpected(
            f"{what}: only here {list(expected - found)[:3]}, only there {list(found - expected)[:3]}"
        )
    raise Unexpected(f"{what}: {str(expected)[:300]} / {str(found)[:300]}")


def _at_most(limit: int, counts: Mapping[Any, int]) -> None:
    for what, number in counts.items():
        if number > limit:
            raise Unexpected(f"{what} {number} times")
