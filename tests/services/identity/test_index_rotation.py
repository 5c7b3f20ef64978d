"""The index key changes: killed half way, two at once, logins and phone matches during it, after the old key is gone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Integer
from sqlalchemy.engine import Engine
from sqlmodel import col, func, select

from backend.commands._index_rotation import DERIVED, LAPSING, rotate_indexes, still_old
from backend.commands._stored_values import unreadable_values
from backend.complaints.rules.vocabulary import Disclosure
from backend.complaints.service.intake import RegisterComplaint, Report, register_complaint
from backend.complaints.service.loading import load_by_code
from backend.identity import service
from backend.identity.errors import WrongCode
from backend.identity.service import BindByCode, CreateApiKey, LogIn
from backend.identity.tables import Account
from backend.infra.context import Context, Ports
from backend.infra.crypto import Vault
from backend.infra.database import open_session
from backend.infra.storage import Storage
from backend.kernel.access import SYSTEM
from backend.kernel.clock import local_date
from backend.notifications.service.followers import accounts_of_follower, link_follower
from backend.registry import queries as registry
from backend.registry.tables import OwnerMember
from backend.schema import metadata
from tests.factories.databases import make_settings
from tests.factories.people import acting_as, make_resident
from tests.factories.phones import FakeExchange
from tests.factories.places import EstateFixture, make_estate
from tests.services.identity.people import letter_for, newcomer, with_phone

OLD, NEW = ("", bytes(range(32))), ("i2", bytes(range(64, 96)))


@dataclass
class Town:
    """A committed database, opened with whichever index keys."""

    engine: Engine
    folder: Path

    def ports(self, *keys: tuple[str, bytes]) -> Ports:
        settings = make_settings(self.engine.url.render_as_string(hide_password=False), self.folder)
        vault = Vault(settings.field_keys, keys)
        return Ports(settings, self.engine, vault, Storage(self.folder, vault), FakeExchange())

    def act(self, work: Callable[[Context], Any], *keys: tuple[str, bytes]) -> Any:
        with open_session(self.engine) as session:
            found = work(Context(session=session, actor=SYSTEM, ports=self.ports(*keys), request_id="test"))
            session.commit()
            return found


@pytest.fixture
def town(engine: Engine, tmp_path: Path) -> Town:
    return Town(engine, tmp_path / "files")


def quiet(_place: str, _count: int) -> None:
    """Show nothing."""


def log_in(town: Town, openid: str, *keys: tuple[str, bytes]) -> str:
    return town.act(lambda ctx: service.log_in(ctx, LogIn(openid)).account_id, *keys)


def doors_of(town: Town, phone: str, *keys: tuple[str, bytes]) -> int:
    return town.act(
        lambda ctx: len(registry.find_dwellings_by_phone(ctx.session, ctx.vault.indexes(phone, "phone"))),
        *keys,
    )


def test_every_index_column_is_made_anew_or_known_to_lapse() -> None:
    found = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name.endswith("_index") and not isinstance(column.type, Integer)
    }
    assert found == {(place.table, place.column) for place in DERIVED} | LAPSING


def test_killed_half_way_it_goes_on_and_everything_is_found_before_during_and_after(town: Town) -> None:
    estate = town.act(lambda ctx: make_estate(ctx, dwellings=7), OLD)
    people = {openid: log_in(town, openid, OLD) for openid in ("o-1", "o-2", "o-3")}
    town.act(lambda ctx: link_follower(ctx, people["o-1"], "f-1"), OLD)

    class Killed(Exception): ...

    def kill(place: str, count: int) -> None:
        if place == "owner_member.phone_index" and count >= 3:
            raise Killed

    def all_found(*keys: tuple[str, bytes]) -> None:
        assert {openid: log_in(town, openid, *keys) for openid in people} == people
        assert [doors_of(town, phone, *keys) for phone in estate.phones] == [1] * 7
        assert town.act(lambda ctx: accounts_of_follower(ctx, "f-1"), *keys) == {"resident": people["o-1"]}

    both = town.ports(NEW, OLD)
    all_found(OLD, NEW)
    all_found(NEW, OLD)
    with suppress(Killed):
        rotate_indexes(both, 3, kill)
    all_found(OLD, NEW)
    all_found(NEW, OLD)
    assert sum(doors_of(town, phone, NEW) for phone in estate.phones) == 3
    done = rotate_indexes(both, 3, quiet)
    assert (done.changed, done.left) == (7 - 3 + 1, [])
    assert rotate_indexes(both, 3, quiet).changed == 0
    all_found(NEW, OLD)
    all_found(NEW)
    assert list(unreadable_values(town.ports(NEW))) == []


def test_a_phone_matches_whichever_keys_have_indexed_the_two_sides(town: Town) -> None:
    estate = town.act(lambda ctx: make_estate(ctx, dwellings=1), OLD)

    def bind(ctx: Context) -> list[str]:
        return [row.dwelling_id for row in service.bind_by_phone(with_phone(ctx, estate.phones[0]))]

    assert town.act(bind, NEW, OLD) == list(estate.dwelling_ids)


def test_two_rotations_at_once_change_every_row_once(town: Town) -> None:
    town.act(lambda ctx: make_estate(ctx, dwellings=20), OLD)
    wrong: list[BaseException] = []

    def rotate() -> None:
        try:
            rotate_indexes(town.ports(NEW, OLD), 4, quiet)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=rotate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    with open_session(town.engine) as session:
        indexes = session.exec(select(OwnerMember.phone_index)).all()
    assert len(indexes) == 20
    assert all(str(index).startswith("i2.") for index in indexes)


def test_first_logins_at_once_in_processes_that_put_another_key_first_make_one_account(town: Town) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda keys=keys: found.append(log_in(town, "o-7", *keys)))
        for keys in ((OLD, NEW), (NEW, OLD)) * 3
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1
    with open_session(town.engine) as session:
        assert session.exec(select(func.count(col(Account.openid_index)))).one() == 1


def test_an_index_that_another_row_has_is_left_and_named(town: Town) -> None:
    first = log_in(town, "o-1", OLD)
    log_in(town, "o-1", NEW)  # a process that was started without the old key
    done = rotate_indexes(town.ports(NEW, OLD), 10, quiet)
    assert done.left == [f"account.openid_index {first}"]


def test_what_only_its_holder_knows_is_counted_and_works_while_the_old_key_is_there(town: Town) -> None:
    place: EstateFixture = town.act(lambda ctx: make_estate(ctx, dwellings=2), OLD)
    home, other = place.dwelling_ids
    code = town.act(lambda ctx: letter_for(ctx, place.estate.id, home), OLD)
    town.act(lambda ctx: letter_for(ctx, place.estate.id, other), OLD)
    expires_on = town.act(lambda ctx: local_date(ctx.clock.now()) + timedelta(days=30), OLD)
    command = CreateApiKey(place.community.id, "某平台", expires_on)
    secret = town.act(lambda ctx: service.create_api_key(ctx, command).secret, OLD)
    both = town.ports(NEW, OLD)
    rotate_indexes(both, 10, quiet)
    assert still_old(both) == {"未用的邀请信": 2, "接入密钥": 1, "未办结匿名反映的查询码": 0}

    def bind(ctx: Context) -> str:
        return service.bind_by_code(newcomer(ctx), BindByCode(code, "127.0.0.1")).dwelling_id

    with pytest.raises(WrongCode):
        town.act(bind, NEW)
    assert town.act(bind, NEW, OLD) == home
    town.act(lambda ctx: service.use_key(ctx, secret), NEW, OLD)
    assert still_old(both) == {"未用的邀请信": 1, "接入密钥": 0, "未办结匿名反映的查询码": 0}
    assert town.act(lambda ctx: service.recognise_key(ctx, secret), NEW).organisation_id == place.community.id


def test_an_anonymous_report_sent_again_over_the_change_is_one_report_with_one_code(town: Town) -> None:
    place = town.act(lambda ctx: make_estate(ctx, dwellings=1), OLD)
    person = town.act(lambda ctx: make_resident(ctx, place.dwelling_ids[0]), OLD)
    said = Report("utilities", "楼道灯不亮已有三天", Disclosure.ANONYMOUS, estate_id=place.estate.id)
    command = RegisterComplaint(said, "key-00000001")

    def report(ctx: Context) -> tuple[str, str | None, bool]:
        made = register_complaint(acting_as(ctx, person), command)
        return made.complaint.number, made.code, made.is_new

    number, code, _ = town.act(report, OLD)
    assert town.act(report, NEW, OLD) == (number, code, False)
    assert town.act(lambda ctx: load_by_code(ctx, number, code).number, NEW, OLD) == number
    assert still_old(town.ports(NEW, OLD))["未办结匿名反映的查询码"] == 1
