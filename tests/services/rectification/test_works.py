"""Works and their warranties: law, locality, contract; reminders once per date."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from backend.infra.context import Context
from backend.kernel.errors import DomainError, PreconditionFailed
from backend.ledger.tables import LedgerEvent
from backend.policies import service as policies
from backend.policies.service import SetLocalNumber
from backend.rectification import service
from backend.rectification.queries import WorksFilter, items_to_tell, warranties_to_tell
from backend.rectification.rules.warranty import months_after
from backend.rectification.rules.wording import Category
from backend.rectification.service import CreateWorks, UpdateWorks, WorksFacts
from backend.rectification.tables import RectificationItem, WorksItem
from tests.factories.people import acting_as, make_resident
from tests.services.rectification.conftest import Site, make_site

DOCUMENT = "区住建局〔2026〕9号"


def set_number(ctx: Context, site: Site, rule: str, name: str, value: str) -> None:
    policies.set_local_number(
        ctx, SetLocalNumber(site.place.community.id, rule, name, value, DOCUMENT, site.today)
    )


def refused(code: str) -> object:
    return pytest.raises(DomainError, match=f"^{code}$")


def test_the_clock_runs_from_acceptance(site: Site) -> None:
    waiting = service.show_works(site.town, site.works("W0", accepted_on=None))
    assert (waiting.warranty_ends_on, waiting.is_under_warranty) == (None, False)
    card = service.show_works(site.town, site.works())
    assert card.warranty_ends_on == months_after(site.today, 60)
    assert card.is_under_warranty
    assert card.terms is not None
    assert card.terms["clause"].startswith("建设工程质量管理条例")
    facts = WorksFacts("W0", Category.BASIC, "屋面防水", "某建筑公司", "waterproofing", site.today)
    accepted = service.update_works(site.committee, UpdateWorks(waiting.id, 1, facts))
    assert accepted.warranty_ends_on == card.warranty_ends_on
    assert site.events("works.changed", waiting.id)[0].payload["ends_on"] == card.warranty_ends_on.isoformat()
    with pytest.raises(PreconditionFailed):
        service.update_works(site.committee, UpdateWorks(waiting.id, 1, facts))


def test_a_locality_lengthens_the_warranty_with_a_document_and_running_clocks_are_reckoned_anew_by_hand(
    site: Site, ctx: Context
) -> None:
    before = service.show_works(site.town, site.works())
    set_number(ctx, site, "warranty/waterproofing", "months", "96")
    assert service.show_works(site.town, before.id).warranty_ends_on == months_after(site.today, 60)
    after = service.show_works(site.town, site.works("W2"))
    assert after.warranty_ends_on == months_after(site.today, 96)
    assert after.terms is not None
    assert after.terms["documents"] == [DOCUMENT]
    facts = WorksFacts("W1", Category.BASIC, "屋面防水", "某建筑公司", "waterproofing", site.today)
    again = service.update_works(site.committee, UpdateWorks(before.id, 1, facts))
    assert again.warranty_ends_on == months_after(site.today, 96)
    kinds = {found.kind.id: found for found in service.warranty_kinds(site.town, site.place.community.id)}
    assert (kinds["waterproofing"].number, kinds["pipes"].number, kinds["structure"].number) == (96, 24, None)


def test_a_heating_warranty_is_provisional_until_the_season_is_set(site: Site, ctx: Context) -> None:
    accepted_on = date(2025, 10, 25)
    made = site.works("H1", warranty_kind="heating", accepted_on=accepted_on)
    card = service.show_works(site.town, made)
    assert (card.warranty_ends_on, card.terms and card.terms["is_provisional"]) == (date(2027, 3, 31), True)
    set_number(ctx, site, "warranty/heating", "season_starts", "10-20")
    set_number(ctx, site, "warranty/heating", "season_ends", "04-20")
    card = service.show_works(site.town, site.works("H2", warranty_kind="heating", accepted_on=accepted_on))
    assert (card.warranty_ends_on, card.terms and card.terms["is_provisional"]) == (date(2028, 4, 20), False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"warranty_kind": "magic"},
        {"warranty_kind": "structure"},
        {"agreed_number": 59, "agreed_document": "合同"},
        {"agreed_number": 72},
        {"agreed_document": "合同"},
        {"accepted_on": date(1989, 1, 1)},
        {"accepted_on": date(2999, 1, 1)},
        {"name": "3栋2单元501防水"},
    ],
)
def test_works_that_cannot_be_are_refused(site: Site, wrong: dict[str, object]) -> None:
    with refused("wrong_field"):
        site.works(**wrong)  # type: ignore[arg-type]


def test_a_code_is_given_once_and_a_key_answers_once(site: Site) -> None:
    facts = WorksFacts("W1", Category.BASIC, "屋面防水", "某建筑公司", "waterproofing")
    command = CreateWorks(site.estate, facts, "works-key")
    first = service.create_works(site.committee, command)
    assert service.create_works(site.committee, command).id == first.id
    with refused("idempotency_key_reused"):
        service.create_works(site.committee, replace(command, facts=replace(facts, code="W2")))
    with refused("code_taken"):
        site.works("W1")


def test_works_are_listed_by_expiry_and_shown_to_residents(site: Site, ctx: Context) -> None:
    soon = site.works(
        "W1", warranty_kind="pipes", accepted_on=months_after(site.today, -24) + timedelta(days=9)
    )
    site.works("W2")
    found = service.list_works(site.town, WorksFilter(frozenset({site.estate})), 10, expires_within=30)
    assert [card.id for card in found] == [soon]
    resident = acting_as(ctx, make_resident(ctx, site.place.dwelling_ids[0]))
    assert {card.code for card in service.my_works(resident, None, 10)} == {"W1", "W2"}
    assert service.list_works(make_site(ctx).town, WorksFilter(), 10) == []


def expiring(site: Site, ctx: Context, days: int) -> str:
    works = site.works(f"W{days}")
    values = {"warranty_ends_on": site.today + timedelta(days=days), "accepted_on": date(2020, 1, 1)}
    ctx.session.execute(update(WorksItem).where(col(WorksItem.id) == works).values(values))
    return works


@pytest.mark.parametrize(("days", "stage"), [(91, None), (90, 90), (30, 30), (0, 30), (-1, None)])
def test_a_warranty_is_told_of_before_it_ends_once(
    site: Site, ctx: Context, days: int, stage: int | None
) -> None:
    works = expiring(site, ctx, days)
    assert (works in warranties_to_tell(ctx.session)) == (stage is not None)
    assert service.tell_of_warranty(ctx, works) == (stage is not None)
    assert not service.tell_of_warranty(ctx, works)
    assert works not in warranties_to_tell(ctx.session)
    events = site.events("warranty.expiring", works)
    assert [event.payload["days_before"] for event in events] == ([] if stage is None else [stage])


def test_both_reminders_go_out_and_a_new_end_is_told_anew(site: Site, ctx: Context) -> None:
    works = expiring(site, ctx, 80)
    assert service.tell_of_warranty(ctx, works)
    for days in (20, 60):
        values = {"warranty_ends_on": site.today + timedelta(days=days)}
        ctx.session.execute(update(WorksItem).where(col(WorksItem.id) == works).values(values))
        assert works in warranties_to_tell(ctx.session)
        assert service.tell_of_warranty(ctx, works)


@pytest.mark.parametrize(("days", "what"), [(4, None), (3, "due_soon"), (0, "due_soon"), (-1, "overdue")])
def test_an_item_is_told_of_once_per_due_date(site: Site, ctx: Context, days: int, what: str | None) -> None:
    item = site.open().id
    move_due(site, ctx, item, days)
    assert (item in items_to_tell(ctx.session)) == (what is not None)
    assert service.tell_of_item(ctx, item) == (what is not None)
    assert not service.tell_of_item(ctx, item)
    assert item not in items_to_tell(ctx.session)
    kinds = ctx.session.exec(
        select(LedgerEvent.type).where(LedgerEvent.subject_id == item, LedgerEvent.actor_kind == "system")
    ).all()
    assert list(kinds) == ([] if what is None else [f"rectification.{what}"])


def test_a_locality_chooses_the_days_and_a_moved_date_is_told_again(site: Site, ctx: Context) -> None:
    item = site.open().id
    move_due(site, ctx, item, 10)
    assert item not in items_to_tell(ctx.session)
    set_number(ctx, site, "rectification/reminders", "due_soon_days", "10")
    assert service.tell_of_item(ctx, item)
    move_due(site, ctx, item, 9)
    assert service.tell_of_item(ctx, item)
    move_due(site, ctx, item, -1)
    assert service.tell_of_item(ctx, item)


def test_what_is_closed_out_is_not_told_of(site: Site, ctx: Context) -> None:
    item = site.open().id
    site.close(item)
    move_due(site, ctx, item, -1)
    assert item not in items_to_tell(ctx.session)
    assert not service.tell_of_item(ctx, item)


def move_due(site: Site, ctx: Context, item: str, days: int) -> None:
    values = {"due_on": site.today + timedelta(days=days)}
    ctx.session.execute(update(RectificationItem).where(col(RectificationItem.id) == item).values(values))
