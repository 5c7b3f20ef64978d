"""Residents check their own place on the roll, and learn nothing of others."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.clock import local_date
from backend.kernel.errors import Forbidden, NotFound
from backend.registry import service
from backend.registry.errors import DisplayOpen, WrongDates
from tests.factories.people import acting_as, make_resident, make_staff
from tests.factories.places import make_estate


def test_owner_sees_own_dwelling_and_whether_they_are_named(ctx: Context) -> None:
    fixture = make_estate(ctx, dwellings=3)
    resident = acting_as(ctx, make_resident(ctx, fixture.dwelling_ids[0]))
    page = service.my_roll_entries(resident, fixture.estate.id, fixture.phones[0])
    (entry,) = page.entries
    assert (entry.label, entry.area_centi, entry.is_on_roll) == ("1栋1单元101", 8000, True)
    assert (entry.is_listed_owner, entry.owner_names) == (True, ("住**",))
    assert service.my_roll_entries(resident, fixture.estate.id, fixture.phones[1]).entries[
        0
    ].is_listed_owner is (False)
    assert service.my_roll_entries(resident, fixture.estate.id).entries[0].is_listed_owner is None


def test_tenant_is_not_told_the_owner(ctx: Context) -> None:
    fixture = make_estate(ctx, dwellings=1)
    tenant = acting_as(ctx, make_resident(ctx, fixture.dwelling_ids[0], relation="tenant"))
    (entry,) = service.my_roll_entries(tenant, fixture.estate.id, fixture.phones[0]).entries
    assert (entry.owner_names, entry.is_listed_owner) == ((), None)


def test_estate_without_a_home_is_not_found(ctx: Context) -> None:
    fixture, other = make_estate(ctx, dwellings=1), make_estate(ctx, dwellings=1)
    resident = acting_as(ctx, make_resident(ctx, fixture.dwelling_ids[0]))
    with pytest.raises(NotFound):
        service.my_roll_entries(resident, other.estate.id)
    assert [estate.id for estate, _ in service.my_estates(resident)] == [fixture.estate.id]


def test_display_opens_once_for_its_days(ctx: Context) -> None:
    fixture = make_estate(ctx, dwellings=1)
    clerk = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, fixture.community.id))
    resident = acting_as(ctx, make_resident(ctx, fixture.dwelling_ids[0]))
    assert service.my_roll_entries(resident, fixture.estate.id).starts_on is None
    today = local_date(ctx.clock.now())
    service.open_roll_display(clerk, service.OpenDisplay(fixture.estate.id, today, today + timedelta(days=7)))
    page = service.my_roll_entries(resident, fixture.estate.id)
    assert page.is_open
    with pytest.raises(DisplayOpen):
        service.open_roll_display(
            clerk,
            service.OpenDisplay(fixture.estate.id, today + timedelta(days=7), today + timedelta(days=9)),
        )
    for first, last in ((0, -1), (-9, -2), (8, 200)):
        dates = today + timedelta(days=first), today + timedelta(days=last)
        with pytest.raises(WrongDates):
            service.open_roll_display(clerk, service.OpenDisplay(fixture.estate.id, *dates))


def test_display_needs_the_right_to_prepare(ctx: Context) -> None:
    fixture = make_estate(ctx, dwellings=1)
    auditor = acting_as(ctx, make_staff(ctx, Role.AUDITOR, fixture.community.id))
    today = local_date(ctx.clock.now())
    with pytest.raises(Forbidden):
        service.open_roll_display(auditor, service.OpenDisplay(fixture.estate.id, today, today))
