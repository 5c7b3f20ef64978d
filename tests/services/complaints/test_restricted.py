"""Reports about staff: what is kept from those they may be about."""

from __future__ import annotations

import pytest

from backend.complaints import service
from backend.complaints.queries import ComplaintFilter
from backend.complaints.rules.vocabulary import Disclosure, Nature, Source
from backend.complaints.service import AcceptComplaint, DispatchComplaint, RecordComplaint
from backend.complaints.service.photos import hidden_from
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.errors import NotFound, Unprocessable
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
    row = service.accept_complaint(hotline.bureau, AcceptComplaint(row.id, row.version))
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
                hotline.hotline, AcceptComplaint(row.id, row.version, about_account_id=nobody)
            )
    member = hotline.committee.actor.account_id
    done = service.accept_complaint(
        hotline.hotline, AcceptComplaint(row.id, row.version, about_account_id=member)
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
