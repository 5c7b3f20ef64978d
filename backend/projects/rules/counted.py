"""Criteria that a ballot decides: each motion recomputed from its sums, by the policy's rule or the Civil Code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from backend.ballots.rules.evidence import BallotEvidence, MotionEvidence, RuleEvidence
from backend.ballots.rules.kinds import may_ask_households
from backend.ballots.rules.states import PUBLISHED
from backend.policies.rules.gates import Criterion, CriterionKind
from backend.policies.rules.parameters import LocalDecision
from backend.projects.rules.material import (
    CriterionView,
    Material,
    MotionJudgement,
    NumberUsed,
    State,
)
from backend.projects.rules.wording import line_of
from backend.tally.count import Outcome, evaluate, local_decisions
from backend.tally.definition import Rule
from backend.tally.report import motion_json
from backend.tally.rule import get_rule, profile_of

CIVIL_CODE = ("cn-civil-code/general", "cn-civil-code/special")
_BY_CLASS = "cn-50-2021/plan"  # the statutory share by class of motion, written as one rule
_GONE = frozenset({"voided", "cancelled"})
BALLOT_TITLES = {
    "canvass": "意愿征询",
    "plan": "改造方案表决",
    "property_management": "选聘物业服务企业的业主表决",
}

Decisions = Mapping[str, Mapping[str, LocalDecision]]


def judge_ballot(criterion: Criterion, material: Material) -> CriterionView:
    """Judge a criterion that needs a ballot; nothing of a result is shown before its publication."""
    wanted = BALLOT_TITLES.get(criterion.ballot or "", criterion.ballot or "")
    ballot = _standing(material.ballots, criterion)
    if ballot is None:
        gone = any(found.kind == criterion.ballot for found in material.ballots)
        text = f"关联的{wanted}已作废或取消，须另行表决" if gone else f"尚未关联{wanted}"
        return _view(criterion, State.MISSING, text, missing=(text,))
    if ballot.state not in PUBLISHED:
        text = f"{wanted}“{ballot.title}”尚未公布结果"
        return _view(criterion, State.PENDING, text, missing=(text,), ballot_id=ballot.ballot_id)
    return _judge_published(criterion, material, ballot)


def _judge_published(criterion: Criterion, material: Material, ballot: BallotEvidence) -> CriterionView:
    rules_of = _policy_rules if criterion.kind is CriterionKind.COUNTED else _statutory_rules
    gaps = tuple(_gaps(criterion, ballot, rules_of))
    judged = tuple(
        _judge_motion(motion, rule, material.decisions)
        for motion in ballot.results
        for rule in rules_of(criterion, motion)
    )
    state, summary = _state_of(ballot, judged, gaps)
    return _view(
        criterion,
        state,
        summary,
        missing=gaps or tuple(dict.fromkeys(reason for found in judged for reason in found.reasons)),
        motions=judged,
        numbers=used_numbers(judged, material.decisions),
        local_decisions=open_decisions(judged),
        ballot_id=ballot.ballot_id,
    )


def _standing(ballots: Iterable[BallotEvidence], criterion: Criterion) -> BallotEvidence | None:
    fitting = (found for found in ballots if found.kind == criterion.ballot and found.state not in _GONE)
    return next(fitting, None)


def _policy_rules(criterion: Criterion, motion: MotionEvidence) -> tuple[RuleEvidence, ...]:
    return tuple(motion.under(rule_id) for rule_id in motion.rule_ids if rule_id == criterion.rule)


def _statutory_rules(_criterion: Criterion, motion: MotionEvidence) -> tuple[RuleEvidence, ...]:
    return tuple(
        found
        for found in map(motion.under, motion.rule_ids)
        if found.rule_id in CIVIL_CODE or (found.rule_id == _BY_CLASS and "motion_class" in found.parameters)
    )


def _gaps(
    criterion: Criterion,
    ballot: BallotEvidence,
    rules_of: Callable[[Criterion, MotionEvidence], tuple[RuleEvidence, ...]],
) -> Iterable[str]:
    """Yield what the ballot itself lacks; the Civil Code asks a class of every motion."""
    is_owners = ballot.electorate == "owners"
    if not is_owners and (criterion.kind is CriterionKind.CIVIL_CODE or not may_ask_households(ballot.kind)):
        yield "这次表决按住户投票，不是业主共同决定，须由业主另行表决"
    if not ballot.is_as_published:
        yield "按现有选票和名册复算的结果与封存公布的结果不一致，须先查明（gongjue audit check）"
    if not ballot.results:
        yield "表决没有任何事项"
    asked = [motion for motion in ballot.results if rules_of(criterion, motion)]
    if criterion.kind is CriterionKind.CIVIL_CODE:
        for motion in ballot.results:
            if motion not in asked:
                yield f"事项“{motion.title}”没有确定属于民法典第二百七十八条的一般事项还是特别事项"
        return
    rule = get_rule(criterion.rule or "")
    if len(asked) < criterion.minimum_motions:
        yield f"应按“{rule.title}”表决 {criterion.minimum_motions} 个事项，现只有 {len(asked)} 个"
    elif criterion.ballot == "plan":  # a plan passes as a whole
        for motion in ballot.results:
            if motion not in asked:
                yield f"事项“{motion.title}”没有按“{rule.title}”表决"


def _judge_motion(motion: MotionEvidence, counted: RuleEvidence, decisions: Decisions) -> MotionJudgement:
    rule = get_rule(counted.rule_id)
    parameters = _parameters(rule, counted, decisions)
    profile = profile_of(rule.id)
    found = None if counted.sums is None else evaluate(rule, counted.sums, parameters)
    no_sums = ("表决结果没有可复核的合计数",)
    return MotionJudgement(
        motion_id=motion.motion_id,
        title=motion.title,
        rule_id=rule.id,
        rule_title=rule.title,
        clause=rule.clause,
        status=str(profile.status),
        outcome=str(Outcome.UNDECIDABLE if found is None else found.outcome),
        lines=() if found is None else tuple(line_of(test) for test in found.tests),
        reasons=no_sums if found is None else tuple(reason.message for reason in found.reasons),
        parameters=parameters,
        result={} if found is None else motion_json(motion.motion_id, found),
    )


def _parameters(rule: Rule, counted: RuleEvidence, decisions: Decisions) -> dict[str, str]:
    """Return what was frozen with the ballot; what was open then and has no default may be set later."""
    known = {parameter.name: parameter for parameter in rule.parameters}
    frozen = {name: value for name, value in counted.parameters.items() if name in known}
    later = {
        name: decision.value
        for name, decision in decisions.get(rule.id, {}).items()
        if name in known and name not in frozen and known[name].default is None
    }
    return frozen | later


def _state_of(
    ballot: BallotEvidence, judged: tuple[MotionJudgement, ...], gaps: tuple[str, ...]
) -> tuple[State, str]:
    words = "；".join(f"{found.title}：{_OUTCOMES[found.outcome]}" for found in judged)
    if ballot.state != "final":
        return State.PENDING, f"结果正在公示，异议期满后才能决定（{words}）"
    outcomes = {found.outcome for found in judged}
    if Outcome.FAILED in outcomes and ballot.is_as_published:
        return State.NOT_MET, words
    if gaps:
        return State.MISSING, "；".join(gaps)
    return (State.UNDECIDABLE if Outcome.UNDECIDABLE in outcomes else State.MET), words


_OUTCOMES = {"passed": "通过", "failed": "未通过", "undecidable": "无法判定"}


def used_numbers(judged: Iterable[MotionJudgement], decisions: Decisions) -> tuple[NumberUsed, ...]:
    """Return the local numbers and readings that judgements rest on, each once, with its document."""
    used = {(n.name, n.value): n for found in judged for n in _numbers(found, decisions)}
    return tuple(used.values())


def _numbers(found: MotionJudgement, decisions: Decisions) -> Iterable[NumberUsed]:
    for parameter in get_rule(found.rule_id).parameters:
        value = found.parameters.get(parameter.name)
        if value is None:
            continue
        decision = decisions.get(found.rule_id, {}).get(parameter.name)
        source = decision if decision is not None and decision.value == value else None
        shown = parameter.values.get(value, value)
        yield NumberUsed(
            parameter.name,
            f"{parameter.title}：{shown}",
            value,
            None if source is None else source.document_title,
            None if source is None else source.id,
        )


def open_decisions(judged: tuple[MotionJudgement, ...]) -> tuple[str, ...]:
    """Return the parameters that nobody has set, with the default in force."""
    open_ones = {
        f"{parameter.title}（{_default(parameter.values, parameter.default)}）": None
        for found in judged
        for parameter in local_decisions(get_rule(found.rule_id), found.parameters)
    }
    return tuple(open_ones)


def _default(values: Mapping[str, str], default: str | None) -> str:
    return "尚未确定" if default is None else f"暂按：{values.get(default, default)}"


def _view(
    criterion: Criterion,
    state: State,
    summary: str,
    *,
    missing: tuple[str, ...] = (),
    motions: tuple[MotionJudgement, ...] = (),
    numbers: tuple[NumberUsed, ...] = (),
    local_decisions: tuple[str, ...] = (),
    ballot_id: str | None = None,
) -> CriterionView:
    return CriterionView(
        id=criterion.id,
        kind=str(criterion.kind),
        title=criterion.title,
        clause=criterion.clause,
        status=criterion.status,
        state=state,
        summary=summary,
        consequence=criterion.consequence,
        note=criterion.note,
        missing=missing,
        motions=motions,
        numbers=numbers,
        local_decisions=local_decisions,
        ballot_id=ballot_id,
    )
