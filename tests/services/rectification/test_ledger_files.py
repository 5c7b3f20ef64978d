"""Ledgers in and out: all or nothing, by number, never past the verifier; an export imports as unchanged."""

from __future__ import annotations

from io import BytesIO

import pytest
import python_calamine
from sqlmodel import select

from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.errors import DomainError, Forbidden, NotFound
from backend.ledger.tables import LedgerEvent
from backend.rectification import service
from backend.rectification.queries import ItemFilter
from backend.rectification.rules.progress import State, Step
from backend.rectification.service import ImportLedger, ImportReport
from backend.rectification.tables import RectificationItem
from tests.factories.people import acting_as, make_staff
from tests.rules.rectification.ledgers import closed, line, to_csv, to_xlsx
from tests.services.rectification.conftest import Site, make_site


def take_in(site: Site, content: bytes, *, is_dry_run: bool = False) -> ImportReport:
    digest = site.committee.storage.put(content)
    return service.import_ledger(site.committee, ImportLedger(site.estate, digest, is_dry_run))


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.unchanged, report.error_count


def items(site: Site) -> dict[str, State]:
    found = service.list_items(site.town, ItemFilter(site.estate), 100)
    return {card.number: card.state for card in found}


def test_a_ledger_comes_in_whole_and_again_changes_nothing(site: Site) -> None:
    content = to_xlsx([line(), closed("2026-002"), line("ZG-0041")])
    trial = take_in(site, content, is_dry_run=True)
    assert (counts(trial), trial.is_applied, items(site)) == ((3, 0, 0, 0), False, {})
    assert take_in(site, content).is_applied
    expected = {"2026-001": State.OPEN, "2026-002": State.CLOSED_OUT, "ZG-0041": State.OPEN}
    assert items(site) == expected
    assert counts(take_in(site, content)) == (0, 0, 3, 0)
    assert site.open().number == "ZG-0042"
    card = next(
        c for c in service.list_items(site.town, ItemFilter(site.estate), 10) if c.number == "2026-002"
    )
    assert (card.verifier, card.is_imported, card.verified_by) == ("李四", True, None)
    assert [row.step for row in service.show_item(site.town, card.id).history] == ["imported"]
    payload = site.events("rectification.imported", site.estate)[0].payload
    assert (payload["added"], payload["closed_out"]) == (3, 1)


def test_one_fault_keeps_everything_out_and_is_named(site: Site) -> None:
    report = take_in(site, to_csv([line(), line("2026-002", 整改期限="月底", 责任人="王五 13800000009")]))
    assert (report.is_applied, items(site)) == (False, {})
    fault = dict(report.errors[0])
    assert fault == {
        "row": 3,
        "column": "整改期限",
        "value": "月底",
        "reason": "不是日期",
        "remedy": "请写成 2026-03-01 这样的日期",
    }


def test_importing_again_updates_by_number(site: Site) -> None:
    take_in(site, to_csv([line(), line("2026-002")]))
    report = take_in(site, to_csv([closed(责任单位="另一公司"), line("2026-003")]))
    assert counts(report) == (1, 1, 0, 0)
    assert items(site) == {
        "2026-001": State.CLOSED_OUT,
        "2026-002": State.OPEN,
        "2026-003": State.OPEN,
    }
    corrected = take_in(site, to_csv([line(整改状态="整改中")]))
    assert counts(corrected) == (0, 1, 0, 0)
    assert items(site)["2026-001"] is State.IN_PROGRESS


def test_a_file_does_not_close_what_is_worked_on_here(site: Site) -> None:
    take_in(site, to_csv([line()]))
    item = service.list_items(site.town, ItemFilter(site.estate), 1)[0]
    site.photo(site.committee, item.id)
    site.step(site.committee, item.id, Step.SUBMIT)
    report = take_in(site, to_csv([closed()]))
    assert (report.is_applied, items(site)["2026-001"]) == (False, State.SUBMITTED)
    assert "台账不能代替核验和销号" in report.errors[0]["reason"]
    site.step(site.town, item.id, Step.VERIFY)
    site.step(site.town, item.id, Step.CLOSE_OUT)
    assert items(site)["2026-001"] is State.CLOSED_OUT


def test_a_live_item_keeps_its_round_when_a_file_changes_its_words(site: Site) -> None:
    take_in(site, to_csv([line()]))
    item = service.list_items(site.town, ItemFilter(site.estate), 1)[0].id
    site.photo(site.committee, item)
    site.step(site.committee, item, Step.SUBMIT)
    site.step(site.town, item, Step.RETURN, "还在漏")
    assert counts(take_in(site, to_csv([line(整改措施="换掉")]))) == (0, 1, 0, 0)
    card = service.show_item(site.town, item).card
    assert (card.measures, card.state, card.round) == ("换掉", State.IN_PROGRESS, 2)


def test_an_export_reads_back_as_unchanged(site: Site) -> None:
    take_in(site, to_csv([line(), closed("2026-002", 具体部位="3栋2单元501卫生间")]))
    site.close(site.open(problem="-1 层积水", place="=地下室").id)
    content = service.export_ledger(site.committee, site.estate)
    assert counts(take_in(site, content)) == (0, 0, 3, 0)
    event = site.events("rectification.exported", site.estate)[0]
    assert event.payload == {"rows": 3, "with_people": True}


def test_whoever_may_not_know_people_exports_without_them(site: Site, ctx: Context) -> None:
    take_in(site, to_csv([closed(具体部位="3栋2单元501卫生间")]))
    auditor = acting_as(ctx, make_staff(ctx, Role.AUDITOR, site.place.community.id))
    content = service.export_ledger(auditor, site.estate)
    rows = python_calamine.load_workbook(BytesIO(content)).get_sheet_by_name("整改台账").to_python()
    shown = " ".join(map(str, rows[3]))
    assert "张**" in shown
    assert not [word for word in ("张三", "李四", "1380000", "卫生间") if word in shown]
    report = take_in(site, content)
    assert (report.is_applied, report.error_count) == (False, 2)


def test_only_a_keeper_imports_and_only_in_their_own_place(site: Site, ctx: Context) -> None:
    digest = ctx.storage.put(to_csv([line()]))
    auditor = acting_as(ctx, make_staff(ctx, Role.AUDITOR, site.place.community.id))
    for who, error in ((auditor, Forbidden), (site.builder, Forbidden), (make_site(ctx).committee, NotFound)):
        with pytest.raises(error):
            service.import_ledger(who, ImportLedger(site.estate, digest, False))
    with pytest.raises(DomainError, match="wrong_field"):
        service.import_ledger(site.committee, ImportLedger(site.estate, "0" * 64, False))


def test_nothing_personal_is_stored_in_the_clear(site: Site, ctx: Context) -> None:
    take_in(site, to_csv([closed(具体部位="3栋2单元501卫生间")]))
    row = ctx.session.exec(select(RectificationItem).where(RectificationItem.estate_id == site.estate)).one()
    events = ctx.session.exec(
        select(LedgerEvent.payload).where(LedgerEvent.organisation_id == site.place.community.id)
    ).all()
    stored = f"{row.model_dump()}{events}"
    assert not [word for word in ("张三", "李四", "13800000001", "卫生间") if word in stored]
