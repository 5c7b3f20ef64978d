"""The builders that every other test stands on."""

from __future__ import annotations

from sqlmodel import func, select

from backend.infra.context import Context
from backend.registry.tables import Dwelling, Organisation
from tests.factories.places import make_community, make_estate


def test_estate_has_its_dwellings_under_a_whole_chain(ctx: Context) -> None:
    fixture = make_estate(ctx, dwellings=45)
    count = ctx.session.exec(
        select(func.count()).select_from(Dwelling).where(Dwelling.estate_id == fixture.estate.id)
    ).one()
    assert count == 45
    assert len(fixture.building_ids) == 3
    assert fixture.community.path.count("/") == 6
    assert len(set(fixture.phones)) == 45


def test_second_community_can_share_a_town(ctx: Context) -> None:
    first = make_community(ctx)
    town = ctx.session.get(Organisation, first.parent_id)
    second = make_community(ctx, town)
    assert second.parent_id == first.parent_id
