"""The hotline's figures over HTTP: what the table of a rehearsal reads, and what a unit reads."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import python_calamine
from sqlalchemy import text

from backend import cli
from backend.complaints import service
from backend.complaints.rules.statistics import Dimension
from backend.kernel.access import Role
from tests.api.conftest import World
from tests.factories.databases import make_environment
from tests.factories.people import make_staff
from tests.services.complaints.figures import DAY, closed, put, taken
from tests.services.complaints.hotline import open_hotline


def test_the_figures_of_an_area_and_of_a_unit(world: World) -> None:
    with world.arrange() as ctx:
        hotline = open_hotline(ctx)
        at = ctx.clock.now() - 20 * DAY
        for _ in range(6):
            closed(hotline, at, (True, True))
        taken(hotline, "in_progress", at, party_id=hotline.other_party)
        put(hotline, "registered", at + 19 * DAY, respond_by_at=at + 30 * DAY)
        staff = make_staff(ctx, Role.HOTLINE, hotline.place.community.id).token
        handler = make_staff(ctx, Role.HANDLER, hotline.place.community.id)
        service.add_member(hotline.bureau, hotline.other_party, handler.account_id)
        estate, party = hotline.place.estate.id, hotline.party
    client = world.app.test_client()

    def ask(path: str, token: str = staff) -> Any:
        return client.get(f"/api/v1/staff{path}", headers={"Authorization": f"Bearer {token}"})

    found = ask("/complaints/statistics?by=estate").get_json()
    (group,) = found["groups"]
    assert (group["key"], group["title"], group["figures"]) == (estate, "示例小区（虚构）", found["total"])
    total = found["total"]
    assert total["response"] == {"numerator": 7, "denominator": 7, "percent": "100.00"}
    assert total["resolution"] == {"numerator": 6, "denominator": 7, "percent": "85.71"}
    assert total["satisfaction"] == {"numerator": 6, "denominator": 6, "percent": "100.00"}
    assert total["to_accept"] == {"number": 7, "median_minutes": 120, "p90_minutes": 120}
    assert (total["registered"], total["waiting"], total["overdue"]) == (8, 1, 1)
    assert found["chart"]["labels"] == ["示例小区（虚构）"]
    assert {each["name"]: each["values"] for each in found["chart"]["series"]} == {
        "响应率": ["100.00"],
        "解决率": ["85.71"],
        "满意率": ["100.00"],
        "登记": ["8"],
        "已结案": ["6"],
        "目前超期": ["1"],
    }
    by_party = ask("/complaints/statistics?by=party").get_json()["groups"]
    assert next((each["key"], each["figures"]["registered"]) for each in by_party) == (party, 6)
    nothing = ask("/complaints/statistics?by=month&category=enquiry").get_json()["total"]
    assert nothing["response"] == {"numerator": 0, "denominator": 0, "percent": None}
    refused = ask("/complaints/statistics?since=2026-02-01&until=2026-01-01")
    assert (refused.status_code, refused.get_json()["code"]) == (422, "unacceptable")
    assert ask("/complaints/statistics?by=reporter").status_code == 400
    own = ask("/assigned-complaints/statistics?by=party", handler.token).get_json()
    assert [each["title"] for each in own["groups"]] == ["示例施工单位2"]
    assert (own["total"]["registered"], own["total"]["repeats_reporter"]) == (1, None)
    assert ask("/complaints/statistics", handler.token).status_code == 403


def test_the_workbook_has_a_sheet_for_each_breakdown_and_taking_it_out_is_an_event(world: World) -> None:
    with world.arrange() as ctx:
        hotline = open_hotline(ctx)
        at = ctx.clock.now() - 20 * DAY
        for number in range(7):
            closed(hotline, at, (True, number > 0))
        closed(hotline, at, (True, True), party_id=hotline.other_party)
        staff = make_staff(ctx, Role.TOWN, hotline.place.community.parent_id or "").token
        community = hotline.place.community.id
    client = world.app.test_client()
    headers = {"Authorization": f"Bearer {staff}"}
    path = "/api/v1/staff/complaints/statistics/exports"
    answer = client.post(path, json={"organisation": community}, headers=headers)
    book = python_calamine.load_workbook(BytesIO(answer.data))
    assert book.sheet_names == ["概况", "按责任单位", "按类别", "按时限类别", "按小区", "按登记月份"]
    headings, *lines = book.get_sheet_by_name("按责任单位").to_python()
    rows = {line[0]: dict(zip(headings, line, strict=True)) for line in lines}
    assert rows["示例施工单位1"]["满意率%"] == rows["示例施工单位2"]["满意率%"] == "不足 5 份，不显示"
    assert (rows["合计"]["满意率%"], rows["合计"]["满意"], rows["合计"]["评价"]) == ("87.50", 7, 8)
    assert (rows["合计"]["登记"], rows["合计"]["办结用时中位数（分钟）"]) == (8, 3 * 1440)
    with world.arrange() as ctx:
        told = ctx.session.connection().execute(
            text("SELECT organisation_id FROM ledger_event WHERE type = 'complaint.statistics_exported'")
        )
        assert [row[0] for row in told] == [community]


def test_the_console_shows_the_same_figures(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    settings = world.ports.settings
    for name, value in make_environment(settings.database_url, settings.storage_path).items():
        monkeypatch.setenv(name, value)
    with world.arrange() as ctx:
        hotline = open_hotline(ctx)
        at = ctx.clock.now() - 20 * DAY
        for number in range(7):
            closed(hotline, at, (True, number > 0), party_id=(hotline.party, hotline.other_party)[number % 2])
        taken(hotline, "in_progress", at)
        staff = make_staff(ctx, Role.TOWN, hotline.place.community.parent_id or "").token
        community = hotline.place.community.id
    words = ["complaints", "statistics", "--organisation", community]
    client = world.app.test_client()
    for by in Dimension:
        path = f"/api/v1/staff/complaints/statistics?by={by}&organisation={community}"
        shown = client.get(path, headers={"Authorization": f"Bearer {staff}"}).get_json()
        assert cli.main([*words, "--by", by, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told.pop("as_of") >= shown.pop("as_of")
        assert told == shown
        assert shown["total"]["registered"] == 8
    book = tmp_path / "figures.xlsx"
    assert cli.main([*words, "--by", "party", "--xlsx", str(book)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("，按责任单位：")
    assert lines[-1].startswith(
        "合计：登记 8；响应率 8/8（100.00%）；解决率 7/8（87.50%）；满意率 6/7（85.71%）；"
    )
    assert python_calamine.load_workbook(BytesIO(book.read_bytes())).sheet_names[0] == "概况"
    assert cli.main([*words, "--xlsx", str(book)]) == 2  # nothing is overwritten
