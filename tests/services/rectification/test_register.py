"""The register: opened once, worked on by the responsible, verified by others, its history only added to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlmodel import col

from backend.complaints import service as complaints
from backend.complaints.rules.vocabulary import Disclosure
from backend.complaints.rules.vocabulary import Source as ComplaintSource
from backend.complaints.service import RecordComplaint, Report
from backend.complaints.service.loading import knows_complaint
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.errors import DomainError, Forbidden, NotFound, PreconditionFailed
from backend.kernel.ids import new_id
from backend.rectification import service
from backend.rectification.hooks import registered
from backend.rectification.queries import ItemFilter
from backend.rectification.rules.progress import State, Step
from backend.rectification.rules.wording import Source
from backend.rectification.service import AddEvidence, OpenItem, ReviseItem, TakeStep
from backend.rectification.tables import RectificationItem
from tests.factories.people import acting_as, as_system, make_resident, make_staff
from tests.services.rectification.conftest import Site, make_site


def refused(code: str) -> object:
    """Expect a refusal with this code."""
    return pytest.raises(DomainError, match=f"^{code}$")


def test_an_item_goes_from_found_to_closed_out(site: Site) -> None:
    card = site.open()
    assert (card.number, card.state, card.version) == ("ZG-0001", State.OPEN, 1)
    assert site.open().number == "ZG-0002"
    site.step(site.builder, card.id, Step.START)
    page = site.close(card.id)
    assert page.card.state is State.CLOSED_OUT
    assert page.card.closed_out_on == site.today
    assert page.card.verified_by == site.town.actor.account_id
    assert [row.step for row in page.history] == ["close_out", "verify", "submit", "start", "opened"]
    for kind in ("opened", "started", "submitted", "verified", "closed_out"):
        event = site.events(f"rectification.{kind}", card.id)[0]
        assert event.payload["number"] == "ZG-0001"
        assert not {"张三", "屋面漏水", "13800000001"} & set(map(str, event.payload.values()))


def test_sending_twice_opens_once(site: Site) -> None:
    first = site.open("key-0001")
    assert site.open("key-0001").id == first.id
    with refused("idempotency_key_reused"):
        site.open("key-0001", problem="别的问题")


def test_neither_the_responsible_nor_the_submitter_verifies(site: Site) -> None:
    card = site.open()
    site.photo(site.committee, card.id)
    site.step(site.committee, card.id, Step.SUBMIT)
    with refused("submitter"):
        site.step(site.committee, card.id, Step.VERIFY)
    with pytest.raises(Forbidden):
        site.step(site.builder, card.id, Step.VERIFY)
    site.step(site.town, card.id, Step.VERIFY)
    with refused("submitter"):
        site.step(site.committee, card.id, Step.CLOSE_OUT)


def test_a_committee_member_who_is_responsible_does_not_verify(site: Site) -> None:
    links = site.links(responsible_account=site.committee.actor.account_id)
    card = service.open_item(site.town, OpenItem(site.estate, links, site.said(), new_id()))
    site.photo(site.town, card.id)
    site.step(site.town, card.id, Step.SUBMIT)
    with refused("responsible"):
        site.step(site.committee, card.id, Step.VERIFY)


def test_the_name_stands_for_the_responsible_person_where_no_account_does(site: Site) -> None:
    links = site.links(responsible_account=None)
    said = site.said(responsible_person="工 作人员 13800000001")
    card = service.open_item(site.committee, OpenItem(site.estate, links, said, new_id()))
    site.photo(site.committee, card.id)
    site.step(site.committee, card.id, Step.SUBMIT)
    with refused("responsible"):
        site.step(site.town, card.id, Step.VERIFY)


def test_the_name_counts_beside_an_account_too(site: Site) -> None:
    said = site.said(responsible_person="工作人员")
    card = service.open_item(site.committee, OpenItem(site.estate, site.links(), said, new_id()))
    site.photo(site.builder, card.id)
    site.step(site.builder, card.id, Step.SUBMIT)
    with refused("responsible"):
        site.step(site.town, card.id, Step.VERIFY)


def test_who_was_responsible_before_does_not_verify_by_their_own_evidence(site: Site) -> None:
    links = site.links(responsible_account=site.town.actor.account_id)
    card = service.open_item(site.committee, OpenItem(site.estate, links, site.said(), new_id()))
    site.photo(site.town, card.id)
    version = service.show_item(site.committee, card.id).card.version
    service.revise_item(site.committee, ReviseItem(card.id, version, site.links(), site.said()))
    site.step(site.builder, card.id, Step.SUBMIT)
    with refused("witness"):
        site.step(site.town, card.id, Step.VERIFY)


@pytest.mark.parametrize("column", ["responsible_account", "submitted_by"])
def test_the_database_itself_refuses_such_a_verifier(ctx: Context, site: Site, column: str) -> None:
    card = site.open()
    site.close(card.id)
    values = {column: site.town.actor.account_id}
    with pytest.raises(IntegrityError):
        ctx.session.execute(
            update(RectificationItem).where(col(RectificationItem.id) == card.id).values(values)
        )


@pytest.mark.parametrize(
    "statement", ["UPDATE rectification_step SET step = 'x'", "DELETE FROM rectification_step"]
)
def test_history_is_only_added_to(ctx: Context, site: Site, statement: str) -> None:
    site.open()
    ctx.session.flush()
    with pytest.raises(DatabaseError, match="only added to"):
        ctx.session.connection().execute(text(statement))


def test_a_submission_needs_evidence_of_this_attempt(site: Site) -> None:
    card = site.open()
    with refused("no_evidence"):
        site.step(site.builder, card.id, Step.SUBMIT)
    site.photo(site.builder, card.id, "before")
    with refused("no_evidence"):
        site.step(site.builder, card.id, Step.SUBMIT)
    page = site.close(card.id)
    again = site.step(site.town, card.id, Step.REOPEN, "又漏了")
    assert (again.card.state, again.card.round, again.card.closed_out_on) == (State.REOPENED, 2, None)
    assert again.card.verified_by is None
    assert again.history[0].words == "又漏了"
    assert [piece.card for piece in again.evidence] == [piece.card for piece in page.evidence]
    with refused("no_evidence"):
        site.step(site.builder, card.id, Step.SUBMIT)
    site.close(card.id)


def test_returning_and_reopening_need_a_reason(site: Site) -> None:
    card = site.open()
    site.photo(site.builder, card.id)
    site.step(site.builder, card.id, Step.SUBMIT)
    with refused("no_words"):
        site.step(site.town, card.id, Step.RETURN)
    assert site.step(site.town, card.id, Step.RETURN, "还在漏").card.state is State.IN_PROGRESS


def test_the_same_photo_twice_is_one_and_withdrawn_it_no_longer_counts(site: Site) -> None:
    card = site.open()
    photo = site.upload(site.builder)
    command = AddEvidence(card.id, "after", photo)
    service.add_evidence(site.builder, command)
    page = service.add_evidence(site.builder, command)
    assert [(piece.card.media_id, piece.file.id) for piece in page.evidence] == [(photo, photo)]
    assert page.evidence[0].file.full is not None
    evidence = page.evidence[0].card.id
    assert service.withdraw_evidence(site.builder, evidence).evidence == ()
    assert service.withdraw_evidence(site.builder, evidence).evidence == ()
    with refused("no_evidence"):
        site.step(site.builder, card.id, Step.SUBMIT)
    site.close(card.id)
    standing = service.show_item(site.town, card.id).evidence[0].card.id
    with refused("wrong_state"):
        service.withdraw_evidence(site.committee, standing)


def test_evidence_is_ones_own_loose_photo_of_this_estate(site: Site, ctx: Context) -> None:
    card, other = site.open(), make_site(ctx)
    used = site.upload(site.builder)
    service.add_evidence(site.builder, AddEvidence(card.id, "before", used))
    for media_id in (new_id(), site.upload(site.committee), other.upload(other.builder)):
        with refused("wrong_field"):
            service.add_evidence(site.builder, AddEvidence(card.id, "after", media_id))
    with refused("media_not_usable"):
        service.add_evidence(site.builder, AddEvidence(card.id, "after", used))


def test_of_two_steps_at_once_one_is_told_to_look_again(site: Site) -> None:
    card = site.open()
    service.take_step(site.builder, TakeStep(card.id, Step.START, 1))
    with pytest.raises(PreconditionFailed):
        service.take_step(site.committee, TakeStep(card.id, Step.START, 1))


def test_a_new_due_date_needs_a_reason_and_a_closed_item_stays_as_it_is(site: Site) -> None:
    card = site.open()
    later = site.said(due_on=site.today + timedelta(days=20))
    with refused("wrong_field"):
        service.revise_item(site.committee, ReviseItem(card.id, 1, site.links(), later))
    changed = service.revise_item(site.committee, ReviseItem(card.id, 1, site.links(), later, "下雨停工"))
    assert (changed.due_on, changed.version) == (later.due_on, 2)
    event = site.events("rectification.revised", card.id)[0]
    assert event.payload["fields"] == "due_on"
    site.close(card.id)
    version = service.show_item(site.town, card.id).card.version
    with refused("wrong_state"):
        service.revise_item(site.committee, ReviseItem(card.id, version, site.links(), later))


@pytest.mark.parametrize(
    "wrong",
    [
        {"problem": "3栋2单元501漏水"},
        {"problem": "请打13800000001"},
        {"found_on": timedelta(days=1)},
        {"due_on": timedelta(days=-2)},
    ],
)
def test_what_residents_may_not_read_or_cannot_be_is_refused(site: Site, wrong: dict[str, object]) -> None:
    said = {
        name: site.today + value if isinstance(value, timedelta) else value for name, value in wrong.items()
    }
    with refused("wrong_field"):
        site.open(**said)


def test_links_must_lead_somewhere(site: Site, ctx: Context) -> None:
    other = make_site(ctx)
    for links in (
        site.links(works_item_id=other.works()),
        site.links(responsible_account=make_resident(ctx, site.place.dwelling_ids[0]).account_id),
        site.links(responsible_account=new_id()),
    ):
        with refused("wrong_field"):
            service.open_item(site.committee, OpenItem(site.estate, links, site.said(), new_id()))


def test_people_and_doors_are_for_those_who_keep_the_register(site: Site, ctx: Context) -> None:
    card = site.open(place="3栋2单元501卫生间")
    assert (card.place, card.place_detail) == ("3栋", "3栋2单元501卫生间")
    auditor = acting_as(ctx, make_staff(ctx, Role.AUDITOR, site.place.community.id))
    seen = service.show_item(auditor, card.id).card
    assert (seen.place_detail, seen.responsible_person) == (None, "张**")
    assert service.show_item(site.builder, card.id).card.responsible_person == "张三 13800000001"
    stored = ctx.session.get_one(RectificationItem, card.id)
    assert "张三" not in f"{stored.responsible_person_sealed}{stored.place_sealed}"


@pytest.fixture
def wired(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wire what the composition root wires."""
    monkeypatch.setattr(registered, "knows_complaint", knows_complaint)


