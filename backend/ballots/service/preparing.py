"""Drafting a ballot: kind and scope, window, motions with their rules, documents, statements made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from backend.ballots.repository import ballots as repository
from backend.ballots.rules.kinds import KINDS, counts_satisfaction, may_ask_households, needs_owners
from backend.ballots.rules.parameters import parking_problems, resolve_settings
from backend.ballots.service.entries import check_file
from backend.ballots.service.loading import check_version, load_for, require_state, tell
from backend.ballots.tables import Ballot, BallotCheck, BallotDocument, Motion
from backend.infra.context import Context
from backend.kernel.access import Permission, require
from backend.kernel.errors import Conflict, FieldError, Unprocessable
from backend.kernel.ids import new_id
from backend.registry import queries as registry
from backend.tally.rule import RuleKind, get_rule

MAX_MOTIONS = 60


@dataclass(frozen=True, slots=True)
class CreateBallot:
    """A new draft; ``electorate`` and ``re_vote`` default to the kind's.

    ``parking_rule``: title and clause of the local rule by which parking counts, and the hash of its uploaded text.
    """

    estate_id: str
    kind: str
    title: str
    building_id: str | None = None
    entrance_id: str | None = None
    electorate: str | None = None
    re_vote: bool | None = None
    max_choices: int | None = None
    parameters: Mapping[str, int] = field(default_factory=dict)
    parking_rule: str | None = None
    parking_document: str | None = None
    project_id: str | None = None
    rerun_of: str | None = None


@dataclass(frozen=True, slots=True)
class AddMotion:
    """A question; the rule's class is chosen by a named person for a stated reason (domain §2)."""

    ballot_id: str
    title: str
    body: str
    rule_id: str
    rule_reason: str
    joined_rule_ids: tuple[str, ...] = ()


def create_ballot(ctx: Context, command: CreateBallot) -> Ballot:
    """Store a draft; raises NotFound, Forbidden, Unprocessable."""
    scope = registry.scope_of_estate(ctx.session, command.estate_id)
    require(ctx.actor, Permission.BALLOT_PREPARE, scope)
    _check_places(ctx, command)
    _check_electorate(command)
    kind = KINDS[command.kind]
    ballot = Ballot(
        id=new_id(),
        organisation_id=registry.organisation_of_estate(ctx.session, command.estate_id),
        estate_id=command.estate_id,
        building_id=command.building_id,
        entrance_id=command.entrance_id,
        project_id=command.project_id,
        rerun_of=command.rerun_of,
        kind=command.kind,
        title=command.title,
        electorate=command.electorate or kind.electorate,
        parameters=_settings(ctx, command),
        parking_rule=command.parking_rule,
        parking_document=command.parking_document,
        re_vote=kind.re_vote if command.re_vote is None else command.re_vote,
        max_choices=command.max_choices,
        created_by=str(ctx.actor.account_id),
        created_at=ctx.clock.now(),
    )
    ctx.session.add(ballot)
    ctx.session.flush()
    tell(ctx, ballot, "ballot.created", {"kind": ballot.kind, "estate": ballot.estate_id})
    return ballot


def _settings(ctx: Context, command: CreateBallot) -> dict[str, int]:
    settings = resolve_settings(command.parameters, kind=command.kind)
    if settings["track_consensus"] and not KINDS[command.kind].may_track_consensus:
        where = FieldError("parameters.track_consensus", "只有意愿征询和方案表决可以这样设置。")
        raise Unprocessable("parameters", "表决参数有误。", [where])
    uncited = parking_problems(settings, command.parking_rule, command.parking_document)
    if uncited:
        raise Unprocessable("parking_rule", "车位计入名册的依据有误。", uncited)
    if command.parking_document is not None:
        check_file(ctx, command.parking_document, "parking_document")
    return settings


def _check_electorate(command: CreateBallot) -> None:
    if command.electorate == "households" and not may_ask_households(command.kind):
        where = FieldError("electorate", "这类表决由业主决定，不能按住户投票；按户的只有意愿征询。")
        raise Unprocessable("electorate", "投票人的设置有误。", [where])


def _check_places(ctx: Context, command: CreateBallot) -> None:
    if command.kind == "committee_election" and command.max_choices is None:
        where = FieldError("max_choices", "选举须写明最多可选几人。")
        raise Unprocessable("max_choices", "选举设置不完整。", [where])
    if command.kind != "committee_election" and command.max_choices is not None:
        where = FieldError("max_choices", "只有选举可以限定选几人；其他表决须能写反对。")
        raise Unprocessable("max_choices", "表决设置有误。", [where])
    inside = registry.is_inside(ctx.session, command.estate_id, command.building_id, command.entrance_id)
    if not inside:
        where = FieldError("building_id", "这个楼栋或单元不在该小区内。")
        raise Unprocessable("place", "表决范围有误。", [where])
    if command.rerun_of is not None:
        former = repository.find_ballot(ctx.session, command.rerun_of)
        if former is None or former.estate_id != command.estate_id or former.state != "voided":
            where = FieldError("rerun_of", "只能重新组织本小区已作废的表决。")
            raise Unprocessable("rerun_of", "重新表决的设置有误。", [where])


