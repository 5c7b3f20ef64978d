"""Synthetic places: a chain of organisations down to a community, estates with dwellings and owners."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert

from backend.infra.context import Context
from backend.kernel.ids import new_id
from backend.registry.tables import Building, Dwelling, Entrance, Estate, Organisation, Owner, OwnerMember

KINDS = ("province", "city", "county", "town", "community")


@dataclass(frozen=True, slots=True)
class EstateFixture:
    """An estate; ``dwelling_ids[i]`` belongs to ``owner_ids[i]``, whose phone is ``phones[i]``."""

    estate: Estate
    community: Organisation
    dwelling_ids: list[str]
    owner_ids: list[str]
    building_ids: list[str]
    entrance_ids: list[str]
    phones: list[str]


def make_organisation(ctx: Context, kind: str, parent: Organisation | None = None) -> Organisation:
    """Add one node of the tree."""
    identifier = new_id()
    path = f"{parent.path if parent else '/'}{identifier}/"
    node = Organisation(
        id=identifier,
        parent_id=parent.id if parent else None,
        path=path,
        kind=kind,
        code=identifier[:8],
        name=f"{kind} {identifier[:4]}",
    )
    ctx.session.add(node)
    ctx.session.flush()
    return node


def make_community(ctx: Context, parent: Organisation | None = None) -> Organisation:
    """Add a community; without ``parent`` also the province, city, county and town above it."""
    for kind in () if parent else KINDS[:-1]:
        parent = make_organisation(ctx, kind, parent)
    return make_organisation(ctx, "community", parent)


def make_estate(
    ctx: Context,
    *,
    community: Organisation | None = None,
    dwellings: int = 10,
    area_centi: int = 8000,
    per_building: int = 20,
) -> EstateFixture:
    """Add an estate of equal homes, each with an owner of its own; one entrance per building."""
    community = community or make_community(ctx)
    estate = Estate(
        id=new_id(),
        organisation_id=community.id,
        code=new_id()[:8],
        name="示例小区（虚构）",
        built_year=1995,
        is_synthetic=True,
        created_at=ctx.clock.now(),
    )
    ctx.session.add(estate)
    ctx.session.flush()
    count = -(-dwellings // per_building)
    buildings = [{"id": new_id(), "estate_id": estate.id, "code": str(n + 1)} for n in range(count)]
    entrances = [{"id": new_id(), "building_id": row["id"], "code": "1"} for row in buildings]
    fixture = EstateFixture(
        estate,
        community,
        [new_id() for _ in range(dwellings)],
        [new_id() for _ in range(dwellings)],
        [row["id"] for row in buildings],
        [row["id"] for row in entrances],
        [f"138{int(estate.id[:6], 36) % 100_000_000 + n:08d}"[:11] for n in range(dwellings)],
    )
    if dwellings:
        _insert_all(ctx, fixture, (buildings, entrances), (area_centi, per_building))
    return fixture


def _insert_all(
    ctx: Context,
    fixture: EstateFixture,
    places: tuple[list[dict[str, str]], list[dict[str, str]]],
    shape: tuple[int, int],
) -> None:
    area_centi, per_building = shape
    estate_id = fixture.estate.id
    owners, members, dwellings = [], [], []
    for number, (dwelling_id, owner_id) in enumerate(
        zip(fixture.dwelling_ids, fixture.owner_ids, strict=True)
    ):
        at, door = divmod(number, per_building)
        name = ctx.vault.seal(f"住户{number + 1}", "owner.name")
        owners.append(
            {"id": owner_id, "estate_id": estate_id, "key": f"O{number + 1}", "kind": "person"}
            | {"name_sealed": name}
        )
        members.append(
            {
                "id": new_id(),
                "owner_id": owner_id,
                "name_sealed": ctx.vault.seal(f"住户{number + 1}", "owner_member.name"),
                "phone_sealed": ctx.vault.seal(fixture.phones[number], "owner_member.phone"),
                "phone_index": ctx.vault.index(fixture.phones[number], "phone"),
                "is_representative": True,
            }
        )
        dwellings.append(
            {
                "id": dwelling_id,
                "estate_id": estate_id,
                "building_id": fixture.building_ids[at],
                "entrance_id": fixture.entrance_ids[at],
                "key": f"{at + 1}/1/{101 + door}",
                "code": str(101 + door),
                "use": "residential",
                "exclusive_area_centi": area_centi,
                "area_source": "registration",
                "is_household": True,
                "owner_id": owner_id,
                "state": "active",
            }
        )
    for table, rows in (
        (Building, places[0]),
        (Entrance, places[1]),
        (Owner, owners),
        (OwnerMember, members),
        (Dwelling, dwellings),
    ):
        ctx.session.execute(insert(table), rows)
