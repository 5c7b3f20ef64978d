"""Every command on the pages runs.

The rule: a block marked ``sh`` is run, all blocks of a page in one shell from top to bottom, on a PostgreSQL of the
test's own, with the page's folders moved into the test's. A block marked ``sh host`` needs root, systemd, a package
registry or a proxy: it must be good shell, use known programs only, and its ``gongjue`` commands must parse. A block
marked ``sh demo`` speaks to a running demo: tests/services/test_demo.py runs it against the one it has.
``make`` targets are expanded, not run, and commands that run for minutes or for ever are parsed (sandbox.py says which
tests run those). Unit files, nginx's and PostgreSQL's lines are checked in test_examples.py.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import psycopg
import pytest

from backend.cli import build_parser, command_names
from tests.docs.pages import PAGES, ROOT, Block, blocks_of
from tests.docs.sandbox import build_sandbox
from tests.factories.postgres import Cluster

READMES = ("README.md", "README.zh-CN.md")
HOST_PROGRAMS = {
    *("apt-get", "useradd", "install", "git", "python3.11", "pip", "ln", "cp"),
    *("systemctl", "nginx", "gongjue", "granian"),
}
LANGUAGES = {"", "sh", "ini", "json", "text"}


def shell_blocks(page: Path) -> list[Block]:
    return [block for block in blocks_of(page) if block.words[:1] == ("sh",)]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


WITH_SHELL = [page for page in PAGES if shell_blocks(page)]


def test_every_block_says_what_it_is() -> None:
    unknown = [
        f"{name_of(page)}:{block.line} {block.words}"
        for page in PAGES
        for block in blocks_of(page)
        if (block.words or ("",))[0] not in LANGUAGES or block.words[1:] not in ((), ("host",), ("demo",))
    ]
    assert not unknown


def test_the_pages_with_commands_are_these() -> None:
    assert {"README.md", "README.zh-CN.md", "docs/operate.md"} <= {name_of(page) for page in WITH_SHELL}


@pytest.mark.slow
@pytest.mark.parametrize("name", READMES)
def test_the_readmes_commands_run(name: str, tmp_path: Path) -> None:
    build_sandbox(tmp_path / "sandbox", None).run(shell_blocks(ROOT / name))


def test_both_readmes_walk_the_same_way_and_know_every_place() -> None:
    walks = [[block.text for block in shell_blocks(ROOT / name) if "demo" in block.words] for name in READMES]
    assert walks[0] == walks[1] != []
    places = {"bench", "bot", "migrations", "miniprogram_api", "tests", "wechat_simulator"}
    places |= {f"backend/{path.parent.name}" for path in ROOT.glob("backend/*/__init__.py")}
    for name in READMES:
        told = set(re.findall(r"`([a-z0-9_/]+)`", (ROOT / name).read_text()))
        assert places <= told, places - told


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in WITH_SHELL if page.name not in READMES], ids=lambda page: name_of(page)
)
def test_a_pages_commands_run_from_top_to_bottom(page: Path, tmp_path: Path, pg_cluster: Cluster) -> None:
    sandbox = build_sandbox(tmp_path / "sandbox", pg_cluster)
    try:
        sandbox.run(shell_blocks(page))
    finally:
        with psycopg.connect(pg_cluster.url, autocommit=True) as server:
            for database in ("gongjue", "gongjue_check"):
                server.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            server.execute("DROP ROLE IF EXISTS gongjue_of_the_page")


HOST_BLOCKS = [
    pytest.param(block, id=f"{name_of(page)}:{block.line}")
    for page in WITH_SHELL
    for block in shell_blocks(page)
    if "host" in block.words
]


@pytest.mark.parametrize("block", HOST_BLOCKS)
def test_what_needs_a_host_is_good_shell_of_known_programs(block: Block) -> None:
    checked = subprocess.run(["bash", "-n"], input=block.text, text=True, capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr
    for line in filter(None, block.text.splitlines()):
        words = shlex.split(line)
        while re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words = words[1:]
        assert Path(words[0]).name in HOST_PROGRAMS, line
        if Path(words[0]).name == "gongjue":
            build_parser(words[1:]).parse_args(words[1:])


def test_every_command_spoken_of_exists() -> None:
    unknown = {
        f"{name_of(page)}: gongjue {word}"
        for page in PAGES
        for word in re.findall(r"`(?:\.venv/bin/)?gongjue ([a-z-]+)", page.read_text())
        if word not in command_names()
    }
    assert not unknown
