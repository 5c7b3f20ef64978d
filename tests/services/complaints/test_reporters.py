"""What reporters do and what is kept of them."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlmodel import col, select

from backend.complaints import service
from backend.complaints.queries import ComplaintFilter
from backend.complaints.repository import proceedings
from backend.complaints.rules.vocabulary import Disclosure, Nature, Source
from backend.complaints.service import (
    AcceptComplaint,
    Answer,
    DecideExtension,
    DispatchComplaint,
    RecordComplaint,
    RecordMediation,
    RegisterComplaint,
    RequestExtension,
)
from backend.complaints.tables import AnonymousDay, Complaint, ComplaintReporter, FollowUp
from backend.infra.context import Context
from backend.kernel.errors import (
    Conflict,
    Forbidden,
    NotFound,
    TooMany,
    Unprocessable,
)
from tests.services.complaints.hotline import WORDS, Hotline, open_hotline, set_clock


@pytest.fixture
def hotline(ctx: Context) -> Hotline:
    return open_hotline(ctx)


def token_of(ctx: Context, complaint_id: str) -> str:
    row = ctx.session.exec(
        select(FollowUp).where(FollowUp.complaint_id == complaint_id, col(FollowUp.answered_at).is_(None))
    ).one()
    return ctx.vault.open(row.token_sealed, "complaint_follow_up.token")


def test_a_report_is_taken_in_once_per_key(hotline: Hotline) -> None:
    command = RegisterComplaint(hotline.report(), "key-00000001")
    first = service.register_complaint(hotline.resident, command).complaint
    assert service.register_complaint(hotline.resident, command).complaint.id == first.id
    with pytest.raises(Unprocessable):
        service.register_complaint(
            hotline.resident, RegisterComplaint(hotline.report(words="别的事情"), "key-00000001")
        )
    again = service.register_complaint(hotline.neighbour, command).complaint
    assert again.id != first.id


def test_residents_report_on_their_own_estate_only(hotline: Hotline, ctx: Context) -> None:
    elsewhere = open_hotline(ctx)
    with pytest.raises(NotFound):
        service.register_complaint(hotline.resident, RegisterComplaint(elsewhere.report(), "key-00000001"))
    with pytest.raises(NotFound):
        hotline.register(building_id=elsewhere.place.building_ids[0])


@pytest.mark.parametrize(
    "changes",
    [
        {"words": " "},
        {"category": "weather"},
        {"point": (10_000_000, 10_000_000)},
        {"media_ids": ("0" * 20, "0" * 20)},
    ],
)
def test_an_incomplete_report_is_refused(hotline: Hotline, changes: dict[str, object]) -> None:
    with pytest.raises(Unprocessable):
        hotline.register(**changes)


def test_nobody_floods_the_hotline(hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.complaints.rules.intake.MOST_OPEN", 2)
    hotline.register()
    hotline.register()
    with pytest.raises(TooMany):
        hotline.register()


def test_words_and_reporter_are_kept_sealed(ctx: Context, hotline: Hotline) -> None:
    said = "我是张小明，电话13812345678，身份证640302198001011234"
    report = hotline.report(words=said, disclosure=Disclosure.CONFIDENTIAL)
    command = RecordComplaint(
        report,
        Source.TELEPHONE,
        "key-00000001",
        ticket_number="NX20260301001",
        reporter_name="张小明",
        reporter_phone="138 1234 5678",
    )
    row = service.record_complaint(hotline.hotline, command).complaint
    assert "138" not in row.words and "6403" not in row.words
    assert "张小明" not in row.words and "张小明" not in row.words_for_party
    stored = ctx.session.exec(select(ComplaintReporter).where(ComplaintReporter.complaint_id == row.id)).one()
    assert stored.name_sealed and "张小明" not in stored.name_sealed
    assert ctx.vault.open(row.words_sealed, "complaint.words") == said
    assert row.first_receiver_id == hotline.hotline.actor.account_id
    shown = service.reveal_reporter(hotline.hotline, row.id, "回访")
    assert (shown.name, shown.phone, shown.words) == ("张小明", "13812345678", said)


def test_the_words_about_the_place_do_not_tell_who_reported(hotline: Hotline) -> None:
    report = hotline.report(place_words="2单元501室张小明家门口", disclosure=Disclosure.CONFIDENTIAL)
    command = RecordComplaint(report, Source.TELEPHONE, "key-00000001", reporter_name="张小明")
    row = service.record_complaint(hotline.hotline, command).complaint
    assert row.place_words == "2单元******家门口"
    for reader in (hotline.hotline, hotline.committee):
        assert "张小明" not in service.show_complaint(reader, row.id)[0].line.place_words


def test_the_words_of_an_extension_do_not_tell_who_reported(ctx: Context, hotline: Hotline) -> None:
    report = hotline.report(disclosure=Disclosure.CONFIDENTIAL)
    command = RecordComplaint(report, Source.TELEPHONE, "key-00000001", reporter_name="张小明")
    row = service.record_complaint(hotline.hotline, command).complaint
    row = service.accept_complaint(hotline.hotline, AcceptComplaint(row.id, row.version))
    row = service.dispatch_complaint(hotline.hotline, DispatchComplaint(row.id, row.version, hotline.party))
    said = "张小明家（2单元501室）要求等晴天，电话13812345678"
    row = service.request_extension(hotline.handler, RequestExtension(row.id, row.version, said))
    waiting = service.show_complaint(hotline.hotline, row.id)[0].requested
    service.decide_extension(hotline.hotline, DecideExtension(row.id, row.version, True, f"同意：{said}"))
    (kept,) = proceedings.extensions_of(ctx.session, row.id)
    case = service.show_complaint(hotline.handler, row.id)[0]
    written = f"{waiting} {kept.reason} {kept.decision_words} {[step.words for step in case.steps]}"
    assert "等晴天" in written
    assert not any(word in written for word in ("张小明", "501", "13812345678"))


def test_the_one_time_token_answers_once(ctx: Context, hotline: Hotline) -> None:
    row = hotline.resolved()
    token = token_of(ctx, row.id)
    with pytest.raises(NotFound):
        service.answer_by_token(hotline.system, "0" * 20, Answer(is_solved=True, is_satisfied=True))
    done = service.answer_by_token(hotline.system, token, Answer(is_solved=True, is_satisfied=True))
    assert done.state == "closed"
    with pytest.raises(Conflict):
        service.answer_by_token(hotline.system, token, Answer(is_solved=False, is_satisfied=False))


def test_an_anonymous_report_keeps_no_account_and_comes_back_with_its_code(
    ctx: Context, hotline: Hotline
) -> None:
    command = RegisterComplaint(hotline.report(disclosure=Disclosure.ANONYMOUS), "key-00000001")
    made = service.register_complaint(hotline.resident, command)
    assert service.register_complaint(hotline.resident, command).code == made.code
    stored = ctx.session.exec(
        select(ComplaintReporter).where(ComplaintReporter.complaint_id == made.complaint.id)
    ).one()
    assert (stored.account_id, stored.name_sealed, stored.phone_sealed) == (None, None, None)
    account = hotline.resident_account.account_id
    assert account not in str(made.complaint.model_dump())
    assert service.my_complaints(hotline.resident, 10) == []
    assert made.code is not None
    found, _ = service.tracked_case(hotline.system, made.complaint.number, f" {made.code.upper()} ")
    assert found.line.words == WORDS
    for number, code in ((made.complaint.number, "0" * 16), ("000000000000", made.code)):
        with pytest.raises(NotFound):
            service.tracked_case(hotline.system, number, code)


def test_anonymous_reports_are_limited_by_the_day_and_the_count_goes_with_it(
    ctx: Context, hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.complaints.rules.intake.MOST_ANONYMOUS_A_DAY", 2)
    for _ in range(2):
        hotline.register(disclosure=Disclosure.ANONYMOUS)
    with pytest.raises(TooMany), ctx.session.begin_nested():
        hotline.register(disclosure=Disclosure.ANONYMOUS)
    hotline.register()
    (count,) = ctx.session.exec(select(AnonymousDay)).all()
    assert hotline.resident_account.account_id not in str(count.model_dump())
    assert service.forget_anonymous_days(hotline.system) == 0
    set_clock(ctx, ctx.clock.now() + timedelta(days=1))
    hotline.register(disclosure=Disclosure.ANONYMOUS)
    assert service.forget_anonymous_days(hotline.system) == 1


def test_the_tracker_shows_no_words_and_no_door(hotline: Hotline) -> None:
    row = hotline.started()
    seen = service.track(hotline.system, f"{row.number[:4]}-{row.number[4:8]}-{row.number[8:]}")
    assert seen.place == hotline.place.estate.name and "栋" not in seen.place
    assert WORDS not in str(seen) and "走廊" not in str(seen)
    assert [action for _, action, _ in seen.steps] == ["register", "accept", "dispatch", "start"]
    secret = hotline.register(nature=Nature.ACCUSATION)
    with pytest.raises(NotFound):
        service.track(hotline.system, secret.number)


def test_reporters_withdraw_and_reopen_their_own(hotline: Hotline) -> None:
    row = hotline.started()
    with pytest.raises(NotFound):
        service.withdraw_complaint(hotline.neighbour, row.id)
    assert service.withdraw_complaint(hotline.resident, row.id, "已自行解决").state == "withdrawn"
    assert service.withdraw_complaint(hotline.resident, row.id).state == "withdrawn"
    closed = hotline.resolved()
    service.answer_own(hotline.resident, closed.id, Answer(is_solved=True, is_satisfied=True))
    again = service.reopen_own(hotline.resident, closed.id, "下雨又漏了")
    assert again.state == "reopened"
    with pytest.raises(Conflict):
        service.reopen_own(hotline.resident, closed.id, "下雨又漏了")


def test_numbers_are_random_with_a_check_digit(ctx: Context, hotline: Hotline) -> None:
    found = [hotline.record().number for _ in range(5)]
    assert len(set(found)) == 5 and all(len(number) == 12 for number in found)
    gaps = {int(later) - int(former) for former, later in pairwise(found)}
    assert len(gaps) == 4
    assert ctx.session.exec(select(Complaint).where(Complaint.number == found[0])).one()


def test_who_acts_for_a_unit_reads_a_hidden_reporters_words_as_a_unit_from_the_first_day(
    hotline: Hotline,
) -> None:
    said = "我家2单元5楼东户漏水，501家找我好几次"
    named = hotline.register(words=said)
    row = hotline.register(disclosure=Disclosure.CONFIDENTIAL, words=said, place_words="2单元501")
    for by in (hotline.committee, hotline.hotline):
        service.add_member(hotline.bureau, hotline.party, str(by.actor.account_id))
        lines = {line.id: line for line in service.list_complaints(by, ComplaintFilter(), 10)}
        case, _ = service.show_complaint(by, row.id)
        for shown in (lines[row.id], case.line):
            assert "501" not in f"{shown.words} {shown.place_words}" and "东户" not in shown.words
        assert lines[named.id].words == said
        with pytest.raises(Forbidden):
            service.reveal_reporter(by, row.id, "看看")


def test_a_mediation_does_not_tell_a_hidden_reporter(hotline: Hotline) -> None:
    report = hotline.report(disclosure=Disclosure.CONFIDENTIAL, category="dispute")
    command = RecordComplaint(report, Source.TELEPHONE, "key-00000001", reporter_name="张小明")
    row = service.record_complaint(hotline.hotline, command).complaint
    row = service.accept_complaint(hotline.hotline, AcceptComplaint(row.id, row.version))
    held = RecordMediation(
        row.id, row.version, row.registered_at.date(), "张小明、某公司", "孙三", is_agreed=False
    )
    for near in (hotline.committee, hotline.town):
        with pytest.raises(Forbidden):
            service.record_mediation(near, held)
    service.record_mediation(hotline.hotline, held)
    for near in (hotline.committee, hotline.town):
        with pytest.raises(Forbidden):
            service.list_mediations(near, row.id)
    assert service.list_mediations(hotline.hotline, row.id)[0].parties == "张小明、某公司"


def test_whoever_dispatches_may_word_a_hidden_report_anew(hotline: Hotline) -> None:
    row = hotline.accepted(disclosure=Disclosure.CONFIDENTIAL, words="我是楼长，我家楼上漏水")
    named = hotline.accepted()
    with pytest.raises(Unprocessable):
        service.dispatch_complaint(
            hotline.hotline, DispatchComplaint(named.id, named.version, hotline.party, wording="另说一遍")
        )
    command = DispatchComplaint(row.id, row.version, hotline.party, wording="二单元顶部漏水，来自501")
    row = service.dispatch_complaint(hotline.hotline, command)
    assert service.show_complaint(hotline.handler, row.id)[0].line.words == "二单元顶部漏水，来自***"
    assert "楼长" in service.show_complaint(hotline.hotline, row.id)[0].line.words
    for text, found in (("楼长", 0), ("顶部", 1)):
        wanted = ComplaintFilter(text=text, only_assigned=True)
        assert len(service.list_complaints(hotline.handler, wanted, 10)) == found
