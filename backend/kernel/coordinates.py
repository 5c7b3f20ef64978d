"""Points on the map: WGS-84 (satellites, Open311) and GCJ-02 (WeChat and every map sold in mainland China).

The law of GCJ-02 is not published. The formula here is the one that has been in public use since 2010 and is
found unchanged in the open converters (eviltransform, coordtransform, gcoord): the ellipsoid of Krasovsky 1940
(a = 6378245 m, 1/f = 298.3) and a polynomial with sines whose constants were fitted to points of both datums. It
agrees with the real one within a metre or two. Points are ``(latitude, longitude)`` in millionths of a degree.
"""

from __future__ import annotations

from math import cos, hypot, pi, radians, sin, sqrt

Point = tuple[int, int]

_AXIS = 6_378_245.0
_ECCENTRICITY_SQUARED = 0.00669342162296594323
# The converters' rectangle, in degrees: outside of it nothing is shifted.
_LATITUDES = (0.8293, 55.8271)
_LONGITUDES = (72.004, 137.8347)
# Where an estate can stand, in millionths of a degree.
_INSIDE = ((3_000_000, 54_000_000), (73_000_000, 136_000_000))
_MILLION = 1_000_000
_EARTH_RADIUS = 6_371_008.8
_ROUNDS = 6


def is_shifted(point: Point) -> bool:
    """Tell whether a point lies where maps are shifted: mainland China with a wide margin."""
    lat, lon = _degrees(point)
    return _LATITUDES[0] <= lat <= _LATITUDES[1] and _LONGITUDES[0] <= lon <= _LONGITUDES[1]


def is_in_china(point: Point) -> bool:
    """Tell whether a point, of either datum, can lie in an estate."""
    return all(low <= value <= high for value, (low, high) in zip(point, _INSIDE, strict=True))


def wgs_to_gcj(point: Point) -> Point:
    """Return the GCJ-02 point of a WGS-84 one; the same outside China."""
    if not is_shifted(point):
        return point
    lat, lon = _degrees(point)
    north, east = _shift(lat, lon)
    return _point(lat + north, lon + east)


def gcj_to_wgs(point: Point) -> Point:
    """Return the WGS-84 point of a GCJ-02 one, found by approaching it; the same outside China."""
    if not is_shifted(point):
        return point
    wanted = _degrees(point)
    lat, lon = wanted
    for _ in range(_ROUNDS):
        north, east = _shift(lat, lon)
        lat, lon = wanted[0] - north, wanted[1] - east
    return _point(lat, lon)


def metres_between(left: Point, right: Point) -> float:
    """Return the distance of two points that are near each other (tens of kilometres), in metres."""
    north = radians((right[0] - left[0]) / _MILLION)
    middle = radians((right[0] + left[0]) / 2 / _MILLION)
    east = radians((right[1] - left[1]) / _MILLION) * cos(middle)
    return _EARTH_RADIUS * hypot(north, east)


def _shift(lat: float, lon: float) -> tuple[float, float]:
    """Return by how many degrees the map is shifted to the north and to the east."""
    x, y = lon - 105.0, lat - 35.0
    latitude = radians(lat)
    root = sqrt(1 - _ECCENTRICITY_SQUARED * sin(latitude) ** 2)
    meridian = _AXIS * (1 - _ECCENTRICITY_SQUARED) / root**3
    north = _north(x, y) * 180.0 / (meridian * pi)
    east = _east(x, y) * 180.0 / (_AXIS / root * cos(latitude) * pi)
    return north, east


def _north(x: float, y: float) -> float:
    metres = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    return metres + _waves(x, ((20.0, 6.0), (20.0, 2.0))) + _waves(y, _NORTHWARD)


def _east(x: float, y: float) -> float:
    metres = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    return metres + _waves(x, ((20.0, 6.0), (20.0, 2.0))) + _waves(x, _EASTWARD)


# (amplitude in metres, waves per degree) before the common factor of two thirds.
_NORTHWARD = ((20.0, 1.0), (40.0, 1 / 3), (160.0, 1 / 12), (320.0, 1 / 30))
_EASTWARD = ((20.0, 1.0), (40.0, 1 / 3), (150.0, 1 / 12), (300.0, 1 / 30))


def _waves(at: float, parts: tuple[tuple[float, float], ...]) -> float:
    return sum(amplitude * sin(at * pi * rate) for amplitude, rate in parts) * 2.0 / 3.0


def _degrees(point: Point) -> tuple[float, float]:
    return point[0] / _MILLION, point[1] / _MILLION


def _point(lat: float, lon: float) -> Point:
    return round(lat * _MILLION), round(lon * _MILLION)
