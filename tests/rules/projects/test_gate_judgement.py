"""Every profile at every gate: what passes, what fails, what cannot be decided, and what is said."""

from __future__ import annotations

import pytest

from backend.policies.rules.gates import Gate
from backend.projects.rules.gate import judge_gate, profile_version, rules_of_gate
from backend.projects.rules.material import (
    CriterionView,
    EstateFacts,
    Material,
    State,
    Verdict,
    verdict_of,
    verdict_title,
)
from backend.tally.rule import load_profiles
from tests.rules.projects.gate_material import (
    GENERAL,
    GOOD,
    SPECIAL,
    all_records,
    ballot,
    canvass,
    decided,
    material,
    motion,
    plan,
    records,
)

PROFILES = sorted(set(load_profiles()))
WITH_NUMBERS_LEFT_OPEN = {
    "cn-civil-code": "cn-50-2021/inclusion",
    "cn-50-2021": "cn-50-2021/inclusion",
    "ningxia-2021": "ningxia-2021",
    "sichuan-2020": "sichuan-2020",
    "litong-2026": "litong-2026",
}
SHARES = {"participation_share": "3/4", "consent_share": "3/4", "consent": "participating"}


def verdict(profile: str, gate: Gate, before: Material) -> Verdict:
    return verdict_of(judge_gate(profile, gate, before))


def by_id(profile: str, gate: Gate, before: Material) -> dict[str, CriterionView]:
    return {found.id: found for found in judge_gate(profile, gate, before)}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("gate", list(Gate))
def test_nothing_passes_on_nothing_and_says_what_is_missing(profile: str, gate: Gate) -> None:
    criteria = judge_gate(profile, gate, Material(EstateFacts(None, None, None, None)))
    assert verdict_of(criteria) is Verdict.UNDECIDABLE
    for found in criteria:
        assert found.state in (State.MISSING, State.UNDECIDABLE)
        assert found.missing
        assert found.clause


@pytest.mark.parametrize("gate", list(Gate))
def test_without_a_profile_no_gate_can_be_decided(gate: Gate) -> None:
    criteria = judge_gate(None, gate, material())
    assert verdict_of(criteria) is Verdict.UNDECIDABLE
    assert "政策口径" in criteria[0].missing[0]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (GOOD, Verdict.PASSABLE),
        (EstateFacts(2000, False, False, False), Verdict.PASSABLE),
        (EstateFacts(2001, False, False, False), Verdict.FAILING),
        (EstateFacts(1995, True, False, False), Verdict.FAILING),
        (EstateFacts(1995, False, True, False), Verdict.FAILING),
        (EstateFacts(1995, False, False, True), Verdict.FAILING),
        (EstateFacts(None, False, False, False), Verdict.UNDECIDABLE),
    ],
)
def test_eligibility_by_age_and_kind(profile: str, facts: EstateFacts, expected: Verdict) -> None:
    assert verdict(profile, Gate.ELIGIBILITY, material(facts=facts)) is expected


@pytest.mark.parametrize("profile", PROFILES)
def test_the_locality_may_move_the_year(profile: str) -> None:
    facts = EstateFacts(2004, False, False, False)
    moved = decided(f"{profile}/eligibility", built_before_year="2005")
    built = by_id(profile, Gate.ELIGIBILITY, material(facts=facts, decisions=moved))["built"]
    assert built.state is State.MET
    assert built.numbers[0].document == "当地文件"
    assert built.local_decisions == ()
    still_default = by_id(profile, Gate.ELIGIBILITY, material(facts=GOOD))["built"]
    assert still_default.local_decisions


