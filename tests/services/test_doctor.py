"""``gongjue doctor``: quiet when all is well, and every ill it knows is named with exit code 1."""

from __future__ import annotations

import base64
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from backend.ballots.queries import ballot_meta
from backend.ballots.repository.cast import build_statements
from backend.ballots.service.casting import CastVote, cast_vote
from backend.cli import main
from backend.commands import _checks
from backend.identity.service import LogIn, log_in
from backend.infra.installation import move_clock
from backend.kernel.ids import new_id
from bot import jobs
from tests.bot.environment import process_environment
from tests.factories.people import make_resident
from tests.services.ballots.desk import open_office
from tests.services.ballots.sealed import MICROSECONDS, hold
from tests.services.ballots.town import Town

HOUR = 3600 * MICROSECONDS
HELD = 10 * 24 * HOUR  # where hold() leaves the clock

Doctor = Callable[[], tuple[int, str]]


@pytest.fixture
def town(engine: Engine, tmp_path: Path) -> Town:
    """A held ballot, a resident and a living bot."""
    town = Town(engine, tmp_path / "files")
    hold(town)
    town.act(lambda ctx: log_in(ctx, LogIn("openid-of-nobody", "test")))
    jobs.number_new_events(town.ports)
    jobs.make_checkpoints(town.ports)
    jobs.beat(town.ports)
    return town


@pytest.fixture
def doctor(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Doctor:
    for name, value in process_environment(database_url, tmp_path / "files").items():
        monkeypatch.setenv(name, value)

    def run() -> tuple[int, str]:
        capsys.readouterr()
        return main(["doctor"]), capsys.readouterr().out

    return run


def wrong(report: str) -> list[str]:
    return [line.partition("  ")[2] for line in report.splitlines() if line.startswith("异常")]


def key(first: int) -> str:
    return base64.urlsafe_b64encode(bytes(range(first, first + 32))).decode()


def test_a_sound_installation_has_nothing_wrong(town: Town, doctor: Doctor) -> None:
    code, report = doctor()
    assert wrong(report) == []
    assert code == 0
    for name in ("设置", "文件目录", "磁盘", "数据库", "用途", "时钟", "密钥", "后台任务", "检查点"):
        assert f"  {name}：" in report


def test_keys_that_do_not_fit_what_is_stored(
    town: Town, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GONGJUE_FIELD_KEYS", f"other:{key(9)}")
    code, report = doctor()
    assert code == 1
    assert "account.openid_sealed 有内容的密钥不在 GONGJUE_FIELD_KEYS 里" in report
    assert "用现有密钥打不开" in report
    monkeypatch.setenv("GONGJUE_FIELD_KEYS", f"t1:{key(9)}")
    assert "account.openid_sealed 的内容用 t1 这把密钥打不开" in doctor()[1]
    monkeypatch.setenv("GONGJUE_FIELD_KEYS", f"t1:{key(0)}")
    monkeypatch.setenv("GONGJUE_INDEX_KEY", key(9))
    code, report = doctor()
    assert code == 1
    (said,) = wrong(report)
    assert "account.openid_index 不是用现在的 GONGJUE_INDEX_KEY 算出来的" in said
    assert "owner_member.phone_index 不是用" in said


def test_a_silent_bot_and_what_it_left_without_a_checkpoint(town: Town, doctor: Doctor) -> None:
    office = town.act(lambda ctx: open_office(ctx, dwellings=1))
    voter = town.act(lambda ctx: make_resident(ctx, office.estate.dwelling_ids[0]))
    meta = town.act(lambda ctx: ballot_meta(ctx.session, office.ballot.ballot_id))
    command = CastVote(
        meta, office.entry(0), office.marks(), office.ballot.documents_hash, new_id(), voter.token_hash
    )
    cast_vote(build_statements(town.ports.settings, town.engine), command)
    jobs.number_new_votes(town.ports)
    assert doctor()[0] == 0
    move_clock(town.engine, HELD + 3 * HOUR)
    code, report = doctor()
    assert code == 1
    silent, uncovered = wrong(report)
    assert silent.startswith("后台任务：心跳在 108")
    # The vote is numbered already, its event is not; neither is under a checkpoint.
    assert uncovered.startswith("检查点：有 2 条")
    jobs.beat(town.ports)
    jobs.make_checkpoints(town.ports)
    assert doctor()[0] == 0


def test_a_bot_that_never_ran(doctor: Doctor, engine: Engine) -> None:
    assert wrong(doctor()[1]) == ["后台任务：从未有过心跳，请启动 gongjue bot"]


def test_a_folder_that_cannot_be_written_and_a_full_disk(
    town: Town, doctor: Doctor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "blocked").write_text("a file where the folder should be")
    monkeypatch.setenv("GONGJUE_STORAGE", str(tmp_path / "blocked"))
    code, report = doctor()
    assert code == 1
    assert wrong(report)[0].startswith("文件目录：")
    monkeypatch.setenv("GONGJUE_STORAGE", str(tmp_path / "files"))
    monkeypatch.setattr(_checks, "LEAST_FREE", 2**62)
    assert {line.partition("：")[0] for line in wrong(doctor()[1])} == {"磁盘"}


def test_production_needs_an_address_that_residents_can_open(
    doctor: Doctor, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "GONGJUE_MODE": "production",
        "GONGJUE_WECHAT_APP_SECRET": "a-secret-of-the-test",
        "GONGJUE_FIELD_KEYS": "",
    }.items():
        monkeypatch.setenv(name, value)
    assert wrong(doctor()[1])[0].startswith("设置：GONGJUE_FIELD_KEYS")
    monkeypatch.setenv("GONGJUE_FIELD_KEYS", f"k1:{key(0)}")
    assert "GONGJUE_PUBLIC_BASE_URL 应为居民能打开的 https 网址" in doctor()[1]
    monkeypatch.setenv("GONGJUE_PUBLIC_BASE_URL", "https://gongjue.example")
    monkeypatch.setenv("GONGJUE_WECHAT_APP_ID", "wx0000000000000001")
    assert not any(line.startswith("设置") for line in wrong(doctor()[1]))


def test_another_mode_and_no_database(
    town: Town, doctor: Doctor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GONGJUE_MODE", "demo")
    assert wrong(doctor()[1]) == ["用途：数据库是 rehearsal，GONGJUE_MODE 是 demo"]
    monkeypatch.setenv("GONGJUE_DATABASE_URL", f"sqlite:///{tmp_path}/new.db")
    code, report = doctor()
    assert code == 1
    assert "请执行 gongjue migrate" in report
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none"
        monkeypatch.setenv("GONGJUE_DATABASE_URL", url)
        assert "连接不上" in doctor()[1]
