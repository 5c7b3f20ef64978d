"""The tree, estates, lists and published queries on both databases."""

from __future__ import annotations

import pytest
from sqlmodel import select

from backend.infra.context import Context
from backend.kernel.access import Permission, Role, can
from backend.kernel.errors import Forbidden, Invalid, NotFound
from backend.kernel.ids import new_id
from backend.ledger.tables import LedgerEvent
from backend.registry import queries, service
from backend.registry.errors import CodeTaken, EstateChanged, NotACommunity, WrongLevel
from backend.registry.service.estates import EstateFacts
from backend.registry.tables import Dwelling, Organisation, Owner, OwnerMember, Tenant
from tests.factories.people import acting_as, make_staff
from tests.factories.places import make_community, make_estate


def test_tree_grows_downwards_with_its_path(ctx: Context) -> None:
    code = new_id()
    province = service.create_organisation(
        ctx, service.CreateOrganisation(None, "province", code, "宁夏（示例）")
    )
    city = service.create_organisation(
        ctx, service.CreateOrganisation(province.id, "city", "0951", "银川（示例）")
    )
    assert city.path == f"/{province.id}/{city.id}/"
    assert queries.ancestors(ctx.session, city.id) == [city.id, province.id]
    with pytest.raises(WrongLevel):
        service.create_organisation(ctx, service.CreateOrganisation(city.id, "province", "x", "x"))
    with pytest.raises(CodeTaken):
        service.create_organisation(ctx, service.CreateOrganisation(province.id, "city", "0951", "另一个"))
    with pytest.raises(CodeTaken):
        service.create_organisation(ctx, service.CreateOrganisation(None, "province", code, "又一个"))


def test_bureau_adds_below_its_own_place_only(ctx: Context) -> None:
    community, elsewhere = make_community(ctx), make_community(ctx)
    county_id = community.path.strip("/").split("/")[2]
    bureau = acting_as(ctx, make_staff(ctx, Role.BUREAU, county_id))
    town = service.create_organisation(bureau, service.CreateOrganisation(county_id, "town", "t9", "镇"))
    assert [node.id for node in service.list_organisations(bureau, None)] == [county_id]
    assert town.id in [node.id for node in service.list_organisations(bureau, county_id)]
    with pytest.raises(NotFound):
        service.create_organisation(
            bureau, service.CreateOrganisation(str(elsewhere.parent_id), "community", "c", "c")
        )
    with pytest.raises(Forbidden):
        service.create_organisation(bureau, service.CreateOrganisation(None, "province", "p", "p"))
    with pytest.raises(NotFound):
        service.list_organisations(bureau, str(elsewhere.parent_id))


def test_children_come_in_pages(ctx: Context) -> None:
    town = ctx.session.get_one(Organisation, make_community(ctx).parent_id)
    for _ in range(4):
        make_community(ctx, town)
    first = service.list_organisations(ctx, town.id, limit=3)
    rest = service.list_organisations(ctx, town.id, limit=3, after=first[-1].id)
    assert len({node.id for node in [*first, *rest]}) == 5
    with pytest.raises(Invalid):
        service.list_organisations(ctx, town.id, limit=3, after=new_id())


def test_estate_is_created_found_and_changed_by_version(ctx: Context) -> None:
    community = make_community(ctx)
    clerk = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, community.id))
    card = service.create_estate(
        clerk, service.CreateEstate(community.id, "E1", EstateFacts("朝阳家园", built_year=1996))
    )
    with pytest.raises(CodeTaken):
        service.create_estate(clerk, service.CreateEstate(community.id, "E1", EstateFacts("重复")))
    facts = EstateFacts("朝阳家园", built_year=1997, floor_area_centi=120_050, is_dangerous=True)
    changed = service.update_estate(clerk, service.UpdateEstate(card.id, card.version, facts))
    assert (changed.version, changed.facts.built_year, changed.facts.is_dangerous) == (2, 1997, True)
    with pytest.raises(EstateChanged):
        service.update_estate(clerk, service.UpdateEstate(card.id, card.version, facts))
    event = ctx.session.exec(select(LedgerEvent).where(LedgerEvent.type == "estate.changed")).one()
    assert event.payload["fields"] == ["built_year", "floor_area_centi", "is_dangerous"]
    assert [row.id for row in service.list_estates(clerk, service.ListEstates(search="朝阳"))] == [card.id]
    assert service.list_estates(clerk, service.ListEstates(search="100%")) == []
    with pytest.raises(NotACommunity):
        service.create_estate(ctx, service.CreateEstate(str(community.parent_id), "E2", EstateFacts("x")))


