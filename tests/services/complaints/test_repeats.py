"""What is found as it happens and kept for the figures: pauses that are over, reports that repeat an earlier one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from backend.complaints import service
from backend.complaints.rules.statistics import Dimension, Times
from backend.complaints.rules.vocabulary import Disclosure, Nature, PauseReason, Source
from backend.complaints.service import (
    AcceptComplaint,
    HandleComplaint,
    PauseComplaint,
    ReadStatistics,
    RecordComplaint,
    ResumeComplaint,
)
from backend.complaints.tables import Complaint
from backend.infra.context import Context, Ports
from backend.infra.crypto import build_vault
from backend.infra.storage import Storage
from backend.kernel.access import SYSTEM
from backend.kernel.ids import new_id
from migrations import runner
from tests.factories.databases import make_settings
from tests.factories.phones import FakeExchange
from tests.services.complaints.figures import DAY, HOUR, MINUTE, NOW
from tests.services.complaints.hotline import Hotline, open_hotline, set_clock


@pytest.fixture
def hotline(ctx: Context) -> Hotline:
    found = open_hotline(ctx)
    set_clock(ctx, NOW)
    return found


def test_a_pause_does_not_count_into_the_time_to_a_result(hotline: Hotline) -> None:
    start = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    set_clock(hotline.system, start)
    row = hotline.started()
    set_clock(hotline.system, start + HOUR)
    paused = PauseComplaint(row.id, row.version, PauseReason.WEATHER, "连日下雪")
    row = service.pause_complaint(hotline.hotline, paused)
    set_clock(hotline.system, start + 31 * HOUR)
    row = service.resume_complaint(hotline.hotline, ResumeComplaint(row.id, row.version))
    assert abs(row.paused_seconds - 30 * 3600) <= 5
    row = service.pause_complaint(
        hotline.hotline, PauseComplaint(row.id, row.version, PauseReason.MEDIATION, "调解")
    )
    set_clock(hotline.system, start + 51 * HOUR + MINUTE / 2)
    row = service.resolve_complaint(hotline.handler, HandleComplaint(row.id, row.version, "已修好"))
    assert abs(row.paused_seconds - 50 * 3600) <= 45
    assert service.read_statistics(
        hotline.hotline, ReadStatistics(Dimension.PARTY)
    ).total.to_resolve == Times(1, 60, 60)


def flags(ctx: Context, row: Complaint) -> tuple[bool, bool]:
    found = ctx.session.exec(select(Complaint).where(Complaint.id == row.id)).one()
    return found.repeats_place, found.repeats_reporter


def test_a_report_repeats_one_of_the_same_place_and_category_within_thirty_days(hotline: Hotline) -> None:
    def at(day: int, **values: Any) -> tuple[bool, bool]:
        set_clock(hotline.system, datetime(2026, 1, 1, 4, 0, tzinfo=UTC) + day * DAY)
        return flags(hotline.system, hotline.record(**values))

    assert at(0) == (False, False)
    assert at(29) == (True, False)
    assert at(60) == (False, False)
    assert at(61, category="progress") == (False, False)
    assert at(62, building_id=None) == (False, False)
    assert at(63, disclosure=Disclosure.ANONYMOUS) == (True, False)


def test_a_corrected_category_is_compared_anew(hotline: Hotline) -> None:
    hotline.record()
    row = hotline.record(category="progress")
    service.accept_complaint(hotline.hotline, AcceptComplaint(row.id, row.version, category="quality"))
    assert flags(hotline.system, row) == (True, False)


def test_only_named_reports_are_one_persons_and_only_of_named_ones(hotline: Hotline) -> None:
    def by(disclosure: Disclosure, **changes: Any) -> bool:
        return flags(hotline.system, hotline.register(disclosure=disclosure, category="other", **changes))[1]

    def called(phone: str, disclosure: Disclosure = Disclosure.NAMED) -> bool:
        command = RecordComplaint(
            hotline.report(disclosure=disclosure), Source.TELEPHONE, new_id(), reporter_phone=phone
        )
        return flags(hotline.system, service.record_complaint(hotline.hotline, command).complaint)[1]

    assert not by(Disclosure.CONFIDENTIAL)
    assert not by(Disclosure.ANONYMOUS)
    assert not by(Disclosure.NAMED)  # only hidden ones came before
    assert by(Disclosure.NAMED)
    assert not by(Disclosure.CONFIDENTIAL)
    assert not by(Disclosure.NAMED, nature=Nature.ACCUSATION)
    assert not called("13912345678", Disclosure.CONFIDENTIAL)
    assert not called("13912345678")
    assert called("13912345678")
    assert not called("13912345679")


def test_what_was_stored_before_gets_the_same_marks(engine: Engine, tmp_path: Path) -> None:
    settings = make_settings(engine.url.render_as_string(hide_password=False), tmp_path)
    vault = build_vault(settings)
    ports = Ports(settings, engine, vault, Storage(tmp_path, vault), FakeExchange())
    with Session(engine, expire_on_commit=False) as session:
        hotline = open_hotline(Context(session=session, actor=SYSTEM, ports=ports, request_id="test"))
        row = hotline.started(disclosure=Disclosure.NAMED)
        paused = PauseComplaint(row.id, row.version, PauseReason.WEATHER, "连日下雪")
        row = service.pause_complaint(hotline.hotline, paused)
        set_clock(hotline.system, hotline.system.clock.now() + HOUR)
        service.resolve_complaint(hotline.handler, HandleComplaint(row.id, row.version, "已修好"))
        for disclosure in Disclosure:
            hotline.register(disclosure=disclosure)
        session.commit()
        marks = select(Complaint.paused_seconds, Complaint.repeats_place, Complaint.repeats_reporter)
        before = session.exec(marks.order_by(col(Complaint.registered_at), col(Complaint.id))).all()
        session.rollback()
        runner.downgrade(engine, "0019")
        runner.upgrade(engine)
        after = session.exec(marks.order_by(col(Complaint.registered_at), col(Complaint.id))).all()
    assert sorted(before)[-1][0] >= 3590
    assert sorted(flag[1:] for flag in before) == [(False, False), (True, False), (True, False), (True, True)]
    assert [tuple(each) for each in after] == [tuple(each) for each in before]