@pytest.mark.parametrize(
    ("voted", "agreed", "reading", "expected"),
    [
        (75, 57, None, Verdict.UNDECIDABLE),  # vector 7: 76 % of participants, 57 % of the roll
        (75, 57, "participating", Verdict.PASSABLE),
        (75, 57, "roll", Verdict.FAILING),
        (75, 75, None, Verdict.PASSABLE),  # both readings pass
        (74, 74, None, Verdict.FAILING),  # too few took part
        (80, 59, None, Verdict.FAILING),  # both readings fail
        (0, 0, None, Verdict.UNDECIDABLE),  # no denominator
    ],
)
def test_gansu_inclusion(voted: int, agreed: int, reading: str | None, expected: Verdict) -> None:
    rule = "gansu-2022/inclusion"
    decisions = decided(rule, consent=reading) if reading else {}
    before = material(canvass(rule, voted, agreed), decisions=decisions)
    assert verdict("gansu-2022", Gate.INCLUSION, before) is expected


def test_gansu_inclusion_shows_the_consequence_and_the_local_decision_needed() -> None:
    found = by_id("gansu-2022", Gate.INCLUSION, material(canvass("gansu-2022/inclusion", 75, 57)))[
        "willingness"
    ]
    assert found.state is State.UNDECIDABLE
    assert "中央财政" in (found.consequence or "")
    assert any("同意率的分母" in text for text in found.local_decisions)
    assert "参与户数 75 户，名册户数 100 户，占 75.00%；应不低于 75%，达到" in found.motions[0].lines


def test_both_questions_of_the_canvass_are_needed() -> None:
    before = material(canvass("gansu-2022/inclusion", 90, 90, questions=1))
    found = by_id("gansu-2022", Gate.INCLUSION, before)["willingness"]
    assert found.state is State.MISSING
    assert "2 个事项" in found.missing[0]


def test_one_failed_question_fails_the_gate() -> None:
    rule = "gansu-2022/inclusion"
    held = ballot("canvass", motion("a", rule, voted=90, agreed=90), motion("b", rule, voted=90, agreed=50))
    assert verdict("gansu-2022", Gate.INCLUSION, material(held)) is Verdict.FAILING


@pytest.mark.parametrize(("profile", "rule"), sorted(WITH_NUMBERS_LEFT_OPEN.items()))
def test_numbers_left_to_the_locality_refuse_until_set(profile: str, rule: str) -> None:
    attached = all_records(profile, Gate.INCLUSION)
    everybody = canvass(rule, 100, 100)
    assert verdict(profile, Gate.INCLUSION, material(everybody, attached=attached)) is Verdict.UNDECIDABLE
    half = decided(rule, participation_share="3/4")
    assert verdict(profile, Gate.INCLUSION, material(everybody, attached=attached, decisions=half)) is (
        Verdict.UNDECIDABLE
    )
    full = decided(rule, **SHARES)
    ready = material(everybody, attached=attached, decisions=full)
    assert verdict(profile, Gate.INCLUSION, ready) is Verdict.PASSABLE
    few = material(canvass(rule, 74, 74), attached=attached, decisions=full)
    assert verdict(profile, Gate.INCLUSION, few) is Verdict.FAILING
    bare = material(everybody, decisions=full)
    assert verdict(profile, Gate.INCLUSION, bare) is Verdict.UNDECIDABLE


def test_what_was_frozen_with_the_ballot_prevails_over_a_later_number() -> None:
    rule = "gansu-2022/inclusion"
    asked = [motion(f"q{n}", rule, voted=75, agreed=57, parameters={"consent": "roll"}) for n in range(2)]
    before = material(ballot("canvass", *asked), decisions=decided(rule, consent="participating"))
    assert verdict("gansu-2022", Gate.INCLUSION, before) is Verdict.FAILING


def test_a_later_default_never_changes_a_count() -> None:
    rule = "gansu-2022/inclusion"
    before = material(canvass(rule, 75, 75), decisions=decided(rule, abstain="absent"))
    found = by_id("gansu-2022", Gate.INCLUSION, before)["willingness"]
    assert "abstain" not in found.motions[0].parameters


def test_heilongjiang_asks_every_precondition_and_no_count() -> None:
    needed = all_records("heilongjiang-2021", Gate.INCLUSION)
    assert verdict("heilongjiang-2021", Gate.INCLUSION, material(attached=needed)) is Verdict.PASSABLE
    for left_out in needed:
        rest = tuple(record for record in needed if record is not left_out)
        assert verdict("heilongjiang-2021", Gate.INCLUSION, material(attached=rest)) is Verdict.UNDECIDABLE


