"""The replay of threats.md: while a ballot runs, what anybody can read does not depend on what anybody said.

Two worlds begin as copies of one database. In both the same households vote at the same moments, in one of them
with every choice turned round. After each step everybody reads everything they may; as long as the two series are
equal, no pair and no series of answers can tell a choice.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from backend.ballots.repository.cast import build_statements
from backend.ballots.service.desk import PollingDesk
from backend.ballots.tables import Motion
from backend.infra.context import Ports
from backend.infra.crypto import build_vault
from backend.infra.database import build_engine
from backend.infra.installation import move_clock
from backend.infra.limits import FloodGate
from backend.infra.storage import Storage
from backend.tally.rule import get_rule
from backend.wsgi import build_app
from bot import jobs
from tests.api.conftest import World
from tests.api.kept_log import keep_log
from tests.api.matrix.conftest import Pair
from tests.api.matrix.place import RESIDENTS, Place, build_place
from tests.api.matrix.table import LETTERS, Row, read_table
from tests.api.matrix.test_matrix import may
from tests.factories.ballots import BallotFixture, make_ballot
from tests.factories.databases import make_settings, sqlite_copy, without_waiting
from tests.factories.people import make_resident, make_staff
from tests.factories.phones import FakeExchange
from tests.factories.places import make_estate

pytestmark = pytest.mark.slow

HOMES = 12
OPPOSITE = {"for": "against", "against": "for", "abstain": "for"}
# What votes cannot touch, and files made of zip or PDF.
UNRELATED = re.compile(
    r"/(docs|openapi|policies|organisations|imports|accounts|estates|dwellings|sessions?)\b|^/$"
)
ROWS = [row for row in read_table() if row.method == "GET" and not UNRELATED.search(row.path)]
EVERYBODY = (None, *RESIDENTS, *LETTERS.values())
MICROSECONDS = 1_000_000

Views = dict[tuple[str, str], tuple[int, str]]


@dataclass
class Twin:
    """One of the two worlds: ``turn`` says what becomes of a choice here."""

    pair: Pair
    voters: list[str]
    turn: Callable[[str], str]
    known: frozenset[str] = frozenset()
    answers: list[tuple[int, str]] = field(default_factory=list)

    def post(self, path: str, token: str, body: dict[str, Any], key: str = "") -> Any:
        """Send something and keep the masked answer: it is compared too."""
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or "twin-key-0"}
        sent = self.pair.world.app.test_client().post("/api/v1" + path, json=body, headers=headers)
        assert sent.status_code < 300, sent.text
        self.answers.append((sent.status_code, self.mask(sent.text)))
        return sent.get_json()

    def marks(self, first: str, second: str) -> dict[str, str]:
        ids = self.pair.ours.ids
        return {ids["motion"]: self.turn(first), ids["second_motion"]: self.turn(second)}

    def cast(self, number: int, first: str, second: str, key: str = "vote-key-1", token: str = "") -> None:
        """Let the resident of a dwelling vote online."""
        place = self.pair.ours
        body = {
            "entries": [place.entries[number]],
            "choices": self.marks(first, second),
            "documents_hash": place.ids["documents_hash"],
        }
        path = f"/ballots/{place.ids['open_ballot']}/votes"
        self.post(path, token or self.voters[number], body, key)

    def look(self) -> Views:
        """Let everybody read everything they may."""
        ports = self.pair.world.ports
        desk = PollingDesk(ports.engine, build_statements(ports.settings, ports.engine))
        self.pair.world.app.extensions["polling_desk"] = desk  # nothing is a second old
        self.pair.world.app.floods = FloodGate("memory://")
        return {
            (str(row), str(who)): self._seen(row, who) for row in ROWS for who in EVERYBODY if may(row, who)
        }

    def _seen(self, row: Row, who: str | None) -> tuple[int, str]:
        status, body = self.pair.ask(row, who, self.pair.ours, self.pair.ours)
        seen = self.mask(body.decode(errors="replace"))
        if row.path.endswith("/reviews"):  # in the order of their receipts, which are random
            seen = str(sorted(map(str, json.loads(seen)["items"])))
        if row.path.endswith("/me/export"):  # one's own choices are one's own
            seen = re.sub(r'"choices":\{[^}]*\}', '"choices":"OWN"', seen)
        return status, seen

    def mask(self, text: str) -> str:
        """Hide what is random or a moment: new identifiers, receipts, nonces' hashes, instants."""
        text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+\d\d:\d\d)", "AT", text)
        text = re.sub(
            r"expires=\d+&sig=[0-9a-f]+", "ADDRESS", text
        )  # holds until a quarter of an hour strikes
        text = re.sub(r"(heartbeat_age_seconds) [\d.]+", r"\1 AGE", text)
        text = re.sub(r"\b\d{4}-\d{4}-\d{4}\b|\b\d{12}\b", "RECEIPT", text)
        return re.sub(
            r"\b([0-9a-f]{64}|[0-9a-z]{20})\b",
            lambda found: found[0] if found[0] in self.known else "NEW",
            text,
        )


