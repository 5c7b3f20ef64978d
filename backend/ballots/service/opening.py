"""From draft to the closed ballot: notice, opening with the frozen roll, extension, stopping."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from backend.ballots.repository import ballots as repository
from backend.ballots.repository.proxies import extend_to_close
from backend.ballots.repository.votes import take_sealing_lock
from backend.ballots.rules.documents import bind_documents, motions_text
from backend.ballots.rules.kinds import needs_owners
from backend.ballots.rules.preflight import Condition, Facts, notice_conditions, opening_conditions, unmet
from backend.ballots.service.entries import person
from backend.ballots.service.loading import (
    check_version,
    frozen_rules,
    load_for,
    require_state,
    take_step,
    tell,
)
from backend.ballots.service.rolls import (
    build_roll,
    count_objected,
    count_roll,
    count_sold,
    has_been_displayed,
)
from backend.ballots.service.serving import count_unserved
from backend.ballots.service.texts import PARKING_BASIS, opening_notice, stop_notice, voting_notice
from backend.ballots.tables import Ballot, BallotDocument
from backend.infra.context import Context
from backend.infra.uploads import media_type_of
from backend.kernel.access import Permission
from backend.kernel.errors import Conflict, FieldError, Unprocessable
from backend.notices import service as notices
from backend.notices.service import PublishNotice
from backend.policies import queries as policies
from backend.tally.count import local_decisions
from backend.tally.rule import RuleKind, get_rule


def preflight(ctx: Context, ballot_id: str) -> list[Condition]:
    """Return every condition for the next step, met or not."""
    ballot = load_for(ctx, ballot_id, Permission.BALLOT_READ)
    facts = _facts(ctx, ballot)
    return notice_conditions(facts) if ballot.state == "draft" else opening_conditions(facts)


def publish_notice(ctx: Context, ballot_id: str, expected: int | None = None) -> Ballot:
    """Publish the voting notice: parameters, texts and documents are fixed from here on.

    Raises Unprocessable naming every condition that does not hold.
    """
    ballot = load_for(ctx, ballot_id, Permission.BALLOT_PREPARE)
    check_version(ballot, expected)
    require_state(ballot, "draft", doing="发布公告")
    _refuse_unmet(notice_conditions(_facts(ctx, ballot)))
    if ballot.opens_at is not None and ballot.opens_at <= ctx.clock.now():
        where = FieldError("opens_at", "投票开始时间已经过去，请另定时间。")
        raise Unprocessable("window", "投票时间有误。", [where])
    bound = _bind(ctx, ballot)
    roll = build_roll(ctx, ballot)
    moved = take_step(
        ctx,
        ballot,
        "publish_notice",
        {"roll": roll["roll_hash"]},
        notice_at=ctx.clock.now(),
        documents_hash=bound,
        **roll,
    )
    _publish(ctx, moved, "voting", voting_notice(moved, _motions(ctx, moved)))
    return moved


def open_ballot(ctx: Context, ballot_id: str) -> Ballot:
    """Freeze the roll and open: votes count from ``opens_at`` by the database clock, whenever this ran.

    Raises Unprocessable naming every pre-flight condition that does not hold.
    """
    ballot = load_for(ctx, ballot_id, Permission.BALLOT_OPEN)
    require_state(ballot, "notice", doing="开始投票")
    _refuse_unmet(opening_conditions(_facts(ctx, ballot)))
    noticed = ballot.roll_hash
    roll = build_roll(ctx, ballot)
    fixed = _fix_parameters(ctx, ballot)
    has_changed = roll["roll_hash"] != noticed
    payload = {
        "roll": roll["roll_hash"],
        "roll_changed": has_changed,
        "parameters": fixed,
        "rules": frozen_rules(ballot),
    }
    moved = take_step(ctx, ballot, "open", payload, **roll)
    _publish(ctx, moved, "voting", opening_notice(moved, has_changed=has_changed))
    return moved


def extend(ctx: Context, ballot_id: str, closes_at: datetime, reason: str) -> Ballot:
    """Move the close once, to later, with a reason and a notice; never after it has passed (threats.md).

    A mandate given until the close lasts until the new one; one with a period of its own ends when it says.
    """
    ballot = load_for(ctx, ballot_id, Permission.BALLOT_STOP)
    require_state(ballot, "open", doing="延期")
    take_sealing_lock(ctx.session, ballot.id)
    now = ctx.clock.now()
    if ballot.extensions:
        raise Conflict("already_extended", "投票时间只能延长一次。")
    if ballot.closes_at is None or now >= ballot.closes_at:
        raise Conflict("ballot_closed", "投票已经截止，不能再延长。")
    longest = timedelta(days=ballot.parameters["window_max_days"])
    if closes_at <= ballot.closes_at or ballot.opens_at is None or closes_at - ballot.opens_at > longest:
        where = FieldError("closes_at", f"新的截止时间要晚于原来的，投票期总长不超过 {longest.days} 天。")
        raise Unprocessable("window", "延期时间有误。", [where])
    former = ballot.closes_at
    payload = {"from": former.isoformat(), "to": closes_at.isoformat()}
    if not repository.move_state(ctx.session, ballot, "open", closes_at=closes_at, extensions=1):
        raise Conflict("ballot_moved", "这次表决刚被别人修改过，请刷新后再看。")
    extend_to_close(ctx.session, ballot.id, former, closes_at)
    moved = load_for(ctx, ballot_id, Permission.BALLOT_STOP)
    tell(ctx, moved, "ballot.extended", payload)
    _publish(ctx, moved, "suspension", stop_notice(moved, "延长投票时间", reason))
    return moved


def stop(ctx: Context, ballot_id: str, step: str, reason: str) -> Ballot:
    """Suspend, resume, void or cancel, with a reason and (once announced) a notice.

    Takes the sealing side of the barrier first: a vote acknowledged before stays, one after is refused. A ballot is
    resumed before its published close only: afterwards nobody could vote, and counting days already gone would
    take the witnessed paper with them (Conflict ``close_passed``: void it and hold it again).
    """
    ballot = load_for(ctx, ballot_id, Permission.BALLOT_STOP)
    take_sealing_lock(ctx.session, ballot.id)
    if step == "resume" and ballot.state == "suspended":
        _refuse_late_resumption(ctx, ballot)
    was_public = ballot.state != "draft"
    changes: dict[str, Any] = {"stopped_at": ctx.clock.now(), "stop_reason": reason}
    moved = take_step(ctx, ballot, step, {}, **changes)
    if was_public:
        kind = "void" if step in ("void", "cancel") else "suspension"
        titles = {"suspend": "暂停投票", "resume": "恢复投票", "void": "表决作废", "cancel": "表决取消"}
        _publish(ctx, moved, kind, stop_notice(moved, titles[step], reason, moved.stopped_at))
    return moved


def _refuse_late_resumption(ctx: Context, ballot: Ballot) -> None:
    if ballot.closes_at is not None and ctx.clock.now() >= ballot.closes_at:
        raise Conflict("close_passed", "暂停期间已过截止时间，不能恢复；请将本次表决作废并公告，再重新组织。")


def _refuse_unmet(conditions: list[Condition]) -> None:
    missing = unmet(conditions)
    if missing:
        fields = [
            FieldError(condition.name, f"{condition.title}：{condition.missing}") for condition in missing
        ]
        raise Unprocessable("preflight", "还有事项没有完成，暂时不能进行下一步。", fields)


def _facts(ctx: Context, ballot: Ballot) -> Facts:
    totals = count_roll(ctx, ballot)
    motions = repository.motions_of(ctx.session, ballot.id)
    rule_ids = {rule for motion in motions for rule in (motion.rule_id, *(motion.joined_rule_ids or ()))}
    return Facts(
        kind=ballot.kind,
        now=ctx.clock.now(),
        notice_at=ballot.notice_at,
        opens_at=ballot.opens_at,
        closes_at=ballot.closes_at,
        settings=ballot.parameters,
        electorate=ballot.electorate,
        motions=len(motions),
        undecidable_rules=tuple(filter(None, (_unset(ctx, ballot, rule) for rule in sorted(rule_ids)))),
        owners_rules=tuple(rule.title for rule in map(get_rule, sorted(rule_ids)) if needs_owners(rule)),
        documents=len(repository.documents_of(ctx.session, ballot.id)),
        entries=totals.entries,
        checks=frozenset(check.name for check in repository.checks_of(ctx.session, ballot.id)),
        unserved=count_unserved(ctx.session, ballot.id) if ballot.state == "notice" else 0,
        is_binding_vote=ballot.electorate == "owners",
        sold=count_sold(ctx, ballot),
        has_displayed_roll=has_been_displayed(ctx, ballot),
        roll_objections=count_objected(ctx, ballot),
    )


def _unset(ctx: Context, ballot: Ballot, rule_id: str) -> str:
    """Name a rule whose numbers the locality has not set; '' when it can decide.

    An open *reading* (gansu-2022/inclusion) does not block the vote: the result says undecidable if it matters.
    """
    rule = get_rule(rule_id)
    if rule.kind is not RuleKind.REFUSES_UNTIL_SET:
        return ""
    given = policies.parameters_for(ctx.session, ballot.organisation_id, rule_id)
    unset = [parameter.title for parameter in local_decisions(rule, given) if parameter.is_share]
    return f"{rule.title}（{'、'.join(unset)}）" if unset else ""


def _fix_parameters(ctx: Context, ballot: Ballot) -> dict[str, dict[str, dict[str, str]]]:
    """Copy the locality's numbers into the motions: a later change cannot touch a vote under way.

    Returns them by motion and rule for the event, so that editing the rows afterwards contradicts a sealed leaf.
    """
    fixed = {}
    for motion in repository.motions_of(ctx.session, ballot.id):
        rules = (motion.rule_id, *(motion.joined_rule_ids or ()))
        motion.parameters = {
            rule: dict(policies.parameters_for(ctx.session, ballot.organisation_id, rule)) for rule in rules
        }
        ctx.session.add(motion)
        fixed[motion.id] = motion.parameters
    ctx.session.flush()
    return fixed


def _bind(ctx: Context, ballot: Ballot) -> str:
    """Store the motions' text as a document of its own and return the hash over the whole set."""
    text = motions_text(_motions(ctx, ballot))
    ctx.storage.put(text)
    _attach_citation(ctx, ballot)
    return bind_documents(text, [row.sha256 for row in repository.documents_of(ctx.session, ballot.id)])


