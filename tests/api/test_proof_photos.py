"""Photos as the proof of a binding: for who decides it and nobody else, gone when they have served."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import update
from sqlmodel import col, select

from backend.bootstrap import build_ports
from backend.identity import service as identity
from backend.identity.hooks import registered
from backend.identity.rules.consents import NOTICE_VERSION
from backend.identity.tables import Binding
from backend.kernel.access import Role
from backend.ledger.tables import LedgerEvent
from backend.media.tables import MediaFile
from tests.api.conftest import World
from tests.factories import photos
from tests.factories.films import FilmPlan, film
from tests.factories.people import make_resident, make_staff
from tests.factories.places import EstateFixture, make_estate


@dataclass
class Desk:
    """A newcomer without a home, the committee that decides, and an estate."""

    world: World
    place: EstateFixture
    newcomer: str
    committee: str

    def call(self, who: str, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {who}", **options.pop("headers", {})}
        return self.world.app.test_client().open("/api/v1" + path, method=method, headers=headers, **options)

    def upload(self, key: str, purpose: str = "proof", content: bytes | None = None) -> Any:
        path = f"/media?estate={self.place.estate.id}&purpose={purpose}"
        body = content or photos.jpeg(800, 600)
        return self.call(self.newcomer, "POST", path, data=body, headers={"Idempotency-Key": key})

    def proofs(self, count: int) -> list[str]:
        return [self.upload(f"proof-key-{number}").get_json()["id"] for number in range(count)]

    def request(self, ids: list[str]) -> Any:
        asking = {"estate_id": self.place.estate.id, "door": "1-1-101", "relation": "owner", "photos": ids}
        return self.call(self.newcomer, "POST", "/bindings/requests", json=asking)


@pytest.fixture
def desk(world: World) -> Desk:
    build_ports(world.ports.settings, engine=world.ports.engine)  # wires what identity hands to media
    with world.arrange() as ctx:
        place = make_estate(ctx, dwellings=2)
        committee = make_staff(ctx, Role.RESIDENTS_COMMITTEE, place.community.id).token
        body = {"code": "openid:o-1", "device": "手机", "privacy_notice": NOTICE_VERSION}
    opened = world.app.test_client().post("/api/v1/session", json=body).get_json()
    desk = Desk(world, place, opened["token"], committee)
    desk.call(desk.newcomer, "PATCH", "/me", json={"name": "王芳"})
    return desk


def test_who_decides_sees_the_photos_clean_and_the_look_is_recorded(desk: Desk) -> None:
    ids = desk.proofs(3)
    asked = desk.request(ids)
    assert asked.status_code == 201, asked.get_data(as_text=True)
    binding = asked.get_json()["id"]
    listed = desk.call(desk.committee, "GET", f"/staff/estates/{desk.place.estate.id}/bindings?state=pending")
    assert [row["photos"] for row in listed.get_json()["items"]] == [3]
    seen = desk.call(desk.committee, "POST", f"/staff/bindings/{binding}/photos").get_json()["items"]
    assert [row["id"] for row in seen] == ids
    served = desk.world.app.test_client().get(seen[0]["full"])
    assert served.status_code == 200
    assert b"SECRET" not in served.data
    assert not Image.open(io.BytesIO(served.data)).getexif()
    with desk.world.arrange() as ctx:
        types = ctx.session.exec(
            select(LedgerEvent.type).where(LedgerEvent.type == "binding.proof_shown")
        ).all()
    assert len(types) == 1


def test_a_file_of_the_house_is_nobodys_proof(desk: Desk) -> None:
    """It would be shown to the committee, and be deleted with the request."""
    with desk.world.arrange() as ctx:
        document = ctx.storage.put(b"the plan everybody votes on")
    asking = {"estate_id": desk.place.estate.id, "door": "1-1-101", "relation": "owner"}
    for more, status in (({"evidence_sha256": document}, 400), ({"photos": [document]}, 400), ({}, 422)):
        refused = desk.call(desk.newcomer, "POST", "/bindings/requests", json={**asking, **more})
        assert refused.status_code == status, refused.get_data(as_text=True)


def test_nobody_else_comes_to_see_them(desk: Desk) -> None:
    binding = desk.request(desk.proofs(1)).get_json()["id"]
    (media_id,) = [row.id for row in _files(desk)]
    with desk.world.arrange() as ctx:
        member = make_resident(ctx, desk.place.dwelling_ids[0]).token
        steward = make_staff(ctx, Role.BUILDING_STEWARD, desk.place.community.id).token
        elsewhere = make_staff(ctx, Role.RESIDENTS_COMMITTEE, make_estate(ctx).community.id).token
    assert desk.call(member, "GET", f"/media/{media_id}").status_code == 404
    assert "photos" not in desk.call(member, "GET", "/me/activity").get_json()["items"][0]
    for who, status in ((steward, 403), (elsewhere, 404), (desk.newcomer, 401)):
        assert desk.call(who, "POST", f"/staff/bindings/{binding}/photos").status_code == status
    # The reviewers of ordinary photos neither find nor decide them; WeChat is not asked about them.
    for state in ("passed", "review", "checking"):
        path = f"/staff/media?estate={desk.place.estate.id}&state={state}"
        assert desk.call(desk.committee, "GET", path).get_json()["items"] == []
    decision = desk.call(desk.committee, "POST", f"/staff/media/{media_id}/decision", json={"passed": True})
    assert decision.status_code == 404
    assert [(row.state, row.asks) for row in _files(desk)] == [("passed", 0)]


def test_what_is_no_proof_is_refused_with_what_to_do(desk: Desk) -> None:
    assert desk.request([]).get_json()["code"] == "proof_required"
    four = desk.proofs(4)
    assert desk.request(four).status_code == 400
    assert desk.request([four[0], four[0]]).status_code in (409, 422)
    assert desk.upload("film-key-1", content=film(FilmPlan())).get_json()["code"] == "proof_photos_only"
    assert desk.upload("text-key-1", content=b"hello").status_code == 422
    nowhere = desk.call(
        desk.newcomer,
        "POST",
        "/media?purpose=proof",
        data=photos.jpeg(),
        headers={"Idempotency-Key": "key-9999"},
    )
    assert nowhere.status_code == 422
    assert desk.upload("home-key-1", "post").status_code in (
        403,
        409,
        422,
    )  # without a home nothing but proofs
    with desk.world.arrange() as ctx:
        other = make_resident(ctx, desk.place.dwelling_ids[1]).token
    theirs = replace(desk, newcomer=other)
    theirs.call(
        other,
        "POST",
        "/me/consents",
        json={"purpose": "privacy_notice", "notice_version": NOTICE_VERSION, "given": True},
    )
    theirs.call(other, "PATCH", "/me", json={"name": "赵敏"})
    assert theirs.request(four[:1]).status_code in (409, 422)  # another's proof
    plain = theirs.upload("plain-key-1", "post").get_json()["id"]
    assert theirs.request([plain]).get_json()["code"] == "other_purpose"


def test_a_proof_cannot_be_hung_on_a_complaint_past_the_check(desk: Desk) -> None:
    with desk.world.arrange() as ctx:
        home = make_resident(ctx, desk.place.dwelling_ids[1]).token
    there = replace(desk, newcomer=home)
    there.call(
        home,
        "POST",
        "/me/consents",
        json={"purpose": "privacy_notice", "notice_version": NOTICE_VERSION, "given": True},
    )
    photo = there.upload("proof-key-9").get_json()["id"]
    report = {
        **{"category": "quality", "words": "外墙开裂掉皮", "disclosure": "named"},
        **{"estate": desk.place.estate.id, "media": [photo]},
    }
    answer = there.call(home, "POST", "/complaints", json=report, headers={"Idempotency-Key": "complaint-1"})
    assert answer.get_json()["code"] == "other_purpose", answer.get_data(as_text=True)


def test_the_photos_go_some_time_after_the_decision_and_with_ones_own_data(desk: Desk) -> None:
    binding = desk.request(desk.proofs(2)).get_json()["id"]
    decision = {"approve": False, "reason": "看不清"}
    assert (
        desk.call(desk.committee, "POST", f"/staff/bindings/{binding}/decision", json=decision).status_code
        == 200
    )
    (full, *_) = [row["full"] for row in _seen(desk, binding)]
    assert _retained(desk) == 0
    assert len(_files(desk)) == 2
    late = timedelta(days=1) + registered.parameters.proof_retention
    with desk.world.arrange() as ctx:
        decided = update(Binding).where(col(Binding.id) == binding)
        ctx.session.exec(decided.values(ended_at=ctx.clock.now() - late))
    assert _retained(desk) == 1
    assert _retained(desk) == 0
    assert _files(desk) == []
    assert _seen(desk, binding) == []
    assert desk.world.app.test_client().get(full).status_code == 404
    again = desk.request([desk.upload("proof-key-7").get_json()["id"]])
    desk.upload("proof-key-8")  # never handed in
    assert again.status_code == 201
    assert desk.call(desk.newcomer, "POST", "/me/erase", json={"confirm": True}).status_code in (200, 204)
    assert _files(desk) == []
    assert not any(path.is_file() for path in desk.world.ports.settings.storage_path.rglob("*"))


def _seen(desk: Desk, binding: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.call(
        desk.committee, "POST", f"/staff/bindings/{binding}/photos"
    ).get_json()["items"]
    return found


def _files(desk: Desk) -> list[MediaFile]:
    with desk.world.arrange() as ctx:
        return list(ctx.session.exec(select(MediaFile)).all())


def _retained(desk: Desk) -> int:
    with desk.world.arrange() as ctx:
        return identity.run_retention(ctx)["proof_photos"]
