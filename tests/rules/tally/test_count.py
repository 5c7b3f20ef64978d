"""What is counted as what: heads, divided owners, zero denominators, readings, and properties that always hold."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backend.tally.count import (
    NotCounted,
    Outcome,
    TestResult,
    count_votes,
    evaluate,
    local_decisions,
    participation_only,
)
from backend.tally.definition import Denominator, Numerator, Operator, Rule, RuleKind, Test
from backend.tally.parameter import ParameterError
from backend.tally.rule import get_rule, list_rules
from backend.tally.sums import Sums
from backend.tally.weight import Basis, Roll, RollEntry, Weights
from tests.rules.tally.rolls import decide, homes, papers

COUNTED = [rule for rule in list_rules() if rule.kind is RuleKind.COUNTED and not rule.is_survey]
AT_LEAST, MORE_THAN = Operator.AT_LEAST, Operator.MORE_THAN


def three_homes_of_one() -> Roll:
    return Roll(RollEntry(entry, "same", 100, is_household=True) for entry in ("a", "b", "c"))


@pytest.mark.parametrize(
    ("votes", "participating", "agreeing", "unvoted"),
    [
        ({}, 0, 0, 1),
        ({"a": "for"}, 1, 1, 0),
        ({"a": "for", "b": "for"}, 1, 1, 0),
        ({"a": "for", "b": "against"}, 1, 0, 0),
        ({"a": "for", "b": "abstain"}, 1, 0, 0),
        ({"a": "for", "b": "invalid"}, 1, 1, 0),
        ({"a": "invalid"}, 0, 0, 0),
    ],
)
def test_a_head_is_for_when_every_participating_entry_of_it_is(
    votes: dict[str, str], participating: int, agreeing: int, unvoted: int
) -> None:
    sums = count_votes(three_homes_of_one(), votes)
    assert (sums.participating.heads, sums.approving.heads, sums.unvoted.heads) == (
        participating,
        agreeing,
        unvoted,
    )


def test_invalid_neither_participates_nor_approves_but_is_a_row() -> None:
    sums = count_votes(homes(3), {"e0": "invalid", "e1": "abstain"})
    assert sums.participating == Weights(8000, 1, 1)
    assert sums.approving == Weights()
    assert sums.unvoted == Weights(8000, 1, 1)


def test_shops_carry_area_and_a_head_but_are_no_household() -> None:
    roll = Roll(
        [RollEntry("shop", "s", 5000, is_household=False), RollEntry("home", "h", 8000, is_household=True)]
    )
    sums = count_votes(roll, {"shop": "for"})
    assert sums.approving == Weights(5000, 1, 0)
    assert sums.roll == Weights(13000, 2, 1)


def test_not_knowing_is_contacted_not_covered() -> None:
    votes = {
        "e0": "unknown",
        "e1": "very_satisfied",
        "e2": "basically",
        "e3": "very_dissatisfied",
        "e4": "invalid",
    }
    sums = count_votes(homes(6), votes)
    assert sums.covered.households == 3
    assert (sums.satisfied.households, sums.satisfied_wide.households) == (1, 2)
    assert sums.unvoted.households == 1


def test_an_entry_or_choice_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="not on the roll"):
        count_votes(homes(1), {"e9": "for"})
    with pytest.raises(ValueError, match="no choice"):
        count_votes(homes(1), {"e0": "yes"})


def test_a_roll_refuses_a_repeated_entry_and_unusable_rows() -> None:
    entry = RollEntry("a", "o", 1, is_household=True)
    for rows in ([entry, entry], [replace(entry, area=0)], [replace(entry, owner="")]):
        with pytest.raises(ValueError, match=r"twice|positive|key"):
            Roll(rows)


@pytest.mark.parametrize("rule", COUNTED, ids=lambda rule: rule.id)
def test_an_empty_roll_is_undecidable(rule: Rule) -> None:
    result = evaluate(rule, count_votes(Roll(), {}), {})
    assert result.outcome is Outcome.UNDECIDABLE
    assert all(not test.passed and not test.reachable for test in result.tests)
    assert result.reasons[0].code == "zero_denominator"


def test_nobody_voting_is_undecidable_and_one_unit_would_mend_the_approval_tests() -> None:
    result = decide("cn-civil-code/general", homes(100), {})
    assert result.outcome is Outcome.UNDECIDABLE
    assert [test.shortfall for test in result.tests] == [533_334, 67, 1, 1]
    assert all(test.reachable for test in result.tests)


def test_unset_numbers_are_undecidable_and_set_ones_decide() -> None:
    roll, votes = homes(100), papers(70, 60)
    for rule_id in ("cn-50-2021/inclusion", "ningxia-2021", "sichuan-2020", "litong-2026"):
        unset = decide(rule_id, roll, votes)
        assert unset.outcome is Outcome.UNDECIDABLE
        assert {reason.code for reason in unset.reasons} == {"number_unset"}
        assert all(test.threshold is None and test.shortfall is None for test in unset.tests)
        numbers = {"participation_share": "0.7", "consent_share": "60%"}
        assert decide(rule_id, roll, votes, **numbers).outcome is Outcome.PASSED  # both readings agree
        assert (
            decide(rule_id, roll, votes, **(numbers | {"consent_share": "61%"})).outcome
            is Outcome.UNDECIDABLE
        )


def test_open_readings_decide_when_the_rule_comes_out_alike() -> None:
    # 74 take part and all agree: 100 % of participants, 74 % of the roll, but too few took part either way.
    assert decide("gansu-2022/inclusion", homes(100), papers(74, 74)).outcome is Outcome.FAILED
    assert decide("gansu-2022/inclusion", homes(100), papers(75, 75)).outcome is Outcome.PASSED
    assert decide("gansu-2022/inclusion", homes(100), papers(76, 56)).outcome is Outcome.FAILED


def test_the_class_of_a_motion_matters_only_where_the_classes_differ() -> None:
    plan, roll = "cn-50-2021/plan", homes(100)
    assert decide(plan, roll, papers(80, 60)).outcome is Outcome.PASSED
    assert decide(plan, roll, papers(80, 50)).outcome is Outcome.UNDECIDABLE
    assert decide(plan, roll, papers(80, 50), motion_class="general").outcome is Outcome.PASSED
    assert decide(plan, roll, papers(80, 40)).outcome is Outcome.FAILED


def test_local_conventions_change_the_count_when_they_are_set() -> None:
    general, roll = "cn-civil-code/general", homes(3)
    abstaining = {"e0": "for", "e1": "abstain", "e2": "abstain"}
    assert decide(general, roll, abstaining).tests[0].numerator == 24000
    assert decide(general, roll, abstaining, abstain="absent").tests[0].numerator == 8000
    invalid = {"e0": "for", "e1": "invalid"}
    assert decide(general, roll, invalid).tests[1].numerator == 1
    assert decide(general, roll, invalid, invalid="participates").tests[1].numerator == 2
    divided = decide(general, three_homes_of_one(), {"a": "for", "b": "against"}, divided_owner="absent")
    assert [(test.numerator, test.denominator) for test in divided.tests] == [
        (200, 300),
        (0, 1),
        (100, 200),
        (0, 0),
    ]


def test_survey_conventions() -> None:
    rule, roll = "gansu-2022/satisfaction", homes(4)
    votes = {"e0": "satisfied", "e1": "basically", "e2": "unknown", "e3": "satisfied"}
    plain = decide(rule, roll, votes)
    assert [(test.numerator, test.denominator) for test in plain.tests] == [(3, 4), (2, 3)]
    assert [(test.numerator, test.denominator) for test in plain.beside] == [(3, 3)]
    wide = decide(rule, roll, votes, satisfied_levels="first_three", unknown="covered")
    assert [(test.numerator, test.denominator) for test in wide.tests] == [(4, 4), (3, 4)]
    assert wide.beside == ()


def test_evidence_only_rules_are_not_counted() -> None:
    rule = get_rule("heilongjiang-2021/inclusion")
    sums = count_votes(homes(1), {})
    for call in (evaluate, participation_only):
        with pytest.raises(NotCounted, match="not decided by counting"):
            call(rule, sums, {})


def test_while_open_only_participation_is_shown() -> None:
    for rule in (rule for rule in list_rules() if rule.tests):
        shown = participation_only(rule, count_votes(homes(3), {}), {})
        assert {test.numerator_kind for test in shown} <= {Numerator.PARTICIPATING, Numerator.COVERED}
        assert {test.denominator_kind for test in shown} <= {Denominator.ROLL}


def test_unknown_parameters_and_values_are_refused() -> None:
    rule, sums = get_rule("gansu-2022/inclusion"), count_votes(homes(1), {})
    for parameters in ({"consent": "both"}, {"abstain": ""}, {"threshold": "1/2"}):
        with pytest.raises(ParameterError):
            evaluate(rule, sums, parameters)
    local = get_rule("ningxia-2021")
    for number in ("0", "1.01", "3/2", "1/0", "-1/2", "", "2/ 3", "1e-2", "０.5", "101%", "nan"):
        with pytest.raises(ParameterError):
            evaluate(local, sums, {"consent_share": number})
    assert [p.name for p in local_decisions(rule, {"consent": "roll"})] == ["abstain", "invalid"]


weights = st.integers(0, 3000)
TESTS = [
    (Numerator.PARTICIPATING, Denominator.ROLL),
    (Numerator.FOR, Denominator.ROLL),
    (Numerator.FOR, Denominator.PARTICIPATING),
]


def one_test(
    kinds: tuple[Numerator, Denominator], threshold: Fraction, operator: Operator, sums: Sums
) -> TestResult:
    test = Test(Basis.HEADS, *kinds, operator, threshold)
    return evaluate(Rule("t", "t", "t", RuleKind.COUNTED, (test,)), sums, {}).tests[0]


@given(
    st.sampled_from(TESTS),
    st.fractions(Fraction(1, 100), 1, max_denominator=100),
    st.sampled_from([AT_LEAST, MORE_THAN]),
    st.lists(weights, min_size=3, max_size=3).map(sorted),
)
def test_adding_the_shortfall_passes_and_one_unit_less_does_not(
    kinds: tuple[Numerator, Denominator], threshold: Fraction, operator: Operator, amounts: list[int]
) -> None:
    assume(threshold < 1 or operator is AT_LEAST)
    agreeing, participating, everybody = amounts
    result = one_test(kinds, threshold, operator, sums_of(agreeing, participating, everybody))
    if result.shortfall is None:
        hopeless = everybody == 0 and kinds[1] is Denominator.ROLL
        nobody_may_refuse = threshold == 1 and kinds[1] is Denominator.PARTICIPATING
        assert result.passed or hopeless or nobody_may_refuse
        return
    for units, passes in ((result.shortfall, True), (result.shortfall - 1, False)):
        more = sums_of(agreeing + units, participating + units, everybody)
        assert one_test(kinds, threshold, operator, more).passed is passes


def sums_of(agreeing: int, participating: int, everybody: int) -> Sums:
    return Sums(Weights(0, everybody), Weights(0, participating), Weights(0, agreeing))


def test_unanimity_is_never_mended_once_somebody_refused() -> None:
    kinds = (Numerator.FOR, Denominator.PARTICIPATING)
    assert one_test(kinds, Fraction(1), AT_LEAST, sums_of(9, 10, 10)).shortfall is None
    assert one_test(kinds, Fraction(1), AT_LEAST, sums_of(0, 0, 10)).shortfall == 1


choices = st.sampled_from(["for", "for", "against", "abstain", "invalid"])
owned = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9000), st.booleans()), min_size=1, max_size=15)


def roll_of(rows: list[tuple[int, int, bool]]) -> Roll:
    return Roll(RollEntry(f"e{i}", f"o{owner}", area, home) for i, (owner, area, home) in enumerate(rows))


@given(owned, st.data())
def test_order_is_irrelevant(rows: list[tuple[int, int, bool]], data: st.DataObject) -> None:
    entries = [RollEntry(f"e{i}", f"o{owner}", area, home) for i, (owner, area, home) in enumerate(rows)]
    votes = [(entry.entry, data.draw(choices)) for entry in entries if data.draw(st.booleans())]
    shuffled = Roll(data.draw(st.permutations(entries)))
    assert count_votes(shuffled, dict(data.draw(st.permutations(votes)))) == count_votes(
        Roll(entries), dict(votes)
    )


@pytest.mark.parametrize("rule", COUNTED, ids=lambda rule: rule.id)
@given(data=st.data())
def test_a_new_vote_for_never_turns_pass_into_fail(rule: Rule, data: st.DataObject) -> None:
    """Holds for a new row; also for heads: an owner's further FOR leaves a head for, or as divided as it was."""
    roll = roll_of(data.draw(owned))
    votes = {entry: data.draw(choices) for entry in roll.positions if data.draw(st.booleans())}
    silent = sorted(set(roll.positions) - set(votes))
    assume(silent)
    before = evaluate(rule, count_votes(roll, votes), {}).outcome
    newcomer = data.draw(st.sampled_from(silent))
    after = evaluate(rule, count_votes(roll, votes | {newcomer: "for"}), {}).outcome
    assert before is not Outcome.PASSED or after is Outcome.PASSED


@given(owned, st.data())
def test_reachable_tells_whether_the_silent_could_still_pass_an_area_or_household_test(
    rows: list[tuple[int, int, bool]], data: st.DataObject
) -> None:
    roll = roll_of(rows)
    votes = {entry: data.draw(choices) for entry in roll.positions if data.draw(st.booleans())}
    all_agree = {entry: votes.get(entry, "for") for entry in roll.positions}
    for rule_id in ("cn-civil-code/special", "gansu-2022/plan"):
        now, then = decide(rule_id, roll, votes), decide(rule_id, roll, all_agree)
        for test, at_best in zip(now.tests, then.tests, strict=True):
            if test.basis is not Basis.HEADS:
                assert test.reachable is at_best.passed
