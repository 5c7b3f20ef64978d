"""Imports on both databases: all or nothing, by stable key, resumed when a worker dies."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlmodel import Session, select, update

from backend.infra.columns import to_micros
from backend.infra.installation import move_clock
from backend.ledger.tables import LedgerEvent
from backend.registry import queries
from backend.registry.errors import KeyReused
from backend.registry.repository import runs
from backend.registry.service import run_import, run_next_import
from backend.registry.tables import Building, Dwelling, Estate, ImportRun, OwnerMember, Tenant
from tests.rules.registry.roll_files import row, to_xlsx
from tests.services.registry.imports import Place, make_place


@pytest.fixture
def place(engine: Engine, tmp_path: Path) -> Place:
    return make_place(engine, tmp_path)


FIRST = [
    row(door="101", owner_phone="13800138001"),
    row(door="102", owner_key="K1", owner_name="乙"),
    row(door="103", owner_key="K1", owner_name="乙", use="商铺", household="否"),
    row(building="2", entrance="", door="101", tenants="丁 13800138009", tenant_kind="公房承租人"),
]


def test_import_stores_everything_once_and_seals_names(place: Place) -> None:
    run = place.load(FIRST)
    assert (run.state, run.report["difference"]["added"]) == ("done", 4)
    dwellings, owners = place.dwellings(), place.owners()
    assert sorted(dwellings) == ["1/1/101", "1/1/102", "1/1/103", "2//101"]
    assert dwellings["1/1/102"].owner_id == dwellings["1/1/103"].owner_id == owners["K1"].id
    assert dwellings["1/1/103"].exclusive_area_centi == 8000
    assert "乙" not in owners["K1"].name_sealed
    assert place.ports.vault.open(owners["K1"].name_sealed, "owner.name") == "乙"
    with Session(place.ports.engine) as session:
        found = queries.find_dwellings_by_phone(session, place.ports.vault.indexes("13800138001", "phone"))
        assert found == [(dwellings["1/1/101"].id, "owner")]
        found = queries.find_dwellings_by_phone(session, place.ports.vault.indexes("13800138009", "phone"))
        assert found == [(dwellings["2//101"].id, "public_tenant")]
        statement = select(LedgerEvent).where(LedgerEvent.type == "registry.imported")
        assert session.exec(statement).one().payload["added"] == 4


def test_same_file_again_changes_nothing(place: Place) -> None:
    place.load(FIRST)
    before = place.dwellings()
    run = place.load(FIRST)
    assert run.report["difference"] == {
        "added": 0, "changed": 0, "removed": 0, "kept_though_missing": 0, "unchanged": 4, "lines": [],
    }  # fmt: skip
    assert place.dwellings() == before


def test_reimport_updates_by_key_and_keeps_ids(place: Place) -> None:
    place.load(FIRST)
    before = place.dwellings()
    second = [
        row(building="1号楼", door="0101室", area="81.5", owner_phone="13800138002"),
        *FIRST[1:3],
        row(building="2", entrance="", door="101"),
    ]
    run = place.load(second)
    after = place.dwellings()
    assert run.report["difference"]["changed"] == 2
    assert after["1/1/101"].id == before["1/1/101"].id
    assert after["1/1/101"].exclusive_area_centi == 8150
    with Session(place.ports.engine) as session:
        assert session.exec(select(Tenant)).all() == []
        members = session.exec(
            select(OwnerMember).where(OwnerMember.owner_id == after["1/1/101"].owner_id)
        ).all()
    assert [place.ports.vault.open(str(m.phone_sealed), "owner_member.phone") for m in members] == [
        "13800138002"
    ]


def test_the_year_of_a_building_comes_with_the_roll_and_stays_where_none_is_given(place: Place) -> None:
    def years() -> dict[str, int | None]:
        with Session(place.ports.engine) as session:
            wanted = select(Building).where(Building.estate_id == place.estate_id)
            return {found.code: found.built_year for found in session.exec(wanted)}

    place.load([row(built_year=1996), row(building="2")])
    assert years() == {"1": 1996, "2": None}
    again = place.load([row(), row(building="2", built_year=1998)])
    assert years() == {"1": 1996, "2": 1998}
    assert again.report["difference"]["lines"] == ["楼栋 2 建成年份 未填 → 1998"]
    assert again.report["difference"]["unchanged"] == 2
    place.load([row(built_year=1995)], is_dry_run=True)
    assert years()["1"] == 1996


def test_missing_rows_stay_unless_removal_is_asked_for_and_come_back_with_their_id(place: Place) -> None:
    place.load(FIRST)
    run = place.load(FIRST[:3])
    assert run.report["difference"]["kept_though_missing"] == 1
    assert place.dwellings()["2//101"].state == "active"
    run = place.load(FIRST[:3], removes_missing=True)
    assert run.report["difference"]["removed"] == 1
    gone = place.dwellings()["2//101"]
    assert gone.state == "removed"
    place.load(FIRST)
    assert place.dwellings()["2//101"].state == "active"
    assert place.dwellings()["2//101"].id == gone.id


def test_dry_run_tells_the_difference_and_stores_nothing(place: Place) -> None:
    place.load(FIRST[:2])
    run = place.load([row(door="101", area="79"), FIRST[2]], is_dry_run=True, removes_missing=True)
    assert run.state == "done"
    difference = run.report["difference"]
    assert [difference[name] for name in ("added", "changed", "removed", "unchanged")] == [1, 1, 1, 0]
    assert "变更 1栋1单元101：面积 80.00 → 79.00" in difference["lines"]
    assert sorted(place.dwellings()) == ["1/1/101", "1/1/102"]
    assert place.dwellings()["1/1/101"].exclusive_area_centi == 8000


def test_one_bad_row_refuses_the_whole_file(place: Place) -> None:
    run = place.load([*FIRST, row(door="999", area="0")])
    assert (run.state, run.report["error_count"]) == ("refused", 1)
    assert run.report["errors"][0]["row"] == 6
    assert place.dwellings() == {}


def test_unreadable_file_is_refused_with_a_text(place: Place) -> None:
    run_id = place.queue(b"%PDF-1.7 nothing")
    assert run_next_import(place.ports) is True
    assert run_next_import(place.ports) is False
    run = place.run(run_id)
    assert run.state == "refused"
    assert "PDF" in run.report["message"]


DYING_WORKER = """
import os, pathlib, signal, sys
from sqlalchemy import event
from backend.infra.database import build_engine
from backend.registry.service import run_import
from tests.factories.databases import make_settings
from tests.services.registry.imports import ports_on

