"""The standard's text as data, and its two formats read as one.

From wiki.open311.org/GeoReport_v2 and /Service_Discovery: names, order and types of every field, and the mapping from
XML to JSON (lists lose their names, nothing is null, true and false and numbers are themselves).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

FORMATS = ("xml", "json")
MEDIA_TYPES = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}
ROOTS = {
    "discovery": "discovery",
    "services": "services",
    "services/quality": "service_definition",
    "requests": "service_requests",
    "servicerequestupdates": "service_request_updates",
}
ITEMS = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "service_request_updates": "request_update",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
}
TRUTH = ("metadata", "variable", "required")
NUMBERS = ("lat", "long", "order")
DISCOVERY = ("changeset", "contact", "key_service", "endpoints")
ENDPOINT = ("specification", "url", "changeset", "type", "formats")
SERVICE = ("service_code", "service_name", "description", "metadata", "type", "keywords", "group")
ATTRIBUTE = ("variable", "code", "datatype", "required", "datatype_description", "order", "description")
DATATYPES = ("string", "number", "datetime", "text", "singlevaluelist", "multivaluelist")
REQUEST = (
    "service_request_id",
    "status",
    "status_notes",
    "service_name",
    "service_code",
    "description",
    "agency_responsible",
    "service_notice",
    "requested_datetime",
    "updated_datetime",
    "expected_datetime",
    "address",
    "address_id",
    "zipcode",
    "lat",
    "long",
    "media_url",
)
FILED = ("service_request_id", "service_notice", "account_id")
# mySociety's Open311-FMS, spoken by FixMyStreet and open311-adapter.
UPDATE = ("update_id", "service_request_id", "status", "updated_datetime", "description", "media_url")
ERROR = ("code", "description")
# A common subset of ISO 8601 with its zone, as the W3C note has it.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")


def read(response: Any, fmt: str) -> Any:
    """Return a response's content as JSON has it, whatever the format; checks what the standard says of the format."""
    assert response.headers["Content-Type"] == MEDIA_TYPES[fmt]
    response.data.decode("utf-8", "strict")
    if fmt == "json":
        return response.get_json()
    assert response.data.startswith(b'<?xml version="1.0" encoding="utf-8"?>\n<')
    assert b"xmlns" not in response.data
    return _plain(ElementTree.fromstring(response.data))


def root_of(response: Any) -> str:
    """Return the name of the outermost element."""
    return ElementTree.fromstring(response.data).tag


def _plain(element: ElementTree.Element) -> Any:
    assert not element.attrib
    if element.tag in ITEMS:
        assert {child.tag for child in element} <= {ITEMS[element.tag]}
        return [_plain(child) for child in element]
    if len(element):
        names = [child.tag for child in element]
        assert len(set(names)) == len(names)
        return {child.tag: _plain(child) for child in element}
    text = element.text
    if text is None:
        return None
    if element.tag in TRUTH:
        return {"true": True, "false": False}[text]
    return float(text) if element.tag in NUMBERS else text


def said(errors: list[Mapping[str, str]]) -> str:
    """Return the descriptions of a refusal as one text; checks its form."""
    assert isinstance(errors, list) and errors
    for error in errors:
        assert tuple(error) == ERROR
        assert all(isinstance(value, str) and value for value in error.values())
    return " | ".join(error["description"] for error in errors)
