"""Objections upheld at the same moment, and while the survey closes: no count forgets a strike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import Session

from backend.bootstrap import build_ports
from backend.infra.context import Context, Ports
from backend.infra.database import open_session
from backend.kernel.access import SYSTEM, Actor
from backend.notices import service as notices
from backend.notices.service import ReplyObjection
from backend.surveys import service
from backend.surveys.queries import survey_evidence
from backend.surveys.tables import Survey
from tests.factories.databases import make_settings
from tests.services.complaints.test_races import at_once
from tests.services.surveys.conftest import WINDOW, Quarter, make_quarter, move_clock
from tests.services.surveys.test_striking import home_of, objected

pytestmark = pytest.mark.usefixtures("wired")
Deed = tuple[Actor, Callable[[Context], object]]


@pytest.fixture
def ports(engine: Engine, database_url: str, tmp_path: Path) -> Ports:
    """Return ports on a database of its own."""
    return build_ports(make_settings(database_url, tmp_path / "files"), engine=engine)


def arranged(ports: Ports, *, is_closed: bool) -> tuple[Quarter, Survey, list[Deed]]:
    """Commit a survey past its deadline that ten households answered; return the replies to their objections.

    One household objects twice, one of another building once: nothing but the survey holds these two apart.
    """
    with Session(ports.engine, expire_on_commit=False) as session:
        quarter = make_quarter(Context(session=session, actor=SYSTEM, ports=ports, request_id="test"), 20, 10)
        survey = quarter.open()
        quarter.say(survey, [home_of(quarter, survey, number) for number in range(5, 15)], "satisfied")
        raised = [
            objected(quarter, survey, number, quarter.resident(number, relation)).id
            for number, relation in ((5, "owner"), (5, "family"), (14, "owner"))
        ]
        move_clock(quarter.ctx, WINDOW)
        if is_closed:
            quarter.close(survey)
        session.commit()

    def reply(objection: str) -> Deed:
        command = ReplyObjection(objection, True, "核实后答复")
        return quarter.committee.actor, lambda ctx: notices.reply_objection(ctx, command)

    return quarter, survey, [reply(objection) for objection in raised]


def counted(ports: Ports, quarter: Quarter, survey: Survey) -> tuple[object, int]:
    """Return what the gate counts and how many households the worklist has covered."""
    with open_session(ports.engine, read_only=True) as session:
        found = survey_evidence(session, survey.id, quarter.place.estate.id)
        assert found is not None
        ctx = Context(session, quarter.committee.actor, ports, "test")
        return found.counts, service.coverage(ctx, survey.id)[0].covered


def test_answers_struck_at_once_are_all_out_of_the_count(ports: Ports) -> None:
    quarter, survey, replies = arranged(ports, is_closed=True)
    assert at_once(ports, replies) == ["done"] * 3
    assert counted(ports, quarter, survey) == ({"satisfied": 8}, 8)


def test_a_strike_while_the_survey_closes_is_in_the_result(ports: Ports) -> None:
    quarter, survey, replies = arranged(ports, is_closed=False)
    closing: Deed = (SYSTEM, lambda ctx: service.close_survey(ctx, survey.id))
    assert at_once(ports, [replies[0], closing, *replies[1:]]) == ["done"] * 4
    assert counted(ports, quarter, survey) == ({"satisfied": 8}, 8)