def test_estates_of_others_are_neither_listed_nor_shown(ctx: Context) -> None:
    mine, other = make_estate(ctx, dwellings=3), make_estate(ctx, dwellings=3)
    clerk = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, mine.community.id))
    assert [row.id for row in service.list_estates(clerk, service.ListEstates())] == [mine.estate.id]
    for refused in (
        lambda: service.show_estate(clerk, other.estate.id),
        lambda: service.show_estate(clerk, new_id()),
        lambda: service.list_buildings(clerk, other.estate.id),
        lambda: service.list_dwellings(clerk, service.ListDwellings(other.estate.id)),
        lambda: service.show_dwelling(clerk, other.dwelling_ids[0]),
        lambda: service.list_estates(clerk, service.ListEstates(other.community.id)),
        lambda: service.list_imports(clerk, other.community.id),
        lambda: service.show_import(clerk, new_id()),
    ):
        with pytest.raises(NotFound):
            refused()


def test_steward_sees_their_building_and_masked_names(ctx: Context) -> None:
    fixture = make_estate(ctx, dwellings=4, per_building=2)
    own, other = fixture.building_ids
    fellow = make_staff(ctx, Role.BUILDING_STEWARD, fixture.community.id, fixture.estate.id, own)
    steward = acting_as(ctx, fellow)
    assert service.show_estate(steward, fixture.estate.id).facts.dwellings == 4
    assert [row[0].id for row in service.list_buildings(steward, fixture.estate.id)] == [own]
    lines = service.list_dwellings(steward, service.ListDwellings(fixture.estate.id, own))
    assert [(line.label, line.owner_name) for line in lines] == [
        ("1栋1单元101", "住**"),
        ("1栋1单元102", "住**"),
    ]
    for building in (other, None):
        with pytest.raises(NotFound):
            service.list_dwellings(steward, service.ListDwellings(fixture.estate.id, building))
    detail = service.show_dwelling(steward, fixture.dwelling_ids[0])
    assert detail.is_masked
    assert fixture.phones[0] not in repr(detail.people)


def test_residents_committee_sees_names_and_phones_in_full(ctx: Context) -> None:
    fixture = make_estate(ctx, dwellings=1)
    ctx.session.add(
        Tenant(
            id=new_id(),
            dwelling_id=fixture.dwelling_ids[0],
            kind="tenant",
            name_sealed=ctx.vault.seal("房客", "tenant.name"),
        )
    )
    ctx.session.flush()
    clerk = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, fixture.community.id))
    people = service.show_dwelling(clerk, fixture.dwelling_ids[0]).people
    assert [(who.role, who.name, who.phone) for who in people] == [
        ("representative", "住户1", fixture.phones[0]),
        ("tenant", "房客", None),
    ]


def test_dwellings_come_in_pages_and_by_filter(ctx: Context) -> None:
    fixture = make_estate(ctx, dwellings=7)
    found: list[str] = []
    after = None
    while page := service.list_dwellings(ctx, service.ListDwellings(fixture.estate.id, limit=3, after=after)):
        found += [line.dwelling.id for line in page]
        after = found[-1]
    assert found == fixture.dwelling_ids
    assert service.list_dwellings(ctx, service.ListDwellings(fixture.estate.id, use="shop")) == []


