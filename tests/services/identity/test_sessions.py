"""Logging in, staying in, being out at once."""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import event, update
from sqlmodel import col, select

from backend.identity import service
from backend.identity.errors import ConsentRequired, NoticeNotAccepted
from backend.identity.rules.consents import NOTICE_VERSION, Purpose
from backend.identity.service import LogIn
from backend.identity.tables import Account, Binding, LoginSession, RoleGrant
from backend.infra.context import Context
from backend.kernel.access import Permission, Role, Scope, can
from backend.kernel.errors import DomainError, Forbidden, Invalid, NotFound
from tests.factories.people import acting_as, as_system, make_resident, make_staff
from tests.factories.places import make_estate


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


def test_login_makes_one_account_and_stores_no_token(ctx: Context) -> None:
    first = service.log_in(ctx, LogIn("o-1", "phone"))
    again = service.log_in(ctx, LogIn("o-1", "tablet"))
    assert first.account_id == again.account_id
    assert first.token != again.token
    stored = ctx.session.exec(
        select(LoginSession.token_hash).where(LoginSession.account_id == first.account_id)
    ).all()
    assert set(stored) == {_hash(first.token), _hash(again.token)}
    actor = service.authenticate(ctx.session, _hash(first.token))
    assert actor is not None
    assert (actor.kind, actor.account_id, actor.homes) == ("resident", first.account_id, ())


def test_openid_is_stored_sealed_only(ctx: Context) -> None:
    opened = service.log_in(ctx, LogIn("o-very-secret", "phone"))
    row = ctx.session.exec(select(Account).where(Account.id == opened.account_id)).one()
    assert "very-secret" not in str(row.model_dump())
    assert ctx.vault.open(str(row.openid_sealed), "account.openid") == "o-very-secret"


def test_disabled_resident_cannot_log_in_and_is_out_at_once(ctx: Context) -> None:
    opened = service.log_in(ctx, LogIn("o-2"))
    ctx.session.exec(update(Account).where(col(Account.id) == opened.account_id).values(state="disabled"))
    assert service.authenticate(ctx.session, _hash(opened.token)) is None
    with pytest.raises(Forbidden):
        service.log_in(ctx, LogIn("o-2"))


def test_expired_revoked_and_unknown_tokens_are_nobody(ctx: Context) -> None:
    person = make_resident(ctx)
    assert service.authenticate(ctx.session, b"x" * 32) is None
    now = ctx.clock.now()
    mine = update(LoginSession).where(col(LoginSession.token_hash) == person.token_hash)
    ctx.session.exec(mine.values(expires_at=now))
    assert service.authenticate(ctx.session, person.token_hash) is None
    ctx.session.exec(mine.values(expires_at=now + timedelta(days=1), revoked_at=now))
    assert service.authenticate(ctx.session, person.token_hash) is None


def test_homes_count_only_when_active_and_effective(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=3)
    person = make_resident(ctx, *estate.dwelling_ids)
    rows = ctx.session.exec(select(Binding).where(Binding.account_id == person.account_id)).all()
    rows[0].effective_at = ctx.clock.now() + timedelta(hours=1)
    rows[1].state = "ended"
    ctx.session.add_all(rows)
    ctx.session.flush()
    actor = service.authenticate(ctx.session, person.token_hash)
    assert actor is not None
    assert [home.binding_id for home in actor.homes] == [rows[2].id]
    assert actor.estate_ids() == {estate.estate.id}


def test_staff_grants_count_by_date_and_scope(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=1)
    person = make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id)
    here = Scope(estate.community.path, estate.estate.id)
    actor = service.authenticate(ctx.session, person.token_hash)
    assert actor is not None
    assert can(actor, Permission.BALLOT_OPEN, here)
    mine = update(RoleGrant).where(col(RoleGrant.account_id) == person.account_id)
    ctx.session.exec(mine.values(ends_on=date(2020, 1, 2)))
    ended = service.authenticate(ctx.session, person.token_hash)
    assert ended is not None
    assert ended.grants == ()


def test_authentication_takes_two_queries(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=5)
    person = make_resident(ctx, *estate.dwelling_ids)
    seen: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(ctx.ports.engine, "before_cursor_execute", count)
    try:
        service.authenticate(ctx.session, person.token_hash)
    finally:
        event.remove(ctx.ports.engine, "before_cursor_execute", count)
    assert len(seen) == 2


def test_logout_ends_this_session_and_everywhere_ends_all(ctx: Context) -> None:
    first = service.log_in(ctx, LogIn("o-3", "a"))
    second = service.log_in(ctx, LogIn("o-3", "b"))
    third = service.log_in(ctx, LogIn("o-3", "c"))
    person = _as_token(ctx, first.token)
    assert [(view.device, view.is_current) for view in service.list_sessions(person)].count(("a", True)) == 1
    service.log_out(person)
    assert service.authenticate(ctx.session, _hash(first.token)) is None
    assert service.authenticate(ctx.session, _hash(second.token)) is not None
    assert service.log_out_everywhere(_as_token(ctx, second.token)) == 2
    assert service.authenticate(ctx.session, _hash(third.token)) is None


def _as_token(ctx: Context, token: str) -> Context:
    actor = service.authenticate(ctx.session, _hash(token))
    assert actor is not None
    return Context(session=ctx.session, actor=actor, ports=ctx.ports, request_id="test")


def test_one_session_can_be_ended_from_another_but_not_by_a_stranger(ctx: Context) -> None:
    lost = service.log_in(ctx, LogIn("o-4", "lost"))
    here = _as_token(ctx, service.log_in(ctx, LogIn("o-4", "here")).token)
    target = next(view.id for view in service.list_sessions(here) if view.device == "lost")
    with pytest.raises(NotFound):
        service.end_session(acting_as(ctx, make_resident(ctx)), target)
    service.end_session(here, target)
    service.end_session(here, target)
    assert service.authenticate(ctx.session, _hash(lost.token)) is None


def test_nothing_personal_is_stored_before_the_notice_is_accepted(ctx: Context) -> None:
    person = acting_as(ctx, make_resident(ctx))
    with pytest.raises(NoticeNotAccepted):
        service.rename(person, "王芳")
    with pytest.raises(Invalid):
        service.record_consent(person, Purpose.PRIVACY_NOTICE, "0", is_given=True)
    service.record_consent(person, Purpose.PRIVACY_NOTICE, NOTICE_VERSION, is_given=True)
    service.rename(person, " 王芳 ")
    with pytest.raises(ConsentRequired):
        service.add_phone(person, "13800000001")
    assert service.me(person).name == "王芳"


def test_taking_back_the_phone_consent_forgets_the_number(ctx: Context) -> None:
    person = acting_as(ctx, make_resident(ctx))
    for purpose in (Purpose.PRIVACY_NOTICE, Purpose.PHONE):
        service.record_consent(person, purpose, NOTICE_VERSION, is_given=True)
    service.add_phone(person, "+86 138 0000 0001")
    assert service.me(person).phone == "13800000001"
    service.record_consent(person, Purpose.PHONE, NOTICE_VERSION, is_given=False)
    assert service.me(person).phone is None
    given = {consent.purpose: consent.is_given for consent in service.list_consents(person)}
    assert given[Purpose.PRIVACY_NOTICE]
    assert not given[Purpose.PHONE]


def test_system_has_no_account_of_its_own(ctx: Context) -> None:
    with pytest.raises(DomainError):
        service.me(as_system(ctx))
