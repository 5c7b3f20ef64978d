"""One estate at a glance, and the facts its eligibility is decided on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import case, func
from sqlmodel import Session, col, select

from backend.kernel.access import Scope
from backend.kernel.errors import NotFound
from backend.registry.repository.places import within
from backend.registry.tables import Building, Dwelling, Estate, Organisation


@dataclass(frozen=True, slots=True)
class EligibilityFacts:
    """What the eligibility gate looks at; areas in 0.01 m², counts of active dwellings."""

    estate_id: str
    built_year: int | None
    estate_type: str | None
    is_dangerous: bool
    is_shantytown_plan: bool
    is_self_built: bool
    floor_area_centi: int | None
    exclusive_area_centi: int
    buildings: int
    dwellings: int
    households: int


@dataclass(frozen=True, slots=True)
class EstateCard:
    """An estate with its community and its sums."""

    id: str
    code: str
    name: str
    address: str | None
    organisation_id: str
    organisation_name: str
    organisation_path: str
    is_synthetic: bool
    version: int
    facts: EligibilityFacts


def estate_card(session: Session, estate_id: str) -> EstateCard:
    """Return the estate's card in two queries; raises NotFound."""
    found = session.exec(
        select(Estate, Organisation)
        .join(Organisation, col(Organisation.id) == col(Estate.organisation_id))
        .where(Estate.id == estate_id)
    ).first()
    if found is None:
        raise NotFound
    estate, organisation = found
    return EstateCard(
        estate.id,
        estate.code,
        estate.name,
        estate.address,
        organisation.id,
        organisation.name,
        organisation.path,
        estate.is_synthetic,
        estate.version,
        _facts(session, estate),
    )


def estate_codes(session: Session, organisation_path: str) -> dict[str, str]:
    """Return code → id of the estates under an organisation; a code that two of them share is left out."""
    rows = session.exec(
        select(Estate.code, Estate.id)
        .join(Organisation, col(Organisation.id) == col(Estate.organisation_id))
        .where(col(Organisation.path).startswith(organisation_path, autoescape=True))
        .order_by(Estate.id)
    ).all()
    counts = Counter(code for code, _ in rows)
    return {code: estate_id for code, estate_id in rows if counts[code] == 1}


def _facts(session: Session, estate: Estate) -> EligibilityFacts:
    buildings = (
        select(func.count()).select_from(Building).where(Building.estate_id == estate.id).scalar_subquery()
    )
    sums = session.exec(
        select(
            func.coalesce(func.sum(Dwelling.exclusive_area_centi), 0),
            func.count(),
            func.coalesce(func.sum(case((col(Dwelling.is_household), 1), else_=0)), 0),
            buildings,
        ).where(Dwelling.estate_id == estate.id, Dwelling.state == "active")
    ).one()
    return EligibilityFacts(
        estate_id=estate.id,
        built_year=estate.built_year,
        estate_type=estate.estate_type,
        is_dangerous=estate.is_dangerous,
        is_shantytown_plan=estate.is_shantytown_plan,
        is_self_built=estate.is_self_built,
        floor_area_centi=estate.floor_area_centi,
        exclusive_area_centi=int(sums[0]),
        buildings=int(sums[3]),
        dwellings=int(sums[1]),
        households=int(sums[2]),
    )


def estates_within(session: Session, scopes: Sequence[Scope], limit: int) -> dict[str, str]:
    """Return the estates that lie in any of these scopes, with their organisation's path."""
    chosen = (
        select(Estate.id, Organisation.path)
        .join(Organisation, col(Organisation.id) == col(Estate.organisation_id))
        .where(within(scopes))
    )
    return dict(session.exec(chosen.order_by(col(Estate.id)).limit(limit)).all())


def estate_names(session: Session, estate_ids: Collection[str]) -> dict[str, str]:
    """Return id → name of some estates, in one query."""
    if not estate_ids:
        return {}
    return dict(session.exec(select(Estate.id, Estate.name).where(col(Estate.id).in_(set(estate_ids)))).all())
