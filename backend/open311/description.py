"""This door's part of the OpenAPI document: the standard's arguments, answers and refusals in both formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from backend.open311 import schemas
from backend.open311.arguments import MOST_FIELDS

Operation = dict[str, Any]
Describe = Callable[[dict[str, Any], Operation], None]

_STRING = {"type": "string"}
_JURISDICTION = ("jurisdiction_id", _STRING, "Code or id of an organisation; everything without it.")
_KEY = (
    "api_key",
    _STRING,
    "Optional; a wrong one is refused. Lets the integrator see confidential requests that it filed itself.",
)
_SPAN = (
    ("start_date", _STRING, "W3C date and time with zone; at most 90 days before end_date."),
    ("end_date", _STRING, "W3C date and time with zone."),
)
_PAGES = (
    ("page", _STRING, "Extension: 1, 2, 3 …"),
    ("page_size", _STRING, "Extension: 1 to 1,000."),
)
_CODES = ("service_code", _STRING, "Comma delimited.")
_STATUS = ("status", _STRING, "open, closed or both, comma delimited.")
_NUMBERS = ("service_request_id", _STRING, "Comma delimited; overrides everything else.")


def _describe(answer: Any, root: str, arguments: Sequence[tuple[str, Any, str]] = ()) -> Describe:
    def describe(document: dict[str, Any], operation: Operation) -> None:
        content = _content(document, answer, root)
        refusal = _content(document, list[schemas.Open311Error], "errors")
        operation["parameters"] += [_query(*argument) for argument in arguments]
        operation["responses"] = {
            "200": {"description": "As the standard has it.", "content": content},
            **{status: {"description": words, "content": refusal} for status, words in _REFUSALS.items()},
        }

    return describe


_REFUSALS: Mapping[str, str] = {
    "400": "Something sent is wrong; every reason is listed.",
    "403": "Missing or wrong key.",
    "404": "No such service, request, token or jurisdiction.",
    "429": "Too many requests.",
    "503": "Temporarily unavailable; nothing was changed.",
}


def _content(document: dict[str, Any], answer: Any, root: str) -> dict[str, Any]:
    schema = TypeAdapter(answer).json_schema(
        ref_template="#/components/schemas/{model}", mode="serialization"
    )
    document["components"]["schemas"].update(schema.pop("$defs", {}))
    # XML is the same with elements; its validator would need namespaces we have not.
    return {"application/json": {"schema": schema}, "text/xml": {"schema": {"xml": {"name": root}}}}


def _query(name: str, schema: Any, words: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": words, "schema": schema}


discovery = _describe(schemas.Open311Discovery, "discovery", (_KEY,))
services = _describe(list[schemas.Open311Service], "services", (_JURISDICTION, _KEY))
definition = _describe(schemas.Open311Definition, "service_definition", (_JURISDICTION, _KEY))
requests = _describe(
    list[schemas.Open311Request],
    "service_requests",
    (_JURISDICTION, _NUMBERS, _CODES, *_SPAN, _STATUS, *_PAGES, _KEY),
)
request = _describe(list[schemas.Open311Request], "service_requests", (_JURISDICTION, _KEY))
token = _describe(list[schemas.Open311Token], "service_requests", (_JURISDICTION, _KEY))
updates = _describe(
    list[schemas.Open311Update],
    "service_request_updates",
    (_JURISDICTION, _CODES, *_SPAN, _STATUS, *_PAGES, _KEY),
)
_filed = _describe(list[schemas.Open311Filed], "service_requests")


def file(document: dict[str, Any], operation: Operation) -> None:
    """Describe filing: a form, a key, and the optional header against filing twice."""
    _filed(document, operation)
    form = TypeAdapter(schemas.Open311Form).json_schema(ref_template="#/components/schemas/{model}")
    form["maxProperties"] = MOST_FIELDS
    content = {"application/x-www-form-urlencoded": {"schema": form}}
    operation["requestBody"] = {"required": True, "content": content}
    key = {"type": "string", "pattern": r"^[A-Za-z0-9_.:\-]{8,64}$"}
    words = "Extension: the same key and the same content are filed once."
    operation["parameters"].append(
        {"name": "Idempotency-Key", "in": "header", "required": False, "description": words, "schema": key}
    )