def complained(at: Site, category: str = "quality") -> str:
    """Register a complaint of an estate and return its number."""
    report = Report(category, "屋面漏水", Disclosure.ANONYMOUS, estate_id=at.estate)
    command = RecordComplaint(report, ComplaintSource.WALK_IN, new_id())
    return complaints.record_complaint(as_system(at.committee), command).complaint.number


@pytest.mark.usefixtures("wired")
def test_an_item_from_a_complaint_names_one_of_its_estate_that_the_keeper_may_read(
    site: Site, ctx: Context
) -> None:
    def opened(number: str) -> str | None:
        links = site.links(source=Source.COMPLAINT, source_reference=number)
        command = OpenItem(site.estate, links, site.said(), new_id())
        return service.open_item(site.committee, command).source_reference

    number = complained(site)
    assert opened(number) == number
    for other in ("999999999999", "检〔2026〕5号", complained(make_site(ctx)), complained(site, "conduct")):
        with refused("wrong_field"):
            opened(other)


@pytest.mark.usefixtures("wired")
def test_no_reference_becomes_a_complaints_number_by_another_source(site: Site) -> None:
    other = site.links(source=Source.INSPECTION, source_reference="检〔2026〕5号")
    card = service.open_item(site.committee, OpenItem(site.estate, other, site.said(), new_id()))
    same = site.links(source=Source.COMPLAINT, source_reference="检〔2026〕5号")
    with refused("wrong_field"):
        service.revise_item(site.committee, ReviseItem(card.id, card.version, same, site.said()))


