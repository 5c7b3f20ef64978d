"""Backup, restore and the restore's own verification, on both databases; what was damaged is refused by name."""

from __future__ import annotations

import base64
import json
import os
import sqlite3
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import Engine

from backend.ballots.queries import ballot_meta
from backend.ballots.repository.cast import build_statements
from backend.ballots.service.casting import CastVote, cast_vote
from backend.ballots.service.sealing import tree_of
from backend.cli import main
from backend.infra.database import build_engine
from backend.infra.installation import move_clock
from backend.kernel.ids import new_id
from migrations import runner
from tests.bot.environment import process_environment
from tests.factories.databases import make_settings, migrate
from tests.factories.people import make_resident
from tests.factories.postgres import Cluster
from tests.services.ballots.desk import open_office
from tests.services.ballots.sealed import Held, hold, tamper
from tests.services.ballots.town import Town

Run = Callable[..., int]


@pytest.fixture
def held(engine: Engine, tmp_path: Path) -> Held:
    return hold(Town(engine, tmp_path / "files"))


@pytest.fixture
def run(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Run ``gongjue`` with the test's settings; returns the exit code."""
    for name, value in process_environment(database_url, tmp_path / "files").items():
        monkeypatch.setenv(name, value)
    if database_url.startswith("postgresql"):
        monkeypatch.setenv("PG_BIN", str(request.getfixturevalue("pg_cluster").binaries))

    def gongjue(*words: object) -> int:
        return main([str(word) for word in words])

    return gongjue


@pytest.fixture
def empty(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> str:
    """The URL of an empty database of the same kind."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path}/elsewhere.db"
    running: Cluster = request.getfixturevalue("pg_cluster")
    return running.create_database("elsewhere")


def rows_of(url: str, table: str) -> list[tuple[object, ...]]:
    statement = f"SELECT * FROM {table} ORDER BY 1, 2"
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            return connection.execute(statement).fetchall()
    with psycopg.connect(url) as server:
        return server.execute(statement).fetchall()


def test_a_restored_backup_is_the_same_and_verifies(
    held: Held,
    run: Run,
    database_url: str,
    empty: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    backup, files = tmp_path / "b" / "one", tmp_path / "elsewhere-files"
    before = {path.name for path in (tmp_path / "files").rglob("*") if path.is_file()}
    assert before
    assert run("backup", backup) == 0
    manifest = json.loads((backup / "manifest.json").read_text())
    roots = {tree["tree"]: tree["root"] for tree in manifest["facts"]["trees"]}
    assert roots[held.tree] == held.witnessed[-1]
    assert (backup.stat().st_mode & 0o077) == 0
    assert sorted(path.name for path in backup.parent.iterdir()) == ["one"]

    assert run("restore", backup, "--into", empty, "--files", files) == 0
    said = capsys.readouterr().out
    assert "已重新导出并核验 1 次已封存的表决" in said
    assert "已恢复，全部核验通过" in said
    for table in ("vote", "ledger_event", "ledger_leaf", "ledger_checkpoint", "roll_entry", "account"):
        assert rows_of(empty, table) == rows_of(database_url, table)
    assert {path.name for path in files.rglob("*") if path.is_file()} == before


def test_a_backup_while_votes_come_in_is_of_one_instant(
    engine: Engine, run: Run, empty: str, tmp_path: Path
) -> None:
    town = Town(engine, tmp_path / "files")
    office = town.act(lambda ctx: open_office(ctx, dwellings=40))
    voters = town.act(lambda ctx: [make_resident(ctx, home) for home in office.estate.dwelling_ids])
    statements = build_statements(town.ports.settings, town.engine)
    meta = town.act(lambda ctx: ballot_meta(ctx.session, office.ballot.ballot_id))
    halfway = threading.Event()
    receipts: list[str] = []

    def vote() -> None:
        for number, voter in enumerate(voters):
            command = CastVote(
                meta,
                office.entry(number),
                office.marks(),
                office.ballot.documents_hash,
                new_id(),
                voter.token_hash,
            )
            receipts.append(cast_vote(statements, command).receipt)
            if number == 10:
                halfway.set()

    caster = threading.Thread(target=vote)
    caster.start()
    assert halfway.wait(60)
    acknowledged = list(receipts)
    assert run("backup", tmp_path / "backup") == 0
    caster.join(60)
    assert len(receipts) == 40
    assert run("restore", tmp_path / "backup", "--into", empty, "--files", tmp_path / "f2") == 0
    kept = {str(row[0]) for row in rows_of(empty, "vote")}
    # What was acknowledged before the backup began is in it; nothing is in it that nobody was told.
    assert {receipt.replace("-", "").replace(" ", "") for receipt in acknowledged} <= kept
    assert len(kept) <= 40


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_flipped_byte_anywhere_is_refused_and_named(
    held: Held, run: Run, empty: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = tmp_path / "backup"
    assert run("backup", backup) == 0
    for path in sorted(path for path in backup.rglob("*") if path.is_file()):
        content = path.read_bytes()
        spoiled = bytearray(content)
        spoiled[len(content) // 2] ^= 1
        path.write_bytes(spoiled)
        capsys.readouterr()
        assert run("restore", backup, "--into", empty, "--files", tmp_path / "f2") == 1
        assert path.name in capsys.readouterr().err
        path.write_bytes(content)
    assert not (tmp_path / "f2").exists()
    assert run("restore", backup, "--into", empty, "--files", tmp_path / "f2") == 0


def test_a_flipped_byte_in_the_database_is_refused(
    held: Held, run: Run, empty: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = tmp_path / "backup"
    assert run("backup", backup) == 0
    (dump,) = backup.glob("database.*")
    content = bytearray(dump.read_bytes())
    content[-100] ^= 0x40
    dump.write_bytes(content)
    assert run("restore", backup, "--into", empty, "--files", tmp_path / "f2") == 1
    assert f"文件已被改动或损坏 {dump.name}" in capsys.readouterr().err


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_missing_added_and_foreign_files_are_refused(
    held: Held, run: Run, empty: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = tmp_path / "backup"
    assert run("backup", backup) == 0
    stored = next(path for path in (backup / "files").rglob("*") if path.is_file())
    for change, words in (
        (lambda: stored.rename(tmp_path / "away"), "缺少文件 files/"),
        (lambda: (tmp_path / "away").rename(stored), ""),
        (lambda: (backup / "files" / "note.txt").write_text("x"), "多出文件 files/note.txt"),
    ):
        change()
        if words:
            assert run("restore", backup, "--into", empty, "--files", tmp_path / "f2") == 1
            assert words in capsys.readouterr().err
    (backup / "files" / "note.txt").unlink()
    _rewrite(backup, lambda text: text.replace('"files/', '"files/../../'))
    assert run("restore", backup, "--into", empty, "--files", tmp_path / "f2") == 1
    assert "不是本版本认识的备份清单" in capsys.readouterr().err
    assert run("restore", tmp_path / "files", "--into", empty, "--files", tmp_path / "f2") == 1
    assert "不是完整的备份" in capsys.readouterr().err


def _rewrite(backup: Path, change: Callable[[str], str]) -> None:
    """Alter the manifest as somebody would who also mends its digest."""
    content = change((backup / "manifest.json").read_text()).encode()
    (backup / "manifest.json").write_bytes(content)
    (backup / "manifest.json.sha256").write_text(f"{sha256(content).hexdigest()}  manifest.json\n")


def test_nothing_that_is_not_empty_is_written_into(
    held: Held,
    run: Run,
    database_url: str,
    empty: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    backup = tmp_path / "backup"
    assert run("backup", backup) == 0
    votes = rows_of(database_url, "vote")
    assert run("restore", backup, "--files", tmp_path / "f2") == 1
    assert "目标数据库不是空的" in capsys.readouterr().err
    assert run("restore", backup, "--into", empty) == 1
    assert "不是空的" in capsys.readouterr().err
    assert run("backup", backup) == 2
    assert "已存在" in capsys.readouterr().err
    assert rows_of(database_url, "vote") == votes


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_another_mode_kind_or_newer_version_is_refused(
    held: Held,
    run: Run,
    empty: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    backup = tmp_path / "backup"
    assert run("backup", backup) == 0
    words = ("restore", backup, "--into", empty, "--files", tmp_path / "f2")
    monkeypatch.setenv("GONGJUE_MODE", "demo")
    assert run(*words) == 1
    assert "备份的用途是 rehearsal" in capsys.readouterr().err
    monkeypatch.setenv("GONGJUE_MODE", "rehearsal")
    _rewrite(backup, lambda text: text.replace('"revision": "0', '"revision": "9'))
    assert run(*words) == 1
    assert "比本程序新" in capsys.readouterr().err
    _rewrite(backup, lambda text: text.replace('"database": "sqlite"', '"database": "postgresql"'))
    assert run(*words) == 1
    assert "备份来自 postgresql" in capsys.readouterr().err


def test_without_its_keys_a_restore_is_whole_but_says_what_stays_shut(
    held: Held,
    run: Run,
    database_url: str,
    empty: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("backup", tmp_path / "backup") == 0
    other = base64.urlsafe_b64encode(bytes(range(100, 132))).decode()
    monkeypatch.setenv("GONGJUE_FIELD_KEYS", f"k2:{other}")
    assert run("restore", tmp_path / "backup", "--into", empty, "--files", tmp_path / "f2") == 1
    said = capsys.readouterr()
    assert "用现有密钥打不开" in said.err
    assert "owner.name_sealed 有内容的密钥不在 GONGJUE_FIELD_KEYS 里" in said.err
    # Votes and proofs hold nothing that is encrypted: they verify without any key.
    assert "已重新导出并核验 1 次已封存的表决" in said.out
    assert "表决" not in said.err
    assert rows_of(empty, "vote") == rows_of(database_url, "vote")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_older_backup_is_brought_to_this_version(
    run: Run, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = f"sqlite:///{tmp_path}/older.db"
    engine = migrate(older, tmp_path / "files")
    runner.downgrade(engine, "-1")
    before = runner.current_revision(engine)
    engine.dispose()
    monkeypatch.setenv("GONGJUE_DATABASE_URL", older)
    assert run("backup", tmp_path / "backup") == 0
    assert run("restore", tmp_path / "backup", "--into", empty, "--files", tmp_path / "f2") == 0
    engine = build_engine(make_settings(empty, tmp_path / "f2"))
    assert runner.current_revision(engine) == runner.head_revision() != before
    engine.dispose()


def test_rows_altered_before_the_backup_are_found_by_the_restore(
    held: Held, run: Run, empty: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    receipt = held.receipts[2]
    tamper(held.town.engine, "UPDATE vote SET choices = 'af' WHERE receipt = :receipt", receipt=receipt)
    assert run("backup", tmp_path / "backup") == 0
    assert run("restore", tmp_path / "backup", "--into", empty, "--files", tmp_path / "f2") == 1
    said = capsys.readouterr()
    assert "请不要投入使用" in said.out
    assert f"表决 {held.ballot_id}：" in said.err


def test_a_root_other_than_the_manifests_is_found_by_the_restore(
    held: Held, run: Run, empty: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = tmp_path / "backup"
    assert run("backup", backup) == 0
    _rewrite(backup, lambda text: text.replace(held.witnessed[-1], "0" * 64))
    assert run("restore", backup, "--into", empty, "--files", tmp_path / "f2") == 1
    assert f"{tree_of(held.ballot_id)} 的最新检查点与备份清单不符" in capsys.readouterr().err


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_password_is_in_no_list_of_processes(
    held: Held, run: Run, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "arguments"
    wrapper = tmp_path / "bin" / "pg_dump"
    wrapper.parent.mkdir()
    real = os.environ["PG_BIN"]
    wrapper.write_text(f'#!/bin/sh\necho "$@" > {seen}\nexec {real}/pg_dump "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PG_BIN", str(wrapper.parent))
    url = database_url.replace("gongjue@", "gongjue:s3cret-word@")
    monkeypatch.setenv("GONGJUE_DATABASE_URL", url)
    assert run("backup", tmp_path / "backup") == 0
    assert "--snapshot=" in seen.read_text()
    assert "s3cret-word" not in seen.read_text()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_missing_program_leaves_nothing_behind(
    held: Held, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PG_BIN", str(tmp_path / "nowhere"))
    assert run("backup", tmp_path / "all" / "backup") == 1
    assert "PG_BIN" in capsys.readouterr().err
    assert list((tmp_path / "all").iterdir()) == []


def test_the_restored_copy_goes_on_voting(held: Held, run: Run, empty: str, tmp_path: Path) -> None:
    assert run("backup", tmp_path / "backup") == 0
    assert run("restore", tmp_path / "backup", "--into", empty, "--files", tmp_path / "f2") == 0
    engine = build_engine(make_settings(empty, tmp_path / "f2"))
    move_clock(engine, 0)
    town = Town(engine, tmp_path / "f2")
    office = town.act(lambda ctx: open_office(ctx, dwellings=1))
    voter = town.act(lambda ctx: make_resident(ctx, office.estate.dwelling_ids[0]))
    meta = town.act(lambda ctx: ballot_meta(ctx.session, office.ballot.ballot_id))
    command = CastVote(
        meta, office.entry(0), office.marks(), office.ballot.documents_hash, new_id(), voter.token_hash
    )
    assert cast_vote(build_statements(town.ports.settings, engine), command).receipt
    engine.dispose()
