"""``gongjue survey export``: a workbook in the name of a member of staff, written once, told as an event."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlmodel import Session

from backend import cli
from backend.identity.tables import Account
from backend.infra.context import Context, Ports
from backend.infra.crypto import build_vault
from backend.infra.storage import Storage
from backend.kernel.access import SYSTEM, Role
from backend.kernel.ids import new_id
from backend.surveys import service
from backend.surveys.service import CreateSurvey
from tests.bot.environment import process_environment
from tests.factories.databases import make_settings
from tests.factories.people import acting_as, make_staff
from tests.factories.phones import FakeExchange
from tests.factories.places import make_estate


def arrange(engine: Engine, url: str, folder: Path) -> tuple[str, str, str]:
    """Open a survey; return its id and the names of a clerk and of a stranger."""
    settings = make_settings(url, folder / "files")
    vault = build_vault(settings)
    ports = Ports(settings, engine, vault, Storage(settings.storage_path, vault), FakeExchange())
    with Session(engine, expire_on_commit=False) as session:
        ctx = Context(session=session, actor=SYSTEM, ports=ports, request_id="arrange")
        place = make_estate(ctx, dwellings=12)
        people = [
            make_staff(ctx, Role.RESIDENTS_COMMITTEE, at.id)
            for at in (place.community, make_estate(ctx).community)
        ]
        clerk = acting_as(ctx, people[0])
        made = service.create_survey(
            clerk, CreateSurvey(place.community.id, "satisfaction", (place.estate.id,), new_id())
        )
        service.open_survey(clerk, made.id, ctx.clock.now() + timedelta(days=3), made.version)
        names = [str(session.get_one(Account, who.account_id).username) for who in people]
        session.commit()
    return made.id, names[0], names[1]


def test_the_workbook_is_written_once_by_whoever_may(
    engine: Engine,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    survey, clerk, stranger = arrange(engine, database_url, tmp_path)
    for name, value in process_environment(database_url, tmp_path / "files").items():
        monkeypatch.setenv(name, value)
    out = tmp_path / "survey.xlsx"
    assert cli.main(["survey", "export", survey, str(out), "--as", stranger]) == 1
    assert cli.main(["survey", "export", survey, str(out), "--as", "nobody"]) == 2
    assert not out.exists()
    assert cli.main(["survey", "export", survey, str(out), "--as", clerk]) == 0
    assert CalamineWorkbook.from_path(str(out)).get_sheet_by_name("调查率").to_python()[1][2] == 12
    assert cli.main(["survey", "export", survey, str(out), "--as", clerk]) == 2
    assert "没有覆盖" in capsys.readouterr().err
    with engine.connect() as connection:
        told = "SELECT count(*) FROM ledger_event WHERE type = 'survey.exported'"
        assert connection.execute(text(told)).scalar_one() == 1
