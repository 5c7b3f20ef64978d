"""Finding the estate a report from outside is about: by address id, by map point, by words."""

from __future__ import annotations

from dataclasses import dataclass

from backend.complaints import errors
from backend.infra.context import Context
from backend.kernel.coordinates import Point
from backend.kernel.errors import FieldError, NotFound
from backend.registry.queries import estate_at, estate_named_in, points_of, scope_of_estate
from backend.registry.rules.points import holds


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What a reporter said of the place: an estate's id, a point (GCJ-02), words; at least one of them."""

    estate_id: str | None = None
    point: Point | None = None
    words: str = ""


def find_estate(ctx: Context, organisation_path: str, said: Whereabouts) -> str | None:
    """Return the estate below an organisation that is meant, None where only words were given and name none.

    A point counts more than words; it must lie in an estate. An estate that nobody has put on the map yet is
    believed by its id or name.
    """
    if said.estate_id is not None:
        return _by_id(ctx, organisation_path, said.estate_id, said.point)
    named = estate_named_in(ctx.session, organisation_path, said.words) if said.words else None
    if said.point is None:
        return named
    found = estate_at(ctx.session, organisation_path, said.point)
    if found is None and (named is None or points_of(ctx.session, [named])):
        raise errors.wrong_fields(
            [
                FieldError(
                    "lat", "这个位置不在本机构的任何小区之内，请核对坐标（WGS-84），或改用 address_string。"
                )
            ]
        )
    return found or named


def _by_id(ctx: Context, organisation_path: str, estate_id: str, point: Point | None) -> str:
    try:
        scope = scope_of_estate(ctx.session, estate_id)
    except NotFound:
        scope = None
    if scope is None or not scope.organisation_path.startswith(organisation_path):
        raise errors.wrong_fields([FieldError("address_id", "本机构没有这个地址编号。")])
    circle = points_of(ctx.session, [estate_id]).get(estate_id)
    if point is not None and circle is not None and not holds(circle, point):
        raise errors.wrong_fields([FieldError("lat", "这个位置不在 address_id 所指的小区之内，请核对。")])
    return estate_id
