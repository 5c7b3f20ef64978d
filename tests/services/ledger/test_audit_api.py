"""Records and the audit trail over HTTP: the right file to the right person, and no thread from paper to home."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.engine import Engine

from backend.infra.docs import openapi_document
from backend.kernel.access import Role
from backend.ledger.rules.record_verify import verify
from backend.ledger.service import number_events
from backend.wsgi import build_app
from tests.factories.people import make_resident, make_staff
from tests.factories.places import make_estate
from tests.services.ballots.sealed import Held, hold, tamper
from tests.services.ballots.town import Town


@pytest.fixture
def held(engine: Engine, tmp_path: Path) -> Held:
    return hold(Town(engine, tmp_path / "files"))


@pytest.fixture
def client(held: Held) -> FlaskClient:
    return build_app(held.town.ports).test_client()


def ask(client: FlaskClient, path: str, token: str | None, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if body is None:
        return client.get(path, headers=headers)
    return client.post(path, headers=headers, json=body)


def verified(answer: Any, folder: Path, root: str) -> Any:
    assert answer.status_code == 200, answer.json
    assert answer.mimetype == "application/zip"
    path = folder / "got.zip"
    path.write_bytes(answer.data)
    report = verify(path, root)
    assert report.ok, report.findings
    return report


def test_each_gets_the_record_that_is_theirs(held: Held, client: FlaskClient, tmp_path: Path) -> None:
    staff = f"/api/v1/staff/ballots/{held.ballot_id}/record"
    root = held.witnessed[-1]
    public = verified(ask(client, staff, held.auditor.token), tmp_path, root)
    mine = verified(
        ask(client, f"/api/v1/ballots/{held.ballot_id}/record", held.resident.token), tmp_path, root
    )
    assert public.facts == mine.facts
    assert public.facts["record"] == "public"
    again = ask(client, staff, held.auditor.token)
    etag = {"Authorization": f"Bearer {held.auditor.token}", "If-None-Match": again.headers["ETag"]}
    assert client.get(staff, headers=etag).status_code == 304
    audit = ask(client, f"{staff}/audit", held.auditor.token, {"reason": "异议复核"})
    assert audit.headers["Cache-Control"] == "no-store"
    assert verified(audit, tmp_path, root).facts["record"] == "audit"


def test_records_are_refused_alike_to_strangers(held: Held, client: FlaskClient) -> None:
    office, town = held.office, held.town
    committee = town.act(lambda ctx: make_staff(ctx, Role.RESIDENTS_COMMITTEE, office.estate.community.id))
    foreign = town.act(lambda ctx: make_staff(ctx, Role.AUDITOR, make_estate(ctx).community.id))
    stranger = town.act(lambda ctx: make_resident(ctx, make_estate(ctx).dwelling_ids[0]))
    staff, mine = f"/api/v1/staff/ballots/{held.ballot_id}", f"/api/v1/ballots/{held.ballot_id}/record"
    reason = {"reason": "异议复核"}
    expected = [
        (401, ask(client, mine, None)),
        (401, ask(client, mine, held.auditor.token)),
        (404, ask(client, mine, stranger.token)),
        (404, ask(client, f"/api/v1/ballots/{'0' * 20}/record", held.resident.token)),
        (404, ask(client, f"{staff}/record", foreign.token)),
        (404, ask(client, f"{staff}/record/audit", foreign.token, reason)),
        (404, ask(client, f"{staff}/audit", foreign.token)),
        (403, ask(client, f"{staff}/record/audit", committee.token, reason)),
        (403, ask(client, f"{staff}/audit", committee.token)),
        (401, ask(client, f"{staff}/record", held.resident.token)),
        (422, ask(client, f"{staff}/record/audit", held.auditor.token, {"reason": "  "})),
        (404, ask(client, f"/api/v1/staff/ballots/{'0' * 20}/audit", held.auditor.token)),
    ]
    assert [(status, answer.status_code) for status, answer in expected] == [
        (status, status) for status, _ in expected
    ]


def test_an_altered_database_answers_409(held: Held, client: FlaskClient) -> None:
    tamper(
        held.town.engine, "UPDATE vote SET choices = 'aa' WHERE receipt = :receipt", receipt=held.receipts[2]
    )
    path = f"/api/v1/staff/ballots/{held.ballot_id}/record/audit"
    answer = ask(client, path, held.auditor.token, {"reason": "异议复核"})
    assert (answer.status_code, answer.json["code"]) == (409, "record_not_sound")


def events(held: Held, client: FlaskClient, query: str, token: str | None = None) -> Any:
    return ask(client, f"/api/v1/staff/audit/events?{query}", token or held.auditor.token)


def test_trail_is_paged_newest_first_and_complete(held: Held, client: FlaskClient) -> None:
    place = f"organisation_id={held.office.estate.community.id}"
    whole = events(held, client, f"{place}&limit=100").json
    assert whole["next"] is None
    numbers = [event["number"] for event in whole["items"]]
    assert numbers == sorted(numbers, reverse=True)
    collected, cursor = [], ""
    while True:
        page = events(held, client, f"{place}&limit=7{cursor}").json
        collected += [event["id"] for event in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&before={page['next']}"
    assert collected == [event["id"] for event in whole["items"]]
    ballots = events(held, client, f"{place}&type=ballot.&limit=100").json["items"]
    assert {event["type"] for event in ballots} == {
        "ballot.open",
        "ballot.close",
        "ballot.seal",
        "ballot.publish_preliminary",
    }


def test_trail_does_not_lead_from_a_paper_to_a_home(held: Held, client: FlaskClient) -> None:
    shown = events(held, client, f"organisation_id={held.office.estate.community.id}&limit=100").text
    audit = ask(client, f"/api/v1/staff/ballots/{held.ballot_id}/audit", held.auditor.token).text
    # Whose home a flat is, is another matter: a corrected owner ends a binding, whether anybody voted or not.
    rest = [one for one in json.loads(shown)["items"] if one["type"] != "binding.owner_changed"]
    of_papers = json.dumps(rest)
    for secret in (*held.receipts, held.resident.account_id):
        assert secret not in shown
    for secret in (*held.receipts, *held.office.estate.dwelling_ids, held.resident.account_id):
        assert secret not in of_papers
        assert secret not in audit
    assert '"sheet":' not in shown


def test_trail_reaches_down_the_tree_and_no_further(held: Held, client: FlaskClient) -> None:
    community = held.office.estate.community
    town_id = community.parent_id
    above = held.town.act(lambda ctx: make_staff(ctx, Role.AUDITOR, town_id))
    held.town.act(lambda ctx: number_events(ctx.session))
    below = events(held, client, f"organisation_id={town_id}&limit=100", above.token).json["items"]
    assert {event["organisation_id"] for event in below} >= {community.id}
    assert events(held, client, f"organisation_id={town_id}").status_code == 404
    assert events(held, client, f"organisation_id={'0' * 20}").status_code == 404
    place = f"organisation_id={community.id}"
    for bad in ("", "organisation_id=x", f"{place}&limit=0", f"{place}&type=%25", f"{place}&before=-1"):
        assert events(held, client, bad).status_code in (400, 422)


def test_ballot_audit_shows_checkpoints_people_and_a_sample_anybody_can_draw(
    held: Held, client: FlaskClient
) -> None:
    path = f"/api/v1/staff/ballots/{held.ballot_id}/audit"
    seen = ask(client, path, held.auditor.token).json
    assert [point["root"] for point in seen["checkpoints"]] == held.witnessed
    assert [point["number"] for point in seen["checkpoints"]] == [1, 2, 3]
    assert seen["seed"] == held.witnessed[-1]
    assert seen["confirmed_sheets"] == 2
    assert {(sheet["batch"], sheet["sheet"]) for sheet in seen["sample"]} == {(1, 1), (1, 2)}
    [rate] = seen["people"]
    assert (rate["account_id"], rate["entered"], rate["confirmed"]) == (
        held.office.clerk.actor.account_id,
        3,
        2,
    )
    drawn = [
        ask(client, f"{path}?seed=2026-11-21&size=1", held.auditor.token).json["sample"] for _ in range(2)
    ]
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 1


def test_the_routes_are_documented(held: Held) -> None:
    app = build_app(held.town.ports)
    with app.test_request_context():
        paths = openapi_document()["paths"]
    audit = paths["/api/v1/staff/ballots/{ballot_id}/record/audit"]["post"]
    assert "application/zip" in audit["responses"]["200"]["content"]
    assert "/api/v1/staff/audit/events" in paths