@pytest.mark.parametrize(
    ("rules", "voted", "agreed", "plan_state", "statutory_state"),
    [
        ((GENERAL,), 70, 60, State.NOT_MET, State.MET),  # vector 1: 60 % of the roll
        ((SPECIAL,), 70, 60, State.NOT_MET, State.MET),
        ((SPECIAL,), 100, 72, State.MET, State.NOT_MET),  # vector 2
        ((GENERAL,), 100, 72, State.MET, State.MET),
        ((GENERAL,), 66, 66, State.NOT_MET, State.NOT_MET),  # vector 3: no quorum
        ((GENERAL,), 100, 70, State.MET, State.MET),
        ((GENERAL,), 100, 69, State.NOT_MET, State.MET),
    ],
)
def test_gansu_start_needs_both_the_policy_and_the_civil_code(
    rules: tuple[str, ...], voted: int, agreed: int, plan_state: State, statutory_state: State
) -> None:
    held = plan("gansu-2022/plan", *rules, voted=voted, agreed=agreed)
    before = material(held, attached=all_records("gansu-2022", Gate.START))
    found = by_id("gansu-2022", Gate.START, before)
    assert (found["plan"].state, found["statutory"].state) == (plan_state, statutory_state)
    both = plan_state is State.MET and statutory_state is State.MET
    assert (verdict("gansu-2022", Gate.START, before) is Verdict.PASSABLE) == both


@pytest.mark.parametrize("profile", sorted(set(PROFILES) - {"gansu-2022"}))
@pytest.mark.parametrize(
    ("rule", "voted", "agreed", "expected"),
    [
        (GENERAL, 80, 41, Verdict.PASSABLE),  # vector 4
        (GENERAL, 80, 40, Verdict.FAILING),
        (SPECIAL, 80, 60, Verdict.PASSABLE),  # vector 5
        (SPECIAL, 80, 59, Verdict.FAILING),
        (GENERAL, 66, 66, Verdict.FAILING),
    ],
)
def test_start_elsewhere_is_the_statutory_share(
    profile: str, rule: str, voted: int, agreed: int, expected: Verdict
) -> None:
    held = plan(rule, voted=voted, agreed=agreed)
    before = material(held, attached=all_records(profile, Gate.START))
    assert verdict(profile, Gate.START, before) is expected


def test_the_statutory_share_may_be_written_as_the_notice_does() -> None:
    asked = motion("p", "cn-50-2021/plan", voted=80, agreed=60, parameters={"motion_class": "special"})
    attached = all_records("cn-50-2021", Gate.START)
    before = material(ballot("plan", asked), attached=attached)
    assert verdict("cn-50-2021", Gate.START, before) is Verdict.PASSABLE
    unclassed = motion("p", "cn-50-2021/plan", voted=80, agreed=60)
    assert verdict("cn-50-2021", Gate.START, material(ballot("plan", unclassed), attached=attached)) is (
        Verdict.UNDECIDABLE
    )


def test_every_motion_of_a_plan_needs_its_class_and_the_policy_rule() -> None:
    classed = motion("a", "gansu-2022/plan", GENERAL, voted=90, agreed=90)
    bare = motion("b", "gansu-2022/plan", voted=90, agreed=90)
    before = material(ballot("plan", classed, bare), attached=all_records("gansu-2022", Gate.START))
    found = by_id("gansu-2022", Gate.START, before)
    assert found["statutory"].state is State.MISSING
    assert "事项b" in found["statutory"].missing[0]
    only_statutory = motion("c", GENERAL, voted=90, agreed=90)
    unasked = by_id("gansu-2022", Gate.START, material(ballot("plan", classed, only_statutory)))
    assert unasked["plan"].state is State.MISSING


