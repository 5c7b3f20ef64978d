"""Mandates: a signed document, two people, a limit, and an end at any time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from backend.ballots.queries import mandates_of_account
from backend.ballots.service.opening import extend
from backend.ballots.service.proxies import (
    RegisterMandate,
    confirm_mandate,
    list_mandates,
    my_mandates,
    register_mandate,
    revoke_mandate,
)
from backend.ballots.tables import Ballot, ProxyMandate
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.errors import Conflict, Forbidden, NotFound, Unprocessable
from backend.kernel.ids import new_id
from backend.ledger.tables import LedgerEvent
from tests.factories.people import acting_as, make_resident
from tests.services.ballots.desk import Office, open_office, staff


def mandate_for(office: Office, dwelling: int, proxy: str, **more: object) -> RegisterMandate:
    return RegisterMandate(
        office.ballot.ballot_id,
        office.entry(dwelling),
        proxy,
        "就本次表决全部事项代为投票",
        office.photo,
        **more,  # type: ignore[arg-type] # passed through
    )


def test_mandate_counts_only_after_a_second_person_confirmed_it(ctx: Context) -> None:
    office, proxy = open_office(ctx), make_resident(ctx).account_id
    view = register_mandate(office.clerk, mandate_for(office, 0, proxy))
    assert (view.state, view.label) == ("waiting", "1栋1单元101")
    assert register_mandate(office.clerk, mandate_for(office, 0, proxy)).mandate.id == view.mandate.id
    with pytest.raises(Forbidden, match="second_person"):
        confirm_mandate(office.clerk, view.mandate.id)
    assert confirm_mandate(office.second, view.mandate.id).state == "confirmed"
    assert confirm_mandate(office.second, view.mandate.id).state == "confirmed"
    with pytest.raises(Conflict, match="mandate_decided"):
        confirm_mandate(office.third, view.mandate.id)
    told = ctx.session.exec(select(LedgerEvent).where(col(LedgerEvent.type).like("proxy.%"))).all()
    assert {(row.type, row.subject_id) for row in told} == {
        ("proxy.registered", office.estate.dwelling_ids[0]),
        ("proxy.confirmed", office.estate.dwelling_ids[0]),
    }


def test_limit_and_one_mandate_per_entry(ctx: Context) -> None:
    office, proxy = open_office(ctx, parameters={"proxy_limit": 2}), make_resident(ctx).account_id
    first = register_mandate(office.clerk, mandate_for(office, 0, proxy))
    register_mandate(office.clerk, mandate_for(office, 1, proxy))
    with pytest.raises(Conflict, match="proxy_limit"):
        register_mandate(office.clerk, mandate_for(office, 2, proxy))
    with pytest.raises(Conflict, match="mandate_exists"):
        register_mandate(office.clerk, mandate_for(office, 0, make_resident(ctx).account_id))
    revoke_mandate(office.second, first.mandate.id)
    assert register_mandate(office.clerk, mandate_for(office, 2, proxy)).mandate.slot == 1


def test_constraint_alone_refuses_more_than_the_limit(ctx: Context) -> None:
    office, proxy = open_office(ctx), make_resident(ctx).account_id
    view = register_mandate(office.clerk, mandate_for(office, 0, proxy))
    with pytest.raises(IntegrityError), ctx.session.begin_nested():
        ctx.session.connection().execute(
            update(ProxyMandate).where(col(ProxyMandate.id) == view.mandate.id).values(slot=4)
        )


def test_owner_revokes_the_own_mandate_and_nobody_else_s(ctx: Context) -> None:
    office, proxy = open_office(ctx), make_resident(ctx)
    owner = acting_as(ctx, make_resident(ctx, office.estate.dwelling_ids[0]))
    family = acting_as(ctx, make_resident(ctx, office.estate.dwelling_ids[0], relation="family"))
    neighbour = acting_as(ctx, make_resident(ctx, office.estate.dwelling_ids[1]))
    mandate = register_mandate(office.clerk, mandate_for(office, 0, proxy.account_id)).mandate
    assert [view.mandate.id for view in my_mandates(owner)] == [mandate.id]
    assert my_mandates(family) == my_mandates(neighbour) == []
    for other in (family, neighbour, acting_as(ctx, proxy)):
        with pytest.raises(NotFound):
            revoke_mandate(other, mandate.id)
    assert revoke_mandate(owner, mandate.id).state == "revoked"
    assert revoke_mandate(owner, mandate.id).state == "revoked"
    revoked = ctx.session.exec(select(LedgerEvent).where(LedgerEvent.type == "proxy.revoked")).all()
    assert len(revoked) == 1
    with pytest.raises(Conflict, match="mandate_decided"):
        confirm_mandate(office.second, mandate.id)


def test_mandate_needs_a_known_proxy_a_document_powers_and_a_period(ctx: Context) -> None:
    office, proxy = open_office(ctx), make_resident(ctx).account_id
    now = ctx.clock.now()
    with pytest.raises(Unprocessable, match="proxy_unknown"):
        register_mandate(office.clerk, mandate_for(office, 0, new_id()))
    with pytest.raises(Unprocessable, match="file_missing"):
        register_mandate(
            office.clerk,
            RegisterMandate(office.ballot.ballot_id, office.entry(0), proxy, "全部", "0" * 64),
        )
    with pytest.raises(Unprocessable, match="powers"):
        register_mandate(
            office.clerk,
            RegisterMandate(office.ballot.ballot_id, office.entry(0), proxy, " ", office.photo),
        )
    for period in (
        {"valid_from": now, "valid_until": now},
        {"valid_from": now + timedelta(days=9), "valid_until": now + timedelta(days=10)},
    ):
        with pytest.raises(Unprocessable, match="period"):
            register_mandate(office.clerk, mandate_for(office, 0, proxy, **period))


def test_entry_must_be_on_this_ballot_s_roll(ctx: Context) -> None:
    office, other = open_office(ctx), open_office(ctx)
    proxy = make_resident(ctx).account_id
    with pytest.raises(NotFound):
        register_mandate(
            office.clerk,
            RegisterMandate(office.ballot.ballot_id, other.entry(0), proxy, "全部", office.photo),
        )
    with pytest.raises(NotFound):
        list_mandates(other.clerk, office.ballot.ballot_id, "", 10)
    with pytest.raises(Forbidden):
        list_mandates(staff(ctx, office.estate, Role.GRID_OFFICER), office.ballot.ballot_id, "", 10)


def test_no_mandate_after_the_close(ctx: Context) -> None:
    office, proxy = open_office(ctx), make_resident(ctx).account_id
    view = register_mandate(office.clerk, mandate_for(office, 0, proxy))
    past = ctx.clock.now() - timedelta(seconds=1)
    ctx.session.connection().execute(
        update(Ballot).where(col(Ballot.id) == office.ballot.ballot_id).values(closes_at=past)
    )
    with pytest.raises(Conflict, match="ballot_closed"):
        confirm_mandate(office.second, view.mandate.id)
    with pytest.raises(Conflict, match="ballot_closed"):
        register_mandate(office.clerk, mandate_for(office, 1, proxy))
    views, following = list_mandates(office.clerk, office.ballot.ballot_id, "", 1)
    assert ([view.state for view in views], following) == (["waiting"], view.mandate.id)


def test_the_export_of_one_s_own_data_holds_the_mandates_of_both_sides(ctx: Context) -> None:
    office = open_office(ctx)
    proxy, owner = make_resident(ctx), make_resident(ctx, office.estate.dwelling_ids[0])
    stranger = make_resident(ctx, office.estate.dwelling_ids[1])
    mandate = register_mandate(office.clerk, mandate_for(office, 0, proxy.account_id))
    confirm_mandate(office.second, mandate.mandate.id)
    (held,) = mandates_of_account(ctx.session, proxy.account_id)
    (given,) = mandates_of_account(ctx.session, owner.account_id)
    assert (held["side"], given["side"], held["home"]) == ("proxy", "owner", "1栋1单元101")
    assert held["powers"] == "就本次表决全部事项代为投票"
    assert mandates_of_account(ctx.session, stranger.account_id) == []


def test_a_mandate_until_the_close_lasts_until_the_new_close_and_a_stated_period_does_not(
    ctx: Context,
) -> None:
    office, proxy = open_office(ctx), make_resident(ctx).account_id
    ballot = ctx.session.get_one(Ballot, office.ballot.ballot_id)
    assert ballot.closes_at is not None
    former, later = ballot.closes_at, ballot.closes_at + timedelta(days=2)
    stated = former - timedelta(minutes=1)
    until_close = register_mandate(office.clerk, mandate_for(office, 0, proxy)).mandate.id
    own_period = register_mandate(office.clerk, mandate_for(office, 1, proxy, valid_until=stated)).mandate.id
    ended = register_mandate(office.clerk, mandate_for(office, 2, proxy)).mandate.id
    revoke_mandate(office.clerk, ended)
    extend(office.clerk, ballot.id, later, "参与不足")
    ctx.session.expire_all()
    found = [ctx.session.get_one(ProxyMandate, key).valid_until for key in (until_close, own_period, ended)]
    assert found == [later, stated, former]
