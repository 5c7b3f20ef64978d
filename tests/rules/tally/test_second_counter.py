"""Random rolls and papers, counted by two programs that share no code."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.tally.weight import Basis, Choice, Roll, RollEntry, Satisfaction
from tests.rules.tally import second_counter
from tests.rules.tally.rolls import decide

Row = tuple[str, str, str, bool]


@st.composite
def ballots(draw: st.DrawFn, scale: list[str]) -> tuple[list[Row], dict[str, str]]:
    size = draw(st.integers(0, 14))
    roll = [
        (
            f"e{i}",
            f"o{draw(st.integers(0, 7))}",
            f"{draw(st.integers(1, 150)) / 100:.2f}",
            draw(st.integers(0, 4)) > 0,
        )
        for i in range(size)
    ]
    choice = st.sampled_from([scale[0]] * 4 + [*scale, ""])
    votes = {row[0]: said for row in roll if (said := draw(choice))}
    return roll, votes


def first_counter(name: str, roll: list[Row], votes: dict[str, str]) -> tuple[str, list[tuple[object, ...]]]:
    rule, _, setting = name.partition(" ")
    entries = [RollEntry(entry, owner, int(m2.replace(".", "")), home) for entry, owner, m2, home in roll]
    result = decide(rule, Roll(entries), votes, **(dict([setting.split("=")]) if setting else {}))
    rows: list[tuple[object, ...]] = []
    for test in result.tests:
        unit = Fraction(1, 100) if test.basis is Basis.AREA else Fraction(1)
        rows.append(
            (
                *(test.basis, test.numerator_kind, test.denominator_kind),
                *(test.numerator * unit, test.denominator * unit, test.threshold, test.operator),
                *(test.passed, None if test.shortfall is None else test.shortfall * unit, test.reachable),
            )
        )
    return result.outcome.value, rows


@pytest.mark.parametrize("name", [name for name in second_counter.RULES if "satisfaction" not in name])
@settings(max_examples=120)
@given(data=st.data())
def test_both_counters_agree_on_votes(name: str, data: st.DataObject) -> None:
    roll, votes = data.draw(ballots([choice.value for choice in Choice]))
    assert first_counter(name, roll, votes) == second_counter.count(name, roll, votes)


@settings(max_examples=300)
@given(ballot=ballots([answer.value for answer in Satisfaction]))
def test_both_counters_agree_on_surveys(ballot: tuple[list[Row], dict[str, str]]) -> None:
    name = "gansu-2022/satisfaction"
    assert first_counter(name, *ballot) == second_counter.count(name, *ballot)
