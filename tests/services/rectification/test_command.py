"""``gongjue rectification`` on both databases: template, import, export."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from backend.bootstrap import build_ports
from backend.cli import main
from backend.infra.context import Context
from backend.infra.database import open_session
from backend.kernel.access import SYSTEM
from tests.bot.environment import process_environment
from tests.factories.databases import make_settings
from tests.factories.places import make_estate
from tests.rules.rectification.ledgers import closed, line, to_csv


@pytest.fixture
def order(engine: Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words that name a committed estate; the settings are this process's environment."""
    ports = build_ports(make_settings(database_url, tmp_path / "files"), engine=engine)
    with open_session(engine) as session:
        place = make_estate(Context(session=session, actor=SYSTEM, ports=ports, request_id="test"))
        session.commit()
    for name, value in process_environment(database_url, tmp_path / "files").items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return ["--community", place.community.id, "--estate", place.estate.code]


def test_a_ledger_from_template_to_export(order: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rectification", "template", "empty.xlsx"]) == 0
    with pytest.raises(SystemExit, match="2"):
        main(["rectification", "template", "empty.csv"])
    assert "请以 .xlsx 结尾" in capsys.readouterr().err
    Path("ledger.csv").write_bytes(to_csv([line(), line("2", 整改期限="月底")]))
    assert main(["rectification", "import", "ledger.csv", *order]) == 2
    said = capsys.readouterr().err
    assert "第 3 行 [整改期限]“月底” 不是日期。请写成 2026-03-01 这样的日期" in said
    assert "没有导入任何内容" in said
    Path("ledger.csv").write_bytes(to_csv([line(), closed("2")]))
    assert main(["rectification", "import", "ledger.csv", *order, "--dry-run", "--json"]) == 0
    trial = json.loads(capsys.readouterr().out)
    assert (trial["is_applied"], trial["added"]) == (False, 2)
    assert main(["rectification", "import", "ledger.csv", *order]) == 0
    assert "新增 2，变更 0" in capsys.readouterr().out
    assert main(["rectification", "export", "out.xlsx", *order]) == 0
    capsys.readouterr()
    assert main(["rectification", "import", "out.xlsx", *order]) == 0
    assert "新增 0，变更 0，未变 2" in capsys.readouterr().out


def test_an_unknown_estate_is_named(order: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rectification", "export", "out.xlsx", *order[:3], "nowhere"]) == 1
    assert "没有编号为“nowhere”的小区" in capsys.readouterr().err
