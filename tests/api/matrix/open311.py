"""Open311 and the keys for it in the matrix: the lines, the bodies, and what the place holds (see ``table``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from urllib.parse import urlencode

from backend.identity import service as identity
from backend.identity.service import CreateApiKey
from backend.infra.context import Context
from backend.registry import service as registry
from backend.registry.service import SetEstatePoint
from tests.api.matrix.body import Body

OPEN311 = """
GET    /open311/v2/discovery.<format>                                 | public
GET    /open311/v2/services.<format>?jurisdiction_id=<community>      | public
GET    /open311/v2/services/<service>.<format>                        | public
GET    /open311/v2/requests.<format>?jurisdiction_id=<community>      | public
GET    /open311/v2/requests/<complaint_number>.<format>               | public
GET    /open311/v2/tokens/<complaint_number>.<format>                 | nothing
GET    /open311/v2/servicerequestupdates.<format>?jurisdiction_id=<community>  | public
POST   /open311/v2/requests.<format>                                  | keyed
GET    /open311/v2/<nothing>                                          | nothing
POST   /open311/v2/<nothing>                                          | nothing
PUT    /open311/v2/<nothing>                                          | nothing
PATCH  /open311/v2/<nothing>                                          | nothing
DELETE /open311/v2/<nothing>                                          | nothing
GET    /api/v1/staff/api-keys                                         | own AB.........
GET    /api/v1/staff/api-keys?organisation=<community>                | AB.........
POST   /api/v1/staff/api-keys                                         | AB.........
DELETE /api/v1/staff/api-keys/<api_key>                               | AB.........
GET    /api/v1/staff/estates/<estate>/map-point                       | ABTROM.GHDU
PUT    /api/v1/staff/estates/<estate>/map-point                       | ..TR.......
"""
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _filed(ids: Mapping[str, str]) -> Body:
    form = {
        "api_key": ids["open311_key"],
        "service_code": "quality",
        "address_id": ids["estate"],
        "description": "楼道漏水",
    }
    return Body(data=urlencode(form).encode(), headers=_FORM)


def _made(ids: Mapping[str, str]) -> Body:
    return Body({"organisation": ids["community"], "name": "某热线平台", "expires_on": ids["key_expiry"]})


BODIES: Mapping[str, Callable[[Mapping[str, str]], Body]] = {
    "POST /open311/v2/requests.<format>": _filed,
    "POST /api/v1/staff/api-keys": _made,
    "PUT /api/v1/staff/estates/<estate>/map-point": lambda _: Body(
        {"lat_e6": 37_985_000, "lon_e6": 106_198_000, "reach_m": 200}
    ),
}
# Of no particular place.
PUBLIC = ("format", "service", "nothing", "open311_key", "key_expiry")


def add_open311(ctx: Context, ids: dict[str, str]) -> None:
    """Write a key of the community and the estate's place into ``ids``."""
    ids |= {"format": "json", "service": "quality", "nothing": "nothing.json"}
    expires_on = ctx.clock.now().date() + timedelta(days=30)
    ids["key_expiry"] = expires_on.isoformat()
    made = identity.create_api_key(ctx, CreateApiKey(ids["community"], "某热线平台", expires_on))
    ids |= {"api_key": made.view.id, "open311_key": made.secret}
    registry.set_estate_point(ctx, SetEstatePoint(ids["estate"], (37_985_000, 106_198_000), 200))
