"""Ballots written straight into the tables, in the state a test wants; the documents are really stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert
from sqlmodel import col, select

from backend.ballots.rules.documents import bind_documents, motions_text
from backend.ballots.rules.kinds import KINDS
from backend.ballots.rules.parameters import resolve_settings
from backend.ballots.tables import Ballot, Motion, RollEntry
from backend.infra.context import Context
from backend.kernel.ids import new_id
from backend.ledger.rules.record_roll import roll_hash
from backend.registry.tables import Building, Dwelling, Entrance
from backend.tally.weight import RollEntry as CountedEntry
from tests.factories.places import EstateFixture

_FROZEN = ("open", "counting", "sealed", "preliminary", "final", "suspended", "voided")


@dataclass(frozen=True, slots=True)
class BallotFixture:
    """A ballot; ``entry_ids`` maps dwelling id → roll entry id."""

    ballot_id: str
    motion_ids: list[str]
    entry_ids: dict[str, str]
    documents_hash: str


def make_ballot(
    ctx: Context,
    estate: EstateFixture,
    *,
    kind: str = "plan",
    electorate: str | None = None,
    motions: int = 2,
    state: str = "open",
    re_vote: bool | None = None,
    hours: int = 24,
    parameters: Mapping[str, int] | None = None,
    max_choices: int | None = None,
    building_id: str | None = None,
) -> BallotFixture:
    """Add a ballot over the estate (or one building); ``hours`` is how long an open one has left."""
    defaults = KINDS[kind]
    settings = resolve_settings(dict(parameters or {}), kind=kind)
    motion_rows = _motion_rows(kind, motions)
    text = motions_text([(row["id"], row["title"], row["body"], (row["rule_id"],)) for row in motion_rows])
    ctx.storage.put(text)
    bound = bind_documents(text, [])
    ballot_id = new_id()
    who = electorate or defaults.electorate
    rows = [] if state == "draft" else _roll_rows(ctx, estate, ballot_id, building_id)
    rows = [row for row in rows if who == "owners" or row["is_household"]]
    ctx.session.add(
        Ballot(
            id=ballot_id,
            organisation_id=estate.community.id,
            estate_id=estate.estate.id,
            building_id=building_id,
            kind=kind,
            title=f"示例{defaults.title}（虚构）",
            electorate=who,
            state=state,
            parameters=settings,
            re_vote=defaults.re_vote if re_vote is None else re_vote,
            max_choices=max_choices,
            documents_hash=None if state == "draft" else bound,
            created_by="test",
            created_at=ctx.clock.now() - timedelta(days=30),
            **_times(ctx.clock.now(), state, hours, settings["counting_days"]),
            **({} if state == "draft" else _roll_columns(rows)),
        )
    )
    ctx.session.flush()
    ctx.session.execute(insert(Motion), [{"ballot_id": ballot_id, **row} for row in motion_rows])
    for start in range(0, len(rows), 2000):
        ctx.session.execute(insert(RollEntry), rows[start : start + 2000])
    entries = {str(row["dwelling_id"]): str(row["id"]) for row in rows}
    return BallotFixture(ballot_id, [row["id"] for row in motion_rows], entries, bound)


def _motion_rows(kind: str, count: int) -> list[dict[str, object]]:
    rule_id = KINDS[kind].usual_rules[0]
    return [
        {
            "id": new_id(),
            "position": position,
            "title": f"事项{position + 1}",
            "body": f"示例事项{position + 1}的全文。",
            "rule_id": rule_id,
            "joined_rule_ids": [],
            "rule_reason": "示例",
            "rule_decided_by": "test",
            "parameters": {rule_id: {}},
        }
        for position in range(count)
    ]


def _times(now: datetime, state: str, hours: int, counting_days: int) -> dict[str, datetime]:
    """Return window and stage instants that fit the state."""
    if state == "draft":
        return {}
    opens_at = now - timedelta(hours=1)
    if state == "notice":
        opens_at = now + timedelta(hours=1)
    if state in ("counting", "sealed", "preliminary", "final"):
        opens_at = now - timedelta(hours=hours + 1)
    closes_at = opens_at + timedelta(hours=hours + (1 if state in ("open", "suspended", "voided") else 0))
    times = {"notice_at": opens_at - timedelta(days=16), "opens_at": opens_at, "closes_at": closes_at}
    if state in ("counting", "sealed", "preliminary", "final"):
        times["counting_until"] = closes_at + timedelta(days=counting_days)
    if state in ("sealed", "preliminary", "final"):
        times["sealed_at"] = now
    if state in ("preliminary", "final"):
        times["preliminary_at"] = now
        times["objections_until"] = now + timedelta(days=7)
    if state == "final":
        times["final_at"] = now
    return times


def _roll_rows(
    ctx: Context, estate: EstateFixture, ballot_id: str, building_id: str | None
) -> list[dict[str, object]]:
    homes = select(Dwelling, Building.code, Entrance.code)  # type: ignore[call-overload]
    homes = homes.join(Building, col(Building.id) == Dwelling.building_id)
    homes = homes.outerjoin(Entrance, col(Entrance.id) == Dwelling.entrance_id)
    homes = homes.where(Dwelling.estate_id == estate.estate.id, Dwelling.state == "active")
    if building_id is not None:
        homes = homes.where(Dwelling.building_id == building_id)
    heads: dict[str, tuple[int, str]] = {}
    rows: list[dict[str, object]] = []
    for home, building, entrance in ctx.session.exec(homes.order_by(col(Dwelling.key))):
        head_no, head_pseudonym = heads.setdefault(home.owner_id, (len(heads) + 1, f"h{new_id()[:12]}"))
        rows.append(
            {
                "id": new_id(),
                "ballot_id": ballot_id,
                "dwelling_id": home.id,
                "building_id": home.building_id,
                "entrance_id": home.entrance_id,
                "building_label": f"{building}栋",
                "entrance_label": f"{entrance}单元" if entrance else "",
                "door_label": home.code,
                "pseudonym": f"e{new_id()[:12]}",
                "owner_id": home.owner_id,
                "head_no": head_no,
                "head_pseudonym": head_pseudonym,
                "area_centi": home.exclusive_area_centi,
                "is_household": home.is_household,
                "is_removed": False,
            }
        )
    return rows


def _roll_columns(rows: list[dict[str, object]]) -> dict[str, object]:
    counted = [
        CountedEntry(
            str(row["pseudonym"]),
            str(row["head_pseudonym"]),
            int(str(row["area_centi"])),
            bool(row["is_household"]),
        )
        for row in rows
    ]
    return {
        "roll_hash": roll_hash(counted),
        "roll_heads": len({row.owner for row in counted}),
        "roll_households": sum(row.is_household for row in counted),
        "roll_area_centi": sum(row.area for row in counted),
    }
