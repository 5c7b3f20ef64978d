"""Estates on the map and by name: set by whoever keeps the registry, found by a point, told apart by the longest name."""

from __future__ import annotations

import pytest
from sqlmodel import select

from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.errors import Forbidden, NotFound, Unprocessable
from backend.ledger.tables import LedgerEvent
from backend.registry import queries, service
from backend.registry.service import SetEstatePoint
from tests.factories.people import acting_as, make_staff
from tests.factories.places import make_community, make_estate

HERE = (37_985_000, 106_198_000)
NORTH = (37_995_000, 106_198_000)


def test_a_point_is_set_replaced_and_told(ctx: Context) -> None:
    place = make_estate(ctx, dwellings=0)
    clerk = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, place.community.id))
    with pytest.raises(NotFound):
        service.show_estate_point(clerk, place.estate.id)
    service.set_estate_point(clerk, SetEstatePoint(place.estate.id, NORTH, 100))
    service.set_estate_point(clerk, SetEstatePoint(place.estate.id, HERE, 200))
    shown = service.show_estate_point(clerk, place.estate.id)
    assert (shown.middle, shown.reach_m) == (HERE, 200)
    wanted = select(LedgerEvent.type).where(LedgerEvent.subject_id == place.estate.id)
    assert list(ctx.session.exec(wanted)) == ["estate.placed", "estate.placed"]


@pytest.mark.parametrize(
    ("middle", "reach"), [((0, 0), 100), (HERE, 19), (HERE, 5001), ((HERE[1], HERE[0]), 100)]
)
def test_impossible_points_are_refused(ctx: Context, middle: tuple[int, int], reach: int) -> None:
    place = make_estate(ctx, dwellings=0)
    with pytest.raises(Unprocessable):
        service.set_estate_point(ctx, SetEstatePoint(place.estate.id, middle, reach))


def test_nobody_else_moves_an_estate(ctx: Context) -> None:
    place, other = make_estate(ctx, dwellings=0), make_estate(ctx, dwellings=0)
    command = SetEstatePoint(place.estate.id, HERE, 200)
    with pytest.raises(NotFound):
        service.set_estate_point(
            acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, other.community.id)), command
        )
    with pytest.raises(Forbidden):
        service.set_estate_point(acting_as(ctx, make_staff(ctx, Role.HOTLINE, place.community.id)), command)


def test_a_point_finds_the_estate_below_the_organisation_only(ctx: Context) -> None:
    place, other = make_estate(ctx, dwellings=0), make_estate(ctx, dwellings=0)
    for each in (place, other):  # the same place on the map, two organisations
        service.set_estate_point(ctx, SetEstatePoint(each.estate.id, HERE, 300))
    for each in (place, other):
        assert queries.estate_at(ctx.session, each.community.path, HERE) == each.estate.id
    assert queries.estate_at(ctx.session, place.community.path, NORTH) is None


def test_words_find_an_estate_below_the_organisation_only(ctx: Context) -> None:
    community = make_community(ctx)
    made = [make_estate(ctx, community=each, dwellings=0) for each in (community, community, None)]
    for place, name in zip(made, ("幸福小区", "幸福小区二期", "和平里"), strict=True):
        place.estate.name = name
    ctx.session.flush()
    ids = [place.estate.id for place in made]

    def named(text: str) -> str | None:
        return queries.estate_named_in(ctx.session, community.path, text)

    assert named("幸福小区3号楼") == ids[0]
    assert named("幸福小区二期3号楼") == ids[1]
    assert named("和平里3号楼") is None


def test_a_code_used_twice_names_two_jurisdictions(ctx: Context) -> None:
    first, second = make_community(ctx), make_community(ctx)
    second.code = first.code
    ctx.session.flush()
    assert len(queries.find_jurisdictions(ctx.session, first.code)) == 2
    assert [found.id for found in queries.find_jurisdictions(ctx.session, first.id)] == [first.id]
    assert queries.find_jurisdictions(ctx.session, "nowhere") == []
