"""Reports about staff: what is kept from those they may be about."""

from __future__ import annotations

import pytest

from backend.complaints import service
from backend.complaints.queries import ComplaintFilter
from backend.complaints.rules.vocabulary import Disclosure, Nature, Source
from backend.complaints.service import AcceptComplaint, DispatchComplaint, RecordComplaint
from backend.infra.context import Context
from backend.kernel.errors import NotFound, Unprocessable
from backend.kernel.ids import new_id
from backend.media.service import DecideMedia, Upload, decide_media, list_reviews, upload_media
from tests.factories.films import film
from tests.services.complaints.hotline import Hotline, open_hotline


@pytest.fixture
def hotline(ctx: Context) -> Hotline:
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
