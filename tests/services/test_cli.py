"""The frame of the command line: subcommands, errors in one line, exit codes, and the web server it starts."""

from __future__ import annotations

import argparse
import http.client
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backend import cli
from backend.commands.serve import gunicorn_command
from backend.demo.processes import answers
from tests.bot.environment import process_environment
from tests.factories.databases import sqlite_copy
from tests.factories.postgres import Cluster

ROOT = Path(__file__).parents[2]


def gongjue(*words: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "backend.cli", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return process_environment(f"sqlite:///{tmp_path}/cli.db", tmp_path / "files")


def test_every_command_is_found_and_describes_itself(capsys: pytest.CaptureFixture[str]) -> None:
    names = cli.command_names()
    assert {"bot", "demo", "migrate", "record", "run-demo", "serve", "tally"} <= set(names)
    for name in names:
        with pytest.raises(SystemExit) as ended:
            cli.main([name, "--help"])
        assert ended.value.code == 0
        assert f"gongjue {name}" in capsys.readouterr().out


def test_no_command_and_an_unknown_one_name_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["tell"]):
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        assert ended.value.code == 2
        said = capsys.readouterr().err
        assert "COMMAND" in said
        assert said.startswith("用法：gongjue")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "缺少：COMMAND"),
        (["tell"], "COMMAND 没有 'tell'，可用："),
        (["serve", "--bind"], "--bind 后面要跟一个值"),
        (["serve", "--workers", "0"], "--workers：应为正整数，不是 '0'"),
        (["run-demo", "--port", "x"], "--port 应为整数，不是 'x'"),
        (["keys", "new", "--no-such"], "多出的参数：--no-such"),
        (["survey", "export", "one", "out.zip", "--as", "me"], "请以 .xlsx 结尾，不是 'out.zip'"),
        (
            ["complaints", "statistics", "--organisation", "1", "--xlsx", "out"],
            "请以 .xlsx 结尾，不是 'out'",
        ),
    ],
)
def test_argparse_complains_in_chinese(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(words)
    assert told in capsys.readouterr().err


def test_it_tells_its_version_and_its_help_is_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    for words, told in (
        (["--version"], "gongjue 0."),
        (["keys", "--help"], "选项：\n  -h, --help  显示这段说明"),
    ):
        with pytest.raises(SystemExit, match="0"):
            cli.main(words)
        assert told in capsys.readouterr().out


def test_counting_loads_neither_database_nor_web(environment: dict[str, str]) -> None:
    script = (
        "import sys; from backend.cli import build_parser; build_parser(['tally', '--rule', 'x']);"
        "print([name for name in ('sqlalchemy', 'flask', 'apscheduler') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"


def test_a_wrong_setting_is_one_line(environment: dict[str, str]) -> None:
    result = gongjue(
        "migrate", environment={**environment, "GONGJUE_MODE": "production", "GONGJUE_FIELD_KEYS": ""}
    )
    assert result.returncode == cli.UNUSABLE
    assert len(result.stderr.splitlines()) == 1
    assert "GONGJUE_FIELD_KEYS" in result.stderr


def test_migrating_twice_is_harmless_and_another_mode_is_refused(environment: dict[str, str]) -> None:
    first = gongjue("migrate", environment=environment)
    again = gongjue("migrate", environment=environment)
    assert (first.returncode, again.returncode) == (0, 0)
    assert "已升级" in first.stdout
    assert "已是最新版本" in again.stdout
    other = gongjue("migrate", environment={**environment, "GONGJUE_MODE": "demo"})
    assert other.returncode == cli.UNUSABLE
    assert "这个数据库的用途是 rehearsal" in other.stderr


@pytest.mark.parametrize("command", ["bot", "serve"])
def test_a_database_that_is_not_there_yet_names_the_remedy(command: str, environment: dict[str, str]) -> None:
    result = gongjue(command, environment=environment)
    assert result.returncode == cli.UNUSABLE
    assert result.stderr.splitlines()[-1] == "数据库还没有建好或版本不符，请先执行：gongjue migrate"


def test_an_empty_postgresql_names_the_remedy_too(pg_cluster: Cluster, environment: dict[str, str]) -> None:
    url = pg_cluster.create_database("empty")
    result = gongjue("bot", environment={**environment, "GONGJUE_DATABASE_URL": url})
    assert result.returncode == cli.UNUSABLE
    assert "gongjue migrate" in result.stderr


def test_a_database_that_does_not_answer_is_one_line(environment: dict[str, str]) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none"
        result = gongjue("migrate", environment={**environment, "GONGJUE_DATABASE_URL": url})
    assert result.returncode == cli.UNUSABLE
    assert result.stderr.splitlines() == ["数据库连接不上或正忙，请检查 GONGJUE_DATABASE_URL 与数据库服务。"]


def test_a_refusal_is_told_in_the_readers_words(migrated_sqlite: Path, tmp_path: Path) -> None:
    url = sqlite_copy(migrated_sqlite, tmp_path / "cli.db")
    result = gongjue("demo", "load", environment=process_environment(url, tmp_path / "files"))
    assert result.returncode == cli.REFUSED
    assert "演示数据只能装入演示用的数据库" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_words: object) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser()
        parser.set_defaults(run=lambda _args: 1 // 0)
        return parser

    monkeypatch.setattr(cli, "build_parser", broken)
    with pytest.raises(ZeroDivisionError):
        cli.main([])


def test_a_reader_that_has_seen_enough_is_no_error(environment: dict[str, str]) -> None:
    command = f"{sys.executable} -m backend.cli bot --list | head -n 1; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in result.stderr
    assert result.returncode == 0


def test_the_web_server_is_started_as_it_was_measured() -> None:
    command = gunicorn_command("127.0.0.1:8000", 2, 4)
    assert {"gthread", "--reuse-port", "--no-control-socket", "--graceful-timeout"} <= set(command)
    assert "--preload" not in command


@pytest.mark.slow
def test_serve_answers_and_ends_cleanly(database_url: str, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "backend.cli", "serve", "--bind", f"127.0.0.1:{port}"],
        cwd=ROOT,
        env=process_environment(database_url, tmp_path / "files"),
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not answers(port, "/readyz"):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/health/bot")
        assert connection.getresponse().status == 503
        connection.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
