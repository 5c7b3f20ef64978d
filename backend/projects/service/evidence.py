"""Attaching records, ballots and surveys to a gate, and withdrawing them while nothing is decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.exc import IntegrityError

from backend.ballots.queries import ballot_evidence
from backend.ballots.rules.kinds import may_ask_households
from backend.infra.context import Context
from backend.kernel.access import Permission
from backend.kernel.errors import NotFound
from backend.kernel.ids import new_id
from backend.policies.queries import profile_for
from backend.policies.rules.gates import Gate, ballot_kinds_of, records_of, survey_rules_of
from backend.projects import errors, queries, repository
from backend.projects.service.loading import acting_account, load_active_estate, load_estate, tell_estate
from backend.projects.tables import GateEvidence, Project, ProjectEstate
from backend.registry.queries import scope_of_estate
from backend.surveys.queries import survey_evidence

MAX_EVIDENCE = 200


@dataclass(frozen=True, slots=True)
class AttachRecord:
    """A stored file (by SHA-256) that a gate asks for under the name ``requirement``."""

    project_estate_id: str
    gate: Gate
    requirement: str
    title: str
    sha256: str
    held_on: date | None = None


@dataclass(frozen=True, slots=True)
class LinkBallot:
    """A ballot of the same estate as the counted basis of a gate."""

    project_estate_id: str
    gate: Gate
    ballot_id: str


@dataclass(frozen=True, slots=True)
class LinkSurvey:
    """A survey held in the same estate as the counted basis of a gate."""

    project_estate_id: str
    gate: Gate
    survey_id: str


def attach_record(ctx: Context, command: AttachRecord) -> queries.GateView:
    """Attach a record; the same file under the same name is attached once."""
    found = load_active_estate(ctx, command.project_estate_id, Permission.PROJECT_WRITE)
    row = found[0]
    if command.requirement not in records_of(_profile(ctx, row), command.gate):
        raise errors.not_asked(command.requirement)
    try:
        ctx.storage.get(command.sha256)
    except NotFound as error:
        raise errors.file_missing() from error
    there = repository.evidence_of(ctx.session, row.id, command.gate)
    if any((old.requirement, old.sha256) == (command.requirement, command.sha256) for old in there):
        return queries.gate_view(ctx.session, row, command.gate)
    if len(there) >= MAX_EVIDENCE:
        raise errors.too_many_records()
    evidence = GateEvidence(
        id=new_id(),
        project_estate_id=row.id,
        gate=command.gate,
        requirement=command.requirement,
        title=command.title,
        sha256=command.sha256,
        held_on=command.held_on,
        added_by=acting_account(ctx),
        added_at=ctx.clock.now(),
    )
    return _save(ctx, found, evidence)


def link_ballot(ctx: Context, command: LinkBallot) -> queries.GateView:
    """Link a ballot of the same estate, of a kind the gate asks for; a ballot serves one gate once."""
    found = load_active_estate(ctx, command.project_estate_id, Permission.PROJECT_WRITE)
    row = found[0]
    ballot = ballot_evidence(ctx.session, command.ballot_id)
    if ballot is None or ballot.estate_id != row.estate_id:
        raise errors.ballot_unusable("没有这次表决，或它不属于本小区")
    if ballot.project_id not in (None, row.project_id):
        raise errors.ballot_unusable("这次表决是为另一个改造项目举行的")
    if ballot.building_id is not None:
        raise errors.ballot_unusable("只有一栋楼或一个单元参加的表决不能代表全小区")
    if ballot.electorate != "owners" and not may_ask_households(ballot.kind):
        raise errors.ballot_unusable("这次表决按住户投票，不是业主共同决定")
    if ballot.state in ("voided", "cancelled"):
        raise errors.ballot_unusable("这次表决已作废或取消")
    if ballot.kind not in ballot_kinds_of(_profile(ctx, row), command.gate):
        raise errors.ballot_unusable("本关口不需要这一类表决")
    there = repository.evidence_of(ctx.session, row.id, command.gate)
    if any(old.ballot_id == command.ballot_id for old in there):
        return queries.gate_view(ctx.session, row, command.gate)
    evidence = GateEvidence(
        id=new_id(),
        project_estate_id=row.id,
        gate=command.gate,
        requirement=ballot.kind,
        title=ballot.title,
        ballot_id=ballot.ballot_id,
        added_by=acting_account(ctx),
        added_at=ctx.clock.now(),
    )
    return _save(ctx, found, evidence)


def link_survey(ctx: Context, command: LinkSurvey) -> queries.GateView:
    """Link a survey held in the same estate; a gate rests on one survey."""
    found = load_active_estate(ctx, command.project_estate_id, Permission.PROJECT_WRITE)
    row = found[0]
    survey = survey_evidence(ctx.session, command.survey_id, row.estate_id)
    if survey is None:
        raise errors.survey_unusable("没有这次调查，或它没有在本小区进行")
    if survey.state not in ("open", "closed"):
        raise errors.survey_unusable("这次调查还没有开始，或已经取消")
    asked = survey_rules_of(_profile(ctx, row), command.gate)
    if asked is None:
        raise errors.survey_unusable("本关口不需要满意度调查")
    if survey.rule_id is None or (asked and survey.rule_id not in asked):
        raise errors.survey_unusable("这次调查不是满意度调查，或不是按本关口的规则进行的")
    there = repository.evidence_of(ctx.session, row.id, command.gate)
    if any(old.survey_id == command.survey_id for old in there):
        return queries.gate_view(ctx.session, row, command.gate)
    evidence = GateEvidence(
        id=new_id(),
        project_estate_id=row.id,
        gate=command.gate,
        requirement="survey",
        title=survey.title,
        survey_id=survey.survey_id,
        added_by=acting_account(ctx),
        added_at=ctx.clock.now(),
    )
    return _save(ctx, found, evidence)


def withdraw_evidence(ctx: Context, evidence_id: str) -> queries.GateView:
    """Withdraw a record or ballot while no decision on its gate stands."""
    evidence = ctx.session.get(GateEvidence, evidence_id)
    if evidence is None:
        raise NotFound
    found = load_active_estate(ctx, evidence.project_estate_id, Permission.PROJECT_WRITE)
    gate = Gate(evidence.gate)
    _touch(ctx, found[0], gate)
    if not repository.withdraw(ctx.session, evidence_id, ctx.clock.now()):
        raise errors.changed()
    tell_estate(ctx, "evidence_withdrawn", found, {"gate": gate, "evidence": evidence_id})
    return _view_again(ctx, found[0].id, gate)


def show_gate(ctx: Context, project_estate_id: str, gate: Gate) -> queries.GateView:
    """Return a gate as it stands to staff who may read the estate's projects."""
    row, _ = load_estate(ctx, project_estate_id, Permission.PROJECT_READ)
    return queries.gate_view(ctx.session, row, gate)