def _attach_citation(ctx: Context, ballot: Ballot) -> None:
    """Bind the votes to the rule by which parking counts: its citation and, where it is stored, its text."""
    if ballot.parking_rule is None:
        return
    cited = ctx.storage.put(f"{PARKING_BASIS}：{ballot.parking_rule}".encode())
    titles = {cited: PARKING_BASIS}
    if ballot.parking_document is not None:
        titles[ballot.parking_document] = ballot.parking_rule
    bound = {row.sha256 for row in repository.documents_of(ctx.session, ballot.id)}
    for sha256 in titles.keys() - bound:
        content = ctx.storage.get(sha256)
        row = BallotDocument(
            ballot_id=ballot.id,
            sha256=sha256,
            title=titles[sha256],
            media_type=media_type_of(content) or "application/octet-stream",
            size=len(content),
            added_by=person(ctx),
            added_at=ctx.clock.now(),
        )
        ctx.session.add(row)
    ctx.session.flush()


def _motions(ctx: Context, ballot: Ballot) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [
        (row.id, row.title, row.body, (row.rule_id, *(row.joined_rule_ids or ())))
        for row in repository.motions_of(ctx.session, ballot.id)
    ]


def _publish(
    ctx: Context, ballot: Ballot, kind: str, text: tuple[str, str], until: datetime | None = None
) -> None:
    title, body = text
    notices.publish_notice(
        ctx, PublishNotice(ballot.estate_id, "ballot", ballot.id, kind, title, body, until)
    )
