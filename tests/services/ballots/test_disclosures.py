"""How one dwelling voted is shown on a written demand only: two people, a document, every look in the ledger."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from backend.ballots.service.disclosures import (
    ProposeDisclosure,
    confirm_disclosure,
    list_disclosures,
    propose_disclosure,
    show_choice,
    withdraw_disclosure,
)
from backend.ballots.tables import ChoiceDisclosure, Motion
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.errors import Conflict, Forbidden, NotFound, Unprocessable
from backend.ledger.tables import LedgerEvent
from tests.factories.ballots import make_ballot
from tests.factories.places import EstateFixture, make_estate
from tests.services.ballots.desk import staff
from tests.services.projects.held_ballots import hold_ballot


@pytest.fixture
def estate(ctx: Context) -> EstateFixture:
    return make_estate(ctx, dwellings=4)


def demand(ctx: Context, estate: EstateFixture, ballot_id: str, dwelling: int = 1) -> ProposeDisclosure:
    document = ctx.storage.put(b"a court's letter")
    return ProposeDisclosure(ballot_id, estate.dwelling_ids[dwelling], "法院调查令（2026）1号", document)


def test_two_people_and_a_document_show_one_dwelling_s_choice_and_the_trail_holds_no_door(
    ctx: Context, estate: EstateFixture
) -> None:
    ballot_id = hold_ballot(ctx, estate, "plan", ("cn-civil-code/general",), votes=(2, 1))
    first, second, third = (staff(ctx, estate, role) for role in (Role.AUDITOR, Role.TOWN, Role.AUDITOR))
    asked = propose_disclosure(first, demand(ctx, estate, ballot_id))
    with pytest.raises(Conflict, match="not_confirmed"):
        show_choice(first, asked.row.id)
    with pytest.raises(Forbidden):
        confirm_disclosure(first, asked.row.id)
    assert confirm_disclosure(second, asked.row.id).row.state == "confirmed"
    assert confirm_disclosure(second, asked.row.id).row.state == "confirmed"
    with pytest.raises(Forbidden):
        show_choice(third, asked.row.id)
    title = ctx.session.exec(select(Motion.title).where(Motion.ballot_id == ballot_id)).one()
    shown = show_choice(second, asked.row.id)
    assert (shown.label, shown.choices) == ("1栋1单元102", {title: "against"})
    events = ctx.session.exec(
        select(LedgerEvent).where(col(LedgerEvent.type).startswith("choice.")).order_by(col(LedgerEvent.at))
    ).all()
    assert [event.type.removeprefix("choice.disclosure_") for event in events] == [
        "proposed",
        "confirmed",
        "shown",
    ]
    assert all(set(event.payload) == {"disclosure", "document_sha256"} for event in events)
    stored = ctx.session.exec(select(ChoiceDisclosure.demand_sealed)).one()
    assert "法院" not in stored


def test_a_dwelling_without_a_vote_shows_that_none_counts(ctx: Context, estate: EstateFixture) -> None:
    ballot_id = hold_ballot(ctx, estate, "plan", ("cn-civil-code/general",), votes=(2, 1))
    first, second = (staff(ctx, estate, Role.AUDITOR) for _ in range(2))
    asked = propose_disclosure(first, demand(ctx, estate, ballot_id, dwelling=3))
    confirm_disclosure(second, asked.row.id)
    shown = show_choice(first, asked.row.id)
    assert (shown.channel, shown.cast_at, shown.choices) == (None, None, {})


@pytest.mark.parametrize("state", ["open", "counting"])
def test_nothing_is_shown_before_the_seal(ctx: Context, estate: EstateFixture, state: str) -> None:
    ballot = make_ballot(ctx, estate, state=state)
    with pytest.raises(Conflict, match="not_sealed"):
        propose_disclosure(staff(ctx, estate, Role.AUDITOR), demand(ctx, estate, ballot.ballot_id))


def test_a_demand_turned_down_shows_nothing_and_is_decided_once(ctx: Context, estate: EstateFixture) -> None:
    ballot_id = hold_ballot(ctx, estate, "plan", ("cn-civil-code/general",), votes=(2, 1))
    first, second = (staff(ctx, estate, Role.AUDITOR) for _ in range(2))
    asked = propose_disclosure(first, demand(ctx, estate, ballot_id))
    assert withdraw_disclosure(second, asked.row.id).row.state == "withdrawn"
    for action in (confirm_disclosure, withdraw_disclosure):
        with pytest.raises(Conflict, match="disclosure_decided"):
            action(second, asked.row.id)
    with pytest.raises(Conflict, match="not_confirmed"):
        show_choice(first, asked.row.id)
    assert [view.row.state for view in list_disclosures(first, ballot_id, None, 10)] == ["withdrawn"]


def test_no_words_no_document_no_office_no_demand(ctx: Context, estate: EstateFixture) -> None:
    ballot_id = hold_ballot(ctx, estate, "plan", ("cn-civil-code/general",), votes=(2, 1))
    asked = demand(ctx, estate, ballot_id)
    auditor = staff(ctx, estate, Role.AUDITOR)
    for changes in ({"demand": " "}, {"document_sha256": "0" * 64}):
        with pytest.raises(Unprocessable):
            propose_disclosure(auditor, ProposeDisclosure(**{**_fields(asked), **changes}))
    elsewhere = make_estate(ctx, dwellings=1)
    with pytest.raises(NotFound):
        propose_disclosure(
            auditor, ProposeDisclosure(**{**_fields(asked), "dwelling_id": elsewhere.dwelling_ids[0]})
        )
    with pytest.raises(NotFound):
        propose_disclosure(staff(ctx, elsewhere, Role.AUDITOR), asked)
    with pytest.raises(Forbidden):
        propose_disclosure(staff(ctx, estate, Role.RESIDENTS_COMMITTEE), asked)


def _fields(asked: ProposeDisclosure) -> dict[str, str]:
    return {name: getattr(asked, name) for name in ProposeDisclosure.__slots__}
