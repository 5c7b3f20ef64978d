"""A ballot held for real: votes online, a re-vote, a held vote, paper, corrections of the roll, and the seal."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.engine import Engine

from backend.ballots import queries
from backend.ballots.repository.ballots import motions_of
from backend.ballots.repository.cast import Statements, build_statements
from backend.ballots.service.amendment_rows import ProposeAmendment
from backend.ballots.service.amendments import confirm_amendment, propose_amendment
from backend.ballots.service.casting import CastVote, cast_vote
from backend.ballots.service.closing import close_ballot, publish_preliminary, seal_ballot
from backend.ballots.service.loading import frozen_rules, tell
from backend.ballots.service.sealing import seal_tree, tree_of
from backend.ballots.tables import Ballot
from backend.infra.context import Context
from backend.infra.installation import move_clock
from backend.kernel.access import Role
from backend.kernel.ids import new_id
from backend.ledger import queries as ledger
from backend.ledger import service as ledger_service
from tests.factories.people import ResidentFixture, StaffFixture, make_resident, make_staff
from tests.services.ballots.desk import Office, confirm, enter, open_office, sealed_batch
from tests.services.ballots.town import Town

MICROSECONDS = 1_000_000
GUARDS = ("vote_guard_update", "vote_guard_delete", "ledger_event_guard_update", "ledger_event_guard_delete")


@dataclass
class Held:
    """What the tests ask of the ballot that was held."""

    town: Town
    office: Office
    auditor: StaffFixture
    resident: ResidentFixture
    receipts: list[str]
    witnessed: list[str]

    @property
    def ballot_id(self) -> str:
        return self.office.ballot.ballot_id

    @property
    def tree(self) -> str:
        return tree_of(self.ballot_id)


def hold(town: Town, *, is_published: bool = True) -> Held:
    """Hold a ballot over nine homes; the first checkpoint was witnessed while voting ran."""
    office: Office = town.act(lambda ctx: open_office(ctx, dwellings=9, re_vote=True))
    homes = office.estate.dwelling_ids
    residents: list[ResidentFixture] = town.act(lambda ctx: [make_resident(ctx, home) for home in homes[:6]])
    auditor = town.act(lambda ctx: make_staff(ctx, Role.AUDITOR, office.estate.community.id))
    town.act(lambda ctx: _tell_opening(ctx, office.ballot.ballot_id))
    statements = build_statements(town.ports.settings, town.engine)
    choices = ("for", "against", "for", "abstain", "for", "for")
    receipts = [
        _cast(town, office, statements, residents[number], number, choice)
        for number, choice in enumerate(choices)
    ]
    held = Held(town, office, auditor, residents[0], receipts, [])
    held.witnessed.append(_checkpoint(held))
    receipts.append(_cast(town, office, statements, residents[0], 0, "against"))  # a re-vote
    other = town.act(lambda ctx: make_resident(ctx, homes[1], relation="representative"))
    receipts.append(_cast(town, office, statements, other, 1, "for"))  # held for review, never decided
    _paper_and_corrections(town, office)
    held.witnessed.append(_checkpoint(held))
    _end(town, held, is_published)
    return held


def _tell_opening(ctx: Context, ballot_id: str) -> None:
    ballot = ctx.session.get(Ballot, ballot_id)
    assert ballot is not None
    fixed = {motion.id: motion.parameters for motion in motions_of(ctx.session, ballot_id)}
    payload = {"roll": ballot.roll_hash, "parameters": fixed, "rules": frozen_rules(ballot)}
    tell(ctx, ballot, "ballot.open", payload)


def _cast(
    town: Town, office: Office, statements: Statements, voter: ResidentFixture, home: int, choice: str
) -> str:
    meta = town.act(lambda ctx: queries.ballot_meta(ctx.session, office.ballot.ballot_id))
    command = CastVote(
        meta,
        office.entry(home),
        office.marks(choice),
        office.ballot.documents_hash,
        new_id(),
        voter.token_hash,
    )
    return cast_vote(statements, command).receipt


def _paper_and_corrections(town: Town, office: Office) -> None:
    def work(ctx: Context) -> None:
        desk = Office(
            office.estate,
            office.ballot,
            *(
                Context(ctx.session, who.actor, ctx.ports, "t")
                for who in (office.clerk, office.second, office.third)
            ),
            office.photo,
        )
        batch = sealed_batch(desk, 3)
        confirm(desk, enter(desk, batch, 1, 6), 6)
        confirm(desk, enter(desk, batch, 2, 2, "against"), 2, "against")  # waits: an online vote stands
        enter(desk, batch, 3, 7)  # never confirmed
        ballot_id, reason = office.ballot.ballot_id, "不动产登记更正"
        area = ProposeAmendment(ballot_id, "area", reason, entry_id=office.entry(4), area_centi=9001)
        confirm_amendment(desk.second, propose_amendment(desk.clerk, area).id)
        gone = ProposeAmendment(ballot_id, "remove", "已拆除", entry_id=office.entry(3))
        confirm_amendment(desk.second, propose_amendment(desk.clerk, gone).id)
        same = ProposeAmendment(
            ballot_id, "owner", "已过户", entry_id=office.entry(5), same_owner_as=office.entry(4)
        )
        confirm_amendment(desk.second, propose_amendment(desk.clerk, same).id)

    town.act(work)


def _checkpoint(held: Held) -> str:
    point = held.town.act(lambda ctx: seal_tree(ctx.session, held.ballot_id))
    assert point is not None
    return str(point.root)


def _end(town: Town, held: Held, is_published: bool) -> None:
    for days in (2, 10):
        move_clock(town.engine, int(timedelta(days=days).total_seconds()) * MICROSECONDS)
        step = close_ballot if days == 2 else seal_ballot
        assert town.act(lambda ctx, step=step: step(ctx, held.ballot_id)) is not None
    if is_published:
        town.act(lambda ctx: publish_preliminary(ctx, held.ballot_id))
    town.act(lambda ctx: ledger_service.number_events(ctx.session))
    town.act(lambda ctx: ledger_service.make_checkpoint(ctx.session, ledger_service.EVENT_TREE))
    last = town.act(lambda ctx: ledger.last_checkpoint(ctx.session, held.tree))
    held.witnessed.append(last.root)


def tamper(engine: Engine, *statements: str, **values: object) -> None:
    """Change rows as somebody with the database's own password would: guards and foreign keys put out."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = 'replica'"))
            for statement in statements:
                connection.execute(text(statement), _used(statement, values))
        return
    intruder = sqlite3.connect(str(engine.url.database))
    try:
        for guard in GUARDS:
            intruder.execute(f"DROP TRIGGER IF EXISTS {guard}")
        for statement in statements:
            intruder.execute(statement, _used(statement, values))
        intruder.commit()
    finally:
        intruder.close()


def _used(statement: str, values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if f":{name}" in statement}


def zero_hash(engine: Engine) -> str:
    """Return the SQL of 32 zero bytes."""
    return "zeroblob(32)" if engine.dialect.name == "sqlite" else "decode(repeat('00', 32), 'hex')"