def test_roll_source_leaves_out_removed_dwellings_and_can_be_narrowed(ctx: Context) -> None:
    fixture = make_estate(ctx, dwellings=6, per_building=3)
    ctx.session.get_one(Dwelling, fixture.dwelling_ids[0]).state = "removed"
    ctx.session.flush()
    rows = queries.roll_source(ctx.session, fixture.estate.id)
    assert [row.dwelling_id for row in rows] == fixture.dwelling_ids[1:]
    assert (rows[0].label, rows[0].exclusive_area_centi, rows[0].owner_kind) == (
        "1栋1单元102",
        8000,
        "person",
    )
    narrow = queries.roll_source(
        ctx.session, fixture.estate.id, fixture.building_ids[1], fixture.entrance_ids[1]
    )
    assert [row.dwelling_id for row in narrow] == fixture.dwelling_ids[3:]
    facts = queries.estate_card(ctx.session, fixture.estate.id).facts
    assert (facts.buildings, facts.dwellings, facts.households, facts.exclusive_area_centi) == (
        2,
        5,
        5,
        40_000,
    )


def test_places_are_told_by_scope_label_and_typed_door(ctx: Context) -> None:
    fixture = make_estate(ctx, dwellings=2)
    scope = queries.scope_of_dwelling(ctx.session, fixture.dwelling_ids[1])
    assert (scope.organisation_path, scope.estate_id) == (fixture.community.path, fixture.estate.id)
    assert (scope.building_id, scope.entrance_id) == (fixture.building_ids[0], fixture.entrance_ids[0])
    assert queries.labels_of_dwellings(ctx.session, fixture.dwelling_ids[1:]) == {
        fixture.dwelling_ids[1]: "1栋1单元102"
    }
    for door in ("1栋1单元102", "1-1-102", "1/1/102", "01号楼 1单元 0102室", "１-１-１０２"):
        assert queries.find_dwelling(ctx.session, fixture.estate.id, door) == fixture.dwelling_ids[1]
    for door in ("1-1-999", "", "102", "栋单元", "a" * 500):
        assert queries.find_dwelling(ctx.session, fixture.estate.id, door) is None
    assert queries.is_inside(ctx.session, fixture.estate.id, fixture.building_ids[0], fixture.entrance_ids[0])
    assert not queries.is_inside(ctx.session, new_id(), fixture.building_ids[0])
    for ask in (queries.scope_of_dwelling, queries.scope_of_estate, queries.scope_of_organisation):
        with pytest.raises(NotFound):
            ask(ctx.session, new_id())


def test_phones_of_a_dwelling_by_index_only(ctx: Context) -> None:
    fixture = make_estate(ctx, dwellings=1)
    index = ctx.vault.index(fixture.phones[0], "phone")
    assert queries.find_dwellings_by_phone(ctx.session, [index]) == [(fixture.dwelling_ids[0], "owner")]
    ctx.session.get_one(Dwelling, fixture.dwelling_ids[0]).state = "removed"
    ctx.session.flush()
    assert queries.find_dwellings_by_phone(ctx.session, [index]) == []


def test_of_members_who_share_a_number_the_representative_counts(ctx: Context) -> None:
    fixture = make_estate(ctx, dwellings=1)
    owner = ctx.session.get_one(Owner, ctx.session.get_one(Dwelling, fixture.dwelling_ids[0]).owner_id)
    owner.kind = "co_owners"
    for is_representative in (True, False):
        ctx.session.add(
            OwnerMember(
                id=new_id(),
                owner_id=owner.id,
                name_sealed="sealed",
                phone_index="shared",
                is_representative=is_representative,
            )
        )
        ctx.session.flush()
    assert queries.phones_of_owners(ctx.session, [owner.id])[owner.id]["shared"] == "representative"


def test_administrator_sees_no_names(ctx: Context) -> None:
    fixture = make_estate(ctx, dwellings=1)
    admin = acting_as(ctx, make_staff(ctx, Role.ADMINISTRATOR, fixture.community.id))
    scope = queries.scope_of_estate(ctx.session, fixture.estate.id)
    assert not can(admin.actor, Permission.REGISTRY_PERSONAL, scope)
    assert service.show_dwelling(admin, fixture.dwelling_ids[0]).is_masked