@dataclass
class Twins:
    """Both worlds, step by step."""

    worlds: tuple[Twin, Twin]

    def both(self, action: Callable[[Twin], object]) -> None:
        for twin in self.worlds:
            action(twin)

    def compare(self, step: str) -> None:
        """Fail on the first answer in which the worlds differ."""
        left, right = (twin.look() for twin in self.worlds)
        different = [cell for cell in left if left[cell] != right[cell]]
        assert different == [], (step, left[different[0]], right[different[0]])
        assert self.worlds[0].answers == self.worlds[1].answers, step

    def differing(self) -> set[tuple[str, str]]:
        """Return the cells in which the worlds differ."""
        left, right = (twin.look() for twin in self.worlds)
        return {cell for cell in left if left[cell] != right[cell]}


@pytest.fixture(params=["sqlite", "postgresql"])
def twins(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Twins]:
    """Two copies of one place, with a resident in each home."""
    is_sqlite = request.param == "sqlite"
    if is_sqlite:
        url = sqlite_copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "base.db")
    else:
        cluster, template = (request.getfixturevalue(name) for name in ("pg_cluster", "migrated_postgresql"))
        url = cluster.create_database("twin_base", template=template)
    base = _world(url, tmp_path / "files")
    with base.arrange() as ctx:
        place = build_place(ctx, HOMES)
        voters = [make_resident(ctx, home).token for home in place.dwellings]
    base.ports.engine.dispose()
    worlds = []
    for number, turn in enumerate((str, OPPOSITE.__getitem__)):
        if is_sqlite:
            shutil.copy(tmp_path / "base.db", tmp_path / f"twin{number}.db")
            copied = f"sqlite:///{tmp_path}/twin{number}.db"
        else:
            copied = cluster.create_database(f"twin_{number}", template="twin_base")
        pair = Pair(_world(copied, tmp_path / "files"), place, Place(), Place())
        worlds.append(Twin(pair, voters, turn, _known(place)))
    yield Twins((worlds[0], worlds[1]))
    for twin in worlds:
        twin.pair.world.ports.engine.dispose()


def _world(url: str, files: Path) -> World:
    settings = make_settings(url, files)
    vault, engine = build_vault(settings), without_waiting(build_engine(settings))
    ports = Ports(settings, engine, vault, Storage(files, vault), FakeExchange())
    return World(build_app(ports), ports)


def _known(place: Place) -> frozenset[str]:
    return frozenset([*place.ids.values(), *place.dwellings, *place.entries])


def test_no_answer_depends_on_a_choice_while_the_ballot_runs(twins: Twins) -> None:
    twins.both(_count_no_abstainers)
    twins.compare("before the first vote")
    for number in (0, 1):
        twins.both(partial(Twin.cast, number=number, first="for", second="against"))
        twins.compare(f"vote {number}")
    twins.both(lambda twin: twin.cast(0, "abstain", "for", key="vote-key-2"))
    twins.compare("a re-vote")
    other = twins.worlds[0].pair.ours.tokens["housemate"]
    twins.both(lambda twin: twin.cast(0, "against", "against", token=other))
    twins.compare("another member's vote, held")
    for number in (5, 6, 7, 8):
        twins.both(partial(Twin.cast, number=number, first="for", second="for"))
    twins.compare("a group that is of one mind")
    twins.both(_paper)
    twins.compare("a sheet entered and confirmed")
    twins.both(_bot)
    twins.compare("numbered, with a checkpoint")
    twins.both(lambda twin: _move(twin, timedelta(days=1, hours=1)))
    twins.compare("voting is over, paper is counted")


def test_sealed_sums_are_seen_by_those_who_publish_them_and_nobody_else(twins: Twins) -> None:
    for number in (0, 1, 5, 6, 7):
        twins.both(partial(Twin.cast, number=number, first="for", second="against"))
    twins.both(lambda twin: _move(twin, timedelta(days=1, hours=1)))
    twins.both(lambda twin: _move(twin, timedelta(days=9)))
    page = ("GET /api/v1/staff/ballots/<open_ballot>", "residents_committee")
    assert twins.differing() == {page}
    ballot = twins.worlds[0].pair.ours.ids["open_ballot"]
    publisher = twins.worlds[0].pair.ours.tokens["residents_committee"]
    twins.both(lambda twin: twin.post(f"/staff/ballots/{ballot}/publish-preliminary", publisher, {}))
    seen = twins.differing()
    assert ("GET /api/v1/ballots/<open_ballot>", "neighbour") in seen
    assert not any("places" in row or "participation" in row or "votes" in row for row, _ in seen)


