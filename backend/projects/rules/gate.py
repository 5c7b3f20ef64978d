"""Judging a gate: every criterion by its kind, then what they allow together."""

from __future__ import annotations

from hashlib import sha256

from backend.policies.rules.gates import (
    Criterion,
    CriterionKind,
    Gate,
    criteria_for,
    facts_rule,
)
from backend.projects.rules.counted import judge_ballot
from backend.projects.rules.material import (
    AttachedRecord,
    CriterionView,
    Material,
    NumberUsed,
    State,
)
from backend.projects.rules.surveyed import judge_survey
from backend.tally.rule import get_rule


def judge_gate(profile: str | None, gate: Gate, material: Material) -> tuple[CriterionView, ...]:
    """Return every criterion of ``gate`` under the adopted profile; without a profile nothing can be met."""
    if profile is None:
        return (_no_profile(),)
    return tuple(
        _judge(profile, criterion, material)
        for criterion in criteria_for(profile, gate)
        if criterion.when_record is None or material.has_record(criterion.when_record)
    )


def rules_of_gate(profile: str, gate: Gate) -> tuple[str, ...]:
    """Return the rules whose local numbers bear on a gate."""
    asked = criteria_for(profile, gate)
    by_sums = (CriterionKind.COUNTED, CriterionKind.SURVEY)
    counted = [found.rule for found in asked if found.kind in by_sums and found.rule]
    joined = ["cn-civil-code/general", "cn-civil-code/special", "cn-50-2021/plan"]
    facts = [facts_rule(profile)] if gate is Gate.ELIGIBILITY else []
    statutory = joined if any(found.kind is CriterionKind.CIVIL_CODE for found in asked) else []
    return (*counted, *statutory, *facts)


def profile_version(profile: str, gate: Gate) -> str:
    """Return a short hash of what the gate asks and of the rules it asks by, to tell versions apart."""
    asked = criteria_for(profile, gate)
    rules = [get_rule(found.rule) for found in asked if found.rule is not None]
    return sha256(repr((asked, rules)).encode()).hexdigest()[:12]


def _judge(profile: str, criterion: Criterion, material: Material) -> CriterionView:
    if criterion.kind is CriterionKind.FACT:
        return _judge_fact(profile, criterion, material)
    if criterion.kind is CriterionKind.RECORDS:
        return _judge_records(criterion, material)
    if criterion.kind is CriterionKind.SURVEY:
        return judge_survey(criterion, material)
    return judge_ballot(criterion, material)


def _judge_fact(profile: str, criterion: Criterion, material: Material) -> CriterionView:
    value = getattr(material.facts, criterion.fact or "")
    if value is None:
        text = "名册中没有登记，请补录" if criterion.number is None else "名册中没有登记建成年代，请补录"
        return _view(criterion, State.MISSING, text, missing=(text,))
    if criterion.number is None:
        words = "登记情况：不符合" if value else "登记情况：符合"
        return _view(criterion, State.NOT_MET if value else State.MET, words)
    number = criterion.number
    decision = material.decisions.get(facts_rule(profile), {}).get(number.name)
    limit = number.default if decision is None else int(decision.value)
    used = NumberUsed(
        number.name,
        f"{number.title}：{limit} 年",
        str(limit),
        None if decision is None else decision.document_title,
        None if decision is None else decision.id,
    )
    words = f"建成于 {value} 年，界限为 {limit} 年年底"
    state = State.MET if value <= limit else State.NOT_MET
    open_ones = (f"{number.title}（暂按：{limit}）",) if decision is None else ()
    return _view(criterion, state, words, numbers=(used,), local_decisions=open_ones)


def _judge_records(criterion: Criterion, material: Material) -> CriterionView:
    names = {record.name for record in criterion.records}
    attached = tuple(record for record in material.records if record.requirement in names)
    there = {record.requirement for record in attached}
    missing = tuple(record.title for record in criterion.records if record.name not in there)
    if criterion.is_one_of:
        missing = () if attached else ("以下任选其一：" + "；".join(missing),)
    if missing:
        words = "缺少：" + "；".join(missing)
        return _view(criterion, State.MISSING, words, missing=missing, records=attached)
    return _view(criterion, State.MET, f"已附材料 {len(attached)} 份", records=attached)


def _no_profile() -> CriterionView:
    text = "本组织及各上级都没有采用政策口径，请先由主管部门依据文件采用"
    return CriterionView(
        id="profile",
        kind="profile",
        title="已采用政策口径",
        clause="按当地文件执行",
        status="local choice",
        state=State.MISSING,
        summary=text,
        missing=(text,),
    )


def _view(
    criterion: Criterion,
    state: State,
    summary: str,
    *,
    missing: tuple[str, ...] = (),
    records: tuple[AttachedRecord, ...] = (),
    numbers: tuple[NumberUsed, ...] = (),
    local_decisions: tuple[str, ...] = (),
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
        records=records,
        numbers=numbers,
        local_decisions=local_decisions,
    )