@pytest.mark.usefixtures("wired")
def test_the_unit_complained_about_gets_no_number_that_leads_to_the_reporter(site: Site) -> None:
    number = complained(site)
    links = site.links(source=Source.COMPLAINT, source_reference=number)
    card = service.open_item(site.committee, OpenItem(site.estate, links, site.said(), new_id()))
    assert card.source_reference == number
    assert service.show_item(site.builder, card.id).card.source_reference is None
    (listed,) = service.list_items(site.builder, ItemFilter(site.estate), 10)
    assert listed.source_reference is None
    assert service.show_item(site.town, card.id).card.source_reference == number
    for reader, count in ((site.builder, 0), (site.town, 1), (site.committee, 1)):
        asked = ItemFilter(site.estate, source_reference=number)
        assert len(service.list_items(reader, asked, 10)) == count


def test_another_handler_reads_but_does_not_work_on_it(site: Site, ctx: Context) -> None:
    card = site.open()
    other = acting_as(ctx, make_staff(ctx, Role.HANDLER, site.place.community.id))
    assert service.show_item(other, card.id).card.responsible_person == "张**"
    with pytest.raises(Forbidden):
        site.step(other, card.id, Step.START)
    with pytest.raises(Forbidden):
        site.photo(other, card.id)


def test_elsewhere_the_register_does_not_exist(site: Site, ctx: Context) -> None:
    card, other = site.open(), make_site(ctx)
    with pytest.raises(NotFound):
        service.show_item(other.town, card.id)
    with pytest.raises(NotFound):
        service.count_units(other.town, site.place.community.id, None)
    assert service.list_items(other.town, ItemFilter(site.estate), 10) == []


