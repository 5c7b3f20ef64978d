"""schemathesis over the whole document: every operation, as every kind of caller, with good and bad data."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from backend.infra.limits import FloodGate
from bot.jobs import beat
from tests.api.matrix.conftest import Pair, nameless
from tests.api.matrix.place import RESIDENTS, Place
from tests.api.matrix.table import LETTERS, read_table
from tests.api.matrix.test_matrix import may

pytestmark = pytest.mark.slow

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
SLICES = 8
EVERYBODY = (*RESIDENTS, *LETTERS.values())
# Names of parameters and fields → the thing of the place they mean; several: one is drawn.
REAL: Mapping[str, tuple[str, ...]] = {
    "ballot_id": ("open_ballot", "draft_ballot", "notice_ballot", "sealed_ballot", "preliminary_ballot"),
    "ballot": ("final_ballot", "open_ballot"),
    "binding_id": ("binding", "pending_binding"),
    "estate_id": ("estate",),
    "estate": ("estate",),
    "estates": ("estate",),
    "building": ("building",),
    "building_id": ("building",),
    "dwelling_id": ("dwelling",),
    "dwelling": ("dwelling",),
    "dwellings": ("dwelling",),
    "dwelling_ids": ("dwelling",),
    "entry": ("entry", "empty_entry"),
    "entries": ("entry",),
    "account_id": ("colleague",),
    "proxy": ("resident_account",),
    "grant_id": ("grant",),
    "organisation_id": ("community", "county"),
    "organisation": ("community",),
    "parent_id": ("town",),
    "adoption_id": ("adoption",),
    "number_id": ("number",),
    "notice_id": ("public_notice",),
    "objection_id": ("objection",),
    "project_id": ("project",),
    "row_id": ("row",),
    "evidence_id": ("evidence", "defect_evidence"),
    "gate": ("gate",),
    "import_id": ("import",),
    "batch_id": ("batch", "unwitnessed_batch"),
    "receipt": ("sheet", "taken_sheet"),
    "code": ("sheet", "invite_code"),
    "mandate_id": ("mandate",),
    "amendment_id": ("amendment",),
    "batch": ("invite_batch",),
    "session_id": ("resident_session",),
    "sha256": ("photo",),
    "photo": ("photo",),
    "file_sha256": ("photo", "ledger"),
    "evidence_sha256": ("photo", "evidence_sha256"),
    "document": ("photo",),
    "documents_hash": ("documents_hash",),
    "door": ("door",),
    "entry_id": ("doorstep_entry",),
    "room_id": ("room",),
    "item_id": ("defect", "mended_defect"),
    "works_item_id": ("works",),
    "media": ("defect_photo",),
    "works_item": ("works",),
    "complaint_id": ("complaint", "assigned_complaint", "resolved_complaint"),
    "into": ("assigned_complaint",),
    "party_id": ("party",),
    "party": ("party",),
    "account": ("colleague",),
    "token": ("follow_up_token",),
    "key_id": ("api_key",),
    "api_key": ("open311_key",),
    "service_code": ("service",),
    "service_request_id": ("complaint_number",),
    "jurisdiction_id": ("community",),
    "address_id": ("estate",),
}


def test_the_document_is_valid_openapi(sqlite_pair: Pair) -> None:
    document = sqlite_pair.world.app.test_client().get("/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    operations = [found["operationId"] for item in document["paths"].values() for found in item.values()]
    assert len(operations) == len(set(operations))


@pytest.mark.parametrize("part", range(SLICES))
def test_no_call_breaks_the_document(sqlite_pair: Pair, part: int) -> None:
    """A few examples of each operation; more by SCHEMATHESIS_EXAMPLES or the heavy run."""
    explore(sqlite_pair, part, int(os.environ.get("SCHEMATHESIS_EXAMPLES", "12")))


@pytest.mark.heavy
@pytest.mark.parametrize("part", range(SLICES))
def test_many_calls_do_not_break_the_document(sqlite_pair: Pair, part: int) -> None:
    explore(sqlite_pair, part, 150)


def explore(pair: Pair, part: int, examples: int) -> None:
    """Call every eighth operation and gather what is wrong with all of them."""
    beat(pair.world.ports)  # a silent bot is a 503 by design
    document = pair.world.app.test_client().get("/openapi.json").get_json()
    schema = schemathesis.openapi.from_dict(document)
    schema.app = pair.world.app
    found: dict[str, str] = {}
    for number, operation in enumerate(schema.get_all_operations()):
        if number % SLICES == part:
            _explore_operation(pair, operation.ok(), examples, found)
    assert not found, "\n\n".join(found.values())


def _explore_operation(pair: Pair, operation: Any, examples: int, found: dict[str, str]) -> None:
    cases = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if operation.body or operation.query or operation.headers:
        cases |= operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    callers = _callers(operation.method, operation.path)

    @settings(
        max_examples=examples,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, who=st.sampled_from(callers), luck=st.sampled_from((1, 2, 3, 4, 5, 6, 7, 0)))
    def call(case: Case, who: str | None, luck: int) -> None:
        problem = _call(pair, case, who, luck)
        if problem:
            found.setdefault(f"{operation.label} {problem[:60]}", f"{operation.label} as {who}: {problem}")

    call()


def _callers(method: str, path: str) -> list[str | None]:
    """Mostly those who may; now and then somebody of the other door, or nobody."""
    route = f"{method.upper()} {re.sub('{[^}]*}', '<>', path)}"
    rows = [row for row in read_table() if f"{row.method} {nameless(row.path)}" == route]
    allowed = sorted({who for row in rows for who in EVERYBODY if who and may(row, who)})
    return [*(allowed or ["resident"]) * 4, "handler", "resident", None]


def _call(pair: Pair, case: Case, who: str | None, luck: int) -> str | None:
    """Send one case, with real identifiers seven times of eight; return what is wrong."""
    if luck:
        _use_real_things(case, pair.ours, luck)
    headers = {"If-Match": pair.ours.ids["row_version"] if "project" in case.path else "1"}
    if who:
        headers["Authorization"] = f"Bearer {pair.ours.tokens[who]}"
    pair.world.app.floods = FloodGate("memory://")
    response = case.call(headers=headers)
    if case.method != "GET":
        pair.put_back()  # also what a refusal counts: wrong passwords and codes
    try:
        case.validate_response(response, checks=CHECKS)
    except (FailureGroup, Failure) as error:
        shown = getattr(error, "exceptions", [error])
        return " | ".join(str(one) for one in shown)[:1500]
    return None


def _use_real_things(case: Case, place: Place, luck: int) -> None:
    for parameters in (case.path_parameters, case.query, case.body):
        if not isinstance(parameters, dict):
            continue
        for name in parameters:
            known = REAL.get(name)
            if known is None:
                continue
            value = place.ids.get(known[luck % len(known)], "1-1-101")
            parameters[name] = [value] if isinstance(parameters[name], list) else value
    if isinstance(case.body, dict):
        for name in ("choices", "marks"):
            if isinstance(case.body.get(name), dict):
                case.body[name] = {place.ids["motion"]: "for", place.ids["second_motion"]: "against"}
