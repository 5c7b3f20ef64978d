"""The days of voting: phones, mandates, sealed batches of paper, and what a third person has to decide."""

from __future__ import annotations

from collections import defaultdict
from io import BytesIO
from urllib.parse import quote

from PIL import Image

from backend.kernel.ids import new_id
from backend.rehearsal.announcing import BallotScript
from backend.rehearsal.answers import Answer, Choices, OwnerKind, Way
from backend.rehearsal.cast import Ballot, EstatePlay, Person, Unexpected, letters_for
from backend.rehearsal.habits import binds_anyway, seeded
from backend.rehearsal.moments import Moment, turn_of
from backend.rehearsal.setting_up import relation_of
from backend.rehearsal.tapping import answer_popups
from backend.rehearsal.theatre import Theatre
from backend.rehearsal.web import Headers
from backend.rehearsal.world import Owner

_API = "/api/v1"
_STAFF = f"{_API}/staff"
# Every tenth owner binds by phone number instead of the letter.
_PHONE_EVERY, _PHONE_AT = 10, 3
Turn = tuple[EstatePlay, Owner]


def answer_of(owner: Owner, kind: str) -> Answer:
    """Return what an owner does in a ballot of this kind."""
    return owner.canvass if kind == "canvass" else owner.plan


def uses_phone(answer: Answer) -> bool:
    """Tell whether somebody of this home votes on the phone."""
    return answer.way in (Way.ONLINE, Way.FAMILY) or answer.before is not None


def settle_in(theatre: Theatre, turn: Turn, kind: str) -> None:
    """Let the person who will vote on the phone log in, and bind the homes if that has not been done."""
    estate, owner = turn
    person = _voter(estate, owner, kind)
    if theatre.residents.account_of(person) is not None:
        theatre.residents.log_in(person)
        return
    _bind(theatre, turn, person, kind)
    answer_popups(theatre, person)


def _bind(theatre: Theatre, turn: Turn, person: Person, kind: str) -> None:
    estate, owner = turn
    by_phone = owner.number % _PHONE_EVERY == _PHONE_AT and not person.is_family
    # While a vote is open a binding by phone number waits for a day: latecomers use their letter.
    if kind == "canvass" and by_phone:
        theatre.residents.bind_by_phone(person)
        theatre.diary.gave_number.add(person)
        return
    relation = "family" if person.is_family else relation_of(owner.kind)
    theatre.residents.bind_by_letter(person, letters_for(estate, owner, relation))


def _voter(estate: EstatePlay, owner: Owner, kind: str) -> Person:
    is_family = answer_of(owner, kind).way is Way.FAMILY
    return Person(estate.world.number, owner.number, is_family)


def vote(theatre: Theatre, turn: Turn, kind: str) -> int:
    """Cast for all homes of an owner in one action, twice where they change their mind; returns papers recorded."""
    estate, owner = turn
    ballot, answer = estate.ballots[kind], answer_of(owner, kind)
    caller = theatre.residents.log_in(_voter(estate, owner, kind))
    page = theatre.web.get(caller, f"{_API}/ballots/{ballot.id}")
    entries = [row["id"] for row in page["entries"]]
    wanted = [answer.before] if answer.before is not None else []
    if answer.way is not Way.PAPER:
        wanted.append(answer.choices)
    recorded = 0
    for choices in wanted:
        body = _paper(ballot, choices, entries)
        answered = theatre.web.post(caller, f"{_API}/ballots/{ballot.id}/votes", body, Headers(key=new_id()))
        recorded += len(answered["recorded"])
        estate.receipts[kind] = answered["recorded"][-1]["receipt"]
    if recorded != len(wanted) * len(owner.homes):
        raise Unexpected(
            f"{estate.world.script.name}: {recorded} papers of {len(owner.homes)} homes recorded"
        )
    return recorded


def _paper(ballot: Ballot, choices: Choices, entries: list[str]) -> dict[str, object]:
    given = dict(zip(ballot.motions, choices, strict=True))
    return {"entries": entries, "choices": given, "documents_hash": ballot.documents_hash}


def vote_by_mandate(theatre: Theatre, turn: Turn, kind: str) -> int:
    """Register a signed mandate, have it confirmed, and let the neighbour who holds it cast."""
    estate, owner = turn
    ballot, answer = estate.ballots[kind], answer_of(owner, kind)
    holder = Person(estate.world.number, estate.world.owners[answer.proxy or 0].number)
    first, second = theatre.staff.desk(estate.clerk(1)), theatre.staff.desk(estate.clerk(2))
    entry = _entry_of(theatre, estate, ballot, owner.homes[0])
    mandate = {
        "entry": entry,
        "proxy": theatre.residents.account_of(holder),
        "powers": "代为表决本次全部事项（演练）",
        "document": theatre.web.store(first, blank_picture()),
    }
    made = theatre.web.post(first, f"{_STAFF}/ballots/{ballot.id}/mandates", mandate)
    theatre.web.post(second, f"{_STAFF}/mandates/{made['id']}/confirm")
    body = _paper(ballot, answer.choices, [entry])
    caller = theatre.residents.log_in(holder)
    answered = theatre.web.post(caller, f"{_API}/ballots/{ballot.id}/votes", body, Headers(key=new_id()))
    return len(answered["recorded"])


