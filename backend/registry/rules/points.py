"""Which estate a point on the map lies in: each is a circle round its middle."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil, cos, radians

from backend.kernel.coordinates import Point, metres_between

LEAST_REACH, MOST_REACH = 20, 5_000
_METRES_PER_DEGREE = 111_195


@dataclass(frozen=True, slots=True)
class Circle:
    """An estate on the map: middle and reach in metres."""

    estate_id: str
    middle: Point
    reach_m: int


def holds(circle: Circle, point: Point) -> bool:
    """Tell whether a point lies in an estate."""
    return metres_between(point, circle.middle) <= circle.reach_m


def estate_at(point: Point, circles: Iterable[Circle]) -> str | None:
    """Return the estate whose circle holds the point; of several the one whose middle is nearest, by id if equal."""
    near = [circle for circle in circles if holds(circle, point)]
    nearest = min(near, key=lambda each: (metres_between(point, each.middle), each.estate_id), default=None)
    return None if nearest is None else nearest.estate_id


def estate_named_in(text: str, names: Mapping[str, str]) -> str | None:
    """Return the one estate (id → name) whose name stands in a text; None for none and for several.

    The longest name counts: 幸福小区二期 is not 幸福小区. What stands in brackets behind a name is not said.
    """
    spoken = {estate_id: _spoken(name) for estate_id, name in names.items()}
    said = [(len(name), estate_id) for estate_id, name in spoken.items() if name in text]
    longest = max((length for length, _ in said), default=0)
    found = [estate_id for length, estate_id in said if length == longest]
    return found[0] if longest and len(found) == 1 else None


def _spoken(name: str) -> str:
    return re.split(r"[(（]", name, maxsplit=1)[0].strip() or name


def box_around(point: Point, metres: int) -> tuple[Point, Point]:
    """Return the south-western and north-eastern corner of a box that holds every point within ``metres``."""
    north = ceil(metres / _METRES_PER_DEGREE * 1_000_000) + 1
    shrunk = max(cos(radians(min(abs(point[0]) + north, 89_000_000) / 1_000_000)), 0.01)
    east = ceil(north / shrunk)
    return (point[0] - north, point[1] - east), (point[0] + north, point[1] + east)
