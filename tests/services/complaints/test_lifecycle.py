"""A complaint from the report to the answer after the work."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlmodel import col, select

from backend.complaints import service
from backend.complaints.queries import ComplaintFilter
from backend.complaints.repository import proceedings
from backend.complaints.rules.vocabulary import Nature, Outcome, PauseReason
from backend.complaints.service import (
    AcceptComplaint,
    Answer,
    DecideExtension,
    DeclineComplaint,
    DispatchComplaint,
    HandleComplaint,
    MergeComplaint,
    PauseComplaint,
    RecordMediation,
    RequestExtension,
    ResumeComplaint,
    SuperviseComplaint,
    TransferComplaint,
)
from backend.complaints.tables import Complaint, ComplaintStep, Mediation
from backend.infra.context import Context
from backend.kernel.errors import (
    Conflict,
    DomainError,
    Forbidden,
    NotFound,
    PreconditionFailed,
    Unprocessable,
)
from backend.ledger.tables import LedgerEvent
from backend.policies.rules.hotline import TimeClass
from tests.services.complaints.hotline import Hotline, open_hotline


@pytest.fixture
def hotline(ctx: Context) -> Hotline:
    return open_hotline(ctx)


def steps(ctx: Context, complaint_id: str) -> list[str]:
    wanted = select(ComplaintStep).where(ComplaintStep.complaint_id == complaint_id)
    found = ctx.session.exec(wanted.order_by(col(ComplaintStep.position))).all()
    assert [step.position for step in found] == list(range(1, len(found) + 1))
    return [step.action for step in found]


def test_a_complaint_goes_from_report_to_confirmation(ctx: Context, hotline: Hotline) -> None:
    row = hotline.resolved()
    assert row.state == "resolved" and row.party_id == hotline.party
    done = service.answer_own(hotline.resident, row.id, Answer(is_solved=True, is_satisfied=True))
    assert (done.state, done.outcome, done.is_satisfied) == ("closed", Outcome.CONFIRMED, True)
    history = ["register", "accept", "dispatch", "start", "resolve", "follow_up", "close"]
    assert steps(ctx, row.id) == history
    events = ctx.session.exec(select(LedgerEvent).where(LedgerEvent.subject_id == row.id)).all()
    assert {event.type for event in events} == {
        f"complaint.{name}"
        for name in ("registered", "accepted", "dispatched", "started", "resolved", "followed_up", "closed")
    }
    account = hotline.resident_account.account_id
    assert not any(account in str((event.actor_id, event.payload)) for event in events)
    assert not any("漏水" in str(event.payload) for event in events)


def test_the_history_cannot_be_changed_and_nothing_changes_without_it(ctx: Context, hotline: Hotline) -> None:
    hotline.started()
    for statement in (
        "UPDATE complaint_step SET words = 'x'",
        "DELETE FROM complaint_step",
        "DELETE FROM complaint",
        "UPDATE complaint SET state = 'closed'",
        "UPDATE complaint SET state = 'closed', version = version + 1",
        "UPDATE complaint SET version = version + 1",
        "UPDATE complaint SET due_at = NULL",
        "UPDATE complaint SET number = '0'",
        "UPDATE complaint SET disclosure = 'anonymous'",
    ):
        with pytest.raises(DatabaseError), ctx.session.begin_nested():
            ctx.session.connection().execute(text(statement))


def test_only_complaints_enter_the_clock(ctx: Context, hotline: Hotline) -> None:
    row = hotline.register()
    assert row.due_at is None and row.respond_by_at > row.registered_at
    with pytest.raises(Unprocessable):
        service.accept_complaint(hotline.hotline, AcceptComplaint(row.id, 1, Nature.PETITION))
    transfer = TransferComplaint(
        row.id, 1, Nature.PETITION, "区信访局", "转送函", "吴信转〔2026〕1号", date(2026, 1, 1)
    )
    with pytest.raises(Unprocessable):
        service.transfer_complaint(
            hotline.hotline,
            TransferComplaint(row.id, 1, Nature.COMPLAINT, "局", "函", "1号", date(2026, 1, 1)),
        )
    moved = service.transfer_complaint(hotline.hotline, transfer)
    assert (moved.state, moved.due_at, moved.nature) == ("transferred", None, "petition")
    step = ctx.session.exec(
        select(ComplaintStep).where(ComplaintStep.complaint_id == row.id, ComplaintStep.position == 2)
    ).one()
    assert step.facts["recipient"] == "区信访局" and step.is_told
    declined = hotline.register()
    with pytest.raises(Unprocessable):
        service.decline_complaint(hotline.hotline, DeclineComplaint(declined.id, 1, " "))
    done = service.decline_complaint(hotline.hotline, DeclineComplaint(declined.id, 1, "不属于本小区事项"))
    assert done.state == "declined" and done.responded_at is not None


def test_an_action_on_an_old_version_or_a_wrong_state_changes_nothing(hotline: Hotline) -> None:
    row = hotline.accepted()
    dispatch = DispatchComplaint(row.id, row.version, hotline.party)
    service.dispatch_complaint(hotline.hotline, dispatch)
    with pytest.raises(PreconditionFailed):
        service.dispatch_complaint(hotline.hotline, dispatch)
    with pytest.raises(Conflict):
        service.dispatch_complaint(hotline.hotline, DispatchComplaint(row.id, None, hotline.party))


def test_a_wrong_dispatch_is_sent_back_once_and_in_time(ctx: Context, hotline: Hotline) -> None:
    row = hotline.dispatched()
    with pytest.raises(Unprocessable):
        service.contest_dispatch(hotline.handler, HandleComplaint(row.id, row.version))
    back = service.contest_dispatch(
        hotline.handler, HandleComplaint(row.id, row.version, "不属我单位施工范围")
    )
    assert back.state == "returned"
    again = service.dispatch_complaint(hotline.town, DispatchComplaint(back.id, back.version, hotline.party))
    with pytest.raises(Conflict):
        service.contest_dispatch(hotline.handler, HandleComplaint(again.id, again.version, "仍不属于"))
    assert steps(ctx, row.id)[-2:] == ["contest", "dispatch"]


def test_only_the_party_does_the_partys_part(hotline: Hotline) -> None:
    row = hotline.dispatched()
    start = HandleComplaint(row.id, row.version)
    with pytest.raises(NotFound):
        service.start_complaint(hotline.other_handler, start)
    for other in (hotline.hotline, hotline.town, hotline.bureau, hotline.committee):
        with pytest.raises(Forbidden):
            service.start_complaint(other, start)
    with pytest.raises(Forbidden):
        service.dispatch_complaint(
            hotline.handler, DispatchComplaint(row.id, row.version, hotline.other_party)
        )


def test_no_reopens_with_a_fresh_clock_and_the_second_time_is_supervised(hotline: Hotline) -> None:
    row = hotline.resolved()
    answer = Answer(is_solved=False, is_satisfied=False, words="还在漏")
    row = service.answer_own(hotline.resident, row.id, answer)
    assert (row.state, row.reopenings, row.is_supervised) == ("reopened", 1, False)
    assert row.due_at is not None and row.resolved_at is None
    for expected in (True,):
        row = service.dispatch_complaint(
            hotline.hotline, DispatchComplaint(row.id, row.version, hotline.party)
        )
        row = service.start_complaint(hotline.handler, HandleComplaint(row.id, row.version))
        row = service.resolve_complaint(hotline.handler, HandleComplaint(row.id, row.version, "又修了"))
        row = service.answer_own(hotline.resident, row.id, answer)
        assert (row.reopenings, row.is_supervised) == (2, expected)


def test_solved_but_unsatisfied_is_done_over_once_and_then_counted(hotline: Hotline) -> None:
    row = hotline.resolved()
    answer = Answer(is_solved=True, is_satisfied=False)
    row = service.answer_own(hotline.resident, row.id, answer)
    assert row.state == "reopened"
    row = service.dispatch_complaint(hotline.hotline, DispatchComplaint(row.id, row.version, hotline.party))
    row = service.start_complaint(hotline.handler, HandleComplaint(row.id, row.version))
    row = service.resolve_complaint(hotline.handler, HandleComplaint(row.id, row.version, "又修了"))
    row = service.answer_own(hotline.resident, row.id, answer)
    assert (row.state, row.outcome) == ("closed", Outcome.UNSATISFIED)


def test_staff_ask_by_telephone_and_the_party_never_does(hotline: Hotline) -> None:
    row = hotline.resolved()
    yes = Answer(is_solved=True, is_satisfied=True)
    with pytest.raises(Forbidden):
        service.record_answer(hotline.handler, row.id, row.version, yes)
    assert service.record_answer(hotline.hotline, row.id, row.version, yes).state == "closed"


def test_duplicates_are_found_by_place_category_and_words_and_merged(hotline: Hotline) -> None:
    first = hotline.accepted()
    second = hotline.register(words="三楼走廊顶部漏水，下雨天水滴到了电表箱上")
    hotline.register(words="门口路灯不亮", category="facilities", building_id=None)
    found = service.list_duplicates(hotline.hotline, second.id)
    assert [line.id for line, _ in found] == [first.id]
    merged = service.merge_complaint(hotline.hotline, MergeComplaint(second.id, 1, first.id))
    assert (merged.state, merged.merged_into_id) == ("merged", first.id)
    assert service.my_complaint(hotline.resident, second.id)[0].merged_into == first.number
    for into in (second.id, first.id, "0" * 20):
        with pytest.raises(DomainError):
            service.merge_complaint(hotline.hotline, MergeComplaint(first.id, None, into))


def test_a_case_that_others_went_into_is_not_taken_back(hotline: Hotline) -> None:
    first, second = hotline.accepted(), hotline.register()
    service.merge_complaint(hotline.hotline, MergeComplaint(second.id, 1, first.id))
    with pytest.raises(Conflict, match="others_follow"):
        service.withdraw_complaint(hotline.resident, first.id)
    assert service.show_complaint(hotline.hotline, first.id)[0].line.state == "accepted"


def test_a_mediation_is_kept_with_parties_mediator_and_agreement(ctx: Context, hotline: Hotline) -> None:
    row = hotline.started(category="dispute")
    paused = service.pause_complaint(
        hotline.hotline, PauseComplaint(row.id, row.version, PauseReason.MEDIATION, "双方同意调解")
    )
    held = RecordMediation(
        row.id, paused.version, date(2026, 1, 5), "赵大、钱二", "孙三", is_agreed=True, agreement="各让一步"
    )
    done = service.record_mediation(hotline.committee, held)
    assert done.paused_at is not None
    stored = ctx.session.exec(select(Mediation)).one()
    assert "赵大" not in stored.parties_sealed
    assert service.list_mediations(hotline.committee, row.id)[0].parties == "赵大、钱二"
    for other in (hotline.handler, hotline.auditor):
        with pytest.raises(Forbidden):
            service.list_mediations(other, row.id)
    with pytest.raises(Unprocessable):
        service.record_mediation(
            hotline.committee,
            RecordMediation(row.id, None, date(2026, 1, 5), "甲", "乙", is_agreed=True),
        )


def test_an_extension_is_asked_by_the_party_and_decided_by_another(ctx: Context, hotline: Hotline) -> None:
    row = hotline.started()
    due = row.due_at
    asked = service.request_extension(hotline.handler, RequestExtension(row.id, row.version, "等待材料"))
    with pytest.raises(Conflict):
        service.request_extension(hotline.handler, RequestExtension(row.id, None, "再等"))
    with pytest.raises(Forbidden):
        service.decide_extension(hotline.handler, DecideExtension(row.id, None, True, "同意"))
    granted = service.decide_extension(
        hotline.hotline, DecideExtension(row.id, asked.version, True, "材料运输延误")
    )
    assert due is not None and granted.due_at is not None and granted.due_at > due
    told = service.my_complaint(hotline.resident, row.id)[0].steps[-1]
    assert (told.action, told.words) == ("grant_extension", "材料运输延误")
    with pytest.raises(Conflict):
        service.request_extension(hotline.handler, RequestExtension(row.id, None, "第二次"))
    assert proceedings.extensions_of(ctx.session, row.id)[0].state == "granted"


def test_an_extension_asked_for_lapses_with_the_round(ctx: Context, hotline: Hotline) -> None:
    def asked() -> Complaint:
        row = hotline.started()
        return service.request_extension(hotline.handler, RequestExtension(row.id, row.version, "等待材料"))

    done = asked()
    service.resolve_complaint(hotline.handler, HandleComplaint(done.id, done.version, "已修好"))
    back = asked()
    service.contest_dispatch(hotline.handler, HandleComplaint(back.id, back.version, "不属我单位"))
    gone = asked()
    service.withdraw_complaint(hotline.resident, gone.id)
    for row in (done, back, gone):
        (kept,) = proceedings.extensions_of(ctx.session, row.id)
        assert (kept.state, kept.decided_by) == ("refused", "system")
    with pytest.raises(Conflict):
        service.decide_extension(hotline.hotline, DecideExtension(back.id, None, True, "同意"))


def test_pausing_needs_a_known_reason_and_a_clock_that_runs(hotline: Hotline) -> None:
    row = hotline.started()
    pause = PauseComplaint(row.id, row.version, PauseReason.REPORTER, "等住户在家")
    paused = service.pause_complaint(hotline.hotline, pause)
    assert paused.due_at is None
    with pytest.raises(Conflict):
        service.pause_complaint(hotline.hotline, PauseComplaint(row.id, None, PauseReason.WEATHER, "雨"))
    resumed = service.resume_complaint(hotline.hotline, ResumeComplaint(row.id, paused.version))
    assert resumed.due_at == row.due_at or resumed.due_at is not None
    with pytest.raises(Conflict):
        service.resume_complaint(hotline.hotline, ResumeComplaint(row.id, None))
    with pytest.raises(Forbidden):
        service.pause_complaint(hotline.handler, PauseComplaint(row.id, None, PauseReason.WEATHER, "雨"))


def test_supervision_comes_from_above_with_words(hotline: Hotline) -> None:
    row = hotline.started()
    with pytest.raises(Forbidden):
        service.supervise_complaint(hotline.hotline, SuperviseComplaint(row.id, row.version, "限期办结"))
    assert service.supervise_complaint(
        hotline.bureau, SuperviseComplaint(row.id, row.version, "限期办结")
    ).is_supervised


def test_an_emergency_stays_one_until_somebody_says_otherwise(hotline: Hotline) -> None:
    row = hotline.register(nature=Nature.EMERGENCY, words="脚手架要倒了")
    row = service.accept_complaint(hotline.hotline, AcceptComplaint(row.id, row.version))
    assert (row.nature, row.time_class) == ("emergency", "emergency")
    due = row.due_at
    row = service.reclassify_complaint(
        hotline.hotline, AcceptComplaint(row.id, row.version, category="facilities")
    )
    assert (row.nature, row.time_class, row.due_at) == ("emergency", "emergency", due)
    with pytest.raises(Unprocessable):
        service.reclassify_complaint(
            hotline.hotline, AcceptComplaint(row.id, row.version, time_class=TimeClass.ORDINARY)
        )
    row = service.reclassify_complaint(
        hotline.hotline, AcceptComplaint(row.id, row.version, Nature.COMPLAINT)
    )
    assert (row.nature, row.time_class) == ("complaint", "ordinary")


def test_a_class_that_somebody_chose_stays_when_something_else_is_corrected(hotline: Hotline) -> None:
    row = hotline.register()
    row = service.accept_complaint(
        hotline.hotline, AcceptComplaint(row.id, row.version, time_class=TimeClass.COMPLEX)
    )
    due = row.due_at
    row = service.reclassify_complaint(
        hotline.hotline, AcceptComplaint(row.id, row.version, about_party_id=hotline.party)
    )
    assert (row.time_class, row.due_at) == ("complex", due)


def test_what_is_no_complaint_is_not_accepted_by_silence(hotline: Hotline) -> None:
    row = hotline.register(nature=Nature.PETITION)
    with pytest.raises(Unprocessable):
        service.accept_complaint(hotline.hotline, AcceptComplaint(row.id, row.version))
    row = service.accept_complaint(hotline.hotline, AcceptComplaint(row.id, row.version, Nature.COMPLAINT))
    assert row.nature == "complaint"


def test_nobody_closes_a_case_over_the_reporters_head(hotline: Hotline) -> None:
    row = hotline.resolved()
    for by in (hotline.hotline, hotline.town, hotline.bureau):
        with pytest.raises(Conflict):
            service.close_complaint(by, row.id, row.version)
    no = Answer(is_solved=False, is_satisfied=False)
    assert service.answer_own(hotline.resident, row.id, no).state == "reopened"


@pytest.mark.parametrize("state", ["dispatched", "started"])
def test_a_duplicate_is_merged_also_when_a_unit_has_it(ctx: Context, hotline: Hotline, state: str) -> None:
    first, row = hotline.accepted(), getattr(hotline, state)()
    row = service.request_extension(hotline.handler, RequestExtension(row.id, row.version, "等料"))
    row = service.merge_complaint(hotline.hotline, MergeComplaint(row.id, row.version, first.id))
    assert (row.state, row.merged_into_id) == ("merged", first.id)
    (asked,) = proceedings.extensions_of(ctx.session, row.id)
    assert asked.state == "refused"
    assert service.my_complaint(hotline.resident, row.id)[0].merged_into == first.number


def test_what_was_merged_is_listed_as_it_came_in_however_the_rows_lie(hotline: Hotline) -> None:
    into, *others = (hotline.accepted() for _ in range(4))
    for row in reversed(others):
        service.merge_complaint(hotline.hotline, MergeComplaint(row.id, row.version, into.id))
    case, _ = service.show_complaint(hotline.hotline, into.id)
    assert list(case.merged_ids) == [
        row.id for row in sorted(others, key=lambda row: (row.registered_at, row.id))
    ]


def test_who_received_a_case_first_has_it_on_a_list_until_it_is_done(hotline: Hotline) -> None:
    mine = ComplaintFilter(only_received=True)
    called, row = hotline.record(), hotline.register()
    assert [line.id for line in service.list_complaints(hotline.hotline, mine, 10)] == [called.id]
    row = service.accept_complaint(hotline.town, AcceptComplaint(row.id, row.version))
    assert row.first_receiver_id == hotline.town.actor.account_id
    assert [line.id for line in service.list_complaints(hotline.town, mine, 10)] == [row.id]
    called = service.accept_complaint(hotline.town, AcceptComplaint(called.id, called.version))
    assert called.first_receiver_id == hotline.hotline.actor.account_id
    service.decline_complaint(hotline.town, DeclineComplaint(hotline.record().id, None, "不属本区"))
    assert [line.id for line in service.list_complaints(hotline.hotline, mine, 10)] == [called.id]
