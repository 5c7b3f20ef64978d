"""The question after the work reaches whoever reported: in WeChat, else by text message, never who stayed anonymous."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from backend.complaints import service
from backend.complaints.rules.vocabulary import Disclosure, Nature, PartyKind, Source
from backend.complaints.service import (
    AcceptComplaint,
    Answer,
    CreateParty,
    DispatchComplaint,
    HandleComplaint,
    RecordComplaint,
    Report,
)
from backend.complaints.tables import Complaint
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.ids import new_id
from backend.notifications.rules.outcomes import Came, Outcome
from backend.notifications.service import desk
from bot import delivery
from tests.factories.people import ResidentFixture, StaffFixture, acting_as, make_staff
from tests.factories.places import EstateFixture
from tests.services.notifications.conftest import World
from tests.services.notifications.test_complaint_events import WORDS, read, report

PHONE = "13800000001"
DONE = "已修补屋面"


@dataclass
class Hotline:
    """An estate's hotline and the unit that handles its cases, in a world of messages."""

    town: World
    estate: EstateFixture
    hotline: StaffFixture
    handler: StaffFixture
    party: str

    @property
    def ways(self) -> Mapping[str, Any]:
        return {**self.town.ways, "sms": self.town.outside}

    def call(self, **changes: Any) -> Complaint:
        """Take down a telephone call whose caller left a number."""
        named = changes.pop("disclosure", Disclosure.NAMED)
        values = {"reporter_phone": PHONE, "reporter_name": "王示甲", **changes}
        said = Report("quality", WORDS, named, Nature.COMPLAINT, self.estate.estate.id)
        with self.town.acting() as ctx:
            command = RecordComplaint(said, Source.TELEPHONE, new_id(), **values)
            return service.record_complaint(acting_as(ctx, self.hotline), command).complaint

    def resolve(self, row: Complaint) -> Complaint:
        """Let a complaint go from where it stands to its result."""
        with self.town.acting() as ctx:
            hotline, handler = acting_as(ctx, self.hotline), acting_as(ctx, self.handler)
            row = service.show_complaint(hotline, row.id)[0].line  # type: ignore[assignment] # id, version, state
            if row.state == "registered":
                row = service.accept_complaint(hotline, AcceptComplaint(row.id, row.version))
            row = service.dispatch_complaint(hotline, DispatchComplaint(row.id, row.version, self.party))
            row = service.start_complaint(handler, HandleComplaint(row.id, row.version))
            return service.resolve_complaint(handler, HandleComplaint(row.id, row.version, DONE))

    def send(self) -> None:
        """What the bot does; each job twice."""
        for _ in range(2):
            read(self.town)
            delivery.deliver(self.town.ports, self.ways)

    def texts(self) -> list[Any]:
        return self.town.outside.arrived("sms")

    def answered(self, code: str, *, is_solved: bool) -> Complaint:
        with self.town.acting() as ctx:
            return service.answer_by_token(acting_as(ctx, None), code, Answer(is_solved, is_solved))


@pytest.fixture
def line(town: World) -> Hotline:
    estate = town.estate(3)
    with town.acting() as ctx:
        community = estate.community.id
        county = estate.community.path.strip("/").split("/")[2]
        bureau = acting_as(ctx, make_staff(ctx, Role.BUREAU, county))
        hotline, handler = (make_staff(ctx, role, community) for role in (Role.HOTLINE, Role.HANDLER))
        party = _party(bureau, community, handler)
    return Hotline(town, estate, hotline, handler, party)


def _party(bureau: Context, community: str, handler: StaffFixture) -> str:
    made = service.create_party(bureau, CreateParty(community, PartyKind.CONTRACTOR, "示例施工单位"))
    return service.add_member(bureau, made.id, handler.account_id).id


def resident(line: Hotline) -> ResidentFixture:
    return line.town.resident(line.estate.dwelling_ids[0])


def test_a_reporter_in_wechat_is_asked_once_per_round_and_not_after_the_answer(line: Hotline) -> None:
    person = resident(line)
    row = line.resolve(report(line.town, line.estate, person, "a", disclosure=Disclosure.CONFIDENTIAL))
    line.send()
    (asked,) = line.town.deliveries("complaint_question")
    assert (asked.recipient_id, asked.state, asked.occasion) == (person.account_id, "delivered", "round-1")
    assert line.texts() == []
    with line.town.acting() as ctx:
        service.answer_own(acting_as(ctx, person), row.id, Answer(is_solved=False, is_satisfied=False))
    line.resolve(row)
    line.send()
    rounds = sorted(one.occasion for one in line.town.deliveries("complaint_question"))
    assert rounds == ["round-1", "round-2"]


