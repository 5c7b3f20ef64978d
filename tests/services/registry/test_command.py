"""``gongjue registry`` on both databases: the way to a roll in processes of its own, refusals in this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.cli import main
from backend.registry.rules.check_file import check_file
from tests.rules.registry.roll_files import row, to_csv, to_xlsx

pytestmark = pytest.mark.slow
Gongjue = Callable[..., "subprocess.CompletedProcess[str]"]
Here = Callable[..., tuple[int, str]]


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "GONGJUE_MODE": "rehearsal",
        "GONGJUE_DATABASE_URL": database_url,
        "GONGJUE_STORAGE": str(tmp_path / "files"),
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }


@pytest.fixture
def here(
    settings: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Here:
    """Run it in this process; returns the exit code and what was said."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str]:
        code = main(["registry", *arguments])
        return code, capsys.readouterr().err

    return run


@pytest.fixture
def gongjue(settings: dict[str, str], tmp_path: Path) -> Gongjue:
    environment = os.environ | settings

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "backend.cli", "registry", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


def test_from_an_empty_database_to_a_roll(gongjue: Gongjue, tmp_path: Path) -> None:
    assert gongjue("organisation", "county", "640302", "利通区").returncode == 0
    made = gongjue("organisation", "community", "C1", "某社区", "--under", "640302")
    assert len(made.stdout.strip()) == 20
    (tmp_path / "roll.csv").write_bytes(to_csv([row(), row(door="102", area="0", owner_phone="1380013800")]))
    refused = gongjue("import", "roll.csv", "--community", "C1", "--estate", "E1")
    assert refused.returncode == 2
    assert "--create-estate" in refused.stderr
    order = ["import", "roll.csv", "--community", "C1", "--estate", "E1", "--create-estate", "朝阳家园"]
    refused = gongjue(*order)
    assert refused.returncode == 2
    assert "没有导入任何内容" in refused.stderr
    assert "第 3 行 [专有部分面积]“0” 面积必须大于 0。" in refused.stderr
    assert "第 3 行 [业主电话]“138*****00”" in refused.stderr
    assert "Traceback" not in refused.stderr
    (tmp_path / "roll.csv").write_bytes(to_csv([row(), row(door="102")]))
    trial = json.loads(gongjue(*order, "--dry-run", "--json").stdout)
    assert (trial["dry_run"], trial["difference"]["added"]) == (True, 2)
    # Neither the refused import nor the trial has founded the estate.
    assert "--create-estate" in gongjue(*order[:-2]).stderr
    done = gongjue(*order)
    assert done.returncode == 0
    assert "新增 2" in done.stdout
    assert json.loads(gongjue(*order, "--json").stdout)["difference"]["unchanged"] == 2


def test_wrong_places_and_files_are_told_in_one_line(here: Here, tmp_path: Path) -> None:
    (tmp_path / "good.xlsx").write_bytes(to_xlsx([row()]))
    for arguments in (
        ["import", "none.xlsx", "--community", "C1"],
        ["import", str(tmp_path), "--community", "C1"],
        ["import", "good.xlsx", "--community", "C1"],
        ["organisation", "community", "C1", "无上级"],
        ["estate", "E1", "小区", "--community", "C1"],
        ["template", str(tmp_path / "no" / "folder.xlsx")],
    ):
        code, said = here(*arguments)
        assert code == 2, arguments
        assert "Traceback" not in said
        assert any("一" <= character <= "鿿" for character in said)


def test_a_code_of_another_level_is_named_as_such(here: Here, tmp_path: Path) -> None:
    assert here("organisation", "county", "640302", "利通区")[0] == 0
    (tmp_path / "good.xlsx").write_bytes(to_xlsx([row()]))
    code, said = here("import", "good.xlsx", "--community", "640302", "--estate", "E1")
    assert (code, said.strip()) == (2, "“640302”不是社区。")


def test_template_is_readable_and_holds_no_home(here: Here, tmp_path: Path) -> None:
    assert here("template", "out.xlsx")[0] == 0
    content = (tmp_path / "out.xlsx").read_bytes()
    with pytest.raises(Exception, match="unreadable_file"):
        check_file(content, {"E1": "e"}, "E1", lambda done, total: None)
