"""Staff: passwords, one-time codes, lockout, roles."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pyotp
import pytest
from sqlmodel import select

from backend.identity import service
from backend.identity.errors import AlreadyDecided, TotpRequired, WeakPassword, WrongLogin
from backend.identity.service import CreateStaff, GrantRole, StaffLogIn
from backend.identity.service.failures import keys_of, tries_at
from backend.identity.service.staff_login import set_totp
from backend.identity.tables import Account, FailedTry, KnownAddress
from backend.infra.context import Context
from backend.kernel.access import ANONYMOUS, Role
from backend.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from backend.kernel.ids import new_id
from tests.factories.people import StaffFixture, acting_as, as_system, log_in, make_staff
from tests.factories.places import make_estate
from tests.services.identity.people import events

PASSWORD = "correct horse battery"
HERE = "127.0.0.1"


def _hire(ctx: Context, username: str = "li.na", role: Role = Role.RESIDENTS_COMMITTEE) -> str:
    estate = make_estate(ctx, dwellings=1)
    command = CreateStaff(username, "李娜", PASSWORD, GrantRole(role, estate.community.id))
    return service.create_staff(as_system(ctx), command).id


def _knock(ctx: Context, username: str, password: str, totp: str | None = None, address: str = HERE) -> str:
    visitor = Context(session=ctx.session, actor=ANONYMOUS, ports=ctx.ports, request_id="test")
    return service.log_in_staff(visitor, StaffLogIn(username, password, address, totp)).account_id


def test_staff_log_in_whatever_the_case_of_the_name(ctx: Context) -> None:
    account_id = _hire(ctx)
    assert _knock(ctx, " Li.Na ", PASSWORD) == account_id
    assert events(ctx, "account", account_id)[-1] == "staff.logged_in"


def test_unknown_user_wrong_password_and_disabled_account_look_alike(ctx: Context) -> None:
    account_id = _hire(ctx)
    gone = _hire(ctx, "gone")
    service.disable_staff(as_system(ctx), gone)
    answers, seconds = set(), []
    for username, password in (("li.na", "wrong password 1"), ("nobody", PASSWORD), ("gone", PASSWORD)):
        started = time.perf_counter()
        with pytest.raises(WrongLogin) as refused:
            _knock(ctx, username, password)
        seconds.append(time.perf_counter() - started)
        answers.add((refused.value.code, refused.value.message, refused.value.kind))
    assert len(answers) == 1
    # All three did one argon2 verification; an early exit would be a hundred times faster.
    assert min(seconds) > max(seconds) / 10
    assert account_id != gone


def test_password_is_stored_as_argon2id(ctx: Context) -> None:
    account_id = _hire(ctx)
    row = ctx.session.exec(select(Account).where(Account.id == account_id)).one()
    assert str(row.password_hash).startswith("$argon2id$")
    assert PASSWORD not in str(row.model_dump())


def _fail(ctx: Context, username: str, address: str, times: int, *, only: int | None = None) -> None:
    """Fail so often there; ``only``: under that one of the keys (pair, account, address)."""
    keys = keys_of(tries_at(ctx.vault, "staff", username, address))
    _write(ctx, keys if only is None else keys[only : only + 1], times)


def _write(ctx: Context, keys: tuple[str, ...], times: int) -> None:
    at = ctx.clock.now()
    ctx.session.add_all([FailedTry(id=new_id(), key_index=key, at=at) for key in keys for _ in range(times)])
    ctx.session.flush()


def test_five_failures_lock_a_person_at_an_address_and_nobody_else(ctx: Context) -> None:
    _hire(ctx)
    _fail(ctx, "li.na", HERE, 5)
    with pytest.raises(TooMany):
        _knock(ctx, "li.na", PASSWORD)
    assert _knock(ctx, "li.na", PASSWORD, address="127.0.0.9")
    _fail(ctx, "somebody", "127.0.0.3", 5)
    assert _knock(ctx, "li.na", PASSWORD, address="127.0.0.3")


def test_twenty_failures_from_wherever_lock_a_person_but_not_where_they_logged_in(ctx: Context) -> None:
    _hire(ctx)
    assert _knock(ctx, "li.na", PASSWORD, address="10.0.0.1")
    for number in range(20):
        _fail(ctx, "li.na", f"127.0.1.{number}", 1)
    with pytest.raises(TooMany):
        _knock(ctx, "li.na", PASSWORD, address="127.0.0.9")
    assert _knock(ctx, "li.na", PASSWORD, address="10.0.0.1")


def test_a_hundred_failures_lock_an_address_but_not_those_who_logged_in_there(ctx: Context) -> None:
    _hire(ctx)
    assert _knock(ctx, "li.na", PASSWORD)
    _fail(ctx, "somebody", HERE, 100, only=2)
    for stranger in ("nobody", "somebody.else"):
        with pytest.raises(TooMany):
            _knock(ctx, stranger, PASSWORD)
    assert _knock(ctx, "li.na", PASSWORD)
    _fail(ctx, "li.na", HERE, 5)  # with one's own name guessed there, five are enough there
    with pytest.raises(TooMany):
        _knock(ctx, "li.na", PASSWORD)
    assert _knock(ctx, "li.na", PASSWORD, address="127.0.0.9")


def test_an_address_is_known_for_a_month_and_kept_as_a_blind_index(ctx: Context) -> None:
    _hire(ctx)
    assert _knock(ctx, "li.na", PASSWORD)
    (row,) = ctx.session.exec(select(KnownAddress)).all()
    assert "li.na" not in row.key_index and HERE not in row.key_index
    row.last_at = ctx.clock.now() - timedelta(days=31)
    ctx.session.add(row)
    _fail(ctx, "somebody", HERE, 100, only=2)
    with pytest.raises(TooMany):
        _knock(ctx, "li.na", PASSWORD)


def test_success_forgets_one_s_own_failures_there(ctx: Context) -> None:
    _hire(ctx)
    for _ in range(2):
        _fail(ctx, "li.na", HERE, 4)
        assert _knock(ctx, "li.na", PASSWORD, address=HERE)


def test_the_old_password_is_guessed_five_times_and_strangers_do_not_count(ctx: Context) -> None:
    account_id = _hire(ctx)
    _fail(ctx, "li.na", HERE, 100)
    me = acting_as(ctx, StaffFixture(account_id, *log_in(ctx, account_id)))
    with pytest.raises(WrongLogin) as refused:
        service.change_password(me, "not the old one", "a-longer-Password-1")
    _write(ctx, refused.value.failed_keys, 5)
    with pytest.raises(TooMany):
        service.change_password(me, PASSWORD, "a-longer-Password-1")


def test_one_time_code_is_asked_for_and_works_once(ctx: Context) -> None:
    _hire(ctx)
    uri = set_totp(as_system(ctx), "li.na", is_on=True)
    assert uri is not None
    totp = pyotp.parse_uri(uri)
    assert isinstance(totp, pyotp.TOTP)
    code = totp.at(ctx.clock.now())
    with pytest.raises(TotpRequired):
        _knock(ctx, "li.na", PASSWORD)
    with pytest.raises(WrongLogin):
        _knock(ctx, "li.na", PASSWORD, "000000" if code != "000000" else "111111")
    with pytest.raises(WrongLogin):
        _knock(ctx, "li.na", "wrong password 1", code)
    assert _knock(ctx, "li.na", PASSWORD, code)
    with pytest.raises(WrongLogin):
        _knock(ctx, "li.na", PASSWORD, code)
    assert set_totp(as_system(ctx), "li.na", is_on=False) is None
    assert _knock(ctx, "li.na", PASSWORD)


def test_password_change_ends_the_other_sessions(ctx: Context) -> None:
    account_id = _hire(ctx)
    _knock(ctx, "li.na", PASSWORD)
    visitor = Context(session=ctx.session, actor=ANONYMOUS, ports=ctx.ports, request_id="test")
    opened = service.log_in_staff(visitor, StaffLogIn("li.na", PASSWORD, HERE))
    from hashlib import sha256

    actor = service.authenticate(ctx.session, sha256(opened.token.encode()).digest())
    assert actor is not None
    me = Context(session=ctx.session, actor=actor, ports=ctx.ports, request_id="test")
    with pytest.raises(WrongLogin):
        service.change_password(me, "wrong password 1", "another fine phrase")
    with pytest.raises(WeakPassword):
        service.change_password(me, PASSWORD, "123456")
    service.change_password(me, PASSWORD, "another fine phrase")
    assert len(service.list_sessions(me)) == 1
    assert _knock(ctx, "li.na", "another fine phrase") == account_id
    service.reset_password(as_system(ctx), "li.na", "third fine phrase")
    assert service.authenticate(ctx.session, sha256(opened.token.encode()).digest()) is None


def test_username_is_taken_once(ctx: Context) -> None:
    _hire(ctx)
    with pytest.raises(Conflict):
        _hire(ctx, "LI.NA")


def test_town_hires_and_ends_inside_its_subtree_only(ctx: Context) -> None:
    estate, elsewhere = make_estate(ctx, dwellings=1), make_estate(ctx, dwellings=1)
    town = acting_as(ctx, make_staff(ctx, Role.TOWN, str(estate.community.parent_id)))
    grant = GrantRole(Role.BUILDING_STEWARD, estate.community.id, estate.estate.id, estate.building_ids[0])
    hired = service.create_staff(town, CreateStaff("steward1", "楼长", PASSWORD, grant))
    assert [view.username for view in service.list_staff(town) if view.id == hired.id] == ["steward1"]
    with pytest.raises(NotFound):
        service.grant_role(town, hired.id, GrantRole(Role.HOTLINE, elsewhere.community.id))
    with pytest.raises(Forbidden):
        service.grant_role(town, hired.id, GrantRole(Role.AUDITOR, estate.community.id))
    outsider = make_staff(ctx, Role.RESIDENTS_COMMITTEE, elsewhere.community.id)
    for attempt in (
        lambda: service.grant_role(town, outsider.account_id, GrantRole(Role.HOTLINE, estate.community.id)),
        lambda: service.disable_staff(town, outsider.account_id),
        lambda: service.end_staff_sessions(town, outsider.account_id),
        lambda: service.show_staff(town, outsider.account_id),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert outsider.account_id not in {view.id for view in service.list_staff(town)}
    service.revoke_grant(town, hired.grants[0].id)
    with pytest.raises(AlreadyDecided):
        service.revoke_grant(town, hired.grants[0].id)


def test_who_is_audited_neither_closes_the_auditor_s_account_nor_logs_them_out(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=1)
    town = acting_as(ctx, make_staff(ctx, Role.TOWN, str(estate.community.parent_id)))
    auditor = make_staff(ctx, Role.AUDITOR, estate.community.id).account_id
    steward = make_staff(ctx, Role.BUILDING_STEWARD, estate.community.id).account_id
    for attempt in (service.disable_staff, service.end_staff_sessions):
        with pytest.raises(Forbidden):
            attempt(town, auditor)
    assert service.end_staff_sessions(town, steward) >= 1


def test_nobody_grants_themselves_or_closes_themselves(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=1)
    admin = make_staff(ctx, Role.ADMINISTRATOR, estate.community.id)
    acting = acting_as(ctx, admin)
    with pytest.raises(Forbidden):
        service.grant_role(acting, admin.account_id, GrantRole(Role.RESIDENTS_COMMITTEE, estate.community.id))
    with pytest.raises(Forbidden):
        service.disable_staff(acting, admin.account_id)


def test_a_town_cannot_close_an_account_of_the_bureau(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=1)
    town = acting_as(ctx, make_staff(ctx, Role.TOWN, estate.community.id))
    bureau = make_staff(ctx, Role.BUREAU, estate.community.id)
    with pytest.raises(Forbidden):
        service.disable_staff(town, bureau.account_id)


def test_a_committee_cannot_hire_at_all(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=1)
    committee = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id))
    grant = GrantRole(Role.GRID_OFFICER, estate.community.id)
    with pytest.raises(Forbidden):
        service.create_staff(committee, CreateStaff("friend", "朋友", PASSWORD, grant))


def test_impossible_scopes_and_dates_are_refused(ctx: Context) -> None:
    estate, other = make_estate(ctx, dwellings=1), make_estate(ctx, dwellings=1)
    system = as_system(ctx)
    hired = _hire(ctx)
    place, building = estate.community.id, other.building_ids[0]
    with pytest.raises(Invalid):
        service.grant_role(system, hired, GrantRole(Role.GRID_OFFICER, place, building_id=building))
    with pytest.raises(NotFound):
        service.grant_role(system, hired, GrantRole(Role.GRID_OFFICER, place, estate.estate.id, building))
    with pytest.raises(NotFound):
        service.grant_role(system, hired, GrantRole(Role.GRID_OFFICER, place, other.estate.id))
    with pytest.raises(Invalid):
        service.grant_role(
            system,
            hired,
            GrantRole(Role.GRID_OFFICER, place, starts_on=date(2026, 2, 1), ends_on=date(2026, 1, 1)),
        )


def test_disabling_takes_effect_at_once(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=1)
    person = make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id)
    town = acting_as(ctx, make_staff(ctx, Role.TOWN, estate.community.id))
    service.disable_staff(town, person.account_id)
    assert service.authenticate(ctx.session, person.token_hash) is None
