"""满意度 in the chat: the deadline and one's own home while it runs, the outcome after the close."""

from __future__ import annotations

from datetime import timedelta

from backend.infra.installation import move_clock
from backend.kernel.access import Role
from backend.kernel.ids import new_id
from backend.surveys import service
from backend.surveys.service import CreateSurvey
from bot import jobs
from tests.bot.chatting import Chatting
from tests.factories.people import acting_as, make_staff

WHO = "oResident01"


def test_a_resident_asks_for_the_satisfaction_survey(chat: Chatting) -> None:
    estate = chat.estate(dwellings=4)
    home = estate.dwelling_ids[0]
    person = chat.resident(WHO, home)
    assert "没有问卷" in chat.say(WHO, "满意度")
    with chat.acting() as ctx:
        clerk = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id))
        command = CreateSurvey(estate.community.id, "satisfaction", (estate.estate.id,), new_id())
        survey = service.create_survey(clerk, command)
        service.open_survey(clerk, survey.id, ctx.clock.now() + timedelta(days=3), survey.version)
    assert "您家还没有填" in chat.say(WHO, "满意度")
    with chat.acting() as ctx:
        service.answer_survey(acting_as(ctx, person), survey.id, home, {"overall": "dissatisfied"}, new_id())
    said = chat.say(WHO, "问卷")
    assert "您家已经填过" in said
    assert "不满意" not in said
    move_clock(chat.ports.engine, int(timedelta(days=4).total_seconds()) * 1_000_000)
    jobs.close_due_surveys(chat.ports)
    assert "已截止" in chat.say(WHO, "满意度")