def test_hiring_a_company_needs_a_vote_of_the_owners() -> None:
    held = plan("gansu-2022/plan", GENERAL, voted=100, agreed=90)
    attached = records("management_minutes", "fee_confirmation", "mode_with_company")
    without = material(held, attached=attached)
    assert by_id("gansu-2022", Gate.START, without)["hiring"].state is State.MISSING
    hired = ballot("property_management", motion("m", GENERAL, voted=80, agreed=41))
    assert verdict("gansu-2022", Gate.START, material(held, hired, attached=attached)) is Verdict.PASSABLE
    refused = ballot("property_management", motion("m", GENERAL, voted=80, agreed=40))
    assert verdict("gansu-2022", Gate.START, material(held, refused, attached=attached)) is Verdict.FAILING


@pytest.mark.parametrize("left_out", ["management_minutes", "fee_confirmation", "mode_without_company"])
def test_start_waits_for_each_record_of_property_management(left_out: str) -> None:
    held = plan("gansu-2022/plan", GENERAL, voted=100, agreed=90)
    rest = tuple(record for record in all_records("gansu-2022", Gate.START) if record.requirement != left_out)
    assert verdict("gansu-2022", Gate.START, material(held, attached=rest)) is Verdict.UNDECIDABLE


@pytest.mark.parametrize("state", ["draft", "notice", "open", "counting", "sealed", "suspended"])
def test_nothing_of_an_unpublished_result_is_shown(state: str) -> None:
    held = plan("gansu-2022/plan", GENERAL, voted=100, agreed=10, state=state)
    found = by_id("gansu-2022", Gate.START, material(held))["plan"]
    assert found.state is State.PENDING
    assert (found.motions, found.numbers) == ((), ())
    assert "10" not in found.summary


@pytest.mark.parametrize(("agreed", "word"), [(90, "通过"), (10, "未通过")])
def test_a_preliminary_result_is_shown_but_decides_nothing(agreed: int, word: str) -> None:
    held = plan("gansu-2022/plan", GENERAL, voted=100, agreed=agreed, state="preliminary")
    before = material(held, attached=all_records("gansu-2022", Gate.START))
    found = by_id("gansu-2022", Gate.START, before)["plan"]
    assert found.state is State.PENDING
    assert word in found.summary
    assert verdict("gansu-2022", Gate.START, before) is Verdict.UNDECIDABLE


@pytest.mark.parametrize("state", ["voided", "cancelled"])
def test_a_voided_ballot_counts_for_nothing(state: str) -> None:
    held = plan("gansu-2022/plan", GENERAL, voted=100, agreed=90, state=state)
    found = by_id("gansu-2022", Gate.START, material(held))["plan"]
    assert found.state is State.MISSING
    assert "作废" in found.summary


@pytest.mark.parametrize("profile", PROFILES)
def test_acceptance_needs_its_records_and_evaluation_a_survey(profile: str) -> None:
    ready = material(attached=all_records(profile, Gate.ACCEPTANCE))
    assert verdict(profile, Gate.ACCEPTANCE, ready) is Verdict.PASSABLE
    without = tuple(r for r in ready.records if r.requirement != "residents_representatives")
    assert verdict(profile, Gate.ACCEPTANCE, material(attached=without)) is Verdict.UNDECIDABLE
    survey = judge_gate(profile, Gate.EVALUATION, ready)[0]
    assert survey.state is State.MISSING
    assert "尚未关联满意度调查" in survey.missing[0]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("gate", list(Gate))
def test_profile_versions_differ_by_what_is_asked(profile: str, gate: Gate) -> None:
    assert profile_version(profile, gate) == profile_version(profile, gate)
    assert len({profile_version(profile, other) for other in Gate}) == len(Gate)
    assert all(rules_of_gate(profile, gate)) or gate in (Gate.ACCEPTANCE, Gate.EVALUATION)


def test_a_gate_that_is_passed_says_so() -> None:
    assert verdict_title(Verdict.PASSABLE, None) == verdict_title(Verdict.PASSABLE, "failed")
    assert verdict_title(Verdict.PASSABLE, "passed") == "已决定通过"
    assert "不再齐备" in verdict_title(Verdict.FAILING, "passed")
