"""An estate of a hundred homes in five buildings, its people, and surveys held in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.ids import new_id
from backend.notices.hooks import registered
from backend.notices.rules import Subject
from backend.surveys import service
from backend.surveys.service import CreateSurvey, EnterAnswers, NoteTry
from backend.surveys.service.striking import answer_objection
from backend.surveys.tables import Survey, SurveyHousehold, SurveyPlace
from tests.factories.people import acting_as, as_system, make_resident, make_staff
from tests.factories.places import EstateFixture, make_estate

WINDOW = timedelta(days=10)


def move_clock(ctx: Context, ahead: timedelta) -> None:
    """Let the database's clock run ahead, inside the test's own transaction."""
    moved = int(ahead.total_seconds() * 1_000_000)
    ctx.session.connection().execute(
        text("UPDATE installation SET clock_offset_us = :moved"), {"moved": moved}
    )


@dataclass
class Quarter:
    """Whoever acts in these tests, and the estate they act on."""

    ctx: Context
    place: EstateFixture
    committee: Context
    grid: Context

    def draft(self, template: str = "satisfaction", **options: Any) -> Survey:
        """Draft a survey."""
        command = CreateSurvey(
            self.place.community.id,
            template,
            (self.place.estate.id,),
            new_id(),
            items=("屋面防水", "道路"),
            **options,
        )
        return service.create_survey(self.committee, command)

    def open(self, template: str = "satisfaction", **options: Any) -> Survey:
        """Draft a survey and open it for ten days."""
        row = self.draft(template, **options)
        closes_at = self.ctx.clock.now() + WINDOW
        return service.open_survey(self.committee, row.id, closes_at, row.version)

    def homes(self, survey: Survey) -> list[SurveyHousehold]:
        """Return the census in order."""
        query = select(SurveyHousehold).where(SurveyHousehold.survey_id == survey.id)
        return list(self.ctx.session.exec(query.order_by(col(SurveyHousehold.position))))

    def enter(self, survey: Survey, home: SurveyHousehold, answers: Mapping[str, Any], **options: Any) -> Any:
        """Enter answers at the door."""
        channel = options.pop("channel", "doorstep")
        key = options.pop("key", new_id())
        return service.enter_answers(
            self.grid, EnterAnswers(survey.id, home.id, channel, answers, key, **options)
        )

    def say(self, survey: Survey, homes: list[SurveyHousehold], overall: str) -> None:
        """Let some households give one overall answer each."""
        for home in homes:
            self.enter(survey, home, {"overall": overall})

    def note(self, survey: Survey, home: SurveyHousehold, outcome: str) -> None:
        """Note a try at the door."""
        service.note_try(self.grid, NoteTry(survey.id, home.id, "doorstep", outcome, new_id()))

    def close(self, survey: Survey) -> Survey:
        """Let the deadline pass and close the survey as the bot does."""
        move_clock(self.ctx, WINDOW + timedelta(seconds=1))
        return service.close_survey(as_system(self.ctx), survey.id)

    def resident(self, number: int, relation: str = "owner") -> Context:
        """Return somebody of the home of that number."""
        return acting_as(
            self.ctx, make_resident(self.ctx, self.place.dwelling_ids[number], relation=relation)
        )

    def places(self, survey: Survey) -> list[SurveyPlace]:
        """Return the buildings with their numbers as they stand."""
        query = select(SurveyPlace).where(SurveyPlace.survey_id == survey.id)
        return list(
            self.ctx.session.exec(
                query.order_by(col(SurveyPlace.position)).execution_options(populate_existing=True)
            )
        )


def make_quarter(ctx: Context, dwellings: int = 100, per_building: int = 20) -> Quarter:
    """Build the estate and its staff."""
    place = make_estate(ctx, dwellings=dwellings, per_building=per_building)
    committee = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, place.community.id))
    grid = acting_as(ctx, make_staff(ctx, Role.GRID_OFFICER, place.community.id))
    return Quarter(ctx, place, committee, grid)


@pytest.fixture
def wired() -> Iterator[None]:
    """Wire what the composition root wires."""
    before = dict(registered.consequences)
    registered.consequences[Subject.SURVEY] = answer_objection
    yield
    registered.consequences.clear()
    registered.consequences.update(before)


@pytest.fixture
def quarter(ctx: Context) -> Quarter:
    """Return an estate of a hundred homes."""
    return make_quarter(ctx)


@pytest.fixture
def hamlet(ctx: Context) -> Quarter:
    """Return an estate of twelve homes in one building."""
    return make_quarter(ctx, dwellings=12, per_building=12)