url, folder, run_id = sys.argv[1:]
engine = build_engine(make_settings(url, pathlib.Path(folder)))

@event.listens_for(engine, "after_cursor_execute")
def die(conn, cursor, statement, *rest):
    if statement.startswith("INSERT INTO dwelling"):
        os.kill(os.getpid(), signal.SIGKILL)

run_import(ports_on(engine, pathlib.Path(folder)), run_id)
"""


def test_killed_half_way_leaves_nothing_and_is_taken_up_again(place: Place, tmp_path: Path) -> None:
    run_id = place.queue(to_xlsx(FIRST))
    url = place.ports.engine.url.render_as_string(hide_password=False)
    killed = subprocess.run(
        [sys.executable, "-c", DYING_WORKER, url, str(tmp_path / "files"), run_id],
        cwd=Path(__file__).parents[3],
        check=False,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL
    assert (place.run(run_id).state, place.dwellings(), place.owners()) == ("running", {}, {})
    assert run_next_import(place.ports) is False, "still within the time of the silent worker"
    move_clock(place.ports.engine, int(timedelta(minutes=11) / timedelta(microseconds=1)))
    assert run_next_import(place.ports) is True
    assert place.run(run_id).state == "done"
    assert len(place.dwellings()) == 4


def test_worker_that_lost_its_run_commits_nothing(place: Place) -> None:
    run_id = place.queue(to_xlsx(FIRST))
    moment = runs.db_now

    def take_over(conn: object, cursor: object, statement: str, *rest: object) -> None:
        if statement.startswith("INSERT INTO dwelling"):
            value = moment(Session(conn)) + timedelta(seconds=1)  # type: ignore[arg-type]
            stored = to_micros(value) if place.ports.settings.is_sqlite else value
            raw = conn.connection.driver_connection  # type: ignore[attr-defined]
            mark = "?" if place.ports.settings.is_sqlite else "%s"
            raw.execute(f"UPDATE import_run SET claimed_at = {mark}", (stored,))

    event.listen(place.ports.engine, "after_cursor_execute", take_over)
    run_import(place.ports, run_id)
    event.remove(place.ports.engine, "after_cursor_execute", take_over)
    assert place.dwellings() == {}
    assert place.run(run_id).state == "running"


def test_run_that_never_ends_is_given_up_after_three_attempts(place: Place) -> None:
    run_id = place.queue(to_xlsx(FIRST))
    with Session(place.ports.engine) as session:
        session.exec(update(ImportRun).values(attempts=3))
        session.commit()
    assert run_next_import(place.ports) is True
    assert place.run(run_id).state == "failed"
    assert place.dwellings() == {}


def test_file_of_a_whole_community_goes_to_each_estate(place: Place) -> None:
    run = place.load([row(estate=place.estate_code)], estate_id=None)
    assert run.state == "done"
    assert list(place.dwellings()) == ["1/1/101"]
    assert place.load([row(estate="ZZ")], estate_id=None).report["errors"][0]["column"] == "小区编号"


@pytest.mark.parametrize("options", [{"is_dry_run": True}, {}])
def test_an_estate_founded_by_an_import_comes_with_its_rows_or_not_at_all(
    place: Place, options: dict[str, bool]
) -> None:
    new = {"estate_id": None, "new_estate": ("E-NEW", "新建小区"), **options}
    bad = place.load([row(area="0")], **new)
    assert (bad.state, _founded(place)) == ("refused", [])
    run = place.load([row()], **new)
    assert (run.state, run.report["difference"]["added"]) == ("done", 1)
    assert _founded(place) == ([] if options else [("E-NEW", 1)])
    again = place.load([row()], **new)
    assert again.report["difference"]["unchanged"] == (0 if options else 1)


def test_one_key_founds_one_estate(place: Place) -> None:
    content, key = to_xlsx(FIRST), {"estate_id": None, "idempotency_key": "same-key-1"}
    first = place.queue(content, new_estate=("E-NEW", "新建小区"), **key)
    assert place.queue(content, new_estate=("E-NEW", "新建小区"), **key) == first
    with pytest.raises(KeyReused):
        place.queue(content, new_estate=("E-OTHER", "新建小区"), **key)


def _founded(place: Place) -> list[tuple[str, int]]:
    with Session(place.ports.engine) as session:
        founded = select(Estate).where(
            Estate.organisation_id == place.organisation_id, Estate.id != place.estate_id
        )
        return [
            (estate.code, len(session.exec(select(Dwelling).where(Dwelling.estate_id == estate.id)).all()))
            for estate in session.exec(founded)
        ]
