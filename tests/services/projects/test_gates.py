"""Gates over real ballots: decided on stored evidence, revoked with consequences, one decision at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DatabaseError
from sqlmodel import col, select

from backend.ballots.tables import Ballot
from backend.infra.context import Context
from backend.kernel.access import SYSTEM, Role
from backend.kernel.clock import local_date
from backend.kernel.errors import (
    Conflict,
    DomainError,
    Forbidden,
    NotFound,
    PreconditionFailed,
    Unprocessable,
)
from backend.kernel.ids import new_id
from backend.ledger.tables import LedgerEvent
from backend.policies import service as policies
from backend.policies.rules.gates import Gate
from backend.projects import service
from backend.projects.rules.evidence import evidence_hash
from backend.projects.rules.material import State, Verdict
from backend.projects.service import AttachRecord, DecideGate, LinkBallot, RevokeGate
from backend.projects.service.evidence import MAX_EVIDENCE
from backend.projects.tables import GateDecision, GateEvidence
from tests.factories.people import acting_as, make_staff
from tests.factories.places import make_estate
from tests.services.projects.conftest import START_RECORDS, Town, make_town
from tests.services.projects.held_ballots import GENERAL, SPECIAL, hold_ballot

INCLUSION = "gansu-2022/inclusion"


def refused(code: str, error: type[DomainError] = DomainError) -> object:
    """Expect a refusal with this code."""
    return pytest.raises(error, match=f"^{code}$")


def test_a_project_passes_from_roll_to_start(town: Town) -> None:
    town.pass_start()
    assert town.stage() == "construction"
    view = town.view(Gate.START)
    assert view.decision is not None
    assert (view.decision.outcome, view.decision.profile.split("@")[0]) == ("passed", "gansu-2022")
    assert not view.is_doubtful
    assert not view.is_current


def test_the_decision_stores_the_evidence_it_rests_on(ctx: Context, town: Town) -> None:
    town.pass_start()
    rows = ctx.session.exec(select(GateDecision).where(GateDecision.gate == "start")).all()
    row = next(found for found in rows if found.project_estate_id == town.row)
    assert evidence_hash(row.evidence) == row.evidence_sha256
    assert row.evidence["verdict"] == "passable"
    assert row.evidence["basis"]["adoption_document"] == "采用文件"
    criteria = {found["id"]: found for found in row.evidence["criteria"]}
    test = criteria["plan"]["motions"][0]["result"]["tests"][0]
    assert (test["numerator"], test["denominator"], test["threshold"]) == ("75", "100", "7/10")
    assert criteria["statutory"]["motions"][0]["rule_id"] == GENERAL
    assert len(criteria["property_management"]["records"]) == 2
    assert row.evidence["ballots"][0]["roll_hash"]
    event = ctx.session.exec(select(LedgerEvent).where(LedgerEvent.type == "project.gate_decided")).all()
    assert row.evidence_sha256 in {found.payload["evidence_sha256"] for found in event}


@pytest.mark.parametrize(
    ("rules", "votes", "failed"),
    [
        (("gansu-2022/plan", GENERAL), (70, 60), "plan"),
        (("gansu-2022/plan", SPECIAL), (100, 72), "statutory"),
    ],
)
def test_start_needs_the_policy_and_the_civil_code(
    town: Town, rules: tuple[str, ...], votes: tuple[int, int], failed: str
) -> None:
    town.reach_start()
    town.link(Gate.START, "plan", rules, votes)
    town.attach(Gate.START, *START_RECORDS)
    view = town.view(Gate.START)
    assert [found.id for found in view.criteria if found.state is State.NOT_MET] == [failed]
    with refused("criteria_not_met", Unprocessable):
        town.decide(Gate.START)
    decided = town.decide(Gate.START, is_passed=False, reason="比例未达到")
    assert decided.decision is not None
    assert decided.decision.outcome == "failed"
    assert town.stage() == "plan_vote"


def test_differing_readings_wait_for_the_locality(ctx: Context, town: Town) -> None:
    town.decide(Gate.ELIGIBILITY)
    town.link(Gate.INCLUSION, "canvass", (INCLUSION,), (75, 57), motions=2)
    for is_passed in (True, False):
        with refused("undecidable", Unprocessable):
            town.decide(Gate.INCLUSION, is_passed=is_passed)
    today = local_date(ctx.clock.now())
    reading = policies.SetLocalNumber(
        town.county, INCLUSION, "consent", "participating", "县发〔2026〕1号", today
    )
    policies.set_local_number(town.bureau, reading)
    view = town.view(Gate.INCLUSION)
    assert view.verdict is Verdict.PASSABLE
    assert view.criteria[0].numbers[0].document == "县发〔2026〕1号"
    town.decide(Gate.INCLUSION)
    assert town.stage() == "consultation"


def test_nothing_is_decided_before_the_objections_are_over(ctx: Context, town: Town) -> None:
    town.decide(Gate.ELIGIBILITY)
    ballot = hold_ballot(
        ctx, town.place, "canvass", (INCLUSION,), votes=(90, 80), motions=2, state="preliminary"
    )
    service.link_ballot(town.committee, LinkBallot(town.row, Gate.INCLUSION, ballot))
    assert town.view(Gate.INCLUSION).criteria[0].state is State.PENDING
    with refused("undecidable"):
        town.decide(Gate.INCLUSION)


def test_an_open_ballot_shows_nothing(ctx: Context, town: Town) -> None:
    town.decide(Gate.ELIGIBILITY)
    ballot = hold_ballot(ctx, town.place, "canvass", (INCLUSION,), votes=(37, 29), motions=2, state="open")
    view = service.link_ballot(town.committee, LinkBallot(town.row, Gate.INCLUSION, ballot))
    shown = str(view.evidence)
    assert view.criteria[0].motions == ()
    assert '"37"' not in shown
    assert '"29"' not in shown


def test_without_an_adopted_profile_nothing_is_decided(ctx: Context) -> None:
    bare = make_town(ctx, profile=None)
    view = bare.view(Gate.ELIGIBILITY)
    assert view.profile is None
    with refused("undecidable"):
        bare.decide(Gate.ELIGIBILITY)
    with refused("not_asked"):
        bare.attach(Gate.INCLUSION, "household_visits")


def test_numbers_left_open_refuse_until_set_with_a_document(ctx: Context) -> None:
    litong = make_town(ctx, profile="litong-2026")
    litong.decide(Gate.ELIGIBILITY)
    litong.link(Gate.INCLUSION, "canvass", ("litong-2026",), (90, 80))
    litong.attach(Gate.INCLUSION, "household_visits", "mechanism_consensus")
    with refused("undecidable"):
        litong.decide(Gate.INCLUSION)
    today = local_date(ctx.clock.now())
    for name, value in (("participation_share", "3/4"), ("consent_share", "3/4"), ("consent", "roll")):
        number = policies.SetLocalNumber(litong.county, "litong-2026", name, value, "区政府文件", today)
        policies.set_local_number(litong.bureau, number)
    litong.decide(Gate.INCLUSION)
    assert litong.stage() == "consultation"


def test_heilongjiang_is_decided_on_records_alone(ctx: Context) -> None:
    place = make_town(ctx, profile="heilongjiang-2021")
    place.decide(Gate.ELIGIBILITY)
    place.attach(Gate.INCLUSION, "contribution", "committee", "management_mode")
    with refused("undecidable"):
        place.decide(Gate.INCLUSION)
    place.attach(Gate.INCLUSION, "other_preconditions")
    place.decide(Gate.INCLUSION)
    assert place.stage() == "consultation"


def test_acceptance_passes_on_its_records_and_evaluation_waits_for_the_survey(town: Town) -> None:
    town.pass_start()
    town.step("acceptance")
    town.attach(Gate.ACCEPTANCE, "acceptance_report", "residents_representatives", "handover")
    town.decide(Gate.ACCEPTANCE)
    assert town.stage() == "evaluation"
    with refused("undecidable"):
        town.decide(Gate.EVALUATION)


def test_a_dangerous_estate_fails_and_stays(ctx: Context, town: Town) -> None:
    town.place.estate.is_dangerous = True
    ctx.session.add(town.place.estate)
    ctx.session.flush()
    with refused("criteria_not_met"):
        town.decide(Gate.ELIGIBILITY)
    town.decide(Gate.ELIGIBILITY, is_passed=False)
    assert town.stage() == "surveying"


def test_a_decision_stands_alone_and_repeating_it_changes_nothing(town: Town) -> None:
    first = town.decide(Gate.ELIGIBILITY)
    assert town.decide(Gate.ELIGIBILITY).decision == first.decision
    with refused("decided_already", Conflict):
        town.decide(Gate.ELIGIBILITY, reason="另一理由")


def test_a_gate_is_decided_at_its_stage_with_a_reason_on_what_was_seen(ctx: Context, town: Town) -> None:
    with refused("wrong_stage", Conflict):
        town.decide(Gate.INCLUSION)
    with refused("reason_missing", Unprocessable):
        town.decide(Gate.ELIGIBILITY, reason=" ")
    seen = town.view(Gate.ELIGIBILITY).evidence_sha256
    town.place.estate.built_year = 1996
    ctx.session.add(town.place.estate)
    ctx.session.flush()
    with refused("evidence_changed", PreconditionFailed):
        service.decide_gate(town.bureau, DecideGate(town.row, Gate.ELIGIBILITY, True, "理由", seen))


def test_only_a_named_person_of_the_bureau_decides(ctx: Context, town: Town) -> None:
    seen = town.view(Gate.ELIGIBILITY).evidence_sha256
    command = DecideGate(town.row, Gate.ELIGIBILITY, True, "理由", seen)
    for actor in (town.committee, replace_actor(ctx)):
        with pytest.raises(Forbidden):
            service.decide_gate(actor, command)
    elsewhere = acting_as(ctx, make_staff(ctx, Role.BUREAU, make_estate(ctx).community.id))
    with pytest.raises(NotFound):
        service.decide_gate(elsewhere, command)
    with pytest.raises(NotFound):
        service.show_gate(elsewhere, town.row, Gate.START)
    with pytest.raises(NotFound):
        service.decide_gate(town.bureau, replace(command, project_estate_id="0" * 20))


def replace_actor(ctx: Context) -> Context:
    """Return a context of the system itself."""
    return Context(ctx.session, SYSTEM, ctx.ports, "test")


def test_revoking_returns_the_stage_and_takes_later_decisions_along(ctx: Context, town: Town) -> None:
    town.pass_start()
    done = service.revoke_gate(town.bureau, RevokeGate(town.row, Gate.INCLUSION, "后续表决推翻了原意愿"))
    assert {found.gate for found in done.revoked} == {"inclusion", "start"}
    assert (done.stage, town.stage()) == ("canvass", "canvass")
    assert any("中央财政" in words for words in done.consequences)
    assert any("退回" in words for words in done.consequences)
    history = service.gate_history(town.bureau, town.row, Gate.START)
    assert history[0].revoke_reason is not None
    assert "后续表决推翻了原意愿" in history[0].revoke_reason
    with refused("no_decision", Conflict):
        service.revoke_gate(town.bureau, RevokeGate(town.row, Gate.INCLUSION, "再撤"))
    town.decide(Gate.INCLUSION)
    assert town.stage() == "consultation"
    types = ctx.session.exec(select(LedgerEvent.type).where(LedgerEvent.subject_id == town.row)).all()
    assert types.count("project.gate_revoked") == 2
    assert len(service.gate_history(town.bureau, town.row, Gate.INCLUSION)) == 2


def test_a_failed_decision_is_revoked_without_moving(town: Town) -> None:
    town.decide(Gate.ELIGIBILITY)
    town.link(Gate.INCLUSION, "canvass", (INCLUSION,), (60, 50), motions=2)
    town.decide(Gate.INCLUSION, is_passed=False)
    with refused("reason_missing"):
        service.revoke_gate(town.bureau, RevokeGate(town.row, Gate.INCLUSION, ""))
    with pytest.raises(Forbidden):
        service.revoke_gate(town.committee, RevokeGate(town.row, Gate.INCLUSION, "理由"))
    assert (
        service.revoke_gate(town.bureau, RevokeGate(town.row, Gate.INCLUSION, "重新征询")).stage == "canvass"
    )


def test_a_voided_ballot_puts_a_standing_decision_in_doubt(ctx: Context, town: Town) -> None:
    town.pass_start()
    view = town.view(Gate.START)
    linked = view.ballots[0].ballot_id
    ctx.session.execute(update(Ballot).where(col(Ballot.id) == linked).values(state="voided"))
    assert town.view(Gate.START).is_doubtful


def test_ballots_of_elsewhere_or_of_the_wrong_kind_are_refused(ctx: Context, town: Town) -> None:
    other = make_estate(ctx, dwellings=2)
    foreign = hold_ballot(ctx, other, "canvass", (INCLUSION,), votes=(2, 2), motions=2)
    plan = hold_ballot(ctx, town.place, "plan", ("gansu-2022/plan",), votes=(2, 2))
    void = hold_ballot(ctx, town.place, "canvass", (INCLUSION,), votes=(2, 2), state="voided")
    part = hold_ballot(ctx, town.place, "canvass", (INCLUSION,), votes=(2, 2))
    building = town.place.building_ids[0]
    ctx.session.execute(update(Ballot).where(col(Ballot.id) == part).values(building_id=building))
    for ballot in (foreign, plan, void, part, "0" * 20):
        with refused("ballot_unusable", Unprocessable):
            service.link_ballot(town.committee, LinkBallot(town.row, Gate.INCLUSION, ballot))


def test_a_ballot_is_linked_once_and_one_of_a_kind(ctx: Context, town: Town) -> None:
    ballot = town.link(Gate.INCLUSION, "canvass", (INCLUSION,), (90, 80), motions=2)
    again = service.link_ballot(town.committee, LinkBallot(town.row, Gate.INCLUSION, ballot))
    assert [found.ballot_id for found in again.ballots] == [ballot]
    with refused("ballot_linked", Conflict):
        town.link(Gate.INCLUSION, "canvass", (INCLUSION,), (95, 90), motions=2)
    card = service.create_project(
        town.bureau, service.CreateProject(town.county, "P2", "二期", 2026, (town.place.estate.id,))
    )
    other = card.estates[0].project_estate_id
    with refused("ballot_linked", Conflict):
        service.link_ballot(town.committee, LinkBallot(other, Gate.INCLUSION, ballot))
    service.withdraw_evidence(town.committee, again.ballots[0].evidence_id)
    service.link_ballot(town.committee, LinkBallot(other, Gate.INCLUSION, ballot))


def test_records_are_stored_files_that_the_gate_asks_for(ctx: Context, town: Town) -> None:
    stored = ctx.storage.put(b"minutes")
    record = AttachRecord(town.row, Gate.START, "management_minutes", "会议纪要", stored)
    first = service.attach_record(town.committee, record)
    assert service.attach_record(town.committee, record).evidence_sha256 == first.evidence_sha256
    with refused("not_asked", Unprocessable):
        service.attach_record(town.committee, replace(record, requirement="photograph"))
    with refused("file_missing", Unprocessable):
        service.attach_record(town.committee, replace(record, sha256="0" * 64))
    auditor = acting_as(ctx, make_staff(ctx, Role.AUDITOR, town.county))
    with pytest.raises(Forbidden):
        service.attach_record(auditor, record)


def test_a_gate_holds_a_bounded_number_of_records(ctx: Context, town: Town) -> None:
    ctx.session.add_all(
        GateEvidence(
            id=new_id(),
            project_estate_id=town.row,
            gate="start",
            requirement="management_minutes",
            title="纪要",
            sha256=f"{number:064x}",
            added_by="test",
            added_at=ctx.clock.now(),
        )
        for number in range(MAX_EVIDENCE)
    )
    ctx.session.flush()
    with refused("too_many_records", Conflict):
        town.attach(Gate.START, "management_minutes")


def test_evidence_does_not_change_under_a_decision(ctx: Context, town: Town) -> None:
    town.pass_start()
    stored = ctx.storage.put(b"late")
    late = AttachRecord(town.row, Gate.START, "management_minutes", "补", stored)
    with refused("decided_already", Conflict):
        service.attach_record(town.committee, late)
    evidence = ctx.session.exec(select(GateEvidence).where(GateEvidence.gate == "start")).all()
    mine = next(row for row in evidence if row.project_estate_id == town.row)
    with refused("decided_already", Conflict):
        service.withdraw_evidence(town.committee, mine.id)
    with pytest.raises(NotFound):
        service.withdraw_evidence(town.committee, "0" * 20)


def test_decisions_are_never_edited_or_deleted(ctx: Context, town: Town) -> None:
    town.decide(Gate.ELIGIBILITY)
    for statement in ("UPDATE gate_decision SET outcome = 'failed'", "DELETE FROM gate_decision"):
        with pytest.raises(DatabaseError), ctx.session.begin_nested():
            ctx.session.connection().execute(text(statement))
