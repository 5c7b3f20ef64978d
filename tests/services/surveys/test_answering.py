"""Answers by phone and by hand: one per household, revised until the close, by whom and how."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlmodel import col, select

from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.errors import Conflict, DomainError, NotFound, Unprocessable
from backend.kernel.ids import new_id
from backend.ledger.tables import LedgerEvent
from backend.media import service as media
from backend.media.service import Upload
from backend.media.tables import MediaFile
from backend.registry.tables import Dwelling
from backend.staff_api.schemas.survey_work import TextListOut
from backend.surveys import service
from backend.surveys.queries import TextFilter
from backend.surveys.rules.questions import Form, Kind, Question, Section, form_of
from backend.surveys.service import EnterAnswers
from backend.surveys.tables import Survey, SurveyDraft, SurveyResponse, SurveySum, SurveyText
from tests.factories import photos
from tests.factories.people import acting_as, make_resident, make_staff
from tests.services.surveys.conftest import WINDOW, Quarter, move_clock

YES = {"overall": "satisfied"}


def refused(code: str, error: type[DomainError] = DomainError) -> Any:
    """Expect a refusal with this code."""
    return pytest.raises(error, match=f"^{code}$")


def standing(ctx: Context, survey: Survey) -> list[SurveyResponse]:
    query = select(SurveyResponse).where(
        SurveyResponse.survey_id == survey.id, SurveyResponse.state == "standing"
    )
    return list(ctx.session.exec(query))


def test_a_household_counts_once_whoever_of_it_answers_and_however_often(quarter: Quarter) -> None:
    survey = quarter.open()
    owner, family = quarter.resident(0), quarter.resident(0, "family")
    home = quarter.place.dwelling_ids[0]
    for who, overall in ((owner, "satisfied"), (family, "dissatisfied"), (owner, "very_satisfied")):
        service.answer_survey(who, survey.id, home, {"overall": overall}, new_id())
    rows = standing(quarter.ctx, survey)
    assert [row.overall for row in rows] == ["very_satisfied"]
    assert rows[0].entered_by == owner.actor.account_id
    assert quarter.places(survey)[0].covered == 1
    assert service.own_answers(family, survey.id, home).answers == {"overall": "very_satisfied"}


def test_a_retry_under_one_key_stores_nothing_more_even_after_the_close(quarter: Quarter) -> None:
    survey = quarter.open()
    owner, home = quarter.resident(0), quarter.place.dwelling_ids[0]
    first = service.answer_survey(owner, survey.id, home, YES, "same-key-1")
    assert service.answer_survey(owner, survey.id, home, YES, "same-key-1").id == first.id
    with refused("idempotency_mismatch", Unprocessable):
        service.answer_survey(owner, survey.id, home, {"overall": "unknown"}, "same-key-1")
    quarter.close(survey)
    assert service.answer_survey(owner, survey.id, home, YES, "same-key-1").id == first.id
    with refused("survey_not_open", Conflict):
        service.answer_survey(owner, survey.id, home, YES, "another-key")


def test_the_deadline_is_the_databases_and_half_open(quarter: Quarter) -> None:
    survey = quarter.open()
    home = quarter.homes(survey)[0]
    move_clock(quarter.ctx, WINDOW - timedelta(minutes=1))
    quarter.enter(survey, home, YES)
    with refused("survey_not_due", Conflict):
        service.close_survey(quarter.committee, survey.id)
    move_clock(quarter.ctx, WINDOW + timedelta(seconds=1))
    with refused("survey_not_open", Conflict):  # though no job has closed it
        quarter.enter(survey, quarter.homes(survey)[1], YES)
    with refused("survey_not_open", Conflict):
        quarter.note(survey, quarter.homes(survey)[1], "not_home")


def test_staff_never_write_over_what_a_household_answered_itself(quarter: Quarter) -> None:
    survey = quarter.open()
    home = quarter.homes(survey)[0]
    quarter.enter(survey, home, {"overall": "dissatisfied"}, channel="paper")
    quarter.enter(survey, home, {"overall": "basically"}, channel="telephone")
    owner = quarter.resident(0)
    service.answer_survey(owner, survey.id, home.dwelling_id, YES, new_id())
    with refused("answered_online", Conflict):
        quarter.enter(survey, home, {"overall": "very_satisfied"})
    rows = quarter.ctx.session.exec(
        select(SurveyResponse)
        .where(SurveyResponse.survey_id == survey.id)
        .order_by(col(SurveyResponse.arrived_at))
        .execution_options(populate_existing=True)
    ).all()
    assert [(row.channel, row.state) for row in rows] == [
        ("paper", "replaced"),
        ("telephone", "replaced"),
        ("online", "standing"),
    ]
    assert {row.entered_by for row in rows[:2]} == {quarter.grid.actor.account_id}


def open_to_persons(quarter: Quarter) -> Survey:
    survey = quarter.draft("custom", title="环境小调查", unit="person")
    form = service.show_survey(quarter.committee, quarter.draft("follow_up").id).survey.form
    edited = service.edit_survey(
        quarter.committee, service.EditSurvey(survey.id, survey.version, "环境小调查", "", form_of(form))
    )
    closes_at = quarter.ctx.clock.now() + WINDOW
    return service.open_survey(quarter.committee, survey.id, closes_at, edited.version)


def test_a_survey_of_persons_takes_one_answer_from_each(quarter: Quarter) -> None:
    survey = open_to_persons(quarter)
    owner, tenant = quarter.resident(0), quarter.resident(0, "tenant")
    home = quarter.place.dwelling_ids[0]
    said = {"overall": "satisfied", "defect": "none"}
    for who in (owner, tenant, owner):
        service.answer_survey(who, survey.id, home, said, new_id())
    quarter.enter(survey, quarter.homes(survey)[0], said)
    quarter.enter(survey, quarter.homes(survey)[0], said)
    assert len(standing(quarter.ctx, survey)) == 4
    assert (quarter.places(survey)[0].answered, quarter.places(survey)[0].covered) == (1, 1)


def test_a_person_with_two_homes_answers_once_where_they_answered_first(quarter: Quarter) -> None:
    """Their second home is in another building: the sums of neither may go below nothing."""
    survey = open_to_persons(quarter)
    first, second = quarter.place.dwelling_ids[0], quarter.place.dwelling_ids[40]
    person = acting_as(quarter.ctx, make_resident(quarter.ctx, first, second))
    satisfied, dissatisfied = ({"overall": word, "defect": "none"} for word in ("satisfied", "dissatisfied"))
    service.answer_survey(person, survey.id, first, satisfied, new_id())
    homes = quarter.homes(survey)
    for home in homes[1:10]:
        quarter.enter(survey, home, satisfied)
    service.answer_survey(person, survey.id, second, dissatisfied, new_id())
    for home in homes[41:51]:
        quarter.enter(survey, home, satisfied)
    rows = quarter.ctx.session.exec(select(SurveySum).execution_options(populate_existing=True)).all()
    assert min(row.number for row in rows) >= 0
    (own,) = [row for row in standing(quarter.ctx, survey) if row.channel == "online"]
    assert (own.household_id, own.overall) == (homes[0].id, "dissatisfied")
    places = quarter.places(survey)
    assert (places[0].answered, places[2].answered) == (10, 10)
    assert service.own_answers(person, survey.id, second).answers == dissatisfied


def test_only_adult_members_of_the_household_answer(quarter: Quarter) -> None:
    survey, lent = quarter.open(), quarter.open(tenants_answer=True)
    home = quarter.place.dwelling_ids[0]
    tenant, public, stranger = (
        quarter.resident(0, "tenant"),
        quarter.resident(0, "public_tenant"),
        quarter.resident(1),
    )
    service.answer_survey(public, survey.id, home, YES, new_id())
    service.answer_survey(tenant, lent.id, home, YES, new_id())
    for who in (tenant, stranger):
        with pytest.raises(NotFound):
            service.answer_survey(who, survey.id, home, YES, new_id())
    with pytest.raises(NotFound):
        service.answer_survey(public, quarter.draft().id, home, YES, new_id())


def test_a_draft_survives_sealed_and_goes_when_it_is_sent(quarter: Quarter) -> None:
    survey = quarter.open()
    owner, family = quarter.resident(0), quarter.resident(0, "family")
    home = quarter.place.dwelling_ids[0]
    service.save_draft(owner, survey.id, home, {"words": "张三 138"})
    service.save_draft(owner, survey.id, home, {"overall": "basically", "words": "漏水"})
    assert service.own_answers(owner, survey.id, home).draft == {"overall": "basically", "words": "漏水"}
    assert service.own_answers(family, survey.id, home).draft is None
    stored = quarter.ctx.session.exec(select(SurveyDraft.answers_sealed)).all()
    assert not any("漏水" in sealed for sealed in stored)
    service.answer_survey(owner, survey.id, home, YES, new_id())
    assert service.own_answers(owner, survey.id, home).draft is None
    service.save_draft(family, survey.id, home, YES)
    quarter.close(survey)
    assert service.own_answers(family, survey.id, home).draft is None


def test_texts_are_sealed_and_shown_masked_without_a_household(quarter: Quarter) -> None:
    survey = quarter.open()
    homes = quarter.homes(survey)
    wanted = TextFilter(survey.id, quarter.place.estate.id)
    for number in range(10):
        quarter.enter(
            survey, homes[number], {"words": f"第{number}条：漏水，打13800001234" if number else "楼道灯不亮"}
        )
        shown = service.list_texts(quarter.committee, wanted, 20)
        assert len(shown) == (5 if number == 9 else 0)
    assert "楼道灯不亮" in {line.words for line in shown}
    assert all("13800001234" not in line.words for line in shown)
    assert sorted(line.personal for line in shown) == [(), *[("phone",)] * 4]
    search = TextFilter(survey.id, quarter.place.estate.id, words="楼道", is_personal=False)
    assert [line.words for line in service.list_texts(quarter.committee, search, 20)] == ["楼道灯不亮"]
    rows = quarter.ctx.session.exec(select(SurveyResponse).where(SurveyResponse.survey_id == survey.id)).all()
    assert all("漏水" not in str(row.answers) and "漏水" not in str(row.texts_sealed) for row in rows)
    quarter.enter(survey, homes[1], {"overall": "satisfied"})
    kept = quarter.ctx.session.exec(
        select(SurveyText).where(SurveyText.survey_id == survey.id, col(SurveyText.is_standing))
    ).all()
    assert len(kept) == 10  # one that is shown goes only when others come


def test_texts_come_five_writers_at_a_time_and_in_no_order_of_their_own(quarter: Quarter) -> None:
    survey = quarter.open()
    homes = quarter.homes(survey)
    wanted = TextFilter(survey.id, quarter.place.estate.id)
    seen = []
    for number, home in enumerate(homes[:16]):
        quarter.enter(survey, home, {**YES, "words": f"第{number}条"})
        seen.append(service.list_texts(quarter.committee, wanted, 20))
    assert [len(lines) for lines in seen] == [0] * 9 + [5] * 5 + [10] * 2
    first, second = ({line.words for line in lines} for lines in (seen[9], seen[15]))
    assert first == {f"第{number}条" for number in range(5)}
    assert second == {f"第{number}条" for number in range(10)}
    assert [line.id for line in seen[15]] == sorted((line.id for line in seen[15]), reverse=True)
    quarter.enter(survey, homes[0], {**YES, "words": "改了主意"})
    quarter.enter(survey, homes[1], YES)
    assert service.list_texts(quarter.committee, wanted, 20) == seen[15]  # nobody's text comes or goes alone
    quarter.close(survey)
    last = {line.words for line in service.list_texts(quarter.committee, wanted, 20)}
    assert last == {"改了主意", *(f"第{number}条" for number in range(2, 16))}


def test_the_last_texts_stay_unread_where_fewer_than_five_wrote(quarter: Quarter) -> None:
    survey = quarter.open()
    for home in quarter.homes(survey)[:4]:
        quarter.enter(survey, home, {**YES, "words": "施工太吵"})
    quarter.close(survey)
    wanted = TextFilter(survey.id, quarter.place.estate.id)
    assert service.list_texts(quarter.committee, wanted, 20) == []


def test_five_texts_of_fewer_than_five_households_are_not_shown(quarter: Quarter) -> None:
    draft = quarter.draft()
    more = Section("more", "补充", (Question("more", Kind.TEXT, "还有吗？", longest=200),))
    form = Form((*form_of(draft.form).sections, more))
    edit = service.EditSurvey(draft.id, draft.version, draft.title, draft.intro, form)
    edited = service.edit_survey(quarter.committee, edit)
    closes_at = quarter.ctx.clock.now() + WINDOW
    survey = service.open_survey(quarter.committee, draft.id, closes_at, edited.version)
    homes = quarter.homes(survey)
    every = TextFilter(survey.id, quarter.place.estate.id)
    of_one_question = TextFilter(survey.id, quarter.place.estate.id, question="more")
    for home in homes[:4]:
        quarter.enter(survey, home, {**YES, "words": "漏水", "more": "工期太长"})
    assert service.list_texts(quarter.committee, every, 20) == []
    for home in homes[4:10]:
        quarter.enter(survey, home, {**YES, "words": "楼道灯不亮"})
    assert len(service.list_texts(quarter.committee, every, 20)) == 9
    assert service.list_texts(quarter.committee, of_one_question, 20) == []
    for home in homes[10:15]:
        quarter.enter(survey, home, {**YES, "more": "太吵"})
    assert service.list_texts(quarter.committee, of_one_question, 20) == []
    quarter.close(survey)
    assert len(service.list_texts(quarter.committee, of_one_question, 20)) == 9


def test_a_steward_enters_for_their_own_building_only(quarter: Quarter) -> None:
    survey = quarter.open()
    homes = quarter.homes(survey)
    place = quarter.place
    steward = acting_as(
        quarter.ctx,
        make_staff(
            quarter.ctx, Role.BUILDING_STEWARD, place.community.id, place.estate.id, place.building_ids[0]
        ),
    )
    service.enter_answers(steward, EnterAnswers(survey.id, homes[0].id, "doorstep", YES, new_id()))
    with pytest.raises(NotFound):
        service.enter_answers(steward, EnterAnswers(survey.id, homes[99].id, "doorstep", YES, new_id()))
    with pytest.raises(DomainError):
        service.results(steward, survey.id, place.estate.id)


def test_wrong_answers_and_photos_are_refused_with_their_question(quarter: Quarter) -> None:
    survey = quarter.open()
    home = quarter.homes(survey)[0]
    with refused("bad_answers", Unprocessable) as caught:
        service.answer_survey(
            quarter.resident(0), survey.id, home.dwelling_id, {"item_1": "satisfied"}, new_id()
        )
    assert [field.where for field in caught.value.fields] == ["answers.overall"]
    with refused("photo_missing", Unprocessable):
        quarter.enter(survey, home, YES, channel="paper", photo_sha256="ab" * 32)
    quarter.enter(survey, home, YES, channel="paper", photo_sha256=quarter.ctx.storage.put(b"a sheet"))
    with refused("unknown_value", Unprocessable):
        quarter.enter(survey, home, YES, channel="online")


def test_events_tell_of_answers_and_tries_but_not_what_was_said(quarter: Quarter) -> None:
    survey = quarter.open()
    home = quarter.homes(survey)[0]
    quarter.note(survey, home, "refused")
    quarter.enter(survey, home, {"overall": "very_dissatisfied", "words": "漏水"})
    events = quarter.ctx.session.exec(select(LedgerEvent).where(LedgerEvent.subject_id == survey.id)).all()
    assert {event.type for event in events} == {
        f"survey.{w}" for w in ("created", "opened", "tried", "answered")
    }
    told = " ".join(str(event.payload) for event in events)
    assert not any(word in told for word in ("very_dissatisfied", "漏水", "refused"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE survey SET closes_at = NULL, state = 'cancelled' WHERE id = :survey",
        "UPDATE survey SET form = '{}' WHERE id = :survey",
        "UPDATE survey_response SET overall = 'satisfied' WHERE survey_id = :survey",
        "DELETE FROM survey_response WHERE survey_id = :survey",
    ],
)
def test_the_database_keeps_what_is_frozen(quarter: Quarter, statement: str) -> None:
    survey = quarter.open()
    quarter.enter(survey, quarter.homes(survey)[0], {"overall": "dissatisfied"})
    with pytest.raises(DatabaseError), quarter.ctx.session.begin_nested():
        quarter.ctx.session.connection().execute(text(statement), {"survey": survey.id})


def test_a_frozen_or_moved_survey_is_not_edited(quarter: Quarter) -> None:
    survey = quarter.open()
    edit = service.EditSurvey(survey.id, survey.version, "另一份", "", form_of(survey.form))
    with refused("survey_frozen", Conflict):
        service.edit_survey(quarter.committee, edit)
    draft = quarter.draft()
    with refused("changed"):
        service.open_survey(quarter.committee, draft.id, quarter.ctx.clock.now() + WINDOW, draft.version + 1)
    with refused("bad_deadline"):
        service.open_survey(quarter.committee, draft.id, quarter.ctx.clock.now(), draft.version)
    cancelled = service.cancel_survey(quarter.committee, survey.id, survey.version, "题目有误")
    assert cancelled.state == "cancelled"
    with refused("survey_not_open"):
        quarter.enter(survey, quarter.homes(survey)[0], YES)


def test_a_home_that_leaves_the_roll_stays_in_the_census(quarter: Quarter) -> None:
    survey = quarter.open()
    row = quarter.ctx.session.get_one(Dwelling, quarter.place.dwelling_ids[0])
    row.state = "removed"
    quarter.ctx.session.add(row)
    quarter.ctx.session.flush()
    assert len(quarter.homes(survey)) == 100
    quarter.enter(survey, quarter.homes(survey)[0], YES)
    assert len(quarter.homes(quarter.open())) == 99


def test_photos_hang_on_what_the_household_says_and_stay_when_it_is_said_anew(quarter: Quarter) -> None:
    survey = quarter.open()
    owner, home = quarter.resident(0), quarter.place.dwelling_ids[0]
    shots = [media.upload_media(owner, Upload(photos.jpeg(), new_id())).id for _ in range(2)]
    service.answer_survey(owner, survey.id, home, {**YES, "photos": shots[:1]}, new_id())
    service.answer_survey(owner, survey.id, home, {**YES, "photos": shots}, new_id())
    mine = service.own_answers(owner, survey.id, home)
    assert mine.answers == {**YES, "photos": shots}
    assert {view.id for view in mine.photos} == set(shots)
    other = quarter.resident(1)
    # somebody else's, and taken already
    with pytest.raises(DomainError), quarter.ctx.session.begin_nested():
        service.answer_survey(
            other, survey.id, quarter.place.dwelling_ids[1], {**YES, "photos": shots[:1]}, new_id()
        )
    for number in range(2, 11):
        quarter.enter(survey, quarter.homes(survey)[number], {**YES, "words": "好"})
    lines = service.list_texts(quarter.committee, TextFilter(survey.id, quarter.place.estate.id), 20)
    assert sorted(len(line.photos) for line in lines) == [0, 0, 0, 0, 2]
    assert "created_at" not in TextListOut.of(lines, 20).model_dump_json()  # it would tell which household


def test_photos_the_new_answer_no_longer_names_are_let_go(quarter: Quarter) -> None:
    survey = quarter.open()
    owner, home = quarter.resident(0), quarter.place.dwelling_ids[0]
    shots = [media.upload_media(owner, Upload(photos.jpeg(), new_id())).id for _ in range(12)]
    for number in range(1, 11):  # nine places, and twelve photos one after the other
        chosen = [shots[0], *shots[number : number + 2]]
        service.answer_survey(owner, survey.id, home, {**YES, "photos": chosen}, new_id())
        assert {view.id for view in service.own_answers(owner, survey.id, home).photos} == set(chosen)
    service.answer_survey(owner, survey.id, home, YES, new_id())
    assert service.own_answers(owner, survey.id, home).photos == ()
    query = select(MediaFile).where(col(MediaFile.id).in_(shots), col(MediaFile.subject_id).is_not(None))
    assert quarter.ctx.session.exec(query).all() == []
