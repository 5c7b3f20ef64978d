"""A sold flat: the former owner casts no more, a vote already cast stands, everybody concerned learns of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert, update
from sqlmodel import Session, col, select

from backend.ballots.service import opening
from backend.ballots.service.amendment_rows import ProposeAmendment
from backend.ballots.service.amendments import confirm_amendment, propose_amendment
from backend.ballots.tables import Ballot, ProxyMandate
from backend.bootstrap import wire_hooks
from backend.identity.service import ListBindings, list_bindings
from backend.identity.tables import Account, Binding
from backend.infra.context import Context
from backend.infra.database import open_session
from backend.kernel.access import SYSTEM, Role
from backend.kernel.ids import new_id
from backend.ledger.rules.receipt import format_receipt
from backend.ledger.tables import LedgerEvent
from backend.registry.tables import Dwelling, Owner
from tests.api.conftest import World
from tests.api.test_votes import Arrange, Voter, arrange, standing
from tests.factories.people import acting_as, make_resident, make_staff
from tests.rules.registry.roll_files import row
from tests.services.ballots.test_lifecycle import announce
from tests.services.registry.imports import Place, make_place

__all__ = ["arrange"]


def sell(world: World, voter: Voter) -> None:
    """The registry names a buyer, and two people confirm it on the frozen roll."""
    home = next(dwelling for dwelling, entry in voter.ballot.entry_ids.items() if entry == voter.entry)
    with world.arrange() as ctx:
        ballot = ctx.session.get_one(Ballot, voter.ballot.ballot_id)
        buyer = {"id": new_id(), "estate_id": ballot.estate_id, "key": "NEW", "kind": "person"}
        sealed = {"name_sealed": ctx.vault.seal("新业主", "owner.name")}
        ctx.session.execute(insert(Owner), [buyer | sealed])
        moved = update(Dwelling).where(col(Dwelling.id) == home).values(owner_id=buyer["id"])
        ctx.session.connection().execute(moved)
        clerk, second = (
            acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, ballot.organisation_id))
            for _ in range(2)
        )
        command = ProposeAmendment(ballot.id, "owner", "已过户", entry_id=voter.entry)
        confirm_amendment(second, propose_amendment(clerk, command).id)


def test_a_confirmed_change_of_owner_takes_the_former_owner_s_vote(world: World, arrange: Arrange) -> None:
    voter = arrange()
    sell(world, voter)
    assert voter.cast().status_code == 404
    assert standing(world, voter.ballot) == []


def test_a_vote_cast_before_the_sale_stands_and_the_buyer_casts_no_second(
    world: World, arrange: Arrange
) -> None:
    voter = arrange()
    receipt = voter.cast().json["recorded"][0]["receipt"]
    sell(world, voter)
    [vote] = standing(world, voter.ballot)
    assert format_receipt(vote.receipt) == receipt
    with world.arrange() as ctx:
        home = next(dwelling for dwelling, entry in voter.ballot.entry_ids.items() if entry == voter.entry)
        voter.resident = make_resident(ctx, home)
    assert voter.cast(key="key-of-the-buyer").json["code"] == "already_voted"


def test_where_nobody_voted_before_the_sale_the_buyer_votes(world: World, arrange: Arrange) -> None:
    voter = arrange()
    sell(world, voter)
    with world.arrange() as ctx:
        home = next(dwelling for dwelling, entry in voter.ballot.entry_ids.items() if entry == voter.entry)
        voter.resident = make_resident(ctx, home)
    assert voter.cast(key="key-of-the-buyer").status_code == 201


@pytest.fixture
def place(world: World, tmp_path: Path) -> Place:
    wire_hooks()
    made = make_place(world.ports.engine, tmp_path)
    made.load(SELLER)
    return made


SELLER = [
    row(door="101", owner_name="甲", owner_phone="13800138001"),
    row(door="102", owner_key="K1", owner_name="乙", owner_phone="13800138002"),
    row(door="103", owner_key="K1", owner_name="乙", owner_phone="13800138002"),
]


def move_in(place: Place, door: str, *, phone: str | None = None, relation: str = "owner") -> str:
    """Bind somebody to a door, with a number WeChat vouches for where one is given; return the account."""
    home = place.dwellings()[f"1/1/{door}"].id
    with open_session(place.ports.engine) as session:
        ctx = Context(session, SYSTEM, place.ports, "test")
        person = make_resident(ctx, home, relation=relation)
        if phone:
            number = {
                "phone_index": ctx.vault.index(phone, "phone"),
                "phone_sealed": ctx.vault.seal(phone, "account.phone"),
            }
            session.connection().execute(
                update(Account).where(col(Account.id) == person.account_id).values(**number)
            )
        session.commit()
        return person.account_id


def states(place: Place) -> dict[str, tuple[str, str | None]]:
    with Session(place.ports.engine) as session:
        return {row.account_id: (row.state, row.reason) for row in session.exec(select(Binding))}


HELD, KEPT = ("pending", "owner_changed"), ("active", None)


def test_reimport_suspends_owners_that_the_new_record_does_not_know(place: Place) -> None:
    seller, family = move_in(place, "101"), move_in(place, "101", relation="family")
    buyer = move_in(place, "101", phone="13800138009", relation="family")
    known = move_in(place, "102", phone="13800138002")
    first, second = move_in(place, "102"), move_in(place, "103")
    place.load([row(door="101", owner_name="丙", owner_phone="13800138009"), *SELLER[1:]])
    assert states(place) == {
        seller: HELD, family: KEPT, buyer: KEPT, known: KEPT, first: KEPT, second: KEPT,
    }  # fmt: skip
    # One of K1's two flats is sold to a stranger: only that door's owners are asked.
    place.load(
        [
            row(door="101", owner_name="丙", owner_phone="13800138009"),
            row(door="102", owner_name="丁"),
            SELLER[2],
        ]
    )
    assert states(place) == {
        seller: HELD, family: KEPT, buyer: KEPT, known: HELD, first: HELD, second: KEPT,
    }  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"owner_name": "甲", "owner_phone": "13800138088"},
        {"owner_name": "甲", "owner_phone": "13800138001", "area": "99"},
    ],
)
def test_a_new_phone_or_area_of_the_same_owner_is_no_sale(place: Place, changed: dict[str, str]) -> None:
    owner = move_in(place, "101")
    place.load([row(door="101", **changed), *SELLER[1:]])
    assert states(place) == {owner: KEPT}


def test_a_dry_run_suspends_nobody(place: Place) -> None:
    owner = move_in(place, "101")
    place.load([row(door="101", owner_name="丙"), *SELLER[1:]], is_dry_run=True)
    assert states(place) == {owner: KEPT}


def test_staff_find_them_preflight_names_them_and_their_mandates_end(place: Place) -> None:
    seller, home = move_in(place, "101"), place.dwellings()["1/1/101"].id
    with open_session(place.ports.engine) as session:
        ctx = Context(session, SYSTEM, place.ports, "test")
        clerk = make_staff(ctx, Role.RESIDENTS_COMMITTEE, place.organisation_id)
        session.commit()
    with open_session(place.ports.engine) as session:
        ctx = Context(session, SYSTEM, place.ports, "test")
        committee = acting_as(ctx, clerk)
        ballot = announce(committee, _Estate(place), "plan", "cn-civil-code/general")  # type: ignore[arg-type]
        mandate = _mandate(ctx, ballot.id, home, seller)
        assert "sold" not in _missing(committee, ballot.id)
        session.commit()
    place.load([row(door="101", owner_name="丙"), *SELLER[1:]])
    with open_session(place.ports.engine) as session:
        ctx = Context(session, SYSTEM, place.ports, "test")
        committee = acting_as(ctx, clerk)
        wanted = ListBindings(place.estate_id, waits_for="owner_changed")
        assert [view.reason for view in list_bindings(committee, wanted)] == ["房屋业主已变更，等待社区核实"]
        assert "sold" in _missing(committee, ballot.id)
        assert session.get_one(ProxyMandate, mandate).revoked_at is not None
        event = session.exec(select(LedgerEvent).where(LedgerEvent.type == "binding.owner_changed")).one()
        assert set(event.payload) == {"binding_id", "relation", "via"}


def _missing(committee: Context, ballot_id: str) -> set[str]:
    return {item.name for item in opening.preflight(committee, ballot_id) if not item.is_met}


class _Estate:
    """The place as the lifecycle's factory wants it."""

    def __init__(self, place: Place) -> None:
        self.estate = type("Estate", (), {"id": place.estate_id})


def _mandate(ctx: Context, ballot_id: str, dwelling_id: str, account_id: str) -> str:
    from backend.ballots.tables import RollEntry

    entry = ctx.session.exec(
        select(RollEntry.id).where(RollEntry.ballot_id == ballot_id, RollEntry.dwelling_id == dwelling_id)
    ).one()
    now, key = ctx.clock.now(), new_id()
    ctx.session.add(
        ProxyMandate(
            id=key,
            ballot_id=ballot_id,
            roll_entry_id=entry,
            proxy_account_id=account_id,
            slot=1,
            slot_limit=3,
            powers="全部事项",
            valid_from=now,
            valid_until=now.replace(year=now.year + 1),
            document_sha256="0" * 64,
            registered_by="a",
            registered_at=now,
        )
    )
    ctx.session.flush()
    return key
