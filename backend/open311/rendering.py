"""The standard's two formats: XML with a root and named items, and JSON as its plain mapping (lists are bare).

XML is written as text: a thousand requests as a tree of elements take a quarter of a second and set the collector going.
Names are our own; every value is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

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
_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A carriage return would be read as a line feed.
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


def render(fmt: str, root: str, value: Any, status: int = 200) -> Response:
    """Return a response in a format; ``root`` is the outermost XML element."""
    body = orjson.dumps(value) if fmt == JSON else to_xml(root, value)
    return Response(body, status=status, content_type=MEDIA_TYPES[fmt])


def to_xml(root: str, value: Any) -> bytes:
    """Return a document; nothing is an empty element, truth is ``true`` or ``false``."""
    return "".join((_DECLARATION, *_element(root, value))).encode()


def _element(name: str, value: Any) -> Iterator[str]:
    if value is None or value == "":
        yield f"<{name}/>"
        return
    yield f"<{name}>"
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _element(key, part)
    elif isinstance(value, list):
        for part in value:
            yield from _element(_ITEMS[name], part)
    else:
        yield _text(value)
    yield f"</{name}>"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _FORBIDDEN.sub("", str(value)).translate(_ESCAPED)
