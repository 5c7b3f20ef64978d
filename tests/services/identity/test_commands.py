"""The console: first administrator, passwords, keys, retention; on committed databases of both kinds."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import col, select

from backend import cli
from backend.commands.keys import rotate, sealed_columns
from backend.identity import service
from backend.identity.service import LogIn, StaffLogIn
from backend.identity.tables import Account
from backend.infra.context import Context, Ports
from backend.infra.crypto import UnknownKey, Vault, build_vault
from backend.infra.database import open_session
from backend.infra.storage import Storage
from backend.kernel.access import ANONYMOUS, SYSTEM
from tests.factories.databases import make_environment, make_settings
from tests.factories.phones import FakeExchange
from tests.factories.places import make_estate


@pytest.fixture
def environment(database_url: str, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Let the console find the test's database."""
    for name, value in make_environment(database_url, tmp_path / "files").items():
        monkeypatch.setenv(name, value)
    return engine


def _ports(engine: Engine, folder: Path, vault: Vault | None = None) -> Ports:
    settings = make_settings(engine.url.render_as_string(hide_password=False), folder)
    vault = vault or build_vault(settings)
    return Ports(settings, engine, vault, Storage(folder, vault), FakeExchange())


def test_first_administrator_can_log_in(
    environment: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main(["admin", "create", "boss", "--name", "王局"]) == 2
    assert "--create-root" in capsys.readouterr().err
    root = ["--create-root", "city", "640300", "吴忠市"]
    assert cli.main(["admin", "create", "boss", "--name", "王局", *root]) == 0
    shown = re.search(r"：(\S+)$", capsys.readouterr().out.strip())
    assert shown is not None
    assert _log_in(environment, tmp_path, "boss", shown[1])
    monkeypatch.setattr("sys.stdin", io.StringIO("a whole new phrase\n"))
    assert cli.main(["admin", "reset-password", "boss", "--password-stdin"]) == 0
    assert _log_in(environment, tmp_path, "boss", "a whole new phrase")
    assert cli.main(["admin", "totp", "boss"]) == 0
    assert "otpauth://totp/" in capsys.readouterr().out
    assert cli.main(["admin", "totp", "boss", "--off"]) == 0
    assert cli.main(["admin", "reset-password", "nobody"]) == 2
    assert cli.main(["admin", "create", "boss", "--name", "重名"]) == 1


def _log_in(engine: Engine, tmp_path: Path, username: str, password: str) -> str:
    ports = _ports(engine, tmp_path / "files")
    with open_session(engine) as session:
        ctx = Context(session=session, actor=ANONYMOUS, ports=ports, request_id="test")
        opened = service.log_in_staff(ctx, StaffLogIn(username, password, "127.0.0.1"))
        session.commit()
        return opened.account_id


def test_new_keys_are_accepted_in_production(capsys: pytest.CaptureFixture[str]) -> None:
    from backend.infra.settings import load_settings

    assert cli.main(["keys", "new"]) == 0
    lines = dict(line.split("=", 1) for line in capsys.readouterr().out.strip().splitlines())
    more = {"GONGJUE_WECHAT_APP_SECRET": "0123456789abcdef", "GONGJUE_DATABASE_URL": "sqlite:///real.db"}
    settings = load_settings({**lines, **more, "GONGJUE_MODE": "production"})
    assert settings.index_keys[0][1] != settings.field_keys[0][1]


def test_rotation_reseals_everything_so_that_the_old_key_can_go(engine: Engine, tmp_path: Path) -> None:
    old, new, index = bytes(range(32)), bytes(range(32, 64)), bytes(range(32))
    before = _ports(engine, tmp_path / "files", Vault((("a", old),), (("", index),)))
    with open_session(engine) as session:
        ctx = Context(session=session, actor=SYSTEM, ports=before, request_id="test")
        make_estate(ctx, dwellings=7)
        account_id = service.log_in(ctx, LogIn("o-1")).account_id
        digest = ctx.storage.put(b"certificate")
        session.commit()
    # Listed and gone when it is read, as a proof photo whose time comes during the run.
    gone = tmp_path / "files" / "ab" / ("ab" * 32)
    gone.parent.mkdir(exist_ok=True)
    gone.symlink_to(tmp_path / "nowhere")
    during = _ports(engine, tmp_path / "files", Vault((("b", new), ("a", old)), (("", index),)))
    steps: list[tuple[str, int]] = []
    # 7 owners and 7 members with a name and a phone each, one openid, one file; in batches of three.
    assert rotate(during, 3, lambda place, count: steps.append((place, count))) == 7 + 14 + 1 + 1
    assert ("owner.name_sealed", 3) in steps
    assert rotate(during, 3, lambda _place, _count: None) == 0
    after = _ports(engine, tmp_path / "files", Vault((("b", new),), (("", index),)))
    with open_session(engine) as session:
        sealed = session.exec(select(Account.openid_sealed).where(Account.id == account_id)).one()
        names = session.exec(select(col(_owner().name_sealed))).all()
    assert after.vault.open(str(sealed), "account.openid") == "o-1"
    assert sorted(after.vault.open(name, "owner.name") for name in names)[0] == "住户1"
    assert after.storage.get(digest) == b"certificate"


def _owner() -> type:
    from backend.registry.tables import Owner

    return Owner


def test_rotation_stops_at_what_no_key_opens(engine: Engine, tmp_path: Path) -> None:
    before = _ports(engine, tmp_path / "files", Vault((("a", bytes(range(32))),), (("", bytes(32)),)))
    with open_session(engine) as session:
        service.log_in(Context(session=session, actor=SYSTEM, ports=before, request_id="test"), LogIn("o-1"))
        session.commit()
    other = _ports(engine, tmp_path / "files", Vault((("b", bytes(range(32, 64))),), (("", bytes(32)),)))
    with pytest.raises(UnknownKey):
        rotate(other, 10, lambda _place, _count: None)


def test_every_sealed_column_is_known_to_the_rotation() -> None:
    known = {(column.table, column.column) for column in sealed_columns()}
    assert {
        ("account", "openid_sealed"),
        ("owner_member", "phone_sealed"),
        ("objection", "text_sealed"),
    } <= known
    assert ("wechat_token", "token_ciphertext") in known


def test_retention_runs_from_the_console(environment: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["privacy", "retention"]) == 0
    assert "登录记录 0" in capsys.readouterr().out


def test_keys_of_outside_systems_are_made_listed_and_ended(
    environment: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    root = ["--create-root", "city", "640300", "吴忠市"]
    assert cli.main(["admin", "create", "boss", "--name", "王局", *root]) == 0
    capsys.readouterr()
    words = ["open311", "key", "create", "--organisation", "640300", "--name", "某平台"]
    assert cli.main([*words, "--days", "10"]) == 0
    shown = re.search(r"：(gjk_[0-9a-z]{40})\nID ([0-9a-z]{20})，", capsys.readouterr().out)
    assert shown is not None
    secret, key_id = shown.groups()
    assert cli.main(["open311", "key", "list", "--organisation", "640300"]) == 0
    listed = capsys.readouterr().out
    assert key_id in listed and secret[-4:] in listed and secret not in listed
    assert cli.main(["open311", "key", "revoke", key_id]) == 0
    assert cli.main(["open311", "key", "list"]) == 0
    assert "已停用" in capsys.readouterr().out
    assert cli.main([*words, "--days", "99999999999"]) == 1
    assert cli.main(["open311", "key", "revoke", "0" * 20]) == 1
    words[4] = "999999"
    assert cli.main(words) == 2
    assert "没有匹配的机构" in capsys.readouterr().err
