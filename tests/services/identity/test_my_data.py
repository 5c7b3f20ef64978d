"""Export, erasure, retention."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from sqlalchemy import update
from sqlmodel import col, select

from backend.identity import service
from backend.identity.hooks import registered
from backend.identity.rules.consents import NOTICE_VERSION
from backend.identity.rules.relations import Relation
from backend.identity.service import BindByCode, LogIn, RequestBinding
from backend.identity.tables import Account, Binding, FailedTry, InviteCode, LoginSession
from backend.infra.context import Context
from backend.kernel.errors import NotFound
from backend.kernel.ids import new_id
from backend.media.tables import MediaFile
from tests.factories.people import make_resident
from tests.factories.places import make_estate
from tests.services.identity.people import events, letter_for, newcomer, proof, with_phone


def test_export_holds_everything_in_clear_and_other_sections(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate = make_estate(ctx, dwellings=1)
    person = with_phone(ctx, "13800000001")
    code = letter_for(ctx, estate.estate.id, estate.dwelling_ids[0])
    service.bind_by_code(person, BindByCode(code, "127.0.0.1"))
    monkeypatch.setitem(registered.export_sections, "votes", lambda _ctx, account_id: [account_id])
    exported = orjson.loads(orjson.dumps(service.export_my_data(person)))
    assert (exported["account"]["name"], exported["account"]["phone"]) == ("赵小明", "13800000001")
    assert exported["account"]["openid"].startswith("o-")
    assert [binding["dwelling"] for binding in exported["bindings"]] == ["1栋1单元101"]
    assert {consent["purpose"] for consent in exported["consents"]} == {"privacy_notice", "phone"}
    assert len(exported["sessions"]) == len(exported["invites_used"]) == 1
    assert exported["votes"] == [person.actor.account_id]


def test_erasure_forgets_the_person_and_keeps_the_account_row(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=1)
    opened = service.log_in(ctx, LogIn("o-leaving", "old phone", NOTICE_VERSION))
    from hashlib import sha256

    actor = service.authenticate(ctx.session, sha256(opened.token.encode()).digest())
    assert actor is not None
    person = Context(session=ctx.session, actor=actor, ports=ctx.ports, request_id="test")
    service.rename(person, "王芳")
    code = letter_for(ctx, estate.estate.id, estate.dwelling_ids[0])
    binding = service.bind_by_code(person, BindByCode(code, "127.0.0.1"))
    service.erase_me(person)
    ctx.session.expire_all()
    row = ctx.session.exec(select(Account).where(Account.id == opened.account_id)).one()
    left = {key for key, value in row.model_dump().items() if value is not None}
    assert left == {"id", "kind", "state", "created_at"}
    assert row.state == "erased"
    assert ctx.session.exec(select(Binding.state).where(Binding.id == binding.id)).one() == "ended"
    assert service.authenticate(ctx.session, actor.session_hash or b"") is None
    assert events(ctx, "account", row.id) == ["account.erased"]
    assert service.log_in(ctx, LogIn("o-leaving")).account_id != row.id


def test_retention_drops_what_has_served_its_purpose_and_nothing_else(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=3)
    now = ctx.clock.now()
    old = make_resident(ctx)
    kept = make_resident(ctx)
    sessions = update(LoginSession).where(col(LoginSession.token_hash) == old.token_hash)
    ctx.session.exec(sessions.values(expires_at=now - timedelta(days=186)))
    tries = [FailedTry(id=new_id(), key_index="k", at=now - timedelta(days=days)) for days in (1, 186)]
    ctx.session.add_all(tries)
    codes = [letter_for(ctx, estate.estate.id, home) for home in estate.dwelling_ids]
    user = newcomer(ctx)
    service.bind_by_code(user, BindByCode(codes[0], "127.0.0.1"))
    stale = update(InviteCode).where(col(InviteCode.dwelling_id).in_(estate.dwelling_ids[:2]))
    ctx.session.exec(stale.values(expires_at=now - timedelta(days=31)))
    _decided_long_ago(ctx, estate.estate.id)
    [photo] = ctx.session.exec(select(MediaFile.pieces)).all()
    done = service.run_retention(ctx)
    assert done == {
        "sessions": 1,
        "failed_tries": 1,
        "known_addresses": 0,
        "unused_invites": 1,
        "proof_photos": 1,
    }
    assert set(service.run_retention(ctx).values()) == {0}
    assert service.authenticate(ctx.session, kept.token_hash) is not None
    left = ctx.session.exec(
        select(InviteCode.dwelling_id).where(InviteCode.estate_id == estate.estate.id)
    ).all()
    assert set(left) == {estate.dwelling_ids[0], estate.dwelling_ids[2]}
    for piece in (piece for pieces in photo.values() for piece in pieces):
        with pytest.raises(NotFound):
            ctx.storage.get(piece)


def _decided_long_ago(ctx: Context, estate_id: str) -> None:
    person = newcomer(ctx)
    photos = proof(person, estate_id)
    asked = service.request_binding(person, RequestBinding(estate_id, "1-1-103", Relation.OWNER, photos))
    refused = update(Binding).where(col(Binding.id) == asked.id)
    ctx.session.exec(refused.values(state="refused", ended_at=ctx.clock.now() - timedelta(days=31)))