def test_who_left_a_phone_gets_a_code_and_not_a_word_of_the_case(line: Hotline) -> None:
    row = line.resolve(line.call(disclosure=Disclosure.CONFIDENTIAL))
    line.send()
    (letter,) = line.texts()
    assert letter.address == PHONE and letter.template_id == "demo-template-follow_up"
    assert letter.values["title"] == "社区服务回访"
    for word in ("投诉", "漏水", "质量", "王示甲", row.number[:4], line.estate.estate.name, PHONE):
        assert word not in str(letter.values)
    assert line.answered(letter.values["note"], is_solved=True).state == "closed"
    # The code is for the phone alone: no row keeps it, nor the phone.
    kept = str([message.payload for message in line.town.messages()]) + str(line.town.deliveries())
    assert letter.values["note"] not in kept and PHONE not in kept
    assert letter.values["note"] not in repr(letter) and PHONE not in repr(letter)


def test_a_code_serves_once_and_no_opens_a_second_round_with_another(line: Hotline) -> None:
    row = line.resolve(line.call())
    line.send()
    first = line.texts()[0].values["note"]
    assert line.answered(first, is_solved=False).state == "reopened"
    line.resolve(row)
    line.send()
    codes = [letter.values["note"] for letter in line.texts()]
    assert len(set(codes)) == 2 and codes[0] == first
    assert all(re.fullmatch(r"[0-9a-z]{20}", code) for code in codes)


def test_a_question_answered_on_the_telephone_is_not_sent_any_more(line: Hotline) -> None:
    row = line.resolve(line.call())
    line.town.go_to(22)
    read(line.town)
    assert delivery.deliver(line.town.ports, line.ways) == 0  # nobody is asked at night
    with line.town.acting() as ctx:
        said = Answer(is_solved=True, is_satisfied=True)
        service.record_answer(acting_as(ctx, line.hotline), row.id, row.version, said)
    line.town.go_to(9, days=1)
    assert delivery.deliver(line.town.ports, line.ways) == 0
    (asked,) = line.town.deliveries("complaint_question_sms")
    assert (asked.state, asked.reason) == ("cancelled", "answered")


def test_nobody_anonymous_is_asked_and_a_landline_gets_no_text(line: Hotline) -> None:
    person = resident(line)
    line.resolve(report(line.town, line.estate, person, "a", disclosure=Disclosure.ANONYMOUS))
    line.resolve(line.call(reporter_phone="0953-2012345"))
    line.resolve(line.call(reporter_phone=None))
    line.send()
    assert line.town.deliveries("complaint_question") == []
    (asked,) = line.town.deliveries("complaint_question_sms")
    assert (asked.state, asked.reason) == ("permanent_failure", "no_channel")
    assert line.town.outside.calls == 0


def test_an_outage_delays_the_question_and_a_lost_answer_asks_nobody_twice(line: Hotline) -> None:
    line.resolve(line.call())
    line.town.outside.answer = lambda _letter: Outcome(Came.PASSING, "no_connection")
    line.send()
    (asked,) = line.town.deliveries("complaint_question_sms")
    assert asked.state == "passing_failure"
    line.town.go(minutes=5)
    line.town.outside.answer = lambda _letter: Outcome(Came.UNKNOWN, "no_answer")
    line.send()
    line.town.go(hours=2)
    line.send()
    (asked,) = line.town.deliveries("complaint_question_sms")
    assert asked.state == "unknown" and line.town.outside.calls == 2


def test_after_weeks_of_silence_a_bot_asks_what_can_still_be_answered_and_tells_nothing_old(
    line: Hotline,
) -> None:
    person = resident(line)
    line.resolve(report(line.town, line.estate, person, "a"))
    line.town.go(days=20)
    line.resolve(report(line.town, line.estate, person, "b"))
    line.send()
    assert len(line.town.deliveries("complaint_question")) == 1
    assert {row.created_at.date() for row in line.town.deliveries("complaint_moved")} == {
        line.town.now().date()
    }


def test_the_log_of_deliveries_says_nothing_about_phones_of_reporters(line: Hotline) -> None:
    line.resolve(line.call())
    line.send()
    with line.town.acting() as ctx:
        committee = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, line.estate.community.id))
        page = desk.ListDeliveries(line.estate.estate.id, None, None, None, 10)
        assert desk.list_deliveries(committee, page) == []


def test_a_note_is_told_only_where_the_unit_says_so(line: Hotline) -> None:
    person = resident(line)
    row = report(line.town, line.estate, person, "a")
    with line.town.acting() as ctx:
        hotline, handler = acting_as(ctx, line.hotline), acting_as(ctx, line.handler)
        row = service.accept_complaint(hotline, AcceptComplaint(row.id, 1))
        row = service.dispatch_complaint(hotline, DispatchComplaint(row.id, row.version, line.party))
        for words, is_told in (("已看现场", False), ("材料已到", True)):
            said = HandleComplaint(row.id, row.version, words, is_told=is_told)
            row = service.note_progress(handler, said)
    line.send()
    notes = [str(letter.values) for letter in line.town.outside.arrived()]
    assert sum("有新的办理情况" in note for note in notes) == 1