def _count_no_abstainers(twin: Twin) -> None:
    """Let the locality read abstention as absence, and a divided owner too: no sum may follow it before the result."""
    with Session(twin.pair.world.ports.engine) as session:
        chosen = select(Motion).where(Motion.ballot_id == twin.pair.ours.ids["open_ballot"])
        for motion in session.exec(chosen).all():
            known = {parameter.name for parameter in get_rule(motion.rule_id).parameters}
            absent = {name: "absent" for name in ("abstain", "divided_owner") if name in known}
            assert absent
            motion.parameters = {motion.rule_id: absent}
            session.add(motion)
        session.commit()


def _paper(twin: Twin) -> None:
    """Enter the third sheet of the batch and let another person confirm it."""
    place = twin.pair.ours
    clerk, second = place.tokens["building_steward"], place.tokens["grid_officer"]
    body = {"entry": place.entries[1], "marks": twin.marks("against", "abstain")}
    path = f"/staff/paper-batches/{place.ids['batch']}/sheets"
    sheet = twin.post(path, clerk, {"sheet_no": 3, "photo": place.ids["photo"], **body})
    twin.post(f"/staff/paper-sheets/{sheet['receipt']}/confirm", second, body)


def _bot(twin: Twin) -> None:
    ports = twin.pair.world.ports
    jobs.beat(ports)
    jobs.number_new_votes(ports)
    jobs.make_checkpoints(ports)


def _move(twin: Twin, ahead: timedelta) -> None:
    """Set the clock ahead and let the bot do what is due."""
    ports = twin.pair.world.ports
    move_clock(ports.engine, int(ahead.total_seconds()) * MICROSECONDS)
    jobs.close_due_ballots(ports)
    jobs.seal_due_ballots(ports)
    _bot(twin)


def test_logs_do_not_depend_on_a_choice(twins: Twins) -> None:
    series = []
    for twin in twins.worlds:
        with keep_log() as log:
            twin.cast(0, "for", "against")
            twin.cast(0, "abstain", "abstain", key="vote-key-2")
            twin.look()
            series.append([_constant(line) for line in log.lines])
    assert len(series[0]) > 100
    assert series[0] == series[1]


def _constant(line: str) -> dict[str, object]:
    """Leave out what differs from run to run."""
    found: dict[str, object] = json.loads(line)
    return {name: found[name] for name in found if name not in ("at", "ms", "request_id")}


@dataclass
class Tracked:
    """A canvass whose notice lets the committee look once a day."""

    world: World
    ballot: BallotFixture
    voters: list[tuple[str, str]]
    committee: str

    def vote(self, numbers: range) -> None:
        for number in numbers:
            entry, token = self.voters[number]
            marks = dict.fromkeys(self.ballot.motion_ids, "for" if number % 3 else "against")
            body = {"entries": [entry], "choices": marks, "documents_hash": self.ballot.documents_hash}
            sent = self._post(f"ballots/{self.ballot.ballot_id}/votes", token, body)
            assert sent.status_code == 201, sent.text
            time.sleep(0.002)  # who votes within SQLite's millisecond is as new as the other

    def snapshot(self) -> Any:
        return self._post(f"staff/ballots/{self.ballot.ballot_id}/snapshot", self.committee, {})

    def _post(self, path: str, token: str, body: dict[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "tracked-1"}
        return self.world.app.test_client().post(f"/api/v1/{path}", json=body, headers=headers)

    def next_day(self, days: int) -> None:
        move_clock(self.world.ports.engine, days * 86_400 * MICROSECONDS)


@pytest.fixture
def tracked(world: World) -> Tracked:
    with world.arrange() as ctx:
        estate = make_estate(ctx, dwellings=20)
        ballot = make_ballot(ctx, estate, kind="canvass", hours=240, parameters={"track_consensus": 1})
        committee = make_staff(ctx, "residents_committee", estate.community.id).token
        voters = [
            (ballot.entry_ids[home], make_resident(ctx, home).token) for home in estate.dwelling_ids[:19]
        ]
    return Tracked(world, ballot, voters, committee)


def test_snapshots_never_break_out_a_group_under_five(tracked: Tracked) -> None:
    tracked.vote(range(9))
    assert tracked.snapshot().get_json()["code"] == "too_few"  # the newest five stay out
    tracked.vote(range(9, 10))
    first = tracked.snapshot().get_json()
    assert first["owners_voted"] == 5
    assert {name for row in first["sums"] for name in row} == {"motion", "households", "participating", "for"}
    tracked.vote(range(10, 14))
    assert tracked.snapshot().get_json() == first  # once a day
    tracked.next_day(1)
    assert tracked.snapshot().get_json()["code"] == "too_few"
    tracked.vote(range(14, 15))
    second = tracked.snapshot().get_json()
    assert second["owners_voted"] - first["owners_voted"] >= 5
    tracked.next_day(2)
    tracked.vote(range(15, 19))
    assert tracked.snapshot().get_json()["code"] == "too_few"
