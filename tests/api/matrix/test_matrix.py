"""Route × role × place: who gets through, who is refused, and for whom a thing does not even exist."""

from __future__ import annotations

import pytest

from tests.api.matrix.bodies import BODIES
from tests.api.matrix.conftest import Pair, nameless, routes_of
from tests.api.matrix.place import RESIDENTS
from tests.api.matrix.table import LETTERS, NOT_BY_ROLE, Row, read_table

ROWS = read_table()
STAFF = tuple(LETTERS.values())
# A refusal for a reason other than rights shows that the rights were there; 503 is the bot's health.
THROUGH = {200, 201, 202, 204, 409, 412, 422, 503}
PERSONAL = ("resident_account", "binding", "objection", "dwelling", "entry", "resident_session")


# Every line on SQLite, which is put back after each change; on PostgreSQL what reads.
CELLS = [("sqlite", row) for row in ROWS] + [
    ("postgresql", row) for row in ROWS if row.method == "GET" and row.door != "public"
]
in_both = pytest.mark.parametrize(
    ("pair", "row"), CELLS, indirect=["pair"], ids=[f"{kind} {row}" for kind, row in CELLS]
)


def test_every_route_has_a_line_and_every_line_a_route(pair: Pair) -> None:
    listed = {f"{row.method} {nameless(row.path)}" for row in ROWS}
    assert listed == routes_of(pair.world.app)
    assert len({str(row) for row in ROWS}) == len(ROWS)


def test_every_body_belongs_to_a_line() -> None:
    assert set(BODIES) <= {f"{row.method} {row.path.partition('?')[0]}" for row in ROWS}


@in_both
def test_only_those_of_the_table_get_through(pair: Pair, row: Row) -> None:
    """In our own place: each role, each resident, nobody."""
    before = pair.writes()
    allowed = [who for who in (None, *RESIDENTS, *STAFF) if may(row, who)]
    for who in (None, *RESIDENTS, *STAFF):
        if who not in allowed:
            status, body = pair.ask(row, who, pair.ours, pair.ours)
            assert status in refusals(row, who), (who, status, body[:200])
            if row.who == "refused":
                pair.put_back()
    if row.who != "refused":
        assert pair.writes() == before, "a refused call wrote something"
    for who in allowed:
        status, body = pair.ask(row, who, pair.ours, pair.ours)
        assert status in THROUGH, (who, status, body[:300])
        assert leaks(pair.theirs.secrets_of_it(), body) == []
        if who == "neighbour":
            assert leaks(frozenset(pair.ours.ids[name] for name in PERSONAL), body) == []
        if row.method != "GET":
            pair.put_back()


@in_both
def test_elsewhere_it_does_not_exist(pair: Pair, row: Row) -> None:
    """For people of another place a real thing and a made-up one give the very same answer."""
    if row.door in NOT_BY_ROLE:
        return
    people = STAFF if row.door == "staff" else RESIDENTS
    for who in people:
        status, body = pair.ask(row, who, pair.theirs, pair.ours)
        if row.is_own and may(row, who):
            assert status in THROUGH, (who, status, body[:300])
        else:
            assert status in refusals_elsewhere(row, who), (who, status, body[:300])
            assert (status, body) == pair.ask(row, who, pair.theirs, pair.nowhere), who
        if "/bindings/invite" not in row.path:  # whoever holds the letter learns whose it is
            assert leaks(pair.ours.secrets_of_it(), body) == [], who
        if row.method != "GET" and status < 300:
            pair.put_back()


@pytest.mark.parametrize("row", [row for row in ROWS if row.door not in NOT_BY_ROLE], ids=str)
def test_strangers_learn_nothing(pair: Pair, row: Row) -> None:
    """Without a session, or at the other door, a real thing and a made-up one give the same 401."""
    pair.ours.tokens["nobody"] = "no-such-token"
    others = STAFF if row.door == "resident" else RESIDENTS
    for who in (None, "nobody", others[0], others[1]):
        real, unknown = (pair.ask(row, who, pair.ours, about) for about in (pair.ours, pair.nowhere))
        assert real[0] == 401
        assert real == unknown, who


def may(row: Row, who: str | None) -> bool:
    """Tell what the table says of a person of our own place."""
    if row.who in ("public", "keyed"):
        return True
    if row.who in NOT_BY_ROLE or who is None:
        return False
    return who in (row.staff if row.door == "staff" else row.residents())


def refusals(row: Row, who: str | None) -> set[int]:
    """Return the statuses that tell a person of our own place no more than they know."""
    if row.who in ("signed", "nothing"):
        return {403 if row.who == "signed" else 404}
    wrong_door = who is None or (who in STAFF) != (row.door == "staff")
    if row.who == "refused" or wrong_door:
        return {401}
    # Colleagues know that the thing exists; residents get the one answer for absent and foreign.
    return {403, 404} if row.door == "staff" else {404}


def refusals_elsewhere(row: Row, who: str) -> set[int]:
    """404 for whoever could do this at home; 403 only to a role that can do it nowhere."""
    return {404} if row.door == "resident" or who in row.staff else {403, 404}


def leaks(secret: frozenset[str], body: bytes) -> list[str]:
    """Return the identifiers that the answer should not hold."""
    return [value for value in sorted(secret) if value.encode() in body]