def set_window(
    ctx: Context, ballot_id: str, window: tuple[datetime, datetime], expected: int | None
) -> Ballot:
    """Set opening and closing instants of a draft (half-open, domain §3)."""
    ballot = load_for(ctx, ballot_id, Permission.BALLOT_PREPARE)
    check_version(ballot, expected)
    require_state(ballot, "draft", doing="修改时间")
    opens_at, closes_at = window
    if closes_at <= opens_at:
        where = FieldError("closes_at", "截止时间要晚于开始时间。")
        raise Unprocessable("window", "投票时间有误。", [where])
    _change(ctx, ballot, opens_at=opens_at, closes_at=closes_at)
    tell(ctx, ballot, "ballot.window_set", {})
    return ballot


def add_motion(ctx: Context, command: AddMotion) -> Motion:
    """Add a motion to a draft; the rules must exist and be decided by counting."""
    ballot = load_for(ctx, command.ballot_id, Permission.BALLOT_PREPARE)
    require_state(ballot, "draft", doing="修改事项")
    rule_ids = (command.rule_id, *command.joined_rule_ids)
    if len(set(rule_ids)) < len(rule_ids):
        where = FieldError("joined_rule_ids", "同一条规则只写一次。")
        raise Unprocessable("rule", "规则有误。", [where])
    for rule_id in rule_ids:
        _check_rule(rule_id, ballot.electorate)
    existing = repository.motions_of(ctx.session, ballot.id)
    # Who reads an own vote, or an exported one, tells motions apart by their titles.
    if command.title.strip() in {motion.title.strip() for motion in existing}:
        where = FieldError("title", "已有同名的事项，请换一个标题。")
        raise Unprocessable("motion", "事项有误。", [where])
    if len(existing) >= MAX_MOTIONS:
        raise Unprocessable("too_many_motions", f"一次表决最多 {MAX_MOTIONS} 个事项。")
    motion = Motion(
        id=new_id(),
        ballot_id=ballot.id,
        position=len(existing),
        title=command.title,
        body=command.body,
        rule_id=command.rule_id,
        joined_rule_ids=list(command.joined_rule_ids),
        rule_reason=command.rule_reason,
        rule_decided_by=str(ctx.actor.account_id),
    )
    ctx.session.add(motion)
    _change(ctx, ballot)
    tell(ctx, ballot, "ballot.motion_added", {"motion": motion.id, "rule": command.rule_id})
    return motion


def _check_rule(rule_id: str, electorate: str) -> None:
    try:
        rule = get_rule(rule_id)
    except KeyError:
        where = FieldError("rule_id", "没有这条规则。")
        raise Unprocessable("rule", "规则有误。", [where]) from None
    if rule.kind is RuleKind.EVIDENCE_ONLY:
        where = FieldError("rule_id", "这条规则凭证明材料确认，不靠计票。")
        raise Unprocessable("rule", "规则有误。", [where])
    if counts_satisfaction(rule):
        where = FieldError("rule_id", "这是满意度调查的规则，不能用于表决；请另办满意度调查。")
        raise Unprocessable("rule", "规则有误。", [where])
    if electorate != "owners" and needs_owners(rule):
        where = FieldError("rule_id", "这条规则按业主的面积和人数计算，不能用于按住户的投票。")
        raise Unprocessable("rule", "规则有误。", [where])


def add_document(ctx: Context, ballot_id: str, sha256: str, title: str, media_type: str) -> BallotDocument:
    """Attach an uploaded document to a draft by its hash."""
    ballot = load_for(ctx, ballot_id, Permission.BALLOT_PREPARE)
    require_state(ballot, "draft", doing="增加文件")
    content = ctx.storage.get(sha256)
    if any(document.sha256 == sha256 for document in repository.documents_of(ctx.session, ballot.id)):
        raise Conflict("document_exists", "这个文件已经附上了。")
    document = BallotDocument(
        ballot_id=ballot.id,
        sha256=sha256,
        title=title,
        media_type=media_type,
        size=len(content),
        added_by=str(ctx.actor.account_id),
        added_at=ctx.clock.now(),
    )
    ctx.session.add(document)
    _change(ctx, ballot)
    tell(ctx, ballot, "ballot.document_added", {"sha256": sha256})
    return document


def state_check(
    ctx: Context, ballot_id: str, name: str, note: str, evidence_sha256: str | None
) -> BallotCheck:
    """Record a pre-flight statement of the caller (居委会 told, roll checked, notice posted); once each."""
    ballot = load_for(ctx, ballot_id, Permission.BALLOT_PREPARE)
    require_state(ballot, "draft", "notice", doing="登记核对事项")
    if evidence_sha256 is not None:
        ctx.storage.get(evidence_sha256)
    check = BallotCheck(
        ballot_id=ballot.id,
        name=name,
        note=note,
        evidence_sha256=evidence_sha256,
        done_by=str(ctx.actor.account_id),
        done_at=ctx.clock.now(),
    )
    if any(done.name == name for done in repository.checks_of(ctx.session, ballot.id)):
        raise Conflict("check_done", "这一项已经登记过了。")
    ctx.session.add(check)
    ctx.session.flush()
    tell(ctx, ballot, "ballot.check_stated", {"name": name})
    return check


def _change(ctx: Context, ballot: Ballot, **changes: object) -> None:
    if not repository.move_state(ctx.session, ballot, ballot.state, **changes):
        raise Conflict("ballot_moved", "这次表决刚被别人修改过，请刷新后重新提交。")
