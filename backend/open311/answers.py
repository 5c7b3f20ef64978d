"""What this door says, field by field in the standard's order; what is not told stays empty."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.complaints.queries import News, Published
from backend.complaints.rules.states import ACTION_TITLES, STATE_TITLES, Action, State
from backend.kernel.clock import SHANGHAI
from backend.kernel.coordinates import gcj_to_wgs
from backend.open311 import messages
from backend.open311.catalogue import CHANGESET, SERVICES, Attribute, Service
from backend.registry.rules.points import Circle

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
# Not before somebody has confirmed it, or nobody answered in time: what the unit calls resolved may come back.
CLOSED = frozenset(
    {
        State.FOLLOWED_UP,
        State.CLOSED,
        State.MERGED,
        State.TRANSFERRED,
        State.DECLINED,
        State.WITHDRAWN,
    }
)
STATUSES: Mapping[str, tuple[str, ...]] = {
    "open": tuple(sorted(set(State) - CLOSED)),
    "closed": tuple(sorted(CLOSED)),
}


def discovery(address: str, *, is_production: bool) -> dict[str, Any]:
    """Return the service discovery file."""
    endpoint = {
        "specification": SPECIFICATION,
        "url": address,
        "changeset": CHANGESET,
        "type": "production" if is_production else "test",
        "formats": ["text/xml", "application/json"],
    }
    return {
        "changeset": CHANGESET,
        "contact": messages.CONTACT,
        "key_service": messages.KEY_SERVICE,
        "endpoints": [endpoint],
    }


def service(found: Service) -> dict[str, Any]:
    """Return a service of the list."""
    return {
        "service_code": found.code,
        "service_name": found.name,
        "description": found.description,
        "metadata": bool(found.attributes),
        "type": "realtime",
        "keywords": ", ".join(found.keywords),
        "group": found.group,
    }


def definition(found: Service) -> dict[str, Any]:
    """Return a service's questions."""
    rows = [_attribute(each, number) for number, each in enumerate(found.attributes, 1)]
    return {"service_code": found.code, "attributes": rows}


def _attribute(found: Attribute, order: int) -> dict[str, Any]:
    row: dict[str, Any] = {
        "variable": True,
        "code": found.code,
        "datatype": found.datatype,
        "required": found.is_required,
        "datatype_description": found.hint,
        "order": order,
        "description": found.description,
    }
    if found.values is not None:
        row["values"] = [{"key": key, "name": name} for key, name in found.values.items()]
    return row


def middle(circle: Circle) -> tuple[float, float]:
    """Return an estate's middle in WGS-84 with five decimals (a metre)."""
    lat, lon = gcj_to_wgs(circle.middle)
    return round(lat / 1_000_000, 5), round(lon / 1_000_000, 5)


def request(
    found: Published, agencies: Mapping[str, str], middles: Mapping[str, tuple[float, float]]
) -> dict[str, Any]:
    """Return a service request: the estate's place, never the reporter's point; no words and no picture."""
    lat, long = middles.get(found.estate_id or "", (None, None))
    return {
        "service_request_id": found.number,
        "status": _status(found.state),
        "status_notes": STATE_TITLES[State(found.state)],
        "service_name": SERVICES[found.category].name,
        "service_code": found.category,
        "description": None,
        "agency_responsible": agencies.get(found.organisation_id),
        "service_notice": None,
        "requested_datetime": _moment(found.registered_at),
        "updated_datetime": _moment(found.updated_at),
        "expected_datetime": None if found.due_at is None else _moment(found.due_at),
        "address": found.place or None,
        "address_id": found.estate_id,
        "zipcode": None,
        "lat": lat,
        "long": long,
        "media_url": None,
    }


def update(found: News) -> dict[str, Any]:
    """Return an update: what happened in the words of the life cycle, none of anybody's own."""
    return {
        "update_id": found.id,
        "service_request_id": found.number,
        "status": _status(found.to_state),
        "updated_datetime": _moment(found.at),
        "description": ACTION_TITLES[Action(found.action)],
        "media_url": None,
    }


def _status(state: str) -> str:
    return "closed" if State(state) in CLOSED else "open"


def _moment(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).isoformat(timespec="seconds")
