"""Reports about staff: what is kept from those they may be about."""

from __future__ import annotations

import pytest

from backend.complaints import service
from backend.complaints.queries import ComplaintFilter
from backend.complaints.rules.vocabulary import Disclosure, Nature, Source
from backend.complaints.service import (
    AcceptComplaint,
    DispatchComplaint,
    HandleComplaint,
    HandUpComplaint,
    RecordComplaint,
    TransferComplaint,
)
from backend.complaints.service.photos import hidden_from
from backend.complaints.tables import Complaint
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.clock import local_date
from backend.kernel.errors import Conflict, Forbidden, NotFound, Unprocessable
from backend.kernel.ids import new_id
from backend.media import hooks
from backend.media.service import (
    DecideMedia,
    Upload,
    attach,
    decide_media,
    list_reviews,
    restrict,
    upload_media,
)
from tests.factories.films import film
from tests.factories.people import acting_as, make_staff
from tests.services.complaints.hotline import Hotline, open_hotline


@pytest.fixture
def hotline(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> Hotline:
    # As the composition root does; a test of services alone has none.
    monkeypatch.setattr(hooks.registered, "hidden_things", hidden_from)
    return open_hotline(ctx)


def test_the_accused_never_review_the_evidence(hotline: Hotline) -> None:
    estate = hotline.place.estate.id
    evidence = upload_media(hotline.resident, Upload(film(), "evidence-key-1", estate)).id

    def waiting(by: Context) -> list[str]:
        return [view.id for view in list_reviews(by, estate, "review", 10)]

    row = hotline.register(
        nature=Nature.ACCUSATION, disclosure=Disclosure.CONFIDENTIAL, media_ids=(evidence,)
    )
    assert waiting(hotline.committee) == waiting(hotline.town) == []
    assert waiting(hotline.bureau) == [evidence]
    with pytest.raises(NotFound):
        decide_media(hotline.committee, DecideMedia(evidence, True))
    # No accusation after all: the committee's own matter, and so is its evidence.
    lifted = AcceptComplaint(row.id, row.version, Nature.COMPLAINT, is_restricted=False)
    row = service.accept_complaint(hotline.bureau, lifted)
    assert waiting(hotline.committee) == [evidence]
    about = AcceptComplaint(row.id, row.version, about_account_id=hotline.committee.actor.account_id)
    service.reclassify_complaint(hotline.bureau, about)
    assert waiting(hotline.committee) == []
    assert decide_media(hotline.bureau, DecideMedia(evidence, True)).state == "passed"


def test_whom_a_case_is_about_reviews_nothing_of_it_however_high_they_stand(
    ctx: Context, hotline: Hotline
) -> None:
    estate = hotline.place.estate.id
    bureau = make_staff(ctx, Role.BUREAU, hotline.county)
    accused, member = acting_as(ctx, bureau), acting_as(ctx, make_staff(ctx, Role.BUREAU, hotline.county))
    evidence = [
        upload_media(hotline.resident, Upload(film(), f"evidence-key-{number}", estate)).id
        for number in (1, 2)
    ]

    def waiting(by: Context) -> set[str]:
        return {view.id for view in list_reviews(by, estate, "review", 10)}

    row = hotline.register(disclosure=Disclosure.CONFIDENTIAL, media_ids=(evidence[0],))
    about = AcceptComplaint(row.id, row.version, about_account_id=bureau.account_id)
    service.accept_complaint(hotline.bureau, about)
    assert waiting(hotline.bureau) == waiting(member) == set(evidence)
    assert waiting(accused) == {evidence[1]}
    with pytest.raises(NotFound):
        decide_media(accused, DecideMedia(evidence[0], True))
    # A case about a unit is kept from everybody who acts for it.
    account = str(member.actor.account_id)
    service.add_member(hotline.bureau, hotline.other_party, account)
    said = hotline.report(nature=Nature.ACCUSATION)
    command = RecordComplaint(said, Source.WALK_IN, f"key-{new_id()}", about_party_id=hotline.other_party)
    unit = service.record_complaint(hotline.bureau, command).complaint
    photo = upload_media(hotline.resident, Upload(film(), "evidence-key-3", estate)).id
    attach(hotline.resident, [photo], "complaint", unit.id)
    restrict(hotline.resident, "complaint", [unit.id], is_restricted=True)
    assert photo in waiting(hotline.bureau) and photo not in waiting(member)
    with pytest.raises(NotFound):
        decide_media(member, DecideMedia(photo, True))


def test_a_case_is_about_somebody_who_works_there(hotline: Hotline, ctx: Context) -> None:
    elsewhere = open_hotline(ctx).committee.actor.account_id
    row = hotline.register()
    for nobody in (new_id(), hotline.resident_account.account_id, elsewhere):
        record = RecordComplaint(hotline.report(), Source.WALK_IN, f"key-{new_id()}", about_account_id=nobody)
        with pytest.raises(Unprocessable):
            service.record_complaint(hotline.hotline, record)
        with pytest.raises(Unprocessable):
            service.accept_complaint(
                hotline.bureau, AcceptComplaint(row.id, row.version, about_account_id=nobody)
            )
    member = hotline.committee.actor.account_id
    done = service.accept_complaint(
        hotline.bureau, AcceptComplaint(row.id, row.version, about_account_id=member)
    )
    assert done.is_restricted


def test_a_unit_cannot_try_out_ticket_numbers(hotline: Hotline) -> None:
    for disclosure, found in ((Disclosure.CONFIDENTIAL, 0), (Disclosure.NAMED, 1)):
        ticket = f"NX2026030100{found}"
        record = RecordComplaint(
            hotline.report(disclosure=disclosure), Source.TELEPHONE, f"key-{new_id()}", ticket_number=ticket
        )
        row = service.record_complaint(hotline.hotline, record).complaint
        row = service.accept_complaint(hotline.hotline, AcceptComplaint(row.id, row.version))
        service.dispatch_complaint(hotline.hotline, DispatchComplaint(row.id, row.version, hotline.party))
        for reader, count in ((hotline.handler, found), (hotline.hotline, 1)):
            wanted = ComplaintFilter(text=ticket, only_assigned=reader is hotline.handler)
            assert len(service.list_complaints(reader, wanted, 10)) == count


def test_nobody_near_a_running_case_makes_it_vanish(hotline: Hotline) -> None:
    row = hotline.accepted()
    somebody = str(hotline.hotline.actor.account_id)
    hiding = (
        AcceptComplaint(row.id, row.version, about_account_id=somebody),
        AcceptComplaint(row.id, row.version, is_restricted=True),
        AcceptComplaint(row.id, row.version, category="conduct"),
    )
    for by in (hotline.committee, hotline.hotline, hotline.town):
        for command in hiding:
            with pytest.raises(Forbidden):
                service.reclassify_complaint(by, command)
        gone = TransferComplaint(
            row.id, row.version, Nature.ACCUSATION, "纪委", "函", "1号", local_date(by.clock.now())
        )
        with pytest.raises(Forbidden):
            service.transfer_complaint(by, gone)
    for reader in (hotline.hotline, hotline.town, hotline.committee):
        assert service.show_complaint(reader, row.id)[0].line.version == row.version
    assert service.track(hotline.system, row.number).state == "accepted"


def test_what_is_handed_up_goes_on_and_is_decided_further_off(hotline: Hotline) -> None:
    row = hotline.started()
    about = str(hotline.committee.actor.account_id)
    said = "来电人说主任收了红包"
    row = service.hand_up_complaint(hotline.hotline, HandUpComplaint(row.id, row.version, said, about))
    with pytest.raises(Conflict):
        service.hand_up_complaint(hotline.town, HandUpComplaint(row.id, row.version, said))
    waiting = ComplaintFilter(is_handed_up=True)
    for by in (hotline.hotline, hotline.town, hotline.committee):
        assert service.list_complaints(by, waiting, 10) == []
        case, _ = service.show_complaint(by, row.id)
        assert said not in str(case) and about not in str(case)
    assert [line.id for line in service.list_complaints(hotline.bureau, waiting, 10)] == [row.id]
    case, _ = service.show_complaint(hotline.bureau, row.id)
    assert (case.handed_up_about_id, case.steps[-1].words) == (about, said)
    row = service.note_progress(hotline.handler, HandleComplaint(row.id, row.version, "照常办理"))
    row = service.reclassify_complaint(
        hotline.bureau, AcceptComplaint(row.id, row.version, is_restricted=True)
    )
    assert (row.is_restricted, row.about_account_id, row.handed_up_at) == (True, about, None)
    assert service.list_complaints(hotline.bureau, waiting, 10) == []
    with pytest.raises(NotFound):
        service.show_complaint(hotline.committee, row.id)


def test_what_was_handed_up_for_nothing_stays_with_everybody(hotline: Hotline) -> None:
    row = hotline.accepted()
    row = service.hand_up_complaint(hotline.committee, HandUpComplaint(row.id, row.version, "请甄别"))
    said = AcceptComplaint(row.id, row.version, is_restricted=False)
    for by in (hotline.bureau, hotline.system):
        (line,) = service.list_complaints(by, ComplaintFilter(is_handed_up=True), 10)
        assert line.id == row.id
    with pytest.raises(Forbidden):
        service.reclassify_complaint(hotline.town, said)
    row = service.reclassify_complaint(hotline.bureau, said)
    assert (row.is_restricted, row.handed_up_at, row.state) == (False, None, "accepted")
    assert service.show_complaint(hotline.committee, row.id)[0].line.id == row.id


def test_nobody_decides_whether_a_case_is_about_themselves(ctx: Context, hotline: Hotline) -> None:
    account = make_staff(ctx, Role.BUREAU, hotline.county)
    accused, row = acting_as(ctx, account), hotline.accepted()
    command = HandUpComplaint(row.id, row.version, "反映科长", account.account_id)
    row = service.hand_up_complaint(hotline.hotline, command)
    assert service.list_complaints(accused, ComplaintFilter(is_handed_up=True), 10) == []
    assert "反映科长" not in str(service.show_complaint(accused, row.id))
    for said in (True, False):
        with pytest.raises(Forbidden):
            service.reclassify_complaint(accused, AcceptComplaint(row.id, row.version, is_restricted=said))


def test_nobody_says_of_a_restricted_case_that_it_is_about_their_own_unit(
    ctx: Context, hotline: Hotline
) -> None:
    member = acting_as(ctx, make_staff(ctx, Role.BUREAU, hotline.county))
    service.add_member(hotline.bureau, hotline.other_party, str(member.actor.account_id))
    row = hotline.register(category="conduct")
    about = AcceptComplaint(row.id, row.version, about_party_id=hotline.other_party)
    with pytest.raises(Forbidden):
        service.accept_complaint(member, about)
    assert service.accept_complaint(hotline.bureau, about).about_party_id == hotline.other_party


@pytest.mark.parametrize("is_passed_on", [True, False])
def test_whom_a_case_was_handed_up_about_is_whom_it_is_about_however_it_comes_to_be_restricted(
    ctx: Context, hotline: Hotline, is_passed_on: bool
) -> None:
    account = make_staff(ctx, Role.BUREAU, hotline.county)
    accused, row = acting_as(ctx, account), hotline.accepted()
    command = HandUpComplaint(row.id, row.version, "反映科长", account.account_id)
    row = service.hand_up_complaint(hotline.hotline, command)

    def restrict_it(by: Context) -> Complaint:
        if not is_passed_on:
            return service.reclassify_complaint(by, AcceptComplaint(row.id, None, category="conduct"))
        today = local_date(ctx.clock.now())
        gone = TransferComplaint(row.id, None, Nature.ACCUSATION, "纪委", "函", "1号", today)
        return service.transfer_complaint(by, gone)

    with pytest.raises(Forbidden):
        restrict_it(accused)
    done = restrict_it(hotline.bureau)
    assert (done.is_restricted, done.about_account_id) == (True, account.account_id)
    assert service.list_complaints(hotline.bureau, ComplaintFilter(is_handed_up=True), 10) == []
    with pytest.raises(NotFound):
        service.show_complaint(accused, row.id)


@pytest.mark.parametrize("state", ["accepted", "started"])
def test_a_case_about_a_person_is_brought_to_its_end_by_who_may_see_it(hotline: Hotline, state: str) -> None:
    about = str(hotline.committee.actor.account_id)
    row = hotline.accepted() if state == "accepted" else hotline.started()
    named = AcceptComplaint(row.id, row.version, about_account_id=about)
    row = service.reclassify_complaint(hotline.bureau, named)
    for nobody in (hotline.hotline, hotline.town, hotline.committee, hotline.handler):
        with pytest.raises(NotFound):
            service.note_progress(nobody, HandleComplaint(row.id, row.version, "看看"))
    with pytest.raises(Forbidden):
        service.note_progress(hotline.auditor, HandleComplaint(row.id, row.version, "看看"))
    by = hotline.bureau
    if state == "started":
        row = service.contest_dispatch(by, HandleComplaint(row.id, row.version, "收回，由本局办理"))
    row = service.dispatch_complaint(by, DispatchComplaint(row.id, row.version, hotline.other_party))
    row = service.start_complaint(by, HandleComplaint(row.id, row.version))
    with pytest.raises(NotFound):
        service.show_complaint(hotline.other_handler, row.id)
    row = service.resolve_complaint(by, HandleComplaint(row.id, row.version, "已核查并处理"))
    row = service.answer_own(hotline.resident, row.id, service.Answer(is_solved=True, is_satisfied=True))
    assert row.state == "closed"


def test_who_named_somebody_may_name_nobody_again(hotline: Hotline) -> None:
    row = hotline.started()
    about = str(hotline.committee.actor.account_id)
    row = service.reclassify_complaint(
        hotline.bureau, AcceptComplaint(row.id, row.version, about_account_id=about)
    )
    row = service.reclassify_complaint(
        hotline.bureau, AcceptComplaint(row.id, row.version, is_restricted=False)
    )
    assert (row.about_account_id, row.is_restricted) == (None, False)
    row = service.resolve_complaint(hotline.handler, HandleComplaint(row.id, row.version, "已修好"))
    assert row.state == "resolved"


TAKEN = "社区主任收了施工队的红包，把我们楼的保温减薄了"


@pytest.mark.parametrize("by_telephone", [False, True])
def test_what_sounds_like_a_report_about_staff_is_not_read_by_them(
    hotline: Hotline, by_telephone: bool
) -> None:
    values = {"category": "other", "words": TAKEN, "disclosure": Disclosure.CONFIDENTIAL}
    row = hotline.record(**values) if by_telephone else hotline.register(**values)
    assert row.is_restricted
    for near in (hotline.committee, hotline.town, hotline.hotline):
        assert service.list_complaints(near, ComplaintFilter(), 10) == []
    assert [line.id for line in service.list_complaints(hotline.bureau, ComplaintFilter(), 10)] == [row.id]
    # Whoever can help in an emergency reads it, whatever its words sound like.
    urgent = hotline.register(nature=Nature.EMERGENCY, words="工作人员说脚手架要倒了")
    assert not urgent.is_restricted


def test_a_report_about_conduct_stays_restricted_until_it_is_lifted_in_so_many_words(
    hotline: Hotline,
) -> None:
    row = hotline.register(category="conduct")
    about = AcceptComplaint(row.id, row.version, about_party_id=hotline.party)
    row = service.accept_complaint(hotline.bureau, about)
    assert row.is_restricted
    with pytest.raises(NotFound):
        service.show_complaint(hotline.committee, row.id)
    with pytest.raises(NotFound):
        service.dispatch_complaint(hotline.hotline, DispatchComplaint(row.id, row.version, hotline.party))
    row = service.reclassify_complaint(
        hotline.bureau, AcceptComplaint(row.id, row.version, is_restricted=False)
    )
    # Also when everybody may read it, the accused unit does not handle it.
    with pytest.raises(Conflict):
        service.dispatch_complaint(hotline.hotline, DispatchComplaint(row.id, row.version, hotline.party))
    row = service.dispatch_complaint(
        hotline.hotline, DispatchComplaint(row.id, row.version, hotline.other_party)
    )
    assert row.state == "dispatched"