def test_the_list_filters_and_turns_pages(site: Site) -> None:
    ids = [site.open(problem=f"问题{number}").id for number in range(5)]
    site.close(ids[0])
    found = service.list_items(site.town, ItemFilter(site.estate), 3)
    rest = service.list_items(site.town, ItemFilter(site.estate), 3, (found[-1].created_at, found[-1].id))
    assert sorted(card.id for card in (*found, *rest)) == sorted(ids)
    closed = service.list_items(site.town, ItemFilter(site.estate, states=("closed_out",)), 10)
    assert [card.id for card in closed] == [ids[0]]
    wanted = ItemFilter(site.estate, source="inspection", source_reference="检〔2026〕5号")
    assert len(service.list_items(site.town, wanted, 10)) == 5


def test_the_overdue_list_and_the_counts_per_unit(site: Site, ctx: Context) -> None:
    late, fine, done = site.open(), site.open(responsible_party="另一公司"), site.open()
    site.close(done.id)
    for item in (late.id, done.id):
        values = {"due_on": site.today - timedelta(days=1)}
        ctx.session.execute(update(RectificationItem).where(col(RectificationItem.id) == item).values(values))
    overdue = service.list_items(site.town, ItemFilter(site.estate), 10, is_overdue=True)
    assert [card.id for card in overdue] == [late.id]
    assert overdue[0].is_overdue
    first, second = service.count_units(site.town, site.place.community.id, None)
    assert (first.responsible_party, first.total, first.overdue, first.closed_out) == ("某建筑公司", 2, 1, 1)
    assert (second.responsible_party, second.unfinished, second.overdue) == ("另一公司", 1, 0)
    assert fine.id


def test_residents_see_what_is_put_right_and_what_is_closed_out_without_people(
    site: Site, ctx: Context
) -> None:
    site.open(place="3栋2单元501卫生间")
    site.close(site.open(place="小区北门").id)
    resident = acting_as(ctx, make_resident(ctx, site.place.dwelling_ids[0]))
    everything = service.my_items(resident, None, None, 10)
    assert {(row.place, row.state) for row in everything} == {
        ("3栋", State.OPEN),
        ("小区北门", State.CLOSED_OUT),
    }
    assert [row.place for row in service.my_items(resident, site.estate, "open", 10)] == ["3栋"]
    assert [row.closed_out_on for row in service.my_items(resident, None, "closed", 10)] == [site.today]
    text_of_it = str(everything)
    assert not [word for word in ("张三", "1380000", "卫生间", "某建筑公司", "检〔") if word in text_of_it]
    with pytest.raises(NotFound):
        service.my_items(resident, make_site(ctx).estate, None, 10)
    stranger = acting_as(ctx, make_resident(ctx))
    assert service.my_items(stranger, None, None, 10) == []
