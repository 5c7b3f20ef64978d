"""Tenants vote in a canvass only where the locality says so; tenants of public housing unless it says no."""

from __future__ import annotations

import pytest

from tests.api.conftest import World
from tests.factories.ballots import make_ballot
from tests.factories.people import make_resident
from tests.factories.places import make_estate


@pytest.mark.parametrize(
    ("relation", "parameters", "status"),
    [
        ("tenant", {}, 403),
        ("tenant", {"tenants_vote": 1}, 201),
        ("public_tenant", {}, 201),
        ("public_tenant", {"public_tenants_vote": 0}, 403),
    ],
)
@pytest.mark.parametrize("kind", ["canvass", "plan"])
def test_a_tenant_votes_where_the_setting_says_so(
    world: World, kind: str, relation: str, parameters: dict[str, int], status: int
) -> None:
    with world.arrange() as ctx:
        estate = make_estate(ctx, dwellings=1)
        ballot = make_ballot(ctx, estate, kind=kind, parameters=parameters)
        token = make_resident(ctx, estate.dwelling_ids[0], relation=relation).token
    body = {
        "entries": list(ballot.entry_ids.values()),
        "choices": dict.fromkeys(ballot.motion_ids, "for"),
        "documents_hash": ballot.documents_hash,
    }
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "key-00000001"}
    answer = world.app.test_client().post(
        f"/api/v1/ballots/{ballot.ballot_id}/votes", json=body, headers=headers
    )
    assert answer.status_code == (status if kind == "canvass" else 403), answer.json
