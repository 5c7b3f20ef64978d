"""What was declined has a way up, past whoever declined it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from backend.complaints import service
from backend.complaints.queries import ComplaintFilter
from backend.complaints.rules.vocabulary import Disclosure, Nature
from backend.complaints.service import (
    AcceptComplaint,
    DeclineComplaint,
    MergeComplaint,
    RegisterComplaint,
    escalation,
)
from backend.infra.context import Context
from backend.kernel.clock import end_of_day
from backend.kernel.errors import Conflict, DomainError, Forbidden
from tests.services.complaints.hotline import Hotline, load_year, open_hotline, set_clock


@pytest.fixture
def hotline(ctx: Context) -> Hotline:
    return open_hotline(ctx)


def test_a_committee_declines_nothing(hotline: Hotline) -> None:
    row = hotline.register(category="voting", words="居委会没有公示名册")
    with pytest.raises(Forbidden):
        service.decline_complaint(hotline.committee, DeclineComplaint(row.id, row.version, "不属实"))


def test_a_declined_report_is_looked_at_once_more_by_somebody_above(ctx: Context, hotline: Hotline) -> None:
    row = hotline.register()
    row = service.decline_complaint(hotline.town, DeclineComplaint(row.id, row.version, "不属实"))
    row = service.dispute_own(hotline.resident, row.id, "确实漏水，请来看")
    waiting = ComplaintFilter(is_disputed=True)
    assert [line.id for line in service.list_complaints(hotline.bureau, waiting, 10)] == [row.id]
    for other in (hotline.town, hotline.hotline, hotline.committee):
        with pytest.raises(Forbidden):
            service.accept_complaint(other, AcceptComplaint(row.id, row.version))
    set_clock(ctx, row.respond_by_at + timedelta(seconds=1))
    assert row.id in escalation.unanswered(ctx.session)
    declined = DeclineComplaint(row.id, row.version, "复核后仍不属实")
    row = service.decline_complaint(hotline.bureau, declined)
    with pytest.raises(Conflict):
        service.dispute_own(hotline.resident, row.id, "再来一次")
    row = service.dispute_declining(hotline.town, row.id, row.version, "上级要求受理")
    with pytest.raises(DomainError):
        service.accept_complaint(hotline.bureau, AcceptComplaint(row.id, row.version))


def test_a_dispute_is_not_ended_by_merging_it_away(hotline: Hotline) -> None:
    other, row = hotline.accepted(), hotline.register()
    row = service.decline_complaint(hotline.town, DeclineComplaint(row.id, row.version, "不属实"))
    row = service.dispute_own(hotline.resident, row.id, "确实漏水，请来看")
    merge = MergeComplaint(row.id, row.version, other.id)
    for by in (hotline.town, hotline.hotline):
        with pytest.raises(Forbidden):
            service.merge_complaint(by, merge)
    assert service.merge_complaint(hotline.bureau, merge).state == "merged"


def test_a_dispute_taken_up_goes_its_way_like_any_other_case(hotline: Hotline) -> None:
    row = hotline.register()
    row = service.decline_complaint(hotline.hotline, DeclineComplaint(row.id, row.version, "不属实"))
    row = service.dispute_declining(hotline.town, row.id, row.version, "应当受理")
    row = service.accept_complaint(hotline.town, AcceptComplaint(row.id, row.version))
    assert row.state == "accepted" and row.due_at is not None
    row = service.reclassify_complaint(
        hotline.hotline, AcceptComplaint(row.id, row.version, category="utilities")
    )
    assert row.category == "utilities"


def test_the_new_time_for_an_answer_is_counted_from_the_dispute_whatever_is_found_out_since(
    ctx: Context, hotline: Hotline
) -> None:
    set_clock(ctx, datetime(2030, 12, 24, 2, tzinfo=UTC))
    row = hotline.register()
    row = service.decline_complaint(hotline.hotline, DeclineComplaint(row.id, row.version, "不属实"))
    set_clock(ctx, datetime(2030, 12, 31, 2, tzinfo=UTC))
    row = service.dispute_own(hotline.resident, row.id, "确实漏水，请来看")
    assert row.disputed_at is not None and row.is_respond_provisional
    for year in (2030, 2031):
        load_year(ctx, year)
    assert escalation.recompute(ctx, row.id)
    ctx.session.refresh(row)
    assert row.respond_by_at == end_of_day(date(2031, 1, 1))
    row = service.reclassify_complaint(hotline.town, AcceptComplaint(row.id, row.version, Nature.EMERGENCY))
    assert row.respond_by_at == row.disputed_at + timedelta(hours=2)


def test_disputes_have_their_time_and_anonymous_reporters_their_code(ctx: Context, hotline: Hotline) -> None:
    set_clock(ctx, datetime(2026, 3, 2, 2, tzinfo=UTC))
    command = RegisterComplaint(hotline.report(disclosure=Disclosure.ANONYMOUS), "key-00000001")
    made = service.register_complaint(hotline.resident, command)
    late, code = hotline.register(), str(made.code)
    for row in (made.complaint, late):
        service.decline_complaint(hotline.hotline, DeclineComplaint(row.id, row.version, "不属实"))
    again = service.dispute_by_code(hotline.system, made.complaint.number, code, "请再看看")
    assert again.state == "registered"
    set_clock(ctx, datetime(2026, 3, 20, 2, tzinfo=UTC))
    with pytest.raises(Conflict):
        service.dispute_own(hotline.resident, late.id, "请再看看")