def hand_in(theatre: Theatre, estate: EstatePlay, script: BallotScript) -> int:
    """Bring in what is on paper: mandates with the votes of those who hold them, and sealed batches."""
    turns = owners_mandating([estate], script.kind)
    cast = sum(vote_by_mandate(theatre, turn, script.kind) for turn in turns)
    return cast + hand_in_paper(theatre, estate, script)


def hand_in_paper(theatre: Theatre, estate: EstatePlay, script: BallotScript) -> int:
    """Seal, witness, enter and confirm the estate's papers, and decide where a home had voted already."""
    ballot = estate.ballots[script.kind]
    papers = [owner for owner in estate.world.owners if answer_of(owner, script.kind).way is Way.PAPER]
    count = sum(len(owner.homes) for owner in papers)
    if not count:
        return 0
    first, second = theatre.staff.desk(estate.clerk(1)), theatre.staff.desk(estate.clerk(2))
    web = theatre.web
    photo = web.store(first, blank_picture())
    batch = {"paper_count": count, "photo": photo, "note": "演练"}
    path = f"{_STAFF}/ballots/{ballot.id}/paper-batches"
    batch_id = web.post(first, path, batch, Headers(key=new_id()))["id"]
    web.post(second, f"{_STAFF}/paper-batches/{batch_id}/witness", {"paper_count": count})
    homes = [(at, owner) for owner in papers for at in owner.homes]
    for number, (at, owner) in enumerate(homes, start=1):
        entry = _entry_of(theatre, estate, ballot, at)
        reading = {
            "entry": entry,
            "marks": dict(zip(ballot.motions, answer_of(owner, script.kind).choices, strict=True)),
        }
        sheet = {"sheet_no": number, "photo": photo, **reading}
        receipt = web.post(first, f"{_STAFF}/paper-batches/{batch_id}/sheets", sheet)["receipt"]
        web.post(second, f"{_STAFF}/paper-sheets/{receipt}/confirm", reading)
    _decide_reviews(
        theatre, estate, ballot, sum(answer_of(owner, script.kind).before is not None for owner in papers)
    )
    return count


def _decide_reviews(theatre: Theatre, estate: EstatePlay, ballot: Ballot, expected: int) -> None:
    """A third person lets the signed paper prevail over the online vote."""
    third = theatre.staff.desk(estate.clerk(3))
    waiting = theatre.web.get(third, f"{_STAFF}/ballots/{ballot.id}/reviews?limit=100")["items"]
    if len(waiting) != expected:
        raise Unexpected(f"{estate.world.script.name}: {len(waiting)} reviews, {expected} foreseen")
    for item in waiting:
        body = {"decision": "accept", "reason": "有本人签字的纸质票，以纸质票为准（演练）"}
        theatre.web.post(third, f"{_STAFF}/reviews/{item['receipt']}", body)


def _entry_of(theatre: Theatre, estate: EstatePlay, ballot: Ballot, home: int) -> str:
    """Find a home on the roll by its door, as the clerk does who holds the paper."""
    door = quote(estate.world.homes[home].label)
    path = f"{_STAFF}/ballots/{ballot.id}/roll-entry?door={door}"
    return str(theatre.web.get(theatre.staff.desk(estate.clerk(1)), path)["id"])


def blank_picture() -> bytes:
    """Return the picture of a blank sheet: the papers are as invented as the people."""
    out = BytesIO()
    Image.new("L", (105, 148), 245).save(out, "PNG")
    return out.getvalue()


def bound_anyway(theatre: Theatre, estates: list[EstatePlay]) -> list[Turn]:
    """Return owners who bind their homes although they will not vote on the phone: reminders are for them."""
    if theatre.shift is None:
        return []
    return [
        (estate, owner)
        for estate in estates
        for owner in estate.world.owners
        if binds_anyway(owner, seeded("bound", theatre.scenario.id, theatre.seed, *place_of((estate, owner))))
    ]


def place_of(turn: Turn) -> tuple[int, int]:
    """Return the numbers of an owner's estate and of the owner."""
    return turn[0].world.number, turn[1].number


def by_moment(theatre: Theatre, turns: list[Turn], script: BallotScript) -> dict[Moment, list[Turn]]:
    """Split those who vote on the phone over the moments of the window."""
    found: dict[Moment, list[Turn]] = defaultdict(list)
    for turn in turns:
        answer = answer_of(turn[1], script.kind)
        rng = seeded("moment", theatre.scenario.id, theatre.seed, script.kind, *place_of(turn))
        found[turn_of(script.moments, rng, is_early=answer.way is Way.PAPER)].append(turn)
    return found


def owners_on_paper(estates: list[EstatePlay], kind: str) -> list[Turn]:
    """Return everybody whose vote comes in on paper or by mandate."""
    return [
        (estate, owner)
        for estate in estates
        for owner in estate.world.owners
        if answer_of(owner, kind).way in (Way.PAPER, Way.PROXY)
    ]


def owners_voting(estates: list[EstatePlay], kind: str) -> list[Turn]:
    """Return everybody who votes on the phone, or holds a mandate, in the ballots of this kind."""
    return [
        (estate, owner)
        for estate in estates
        for owner in estate.world.owners
        if uses_phone(answer_of(owner, kind)) and owner.kind is not OwnerKind.UNIT
    ]


def owners_mandating(estates: list[EstatePlay], kind: str) -> list[Turn]:
    """Return everybody whose neighbour casts for them."""
    return [
        (estate, owner)
        for estate in estates
        for owner in estate.world.owners
        if answer_of(owner, kind).way is Way.PROXY
    ]
