"""Deadlines of running complaints: warned of once, missed once, paused, extended late, recomputed, never in the way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import col, select

from backend.complaints import service
from backend.complaints.queries import ComplaintFilter
from backend.complaints.rules.vocabulary import Nature, Outcome, PauseReason
from backend.complaints.service import (
    AcceptComplaint,
    DecideExtension,
    DispatchComplaint,
    HandleComplaint,
    PauseComplaint,
    RequestExtension,
    ResumeComplaint,
    escalation,
)
from backend.complaints.service.follow_up import close_unanswered
from backend.complaints.tables import Complaint
from backend.infra.context import Context
from backend.kernel.clock import SHANGHAI, end_of_day
from backend.kernel.errors import Conflict
from backend.ledger.tables import LedgerEvent
from backend.policies.rules.hotline import TimeClass
from backend.policies.service import SetLocalNumber, set_local_number
from tests.services.complaints.hotline import Hotline, load_year, open_hotline, set_clock


@pytest.fixture
def hotline(ctx: Context) -> Hotline:
    return open_hotline(ctx)


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI).astimezone(UTC)


def told(ctx: Context, row: Complaint, what: str) -> int:
    wanted = select(LedgerEvent).where(
        LedgerEvent.subject_id == row.id, LedgerEvent.type == f"complaint.{what}"
    )
    return len(ctx.session.exec(wanted).all())


def test_an_hour_before_midnight_on_the_eve_of_the_spring_festival(ctx: Context, hotline: Hotline) -> None:
    set_clock(ctx, at("2026-02-13 23:00"))
    row = hotline.started()
    assert row.due_at == end_of_day(date(2026, 2, 27))
    assert row.respond_by_at == end_of_day(date(2026, 2, 14))  # a Saturday that is worked


def test_emergencies_run_by_the_hour_through_holidays(ctx: Context, hotline: Hotline) -> None:
    set_clock(ctx, at("2026-10-01 23:30"))
    row = hotline.register(nature=Nature.EMERGENCY)
    assert row.respond_by_at == row.registered_at + timedelta(hours=2)
    accepted = service.accept_complaint(hotline.hotline, AcceptComplaint(row.id, 1, Nature.EMERGENCY))
    assert accepted.due_at is not None and accepted.accepted_at is not None
    assert accepted.due_at == accepted.accepted_at + timedelta(hours=24)


def test_a_locality_sets_its_own_periods_by_a_document(ctx: Context, hotline: Hotline) -> None:
    set_clock(ctx, at("2026-03-02 10:00"))

    def choose(name: str, value: str) -> None:
        number = SetLocalNumber(hotline.county, "hotline", name, value, "办理规程", date(2026, 1, 1))
        set_local_number(hotline.bureau, number)

    choose("scheme", "graded")
    assert hotline.accepted().due_at == end_of_day(date(2026, 3, 9))
    choose("ordinary.resolve", "3wd")
    assert hotline.accepted().due_at == end_of_day(date(2026, 3, 5))


def test_warnings_and_missed_deadlines_are_told_once(ctx: Context, hotline: Hotline) -> None:
    set_clock(ctx, at("2026-03-02 10:00"))
    row = hotline.started()
    assert row.due_at == end_of_day(date(2026, 3, 9))
    assert not escalation.warn(ctx, row.id) and not escalation.tell_overdue(ctx, row.id)
    set_clock(ctx, at("2026-03-06 08:00"))
    assert row.id in escalation.to_warn(ctx.session)
    assert escalation.warn(ctx, row.id) and not escalation.warn(ctx, row.id)
    assert row.id not in escalation.to_warn(ctx.session)
    set_clock(ctx, at("2026-03-09 23:59"))
    assert row.id not in escalation.overdue(ctx.session)
    set_clock(ctx, at("2026-03-10 00:00"))
    assert row.id in escalation.overdue(ctx.session)
    assert escalation.tell_overdue(ctx, row.id) and not escalation.tell_overdue(ctx, row.id)
    assert (told(ctx, row, "due_soon"), told(ctx, row, "overdue")) == (1, 1)


def test_a_late_first_answer_is_told_once(ctx: Context, hotline: Hotline) -> None:
    set_clock(ctx, at("2026-03-02 10:00"))
    row, answered = hotline.register(), hotline.accepted()
    set_clock(ctx, at("2026-03-04 00:00"))
    found = escalation.unanswered(ctx.session)
    assert row.id in found and answered.id not in found
    assert escalation.tell_unanswered(ctx, row.id) and not escalation.tell_unanswered(ctx, row.id)
    assert told(ctx, row, "response_overdue") == 1


def test_a_paused_clock_is_neither_warned_of_nor_missed(ctx: Context, hotline: Hotline) -> None:
    set_clock(ctx, at("2026-03-02 10:00"))
    row = hotline.started()
    set_clock(ctx, at("2026-03-04 10:00"))
    row = service.pause_complaint(
        hotline.hotline, PauseComplaint(row.id, row.version, PauseReason.WEATHER, "连日降雪")
    )
    set_clock(ctx, at("2026-04-07 10:00"))
    assert row.id not in [*escalation.to_warn(ctx.session), *escalation.overdue(ctx.session)]
    row = service.resume_complaint(hotline.hotline, ResumeComplaint(row.id, row.version))
    assert row.due_at == end_of_day(date(2026, 4, 10))  # three of five days were left
    assert escalation.to_warn(ctx.session) == []


def test_a_deadline_that_has_passed_is_neither_paused_nor_extended(ctx: Context, hotline: Hotline) -> None:
    set_clock(ctx, at("2026-03-02 10:00"))
    row = hotline.started()
    set_clock(ctx, at("2026-03-10 00:00"))
    with pytest.raises(Conflict):
        service.pause_complaint(hotline.hotline, PauseComplaint(row.id, None, PauseReason.WEATHER, "雪"))
    with pytest.raises(Conflict):
        service.request_extension(hotline.handler, RequestExtension(row.id, None, "再等等"))


def test_who_asks_on_the_last_evening_is_not_late_because_the_decision_is(
    ctx: Context, hotline: Hotline
) -> None:
    set_clock(ctx, at("2026-03-02 10:00"))
    row = hotline.started()
    set_clock(ctx, at("2026-03-09 23:00"))
    row = service.request_extension(hotline.handler, RequestExtension(row.id, row.version, "等待材料", "2wd"))
    set_clock(ctx, at("2026-03-10 09:00"))
    assert escalation.tell_overdue(ctx, row.id)
    row = service.decide_extension(hotline.hotline, DecideExtension(row.id, row.version, True, "材料延误"))
    assert row.due_at == end_of_day(date(2026, 3, 11))
    assert row.id not in escalation.overdue(ctx.session)
    set_clock(ctx, at("2026-03-12 00:00"))
    assert escalation.tell_overdue(ctx, row.id)


def test_beyond_the_calendar_intake_goes_on_and_dates_are_recomputed(ctx: Context, hotline: Hotline) -> None:
    set_clock(ctx, at("2030-12-31 10:00"))
    row = hotline.started()
    assert row.is_due_provisional and row.is_respond_provisional
    assert row.due_at == end_of_day(date(2031, 1, 7))  # Mon-Fri assumed: Wed, Thu, Fri, Mon, Tue
    assert row.id in escalation.provisional(ctx.session)
    assert not escalation.recompute(ctx, row.id)
    load_new_year(ctx)
    assert escalation.recompute(ctx, row.id)
    ctx.session.refresh(row)
    assert row.due_at == end_of_day(date(2031, 1, 9))  # Sat (worked), Mon, Tue, Wed, Thu
    assert not row.is_due_provisional and not row.is_respond_provisional
    assert row.id not in escalation.provisional(ctx.session)
    assert told(ctx, row, "recomputed") == 1


def test_a_question_nobody_answers_closes_and_says_so(ctx: Context, hotline: Hotline) -> None:
    set_clock(ctx, at("2026-03-02 10:00"))
    row = hotline.resolved()
    set_clock(ctx, at("2026-03-09 23:59"))
    assert row.id not in escalation.expired(ctx.session) and not close_unanswered(ctx, row.id)
    set_clock(ctx, at("2026-03-10 00:00"))
    assert row.id in escalation.expired(ctx.session)
    assert close_unanswered(ctx, row.id) and not close_unanswered(ctx, row.id)
    ctx.session.refresh(row)
    assert (row.state, row.outcome, row.is_solved) == ("closed", Outcome.UNANSWERED, None)
    again = service.reopen_own(hotline.resident, row.id, "没有修好")
    assert again.state == "reopened"


def test_reopening_has_its_own_time(ctx: Context, hotline: Hotline) -> None:
    set_clock(ctx, at("2026-03-02 10:00"))
    row = hotline.resolved()
    set_clock(ctx, at("2026-03-10 00:00"))
    service.close_complaint(hotline.hotline, row.id, row.version)
    set_clock(ctx, at("2026-03-26 00:00"))
    with pytest.raises(Conflict):
        service.reopen_own(hotline.resident, row.id, "又漏了")


def test_a_wrong_dispatch_is_contested_in_time_only(ctx: Context, hotline: Hotline) -> None:
    set_clock(ctx, at("2026-03-02 10:00"))
    row = hotline.dispatched()
    set_clock(ctx, at("2026-03-04 00:00"))
    with pytest.raises(Conflict):
        service.contest_dispatch(hotline.handler, HandleComplaint(row.id, row.version, "派错了"))
    row = service.start_complaint(hotline.handler, HandleComplaint(row.id, row.version))
    assert row.state == "in_progress"


def test_a_reopened_case_is_due_and_warned_of_anew(ctx: Context, hotline: Hotline) -> None:
    set_clock(ctx, at("2026-03-02 10:00"))
    row = hotline.resolved()
    assert row.id not in escalation.overdue(ctx.session)
    row = service.reopen_complaint(hotline.bureau, row.id, row.version, "检查发现未修好")
    assert row.due_at == end_of_day(date(2026, 3, 9)) and row.warned_for is None
    row = service.dispatch_complaint(hotline.hotline, DispatchComplaint(row.id, row.version, hotline.party))
    set_clock(ctx, at("2026-03-10 00:00"))
    assert row.id in escalation.overdue(ctx.session)
    assert ctx.session.exec(select(Complaint).where(col(Complaint.state) == "dispatched")).one()


def load_new_year(ctx: Context) -> None:
    """Load 2031 as known later: free until Friday, the Saturday after it is worked."""
    load_year(ctx, 2030)
    load_year(ctx, 2031, ["2031-01-01", "2031-01-02", "2031-01-03"], ["2031-01-04"])


@pytest.mark.parametrize("is_loaded_in_the_pause", [True, False])
def test_a_pause_beyond_the_calendar_is_counted_again_when_the_year_is_known(
    ctx: Context, hotline: Hotline, is_loaded_in_the_pause: bool
) -> None:
    set_clock(ctx, at("2030-12-31 10:00"))
    row = hotline.started()
    set_clock(ctx, at("2031-01-02 10:00"))
    row = service.pause_complaint(
        hotline.hotline, PauseComplaint(row.id, row.version, PauseReason.WEATHER, "雪")
    )
    if is_loaded_in_the_pause:
        load_new_year(ctx)
    set_clock(ctx, at("2031-01-02 18:00"))
    row = service.resume_complaint(hotline.hotline, ResumeComplaint(row.id, row.version))
    assert row.is_due_provisional is not is_loaded_in_the_pause
    if not is_loaded_in_the_pause:
        load_new_year(ctx)
        assert row.id in escalation.provisional(ctx.session)
        assert escalation.recompute(ctx, row.id)
        ctx.session.refresh(row)
    # Stopped and resumed on the same free day: as if it had never stopped.
    assert (row.due_at, row.is_due_provisional) == (end_of_day(date(2031, 1, 9)), False)


def test_another_class_is_counted_from_the_start_of_the_round(ctx: Context, hotline: Hotline) -> None:
    set_clock(ctx, at("2026-03-02 10:00"))
    row = hotline.resolved()
    set_clock(ctx, at("2026-03-16 10:00"))
    row = service.reopen_complaint(hotline.bureau, row.id, row.version, "未修好")
    assert row.due_at == end_of_day(date(2026, 3, 23))
    command = AcceptComplaint(row.id, row.version, time_class=TimeClass.COMPLEX)
    row = service.reclassify_complaint(hotline.hotline, command)
    assert row.due_at == end_of_day(date(2026, 4, 7))  # fifteen working days, 清明 between
    command = AcceptComplaint(row.id, row.version, Nature.EMERGENCY)
    row = service.reclassify_complaint(hotline.hotline, command)
    assert row.clock_since is not None and row.due_at == row.clock_since + timedelta(hours=24)
    assert row.due_at > ctx.clock.now()


def test_another_class_keeps_the_rounds_pauses(ctx: Context, hotline: Hotline) -> None:
    set_clock(ctx, at("2026-03-02 10:00"))
    row = hotline.started()
    set_clock(ctx, at("2026-03-04 10:00"))
    row = service.pause_complaint(
        hotline.hotline, PauseComplaint(row.id, row.version, PauseReason.WEATHER, "雪")
    )
    set_clock(ctx, at("2026-04-07 10:00"))
    row = service.resume_complaint(hotline.hotline, ResumeComplaint(row.id, row.version))
    assert row.due_at == end_of_day(date(2026, 4, 10))
    command = AcceptComplaint(row.id, row.version, time_class=TimeClass.COMPLEX)
    row = service.reclassify_complaint(hotline.hotline, command)
    assert row.due_at == end_of_day(date(2026, 4, 24))  # thirteen of fifteen days were left


def test_what_turns_out_to_be_an_emergency_is_answered_like_one(ctx: Context, hotline: Hotline) -> None:
    set_clock(ctx, at("2026-03-06 10:00"))
    row = hotline.register()
    assert row.respond_by_at == end_of_day(date(2026, 3, 9))
    command = AcceptComplaint(row.id, row.version, Nature.EMERGENCY)
    row = service.reclassify_complaint(hotline.hotline, command)
    assert row.respond_by_at == row.registered_at + timedelta(hours=2)
    set_clock(ctx, at("2026-03-06 12:30"))
    assert escalation.tell_unanswered(ctx, row.id)
    ctx.session.refresh(row)
    command = AcceptComplaint(row.id, row.version, Nature.COMPLAINT)
    row = service.reclassify_complaint(hotline.hotline, command)
    assert (row.respond_by_at, row.is_response_overdue) == (end_of_day(date(2026, 3, 9)), False)


def test_a_paused_case_has_its_worklist_and_is_reminded_of_until_it_goes_on(
    ctx: Context, hotline: Hotline
) -> None:
    set_clock(ctx, at("2026-03-02 10:00"))
    row = hotline.accepted()
    row = service.pause_complaint(
        hotline.hotline, PauseComplaint(row.id, row.version, PauseReason.REPORTER, "等补充材料")
    )
    paused = ComplaintFilter(is_paused=True)
    (line,) = service.list_complaints(hotline.hotline, paused, 10)
    assert (line.id, line.pause_reason, line.paused_at) == (row.id, "reporter", row.paused_at)
    for day in ("04-15", "05-20"):
        set_clock(ctx, at(f"2026-{day} 10:00"))
        assert row.id in escalation.long_paused(ctx.session)
        assert escalation.tell_long_pause(ctx, row.id) and not escalation.tell_long_pause(ctx, row.id)
        assert row.id not in escalation.long_paused(ctx.session)
    assert told(ctx, row, "paused_long") == 2
    service.resume_complaint(hotline.hotline, ResumeComplaint(row.id, row.version))
    assert service.list_complaints(hotline.hotline, paused, 10) == []
