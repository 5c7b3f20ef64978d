"""A written mandate over HTTP: its holder sees the ballot and votes, for that entry and no other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from backend.ballots.tables import ProxyMandate, Vote
from backend.kernel.ids import new_id
from tests.api.conftest import World
from tests.factories.ballots import make_ballot
from tests.factories.people import make_resident
from tests.factories.places import make_estate


def arrange(
    world: World, *, is_confirmed: bool, period: tuple[int, int] = (-24, 720)
) -> tuple[Any, dict[str, str], Any]:
    with world.arrange() as ctx:
        estate = make_estate(ctx, dwellings=2)
        ballot = make_ballot(ctx, estate)
        holder = make_resident(ctx, make_estate(ctx, dwellings=1).dwelling_ids[0])
        now = ctx.clock.now()
        ctx.session.add(
            ProxyMandate(
                id=new_id(),
                ballot_id=ballot.ballot_id,
                roll_entry_id=ballot.entry_ids[estate.dwelling_ids[0]],
                proxy_account_id=holder.account_id,
                slot=1,
                slot_limit=3,
                powers="全部事项",
                valid_from=now + timedelta(hours=period[0]),
                valid_until=now + timedelta(hours=period[1]),
                document_sha256="0" * 64,
                registered_by="one",
                registered_at=now,
                confirmed_by="two" if is_confirmed else None,
                confirmed_at=now if is_confirmed else None,
            )
        )
    headers = {"Authorization": f"Bearer {holder.token}", "Idempotency-Key": "key-00000001"}
    return ballot, headers, world.app.test_client()


def test_holder_finds_the_ballot_and_votes_by_proxy(world: World) -> None:
    ballot, headers, client = arrange(world, is_confirmed=True)
    [held] = client.get("/api/v1/mandates/held", headers=headers).json["items"]
    page = client.get(f"/api/v1/ballots/{held['ballot']}", headers=headers)
    assert page.status_code == 200
    assert [entry["id"] for entry in page.json["entries"]] == [held["entry"]]
    body = {
        "entries": [held["entry"]],
        "choices": dict.fromkeys(ballot.motion_ids, "for"),
        "documents_hash": page.json["documents_hash"],
    }
    answer = client.post(f"/api/v1/ballots/{held['ballot']}/votes", json=body, headers=headers)
    assert answer.status_code == 201, answer.json
    with Session(world.ports.engine) as session:
        assert session.exec(select(Vote.channel)).one() == "proxy"


def test_an_unconfirmed_mandate_opens_nothing(world: World) -> None:
    ballot, headers, client = arrange(world, is_confirmed=False)
    assert client.get(f"/api/v1/ballots/{ballot.ballot_id}", headers=headers).status_code == 404
    body = {
        "entries": list(ballot.entry_ids.values())[:1],
        "choices": dict.fromkeys(ballot.motion_ids, "for"),
        "documents_hash": ballot.documents_hash,
    }
    assert (
        client.post(f"/api/v1/ballots/{ballot.ballot_id}/votes", json=body, headers=headers).status_code
        == 404
    )


@pytest.mark.parametrize("period", [(-48, -1), (1, 48)])
def test_a_mandate_casts_only_within_its_period(world: World, period: tuple[int, int]) -> None:
    ballot, headers, client = arrange(world, is_confirmed=True, period=period)
    body = {
        "entries": list(ballot.entry_ids.values())[:1],
        "choices": dict.fromkeys(ballot.motion_ids, "for"),
        "documents_hash": ballot.documents_hash,
    }
    answer = client.post(f"/api/v1/ballots/{ballot.ballot_id}/votes", json=body, headers=headers)
    assert answer.status_code == 404
    with Session(world.ports.engine) as session:
        assert session.exec(select(Vote.channel)).all() == []
