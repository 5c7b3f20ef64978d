"""Deciding a gate on stored evidence, and revoking a decision with its consequences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.infra.context import Context
from backend.kernel.access import Permission
from backend.kernel.ids import new_id
from backend.policies.rules.gates import Gate
from backend.projects import errors, queries, repository
from backend.projects.rules.material import State, Verdict
from backend.projects.rules.stages import (
    GATE_TITLES,
    STAGE_OF_GATE,
    STAGE_TITLES,
    Stage,
    gates_from,
    stage_after,
    stage_if_revoked,
)
from backend.projects.service.loading import load_active_estate, load_estate, named_person, tell_estate
from backend.projects.tables import GateDecision, Project, ProjectEstate


@dataclass(frozen=True, slots=True)
class DecideGate:
    """Decide a gate; ``seen_sha256`` is the hash of the evidence that the decider was shown."""

    project_estate_id: str
    gate: Gate
    is_passed: bool
    reason: str
    seen_sha256: str


@dataclass(frozen=True, slots=True)
class RevokeGate:
    """Revoke the standing decision on a gate, with a reason."""

    project_estate_id: str
    gate: Gate
    reason: str


@dataclass(frozen=True, slots=True)
class Revoked:
    """What a revocation led to: decisions revoked, the stage now, and the consequences in words."""

    project_estate_id: str
    revoked: tuple[queries.Decision, ...]
    stage: str
    consequences: tuple[str, ...]


def decide_gate(ctx: Context, command: DecideGate) -> queries.GateView:
    """Decide a gate on the evidence of this moment; a pass opens the next stage in the same transaction.

    Refuses a pass unless every criterion is met, anything while the criteria cannot be judged, a decision on
    other evidence than was seen, and a second decision. The same person repeating the decision that stands
    gets the first answer.
    """
    found = load_active_estate(ctx, command.project_estate_id, Permission.GATE_DECIDE)
    person = named_person(ctx)
    row = found[0]
    if not command.reason.strip():
        raise errors.reason_missing()
    view = queries.gate_view(ctx.session, row, command.gate)
    if view.decision is not None:
        return _repeated(view, command, person)
    if row.stage != STAGE_OF_GATE[command.gate]:
        raise errors.not_now(STAGE_TITLES[Stage(row.stage)])
    if view.evidence_sha256 != command.seen_sha256:
        raise errors.evidence_changed()
    _check_verdict(view, command.is_passed)
    _move(ctx, row, stage_after(command.gate) if command.is_passed else Stage(row.stage))
    decision = GateDecision(
        id=new_id(),
        project_estate_id=row.id,
        gate=command.gate,
        outcome="passed" if command.is_passed else "failed",
        profile=f"{view.profile}@{view.profile_version}",
        evidence=view.evidence,
        evidence_sha256=view.evidence_sha256,
        reason=command.reason,
        decided_by=person,
        decided_at=ctx.clock.now(),
    )
    ctx.session.add(decision)
    ctx.session.flush()  # two at once: the unique index lets one of them through
    payload: dict[str, object] = {"gate": command.gate, "outcome": decision.outcome}
    tell_estate(ctx, "gate_decided", found, payload | {"evidence_sha256": decision.evidence_sha256})
    return _view_again(ctx, row.id, command.gate)


def revoke_gate(ctx: Context, command: RevokeGate) -> Revoked:
    """Revoke a decision; later decisions rest on it and are revoked with it, and the stage goes back."""
    found = load_estate(ctx, command.project_estate_id, Permission.GATE_DECIDE)
    person = named_person(ctx)
    row = found[0]
    if not command.reason.strip():
        raise errors.reason_missing()
    standing = {Gate(d.gate): d for d in repository.standing_decisions(ctx.session, [row.id])}
    first = standing.get(command.gate)
    if first is None:
        raise errors.no_decision()
    fallen = [first]
    if first.outcome == "passed":
        fallen += [standing[gate] for gate in gates_from(command.gate)[1:] if gate in standing]
    back = stage_if_revoked(Stage(row.stage), command.gate)
    _move(ctx, row, back)
    for decision in fallen:
        _revoke_one(ctx, found, decision, _reason(command, decision), person)
    return Revoked(
        row.id,
        tuple(queries.to_decision(decision) for decision in fallen),
        str(back),
        _consequences(fallen, back, Stage(row.stage)),
    )


def gate_history(ctx: Context, project_estate_id: str, gate: Gate) -> list[queries.Decision]:
    """Return every decision on a gate, revoked ones included, newest first."""
    row, _ = load_estate(ctx, project_estate_id, Permission.PROJECT_READ)
    return [queries.to_decision(found) for found in repository.decisions_of(ctx.session, row.id, gate)]


def _check_verdict(view: queries.GateView, is_passed: bool) -> None:
    open_points = [
        f"{criterion.title}：{text}"
        for criterion in view.criteria
        if criterion.state is not State.MET
        for text in (criterion.missing or (criterion.summary,))
    ]
    if view.verdict is Verdict.UNDECIDABLE:
        raise errors.undecidable(open_points)
    if is_passed and view.verdict is not Verdict.PASSABLE:
        raise errors.cannot_pass(open_points)


def _repeated(view: queries.GateView, command: DecideGate, person: str) -> queries.GateView:
    standing = view.decision
    assert standing is not None
    wanted = ("passed" if command.is_passed else "failed", command.reason, person, command.seen_sha256)
    made = (standing.outcome, standing.reason, standing.decided_by, standing.evidence_sha256)
    if made != wanted:
        raise errors.decided_already()
    return view


def _move(ctx: Context, row: ProjectEstate, stage: Stage) -> None:
    values: dict[str, str | datetime] = {}
    if stage != row.stage:
        values = {"stage": str(stage), "stage_since": ctx.clock.now()}
    if not repository.change_estate(ctx.session, row, **values):
        raise errors.changed()


def _revoke_one(
    ctx: Context, found: tuple[ProjectEstate, Project], decision: GateDecision, reason: str, person: str
) -> None:
    values: dict[str, str | datetime] = {
        "revoked_by": person,
        "revoked_at": ctx.clock.now(),
        "revoke_reason": reason,
    }
    if not repository.revoke(ctx.session, decision.id, values):
        raise errors.changed()
    ctx.session.refresh(decision)
    tell_estate(ctx, "gate_revoked", found, {"gate": decision.gate, "decision": decision.id})


def _reason(command: RevokeGate, decision: GateDecision) -> str:
    if decision.gate == command.gate:
        return command.reason
    return f"因“{GATE_TITLES[command.gate]}”的决定被撤销而一并撤销：{command.reason}"


def _consequences(fallen: list[GateDecision], back: Stage, before: Stage) -> tuple[str, ...]:
    words = [f"“{GATE_TITLES[Gate(decision.gate)]}”的决定不再有效。" for decision in fallen]
    if back is not before:
        words.append(f"小区从“{STAGE_TITLES[before]}”退回“{STAGE_TITLES[back]}”阶段，须重新决定。")
    for criterion in fallen[0].evidence["criteria"]:
        if criterion["consequence"]:
            words.append(criterion["consequence"])
    return tuple(dict.fromkeys(words))


def _view_again(ctx: Context, project_estate_id: str, gate: Gate) -> queries.GateView:
    found = repository.find_estate(ctx.session, project_estate_id)
    assert found is not None
    return queries.gate_view(ctx.session, found[0], gate)
