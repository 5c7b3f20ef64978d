"""The standard's two formats: XML with a root and named items, and JSON as its plain mapping (lists are bare)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

import orjson
from flask import Response

XML, JSON = "xml", "json"
MEDIA_TYPES: Mapping[str, str] = {XML: "text/xml; charset=utf-8", JSON: "application/json; charset=utf-8"}
# A list's items are named after it.
_ITEMS: Mapping[str, str] = {
    "attributes": "attribute",
    "endpoints": "endpoint",
    "errors": "error",
    "formats": "format",
    "service_request_updates": "request_update",
    "service_requests": "request",
    "services": "service",
    "values": "value",
}
_DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>\n'
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(fmt: str, root: str, value: Any, status: int = 200) -> Response:
    """Return a response in a format; ``root`` is the outermost XML element."""
    body = orjson.dumps(value) if fmt == JSON else to_xml(root, value)
    return Response(body, status=status, content_type=MEDIA_TYPES[fmt])


def to_xml(root: str, value: Any) -> bytes:
    """Return a document; nothing is an empty element, truth is ``true`` or ``false``."""
    element = ElementTree.Element(root)
    _fill(element, value)
    body: bytes = ElementTree.tostring(element, encoding="utf-8", xml_declaration=False)
    return _DECLARATION + body


def _fill(element: ElementTree.Element, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, part in value.items():
            _fill(ElementTree.SubElement(element, name), part)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for part in value:
            _fill(ElementTree.SubElement(element, _ITEMS[element.tag]), part)
    elif value is not None:
        element.text = _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _FORBIDDEN.sub("", str(value))
