"""Service of the notice: one proof per dwelling, what is missing, the steward's own building."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from backend.ballots.service.serving import (
    RecordService,
    count_unserved,
    list_unserved,
    record_service,
    unserved_by_building,
)
from backend.ballots.tables import ServiceProof
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.errors import Conflict, NotFound, Unprocessable
from backend.ledger.tables import LedgerEvent
from backend.registry.tables import Dwelling
from tests.services.ballots.desk import open_office, staff


def test_each_dwelling_is_served_once(ctx: Context) -> None:
    office = open_office(ctx, state="notice")
    ballot_id, homes = office.ballot.ballot_id, office.estate.dwelling_ids
    assert count_unserved(ctx.session, ballot_id) == 4
    assert record_service(office.clerk, RecordService(ballot_id, "letter", homes[:2], note="挂号信")) == 2
    assert record_service(office.clerk, RecordService(ballot_id, "phone", homes[:3])) == 1
    assert count_unserved(ctx.session, ballot_id) == 1
    proofs = ctx.session.exec(select(ServiceProof).where(ServiceProof.ballot_id == ballot_id)).all()
    assert {proof.dwelling_id: proof.method for proof in proofs} == {
        homes[0]: "letter",
        homes[1]: "letter",
        homes[2]: "phone",
    }
    events = ctx.session.exec(select(LedgerEvent).where(LedgerEvent.type == "ballot.served")).all()
    assert sorted(event.payload["count"] for event in events) == [1, 2]


def test_posting_on_site_serves_the_rest_of_a_building_with_a_photo(ctx: Context) -> None:
    office = open_office(ctx, dwellings=4, per_building=2, state="notice")
    ballot_id, building = office.ballot.ballot_id, office.estate.building_ids[0]
    record_service(office.clerk, RecordService(ballot_id, "in_person", office.estate.dwelling_ids[:1]))
    with pytest.raises(Unprocessable) as refused:
        record_service(office.clerk, RecordService(ballot_id, "posted", building_id=building))
    assert refused.value.fields[0].where == "evidence_sha256"
    posted = RecordService(ballot_id, "posted", building_id=building, evidence_sha256=office.photo)
    assert record_service(office.clerk, posted) == 1
    assert record_service(office.clerk, posted) == 0
    assert sorted(unserved_by_building(office.clerk, ballot_id)) == sorted(
        [(building, 2, 0), (office.estate.building_ids[1], 2, 2)]
    )


def test_unserved_are_listed_page_by_page_grouped_by_building(ctx: Context) -> None:
    office = open_office(ctx, dwellings=5, per_building=3, state="notice")
    ballot_id = office.ballot.ballot_id
    seen, after = [], ""
    while True:
        page, following = list_unserved(office.clerk, ballot_id, None, after, 2)
        seen += page
        if following is None:
            break
        after = following
    assert len({step.dwelling_id for step in seen}) == len(seen) == 5
    buildings = [step.building_id for step in seen]
    assert buildings == sorted(buildings)
    only, _ = list_unserved(office.clerk, ballot_id, office.estate.building_ids[1], "", 10)
    assert {step.label for step in only} == {"2栋1单元101", "2栋1单元102"}


def test_before_the_roll_is_frozen_the_registry_says_who_is_to_be_reached(ctx: Context) -> None:
    office = open_office(ctx, state="notice")
    parked = update(Dwelling).where(col(Dwelling.id) == office.estate.dwelling_ids[0])
    ctx.session.connection().execute(parked.values(use="parking"))
    gone = update(Dwelling).where(col(Dwelling.id) == office.estate.dwelling_ids[1])
    ctx.session.connection().execute(gone.values(state="removed"))
    assert count_unserved(ctx.session, office.ballot.ballot_id) == 2


def test_steward_serves_the_own_building_only(ctx: Context) -> None:
    office = open_office(ctx, dwellings=4, per_building=2, state="notice")
    ballot_id = office.ballot.ballot_id
    steward = staff(ctx, office.estate, Role.BUILDING_STEWARD, building_id=office.estate.building_ids[0])
    page, _ = list_unserved(steward, ballot_id, None, "", 10)
    assert {step.dwelling_id for step in page} == set(office.estate.dwelling_ids[:2])
    assert record_service(steward, RecordService(ballot_id, "in_person", office.estate.dwelling_ids[:2])) == 2
    with pytest.raises(Unprocessable, match="not_to_serve"):
        record_service(steward, RecordService(ballot_id, "in_person", office.estate.dwelling_ids[2:3]))
    with pytest.raises(NotFound):
        record_service(open_office(ctx).clerk, RecordService(ballot_id, "phone", office.estate.dwelling_ids))


def test_nonsense_is_refused_by_field(ctx: Context) -> None:
    office = open_office(ctx, state="notice")
    ballot_id, homes = office.ballot.ballot_id, office.estate.dwelling_ids
    building = office.estate.building_ids[0]
    for command, where in (
        (RecordService(ballot_id, "pigeon", homes), "method"),
        (RecordService(ballot_id, "phone"), "dwelling_ids"),
        (RecordService(ballot_id, "phone", homes, building_id=building), "dwelling_ids"),
        (RecordService(ballot_id, "phone", ["x"] * 1001), "dwelling_ids"),
        (RecordService(ballot_id, "phone", ["x"]), "dwelling_ids.0"),
    ):
        with pytest.raises(Unprocessable) as refused:
            record_service(office.clerk, command)
        assert where in [problem.where for problem in refused.value.fields]
    final = open_office(ctx, state="final")
    with pytest.raises(Conflict, match="wrong_state"):
        record_service(final.clerk, RecordService(final.ballot.ballot_id, "phone", homes))
