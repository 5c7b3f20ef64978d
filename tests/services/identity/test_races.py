"""Two at once, with real commits on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import func, select

from backend.identity import service
from backend.identity.errors import AlreadyDecided, WrongCode
from backend.identity.service import BindByCode, CachedAuthenticator, DecideBinding, IssueInvites, LogIn
from backend.identity.tables import Account, Binding, FailedTry, InviteCode
from backend.infra.context import Context, Ports
from backend.infra.crypto import build_vault
from backend.infra.database import open_session
from backend.infra.storage import Storage
from backend.kernel.access import SYSTEM, Actor
from backend.kernel.errors import DomainError
from tests.factories.databases import make_settings
from tests.factories.people import make_resident
from tests.factories.phones import FakeExchange
from tests.factories.places import make_estate
from tests.services.identity.people import letter_for, newcomer

AT_ONCE = 6


@pytest.fixture
def ports(engine: Engine, tmp_path: Path) -> Ports:
    """Ports on a database of the test's own."""
    settings = make_settings(engine.url.render_as_string(hide_password=False), tmp_path / "files")
    vault = build_vault(settings)
    return Ports(settings, engine, vault, Storage(settings.storage_path, vault), FakeExchange())


def _request(ports: Ports, actor: Actor, action: Callable[[Context], Any]) -> Any:
    with open_session(ports.engine) as session:
        result = action(Context(session=session, actor=actor, ports=ports, request_id="test"))
        session.commit()
        return result


def _all_at_once(actions: list[Callable[[], Any]]) -> list[Any]:
    """Run the actions together; return results and refusals."""
    gate = threading.Barrier(len(actions))
    outcomes: list[Any] = [None] * len(actions)

    def run(at: int) -> None:
        gate.wait()
        try:
            outcomes[at] = actions[at]()
        except (DomainError, IntegrityError) as error:
            outcomes[at] = error

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


def test_first_logins_at_once_make_one_account(ports: Ports) -> None:
    login = LogIn("o-eager", "phone")
    outcomes = _all_at_once(
        [lambda: _request(ports, SYSTEM, lambda ctx: service.log_in(ctx, login))] * AT_ONCE
    )
    assert len({opened.account_id for opened in outcomes}) == 1
    assert len({opened.token for opened in outcomes}) == AT_ONCE
    with open_session(ports.engine) as session:
        assert session.exec(select(func.count()).select_from(Account)).one() == 1


def test_one_letter_used_by_many_at_once_binds_exactly_one(ports: Ports) -> None:
    def prepare(ctx: Context) -> tuple[str, list[Actor]]:
        estate = make_estate(ctx, dwellings=1)
        people = [newcomer(ctx).actor for _ in range(AT_ONCE)]
        return letter_for(ctx, estate.estate.id, estate.dwelling_ids[0]), people

    code, people = _request(ports, SYSTEM, prepare)
    command = BindByCode(code, "127.0.0.1")
    outcomes = _all_at_once(
        [
            lambda person=person: _request(ports, person, lambda ctx: service.bind_by_code(ctx, command).id)  # type: ignore[misc]
            for person in people
        ]
    )
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, WrongCode) for outcome in outcomes) == AT_ONCE - 1
    with open_session(ports.engine) as session:
        assert session.exec(select(func.count()).select_from(Binding)).one() == 1


def test_the_same_tap_sent_twice_answers_twice_and_binds_once(ports: Ports) -> None:
    def prepare(ctx: Context) -> tuple[str, Actor]:
        estate = make_estate(ctx, dwellings=1)
        return letter_for(ctx, estate.estate.id, estate.dwelling_ids[0]), newcomer(ctx).actor

    code, person = _request(ports, SYSTEM, prepare)
    command = BindByCode(code, "127.0.0.1")
    outcomes = _all_at_once(
        [lambda: _request(ports, person, lambda ctx: service.bind_by_code(ctx, command).id)] * AT_ONCE
    )
    assert len(set(outcomes)) == 1
    assert isinstance(outcomes[0], str)


def test_two_staff_deciding_at_once_decide_once(ports: Ports) -> None:
    def prepare(ctx: Context) -> str:
        estate = make_estate(ctx, dwellings=1)
        owner = make_resident(ctx, estate.dwelling_ids[0])
        row = ctx.session.exec(select(Binding).where(Binding.account_id == owner.account_id)).one()
        row.state, row.effective_at = "pending", None
        ctx.session.add(row)
        return row.id

    binding_id = _request(ports, SYSTEM, prepare)
    outcomes = _all_at_once(
        [
            lambda yes=yes: _request(  # type: ignore[misc]
                ports,
                SYSTEM,
                lambda ctx: service.decide_binding(ctx, DecideBinding(binding_id, yes, "x")).state,
            )
            for yes in (True, False)
        ]
    )
    assert sum(isinstance(outcome, AlreadyDecided) for outcome in outcomes) == 1


def test_letters_issued_twice_at_once_leave_one_open_code(ports: Ports) -> None:
    estate = _request(ports, SYSTEM, lambda ctx: make_estate(ctx, dwellings=3))
    command = IssueInvites(estate.estate.id)
    outcomes = _all_at_once(
        [lambda: _request(ports, SYSTEM, lambda ctx: service.issue_invites(ctx, command).batch)] * 2
    )
    assert any(isinstance(outcome, str) for outcome in outcomes)
    with open_session(ports.engine) as session:
        open_codes = select(func.count()).where(InviteCode.revoked_at == None)  # noqa: E711 - SQL
        assert session.exec(open_codes).one() == 3


def test_failure_rows_survive_the_refused_request(ports: Ports) -> None:
    person = _request(ports, SYSTEM, lambda ctx: newcomer(ctx).actor)
    command = BindByCode("WRONG", "127.0.0.1")
    with pytest.raises(WrongCode) as refused:
        _request(ports, person, lambda ctx: service.bind_by_code(ctx, command))
    service.record_failure(ports, refused.value.failed_keys)
    with open_session(ports.engine) as session:
        assert session.exec(select(func.count()).select_from(FailedTry)).one() == 2


def test_cached_reads_are_a_second_old_at_most_and_bounded(ports: Ports) -> None:
    person = _request(ports, SYSTEM, make_resident)
    authenticator = CachedAuthenticator(ports.engine, seconds=60, size=3)
    assert authenticator.cached(person.token_hash) is not None
    me = authenticator.cached(person.token_hash)
    assert me is not None
    _request(ports, me, service.log_out_everywhere)
    assert authenticator.cached(person.token_hash) is not None
    with open_session(ports.engine) as session:
        assert authenticator.fresh(session, person.token_hash) is None
    for number in range(3):
        assert authenticator.cached(bytes([number]) * 32) is None
    assert authenticator.cached(person.token_hash) is None
    at_once = CachedAuthenticator(ports.engine, seconds=0)
    assert at_once.cached(person.token_hash) is None
