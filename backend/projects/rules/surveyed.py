"""Criteria that a survey decides: recomputed from its closed result, by the policy's rule where there is one."""

from __future__ import annotations

from collections.abc import Iterable

from backend.policies.rules.gates import Criterion
from backend.projects.rules.counted import open_decisions, used_numbers
from backend.projects.rules.material import CriterionView, Material, MotionJudgement, State
from backend.projects.rules.wording import line_of
from backend.surveys.rules.satisfaction import SATISFACTION_RULE, SurveyEvidence, judge
from backend.tally.count import MotionResult, Outcome
from backend.tally.definition import Numerator, Rule
from backend.tally.report import motion_json
from backend.tally.rule import get_rule, profile_of
from backend.tally.small_groups import FEWEST

WANTED = "满意度调查"
_STATES = {Outcome.PASSED: State.MET, Outcome.FAILED: State.NOT_MET, Outcome.UNDECIDABLE: State.UNDECIDABLE}
_OUTCOMES = {Outcome.PASSED: "达到", Outcome.FAILED: "未达到", Outcome.UNDECIDABLE: "无法判定"}


def judge_survey(criterion: Criterion, material: Material) -> CriterionView:
    """Judge a criterion that needs a survey; nothing of a result is shown before the close."""
    survey = next((found for found in material.surveys if found.state != "cancelled"), None)
    if survey is None:
        text = f"关联的{WANTED}已取消，须另行调查" if material.surveys else f"尚未关联{WANTED}"
        return _view(criterion, State.MISSING, text, missing=(text,))
    if survey.counts is None:
        text = f"{WANTED}“{survey.title}”尚未截止"
        return _view(criterion, State.PENDING, text, missing=(text,))
    if criterion.rule is None:
        return _without_number(criterion, survey)
    if survey.rule_id != criterion.rule:
        text = f"关联的调查不是按“{get_rule(criterion.rule).title}”进行的"
        return _view(criterion, State.MISSING, text, missing=(text,))
    return _counted(criterion, survey, material)


def _counted(criterion: Criterion, survey: SurveyEvidence, material: Material) -> CriterionView:
    rule = get_rule(criterion.rule or "")
    result = _without_small(_judged(rule, survey))
    judged = _judgement(survey, rule, result)
    summary = f"{survey.title}：{_OUTCOMES[result.outcome]}"
    if survey.others:
        summary += f"（本小区另有 {survey.others} 次同类调查）"
    return _view(
        criterion,
        _STATES[result.outcome],
        summary,
        missing=judged.reasons,
        motion=judged,
        material=material,
    )


def _without_number(criterion: Criterion, survey: SurveyEvidence) -> CriterionView:
    """The source sets no share: a survey that reached somebody is enough, and its rates are shown."""
    rule = get_rule(SATISFACTION_RULE)
    result = _without_small(_judged(rule, survey))
    covered = sum(test.numerator for test in result.tests if test.numerator_kind is Numerator.COVERED)
    lines = "；".join(_rates(result))
    if covered == 0:
        text = "没有一户被调查到，无法评价"
        return _view(criterion, State.UNDECIDABLE, text, missing=(text,))
    return _view(criterion, State.MET, f"已完成调查，文件没有规定比例。{lines}")


def _judged(rule: Rule, survey: SurveyEvidence) -> MotionResult:
    return judge(rule, survey.households, survey.counts or {}, survey.parameters)


def _without_small(result: MotionResult) -> MotionResult:
    """Where the coverage alone fails, what fewer than five said decides nothing and is not told."""
    coverage = [test for test in result.tests if test.numerator_kind is Numerator.COVERED]
    if not coverage or coverage[0].passed or not 0 < coverage[0].numerator < FEWEST:
        return result
    reasons = tuple(reason for reason in result.reasons if "满意" not in reason.message)
    return MotionResult(result.outcome, tuple(coverage), reasons)


def _judgement(survey: SurveyEvidence, rule: Rule, result: MotionResult) -> MotionJudgement:
    beside = [f"参考（较宽口径，不作为依据）：{line_of(test)}" for test in result.beside]
    return MotionJudgement(
        motion_id=survey.survey_id,
        title=survey.title,
        rule_id=rule.id,
        rule_title=rule.title,
        clause=rule.clause,
        status=str(profile_of(rule.id).status),
        outcome=str(result.outcome),
        lines=(*(line_of(test) for test in result.tests), *beside),
        reasons=tuple(reason.message for reason in result.reasons),
        parameters=dict(survey.parameters),
        result=motion_json(survey.survey_id, result),
    )


def _rates(result: MotionResult) -> Iterable[str]:
    """Yield the sums without the bounds, which another place has set for itself."""
    return (line_of(test).partition("；")[0] for test in result.tests)


def _view(
    criterion: Criterion,
    state: State,
    summary: str,
    *,
    missing: tuple[str, ...] = (),
    motion: MotionJudgement | None = None,
    material: Material | None = None,
) -> CriterionView:
    motions = () if motion is None else (motion,)
    decisions = {} if material is None else material.decisions
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
        numbers=used_numbers(motions, decisions),
        local_decisions=open_decisions(motions),
    )
