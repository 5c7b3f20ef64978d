"""Projects: created over estates of one's own area, stepped, listed without a query per row."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from backend.infra.context import Context, Ports
from backend.infra.crypto import build_vault
from backend.infra.storage import Storage
from backend.kernel.access import SYSTEM, Role
from backend.kernel.errors import (
    Conflict,
    DomainError,
    Forbidden,
    NotFound,
    PreconditionFailed,
    Unprocessable,
)
from backend.policies.rules.gates import Gate
from backend.projects import queries, service
from backend.projects.service import CreateProject, DecideGate, MoveStage
from backend.projects.tables import GateDecision, ProjectEstate
from backend.registry.tables import Organisation
from tests.factories.databases import make_settings
from tests.factories.people import acting_as, make_resident, make_staff
from tests.factories.phones import FakeExchange
from tests.factories.places import make_community, make_estate
from tests.services.projects.conftest import Town, make_town


@contextmanager
def counted_queries(ctx: Context) -> Iterator[list[str]]:
    """Collect the statements sent meanwhile."""
    seen: list[str] = []
    connection = ctx.session.connection()

    def note(_c: object, _cur: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    yield seen
    event.remove(connection, "before_cursor_execute", note)


def test_a_project_holds_the_estates_of_its_own_area(ctx: Context) -> None:
    first = make_estate(ctx, dwellings=1)
    second = make_estate(ctx, community=first.community, dwellings=1)
    outside = make_estate(ctx, dwellings=1)
    command = CreateProject(first.community.id, "A", "片区", 2026, (first.estate.id, second.estate.id), 100)
    card = service.create_project(ctx, command)
    assert {found.estate_id for found in card.estates} == {first.estate.id, second.estate.id}
    assert (card.stages, card.budget_fen) == ({"surveying": 2}, 100)
    assert service.create_project(ctx, command) == card
    for changed in (replace(command, name="别名"), replace(command, estate_ids=(first.estate.id,))):
        with pytest.raises(Conflict):
            service.create_project(ctx, changed)
    for estates in ((), (outside.estate.id,), ("0" * 20,)):
        with pytest.raises(Unprocessable):
            service.create_project(ctx, replace(command, code="B", estate_ids=estates))


def test_estates_join_and_leave(ctx: Context, town: Town) -> None:
    more = make_estate(ctx, community=town.place.community, dwellings=1)
    card = service.add_estate(town.bureau, town.project, more.estate.id)
    assert len(card.estates) == 2
    assert service.add_estate(town.bureau, town.project, more.estate.id) == card
    left = next(found for found in card.estates if found.estate_id == more.estate.id)
    with pytest.raises(Unprocessable):
        service.drop_estate(town.bureau, left.project_estate_id, left.version, "")
    after = service.drop_estate(town.bureau, left.project_estate_id, left.version, "动态调整")
    assert after.stages == {"surveying": 1}
    with pytest.raises(Conflict):
        service.drop_estate(town.bureau, left.project_estate_id, left.version, "再次")


def test_free_steps_ask_for_the_version_and_the_right_stage(town: Town) -> None:
    with pytest.raises(Conflict):
        service.move_stage(town.committee, MoveStage(town.row, "canvass", 1))
    town.reach_start()
    with pytest.raises(PreconditionFailed):
        service.move_stage(town.committee, MoveStage(town.row, "consultation", 1))
    town.step("consultation")
    assert town.stage() == "consultation"
    with pytest.raises(Conflict):
        town.step("nowhere")


def test_an_ended_project_takes_nothing_more(town: Town) -> None:
    with pytest.raises(Unprocessable):
        service.end_project(town.bureau, town.project, 1, "paused")
    with pytest.raises(PreconditionFailed):
        service.end_project(town.bureau, town.project, 9, "closed")
    closed = service.end_project(town.bureau, town.project, 1, "closed")
    assert closed.state == "closed"
    assert service.end_project(town.bureau, town.project, 1, "closed") == closed
    with pytest.raises(Conflict):
        town.decide(Gate.ELIGIBILITY)
    with pytest.raises(Conflict):
        service.add_estate(town.bureau, town.project, town.place.estate.id)


def test_staff_see_their_own_subtree_page_by_page(ctx: Context, town: Town) -> None:
    for number in range(3):
        command = CreateProject(town.county, f"N{number}", f"项目{number}", 2027, (town.place.estate.id,))
        service.create_project(town.bureau, command)
    first = service.list_projects(town.bureau, 3)
    rest = service.list_projects(town.bureau, 3, (first[-1].created_at, first[-1].id))
    assert [card.code for card in first + rest] == ["N2", "N1", "N0", "P1"]
    assert len(service.list_projects(town.bureau, 10, plan_year=2027)) == 3
    elsewhere = acting_as(ctx, make_staff(ctx, Role.BUREAU, make_community(ctx).id))
    assert service.list_projects(elsewhere, 10) == []
    with pytest.raises(NotFound):
        service.show_project(elsewhere, town.project)
    with pytest.raises(NotFound):
        service.show_project(town.bureau, "0" * 20)
    handler = acting_as(ctx, make_staff(ctx, Role.HANDLER, town.county))
    assert service.list_projects(handler, 10) == []
    with pytest.raises(Forbidden):
        service.create_project(handler, CreateProject(town.county, "X", "x", 2026, (town.place.estate.id,)))


def test_the_committee_of_a_community_sees_the_projects_of_its_estates(ctx: Context, town: Town) -> None:
    assert [card.id for card in service.list_projects(town.committee, 10)] == [town.project]
    assert service.show_project(town.committee, town.project).id == town.project


def test_a_board_takes_the_same_few_queries_for_any_number_of_estates(ctx: Context, town: Town) -> None:
    town.reach_start()
    with counted_queries(ctx) as few:
        service.list_projects(town.bureau, 50)
    for _ in range(8):
        other = make_estate(ctx, community=town.place.community, dwellings=1)
        service.add_estate(town.bureau, town.project, other.estate.id)
    with counted_queries(ctx) as many:
        card = service.list_projects(town.bureau, 50)[0]
    assert len(many) == len(few) <= 4
    assert len(card.estates) == 9


def test_a_board_shows_gates_and_rates(town: Town) -> None:
    town.reach_start()
    card = service.show_project(town.bureau, town.project)
    assert {(found.gate, found.passed, found.rate) for found in card.gates} == {
        ("eligibility", 1, "100.00"),
        ("inclusion", 1, "100.00"),
    }
    rates = [found for found in card.estates[0].rates if found.numerator_kind == "participating"]
    assert [(found.rate, found.threshold, found.passed) for found in rates] == [("90.00", "3/4", True)] * 2


def test_residents_see_their_own_estates_projects_in_plain_words(ctx: Context, town: Town) -> None:
    town.decide(Gate.ELIGIBILITY)
    resident = acting_as(ctx, make_resident(ctx, town.place.dwelling_ids[0]))
    mine = service.my_projects(resident)
    assert [(found.project_estate_id, found.stage) for found in mine] == [(town.row, "canvass")]
    shown = service.my_project(resident, town.row)
    assert shown.current_gate is not None
    assert shown.current_gate.gate is Gate.INCLUSION
    assert "尚未关联意愿征询" in shown.current_gate.criteria[0].summary
    assert service.my_gate(resident, town.row, Gate.ELIGIBILITY).decision is not None
    stranger = acting_as(ctx, make_resident(ctx, make_estate(ctx, dwellings=1).dwelling_ids[0]))
    assert service.my_projects(stranger) == []
    for look in (service.my_project, lambda who, row: service.my_gate(who, row, Gate.START)):
        for row in (town.row, "0" * 20):
            with pytest.raises(NotFound):
                look(stranger, row)


def test_of_many_deciders_at_once_exactly_one_decides(engine: Engine, tmp_path: Path) -> None:
    settings = make_settings(engine.url.render_as_string(hide_password=False), tmp_path)
    vault = build_vault(settings)
    ports = Ports(settings, engine, vault, Storage(tmp_path, vault), FakeExchange())
    with Session(engine, expire_on_commit=False) as session:
        town = make_town(Context(session, SYSTEM, ports, "test"))
        seen = town.view(Gate.ELIGIBILITY).evidence_sha256
        actor = town.bureau.actor
        session.commit()
    start = Barrier(6)

    def decide(position: int) -> bool:
        start.wait()
        with Session(engine) as session:
            ctx = Context(session, actor, ports, "test")
            command = DecideGate(town.row, Gate.ELIGIBILITY, True, f"理由{position}", seen)
            try:
                service.decide_gate(ctx, command)
                session.commit()
            except (DomainError, IntegrityError):
                return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(decide, range(6))).count(True) == 1
    with Session(engine) as session:
        assert len(session.exec(select(GateDecision)).all()) == 1
        assert session.exec(select(ProjectEstate)).one().stage == "canvass"
        assert queries.projects_of_estates(session, [town.place.estate.id])[0].stage == "canvass"


def test_a_committee_sees_only_its_own_estate_of_a_shared_project(ctx: Context, town: Town) -> None:
    sibling = make_community(ctx, parent=ctx.session.get(Organisation, town.county))
    other = make_estate(ctx, community=sibling, dwellings=1)
    assert len(service.add_estate(town.bureau, town.project, other.estate.id).estates) == 2
    seen = service.show_project(town.committee, town.project)
    assert [found.estate_id for found in seen.estates] == [town.place.estate.id]
    assert seen.stages == {"surveying": 1}
    row = ctx.session.exec(select(ProjectEstate.id).where(ProjectEstate.estate_id == other.estate.id)).one()
    with pytest.raises(NotFound):
        service.show_gate(town.committee, row, Gate.START)
