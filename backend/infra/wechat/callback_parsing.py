"""WeChat's XML and JSON, read without trusting it: no document types, no depth, no surprises."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

_DEEPEST = 8


class Malformed(Exception):
    """The text is not what WeChat sends; the message tells no value of it."""


def parse_message(text: bytes) -> tuple[dict[str, Any], bool]:
    """Return the fields of an XML or JSON message, and whether it was JSON; raises Malformed."""
    if text.lstrip()[:1] == b"{":
        return _parse_json(text), True
    return _parse_xml(text), False


def _parse_json(text: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None
    if not isinstance(parsed, dict):
        raise Malformed("not a JSON object")
    return parsed


def _parse_xml(text: bytes) -> dict[str, Any]:
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(text, True)
    except expat.ExpatError:
        raise Malformed("not XML") from None
    if not isinstance(reader.result, dict):
        raise Malformed("no fields")
    return reader.result


def _refuse_doctype(*_: object) -> None:
    # Entities are the only way in which a small XML text grows large or reaches files.
    raise Malformed("has a document type")


class _Reader:
    """Turns elements into a mapping; an element that repeats becomes a list."""

    def __init__(self) -> None:
        self._open: list[tuple[dict[str, Any], list[str]]] = []
        self.result: dict[str, Any] | str | None = None

    def start(self, _name: str, _attributes: Mapping[str, str]) -> None:
        if len(self._open) >= _DEEPEST:
            raise Malformed("too deep")
        self._open.append(({}, []))

    def text(self, text: str) -> None:
        self._open[-1][1].append(text)

    def end(self, name: str) -> None:
        children, texts = self._open.pop()
        value: dict[str, Any] | str = children or "".join(texts).strip()
        if not self._open:
            self.result = value
            return
        parent = self._open[-1][0]
        if name not in parent:
            parent[name] = value
        elif isinstance(parent[name], list):
            parent[name].append(value)
        else:
            parent[name] = [parent[name], value]
