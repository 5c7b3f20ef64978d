"""What is recorded in a household's name is told at once, and one tap objects to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from backend.ballots.queries import ballot_meta
from backend.ballots.repository.cast import build_statements
from backend.ballots.service.casting import CastVote, cast_vote
from backend.identity import service as identity
from backend.identity.rules.consents import NOTICE_VERSION, Purpose
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.ids import new_id
from backend.notices import service as notices
from backend.notices.queries import ObjectionFilter
from backend.notices.rules import NOT_OURS
from backend.notices.service import ReplyObjection
from backend.wsgi import build_app
from bot import delivery, jobs
from tests.bot.wired import Wired
from tests.factories.people import ResidentFixture, acting_as, make_staff
from tests.services.ballots.desk import Office, confirm, enter, open_office, sealed_batch
from tests.services.notifications.test_survey_messages import enter as enter_answers
from tests.services.notifications.test_survey_messages import open_survey


def tell(wired: Wired) -> None:
    """What the bot's jobs do within seconds."""
    jobs.number_new_events(wired.ports)
    delivery.read_new_events(wired.ports)
    wired.send()


def on_duty(office: Office, ctx: Context) -> Office:
    """Return the office's people in another transaction."""
    people = {
        name: Context(session=ctx.session, actor=getattr(office, name).actor, ports=ctx.ports, request_id="t")
        for name in ("clerk", "second", "third")
    }
    return replace(office, **people)


def objected(wired: Wired, person: ResidentFixture, link: str, *, key: str = "one-tap-key") -> Any:
    """Tap once: the page sends what stands in its address and not a word more."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    body = {"about": asked["about"], "dwelling": asked["dwelling"]}
    path = f"/api/v1/ballots/{asked.get('ballot')}/objections"
    if "survey" in asked:
        path, body = f"/api/v1/surveys/{asked['survey']}/objections", {"dwelling": asked["dwelling"]}
    if "binding" in asked:
        path, body["about_id"] = "/api/v1/objections", asked["binding"]
    headers = {"Authorization": f"Bearer {person.token}", "Idempotency-Key": key}
    return build_app(wired.ports).test_client().post(path, json=body, headers=headers)


def test_a_paper_vote_at_night_is_told_in_the_same_minute_and_one_tap_objects(wired: Wired) -> None:
    with wired.acting() as ctx:
        office = open_office(ctx, dwellings=2)
        home = office.estate.dwelling_ids[0]
    owner, tenant = wired.move_in(home), wired.move_in(home, relation="tenant")
    wired.go_to(23.5)
    wired.simulator.advance(1)
    with wired.acting() as ctx:
        desk = on_duty(office, ctx)
        confirm(desk, enter(desk, sealed_batch(desk, 1), 1, 0), 0)
    tell(wired)
    (message,) = wired.simulator.inbox(owner)
    assert message["fields"]["thing3"] == "您家的纸质票已登记，不对请点这里"
    assert not any(word in str(message) for word in ("同意", "反对", "弃权"))
    assert wired.simulator.inbox(tenant) == []
    answer = objected(wired, wired.people[owner], message["link"])
    assert answer.status_code == 201, answer.get_data(as_text=True)
    assert (answer.json["about"], answer.json["text"]) == ("vote", NOT_OURS)
    assert objected(wired, wired.people[owner], message["link"]).json == answer.json
    refused = objected(wired, wired.people[tenant], message["link"], key="tenants-key")
    assert refused.status_code == 404


def test_an_online_vote_is_told_to_the_whole_household(wired: Wired) -> None:
    estate = wired.estate(1)
    home = estate.dwelling_ids[0]
    ballot = wired.ballot(estate, kind="canvass")
    owner, relative = wired.move_in(home), wired.move_in(home, relation="family")
    with wired.acting() as ctx:
        meta = ballot_meta(ctx.session, ballot.ballot_id)
    command = CastVote(
        meta,
        ballot.entry_ids[home],
        dict.fromkeys(ballot.motion_ids, "for"),
        ballot.documents_hash,
        new_id(),
        wired.people[relative].token_hash,
    )
    cast_vote(build_statements(wired.ports.settings, wired.ports.engine), command)
    tell(wired)
    for openid in (owner, relative):
        (message,) = wired.simulator.inbox(openid)
        assert message["fields"]["thing3"] == "您家已在微信投票，不对请点这里"
    tell(wired)
    assert wired.received() == {owner: 1, relative: 1}


def test_a_new_binding_is_told_to_who_lives_there_and_one_tap_objects(wired: Wired) -> None:
    estate = wired.estate(1)
    home = estate.dwelling_ids[0]
    owner = wired.move_in(home)
    with wired.acting() as ctx:
        issued = identity.issue_invites(ctx, identity.IssueInvites(estate.estate.id, dwelling_ids=(home,)))
    stranger = wired.resident()
    with wired.acting() as ctx:
        acting = acting_as(ctx, stranger)
        identity.record_consent(acting, Purpose.PRIVACY_NOTICE, NOTICE_VERSION, is_given=True)
        identity.bind_by_code(acting, identity.BindByCode(issued.letters[0].code, "127.0.0.1"))
    tell(wired)
    (message,) = wired.simulator.inbox(owner)
    assert "绑定" in message["fields"]["thing1"]
    answer = objected(wired, wired.people[owner], message["link"])
    assert answer.status_code == 201, answer.get_data(as_text=True)
    assert answer.json["about"] == "binding"


def test_answers_entered_at_the_door_are_told_and_one_tap_objects(wired: Wired) -> None:
    estate = wired.estate(1)
    (home,) = estate.dwelling_ids
    owner, tenant = wired.move_in(home), wired.move_in(home, relation="tenant")
    survey = open_survey(wired, estate)
    enter_answers(wired, estate, survey, home, "doorstep")
    tell(wired)
    (message,) = wired.simulator.inbox(owner)
    assert message["fields"]["thing3"] == "入户问卷已替您登记，不对请点这里"
    assert wired.simulator.inbox(tenant) == []
    answer = objected(wired, wired.people[owner], message["link"])
    assert answer.status_code == 201, answer.get_data(as_text=True)
    assert (answer.json["about"], answer.json["text"]) == ("survey", NOT_OURS)
    assert objected(wired, wired.people[owner], message["link"]).json == answer.json
    assert objected(wired, wired.people[tenant], message["link"], key="tenants-key").status_code == 404
    with wired.acting() as ctx:
        committee = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id))
        wanted = ObjectionFilter(estate.estate.id, subject_kind="survey")
        (found,) = notices.list_objections(committee, wanted, 10)
        replied = notices.reply_objection(committee, ReplyObjection(found.id, True, "已核实，请自行填写"))
    assert replied.state == "upheld"
