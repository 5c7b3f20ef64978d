"""The token in the database: encrypted, shared, and never in the way of a request."""

from __future__ import annotations

import time
from functools import partial

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine

from backend.infra.crypto import Vault
from backend.infra.database import open_session
from backend.infra.wechat.token_store import DatabaseTokenStore
from backend.infra.wechat.tokens import RENEW_BEFORE_SECONDS, Token, TokenKeeper
from tests.wechat.conftest import SharedStore

FIELD = "wechat_token.token_ciphertext"
OLD_KEY, NEW_KEY = ("k1", b"1" * 32), ("k2", b"2" * 32)


def make_store(engine: Engine, *keys: tuple[str, bytes]) -> DatabaseTokenStore:
    vault = Vault(keys or (OLD_KEY,), (("", b"i" * 32),))
    return DatabaseTokenStore(
        engine, seal=partial(vault.seal, field=FIELD), open=partial(vault.open, field=FIELD)
    )


def test_token_comes_back_and_is_stored_encrypted(engine: Engine) -> None:
    store = make_store(engine)
    assert store.get("wx1") is None
    store.save("wx1", Token("first", 1))
    store.save("wx1", Token("second", 2**40))
    store.save("wx2", Token("other", 3))
    assert store.get("wx1") == Token("second", 2**40)
    with engine.connect() as connection:
        stored = connection.execute(text("SELECT token_ciphertext FROM wechat_token")).scalars().all()
    assert len(stored) == 2
    assert not any("second" in value or "other" in value for value in stored)


def test_token_whose_key_is_gone_is_no_token(engine: Engine) -> None:
    make_store(engine, OLD_KEY).save("wx1", Token("first", 1))
    store = make_store(engine, NEW_KEY)
    assert store.get("wx1") is None
    store.save("wx1", Token("second", 2))
    assert store.get("wx1") == Token("second", 2)


def test_damaged_row_is_no_token(engine: Engine) -> None:
    store = make_store(engine)
    store.save("wx1", Token("first", 1))
    with engine.begin() as connection:
        connection.execute(text("UPDATE wechat_token SET token_ciphertext = 'k1.***'"))
    assert store.get("wx1") is None


def test_a_database_that_is_away_costs_one_more_call_and_no_message() -> None:
    store = make_store(create_engine("sqlite:////nowhere/at/all.db"))
    keeper = TokenKeeper("wx1", store, lambda: Token("fetched", 2**40), time.time)
    assert keeper.current() == "fetched"


def test_store_inside_an_open_request_neither_waits_nor_fails(engine: Engine) -> None:
    store = make_store(engine)
    with open_session(engine) as session:
        session.connection().execute(text("UPDATE installation SET created_at = created_at"))
        started = time.monotonic()
        store.save("wx1", Token("first", 1))
        store.get("wx1")
        assert time.monotonic() - started < 3
        session.rollback()
    store.save("wx1", Token("second", 2))
    assert store.get("wx1") == Token("second", 2)


def test_usual_busy_wait_is_restored(shared_sqlite: Engine) -> None:
    with open_session(shared_sqlite) as session:
        session.connection().execute(text("UPDATE installation SET created_at = created_at"))
        make_store(shared_sqlite).save("wx1", Token("first", 1))
        session.rollback()
    readers = shared_sqlite.execution_options(read_only=True)
    with readers.connect() as one, readers.connect() as two:
        waits = [connection.execute(text("PRAGMA busy_timeout")).scalar_one() for connection in (one, two)]
    assert waits == [30_000, 30_000]


@pytest.mark.parametrize(
    ("left", "fetches"), [(RENEW_BEFORE_SECONDS + 1, 0), (RENEW_BEFORE_SECONDS, 1), (-5, 1)]
)
def test_token_is_renewed_before_its_end(left: int, fetches: int) -> None:
    store, fetched = SharedStore(), []

    def fetch() -> Token:
        fetched.append(1)
        return Token("new", 9000)

    store.save("wx1", Token("old", 1000 + left))
    keeper = TokenKeeper("wx1", store, fetch, lambda: 1000)
    assert keeper.current() == ("new" if fetches else "old")
    assert keeper.current() == ("new" if fetches else "old")
    assert len(fetched) == fetches


def test_renewal_takes_what_another_process_stored() -> None:
    store = SharedStore()
    store.save("wx1", Token("rejected", 9000))

    def fetch() -> Token:
        raise AssertionError("WeChat asked although the store had a newer token")

    keeper = TokenKeeper("wx1", store, fetch, lambda: 1000)
    assert keeper.current() == "rejected"
    store.save("wx1", Token("newer", 9000))
    assert keeper.renew("rejected") == "newer"
    assert keeper.renew("rejected") == "newer"