def _profile(ctx: Context, row: ProjectEstate) -> str:
    path = scope_of_estate(ctx.session, row.estate_id).organisation_path
    adoption = profile_for(ctx.session, path.strip("/").rsplit("/", 1)[-1])
    if adoption is None:
        raise errors.not_asked("尚未采用政策口径")
    return adoption.profile


def _save(ctx: Context, found: tuple[ProjectEstate, Project], evidence: GateEvidence) -> queries.GateView:
    gate = Gate(evidence.gate)
    _touch(ctx, found[0], gate)
    try:
        with ctx.session.begin_nested():
            ctx.session.add(evidence)
    except IntegrityError as error:
        raise (errors.survey_linked() if evidence.survey_id else errors.ballot_linked()) from error
    payload: dict[str, object] = {"gate": gate, "requirement": evidence.requirement, "evidence": evidence.id}
    linked = {"ballot": evidence.ballot_id, "survey": evidence.survey_id, "sha256": evidence.sha256}
    payload |= {name: value for name, value in linked.items() if value is not None}
    tell_estate(ctx, "evidence_added", found, payload)
    return _view_again(ctx, found[0].id, gate)


def _touch(ctx: Context, row: ProjectEstate, gate: Gate) -> None:
    """Take the estate's row for this transaction, so that evidence never changes under a decision."""
    if repository.standing_decision(ctx.session, row.id, gate) is not None:
        raise errors.decided_already()
    if not repository.change_estate(ctx.session, row):
        raise errors.changed()


def _view_again(ctx: Context, project_estate_id: str, gate: Gate) -> queries.GateView:
    found = repository.find_estate(ctx.session, project_estate_id)
    assert found is not None
    return queries.gate_view(ctx.session, found[0], gate)
