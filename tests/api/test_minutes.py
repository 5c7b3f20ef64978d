"""Count day's minutes over HTTP: from the draft to the resident who reads their hash."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from backend.kernel.access import Role
from tests.api.conftest import World
from tests.factories.ballots import make_ballot
from tests.factories.people import make_resident, make_staff
from tests.factories.places import make_estate

STAFF = "/api/v1/staff"


def test_minutes_go_from_a_draft_to_their_hash_on_the_residents_page(shared_world: World) -> None:
    with shared_world.arrange() as ctx:
        estate = make_estate(ctx, dwellings=2)
        ballot = make_ballot(ctx, estate, kind="committee_election", max_choices=1, state="sealed").ballot_id
        clerk = make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id).token
        owners = make_staff(ctx, Role.OWNERS_COMMITTEE, estate.community.id).token
        resident = make_resident(ctx, estate.dwelling_ids[0]).token
        moment = (ctx.clock.now() - timedelta(minutes=5)).isoformat()

    def call(method: str, path: str, who: str = clerk, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {who}", **options.pop("headers", {})}
        return shared_world.app.test_client().open(path, method=method, headers=headers, **options)

    body = {"scrutineers": ["周五"], "place": "居委会", "counted_from": moment, "counted_until": moment}
    keyed = {"Idempotency-Key": "minutes-key-1"}
    lines = f"{STAFF}/ballots/{ballot}/minutes"
    refused = call("POST", lines, json=body, headers=keyed)
    assert (refused.status_code, refused.json["fields"][0]["where"]) == (422, "scrutineers")
    early = call("POST", f"{STAFF}/ballots/{ballot}/publish-preliminary")
    assert (early.status_code, early.json["code"]) == (409, "minutes_missing")
    body["scrutineers"] = ["周五", "吴六"]
    made = call("POST", lines, json=body, headers=keyed)
    assert (made.status_code, made.json["edition"]["version"]) == (201, 1)
    one = f"{STAFF}/minutes/{made.json['edition']['id']}"
    changed = call("PUT", one, json={**body, "words": "顺利"}, headers={"If-Match": "1"})
    assert changed.json["words"] == "顺利"
    assert call("POST", f"{one}/print").data.startswith(b"%PDF")
    scan = call("POST", f"{STAFF}/files", data=b"%PDF-1.7 signed").json["sha256"]
    stale = call("POST", f"{one}/sign", json={"document": scan}, headers={"If-Match": "1"})
    assert (stale.status_code, stale.json["code"]) == (412, "stale_version")
    signed = call("POST", f"{one}/sign", json={"document": scan}, headers={"If-Match": "2"})
    assert signed.json["edition"]["state"] == "signed"
    assert call("GET", f"{one}/document", owners).json["code"] == "not_published"
    page = f"/api/v1/ballots/{ballot}"
    assert call("GET", page, resident).json["minutes"] == []
    assert call("POST", f"{STAFF}/ballots/{ballot}/publish-preliminary").status_code == 200
    [shown] = call("GET", page, resident).json["minutes"]
    assert (shown["edition"], shown["scrutineers"], shown["document_sha256"]) == (1, 2, scan)
    sheet = call("GET", f"{one}/document", owners)
    assert (sheet.data, sheet.mimetype) == (b"%PDF-1.7 signed", "application/pdf")
    listed = call("GET", lines, owners)
    assert [row["document"] for row in listed.json["items"]] == [scan]
    assert "周五" not in listed.get_data(as_text=True)
    assert call("GET", one, owners).status_code == 403
