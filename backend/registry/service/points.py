"""Where an estate lies on the map, set by those who keep the registry."""

from __future__ import annotations

from dataclasses import dataclass

from backend.infra.context import Context
from backend.kernel.access import Permission, require
from backend.kernel.coordinates import Point, is_in_china
from backend.kernel.errors import FieldError, NotFound, Unprocessable
from backend.kernel.events import Event
from backend.ledger import service as ledger
from backend.registry import queries
from backend.registry.rules.points import LEAST_REACH, MOST_REACH, Circle
from backend.registry.tables import EstatePoint


@dataclass(frozen=True, slots=True)
class SetEstatePoint:
    """The middle of an estate (GCJ-02, as maps in China show it) and how far it reaches, in metres."""

    estate_id: str
    middle: Point
    reach_m: int


def set_estate_point(ctx: Context, command: SetEstatePoint) -> Circle:
    """Write down where an estate lies; a second time replaces the first."""
    scope = queries.scope_of_estate(ctx.session, command.estate_id)
    require(ctx.actor, Permission.REGISTRY_IMPORT, scope)
    if not is_in_china(command.middle):
        raise _wrong("lat_e6", "位置不在国内，请重新选择。")
    if not LEAST_REACH <= command.reach_m <= MOST_REACH:
        raise _wrong("reach_m", f"范围应为 {LEAST_REACH} 至 {MOST_REACH} 米。")
    ctx.session.merge(
        EstatePoint(
            estate_id=command.estate_id,
            lat_e6=command.middle[0],
            lon_e6=command.middle[1],
            reach_m=command.reach_m,
            set_by=ctx.actor.account_id or ctx.actor.kind,
            set_at=ctx.clock.now(),
        )
    )
    ctx.session.flush()
    community = queries.organisation_of_estate(ctx.session, command.estate_id)
    payload = {"lat_e6": command.middle[0], "lon_e6": command.middle[1], "reach_m": command.reach_m}
    ledger.append(ctx, Event("estate.placed", community, "estate", command.estate_id, payload))
    return Circle(command.estate_id, command.middle, command.reach_m)


def show_estate_point(ctx: Context, estate_id: str) -> Circle:
    """Return where an estate lies; raises NotFound where nobody has written it down."""
    require(ctx.actor, Permission.REGISTRY_READ, queries.scope_of_estate(ctx.session, estate_id))
    found = queries.points_of(ctx.session, [estate_id]).get(estate_id)
    if found is None:
        raise NotFound("no_point", "这个小区还没有标注地图位置。")
    return found


def _wrong(where: str, message: str) -> Unprocessable:
    return Unprocessable("unacceptable", "内容不能采用，请按提示修改后重试。", (FieldError(where, message),))
