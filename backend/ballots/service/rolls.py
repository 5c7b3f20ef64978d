"""Building the roll from the registry: at the notice for checking, again when it is frozen at opening."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, update
from sqlmodel import col

from backend.ballots.repository import ballots as repository
from backend.ballots.rules.roll import Totals, head_key, on_roll, totals_of
from backend.ballots.tables import Ballot, RollEntry
from backend.identity import queries as identity
from backend.infra.context import Context
from backend.kernel.clock import local_date
from backend.kernel.ids import new_id
from backend.ledger.rules.record_roll import roll_hash
from backend.notices import queries as notices
from backend.registry import queries as registry
from backend.registry.queries import RollSource
from backend.tally.weight import RollEntry as CountedEntry


def build_roll(ctx: Context, ballot: Ballot) -> dict[str, Any]:
    """Write the roll as the registry stands now and return the ballot's roll columns.

    A dwelling keeps its entry id and pseudonym between notice and opening, so mandates and letters stay valid.
    """
    sources = _sources(ctx, ballot)
    existing = {row.dwelling_id: row for row in repository.roll_rows(ctx.session, ballot.id)}
    heads: dict[str, tuple[int, str]] = {}
    for known in existing.values():
        heads.setdefault(known.owner_id, (known.head_no, known.head_pseudonym))
    next_head = 1 + max((number for number, _ in heads.values()), default=0)
    fresh: list[dict[str, Any]] = []
    changed: list[tuple[str, dict[str, Any]]] = []
    counted: list[CountedEntry] = []
    for source in sources:
        key = head_key(source)
        if key not in heads:
            heads[key] = (next_head, f"h{new_id()[:12]}")
            next_head += 1
        values = _values(source, heads[key])
        row = existing.pop(source.dwelling_id) if source.dwelling_id in existing else None
        pseudonym = row.pseudonym if row else f"e{new_id()[:12]}"
        if row is None:
            fresh.append({"id": new_id(), "ballot_id": ballot.id, "pseudonym": pseudonym, **values})
        elif any(getattr(row, name) != value for name, value in values.items()):
            changed.append((row.id, values))
        counted.append(
            CountedEntry(pseudonym, heads[key][1], source.exclusive_area_centi, source.is_household)
        )
    changed += [(gone.id, {"is_removed": True}) for gone in existing.values() if not gone.is_removed]
    _write(ctx, fresh, changed)
    return _columns(totals_of(sources), roll_hash(counted))


def count_roll(ctx: Context, ballot: Ballot) -> Totals:
    """Return the denominators as the registry stands now, writing nothing."""
    return totals_of(_sources(ctx, ballot))


def count_sold(ctx: Context, ballot: Ballot) -> int:
    """Return how many dwellings of the roll have a binding that waits because the owner of record changed."""
    return _on_roll(ctx, ballot, identity.waiting_after_sale(ctx.session, ballot.estate_id))


def count_objected(ctx: Context, ballot: Ballot) -> int:
    """Return how many dwellings of the roll have an objection to it that nobody has answered."""
    return _on_roll(ctx, ballot, notices.dwellings_objecting(ctx.session, ballot.estate_id, "roll"))


def has_been_displayed(ctx: Context, ballot: Ballot) -> bool:
    """Tell whether a display of the roll to its own members has begun."""
    return registry.has_displayed(ctx.session, ballot.estate_id, local_date(ctx.clock.now()))


def _on_roll(ctx: Context, ballot: Ballot, dwelling_ids: set[str]) -> int:
    if not dwelling_ids:
        return 0
    return sum(source.dwelling_id in dwelling_ids for source in _sources(ctx, ballot))


def _sources(ctx: Context, ballot: Ballot) -> list[RollSource]:
    found = registry.roll_source(ctx.session, ballot.estate_id, ballot.building_id, ballot.entrance_id)
    settings = ballot.parameters
    return [row for row in found if on_roll(row, electorate=ballot.electorate, settings=settings)]


def _values(source: RollSource, head: tuple[int, str]) -> dict[str, Any]:
    return {
        "dwelling_id": source.dwelling_id,
        "building_id": source.building_id,
        "entrance_id": source.entrance_id,
        "building_label": source.building_label,
        "entrance_label": source.entrance_label,
        "door_label": source.door_label,
        "owner_id": head_key(source),
        "head_no": head[0],
        "head_pseudonym": head[1],
        "area_centi": source.exclusive_area_centi,
        "is_household": source.is_household,
        "is_removed": False,
    }


def _write(ctx: Context, fresh: list[dict[str, Any]], changed: list[tuple[str, dict[str, Any]]]) -> None:
    """Insert and change rows; a dwelling that left the registry stays as a removed entry (mandates point at it)."""
    for start in range(0, len(fresh), 2000):
        ctx.session.execute(insert(RollEntry), fresh[start : start + 2000])
    for identifier, values in changed:
        ctx.session.connection().execute(
            update(RollEntry).where(col(RollEntry.id) == identifier).values(**values)
        )
    ctx.session.expire_all()


def _columns(totals: Totals, sha256: str) -> dict[str, Any]:
    return {
        "roll_hash": sha256,
        "roll_heads": totals.heads,
        "roll_households": totals.households,
        "roll_area_centi": totals.area_centi,
    }
