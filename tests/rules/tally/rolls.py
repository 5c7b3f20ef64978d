"""Small rolls and papers for the counting tests."""

from __future__ import annotations

from backend.tally.count import MotionResult, Outcome, count_votes, evaluate, reading
from backend.tally.rule import get_rule
from backend.tally.weight import Roll, RollEntry


def homes(number: int, *, area: int = 8000, owned_by_one: int = 0) -> Roll:
    """Equal homes e0…; the first ``owned_by_one`` of them belong to one owner."""
    return Roll(
        RollEntry(f"e{i}", "o0" if i < owned_by_one else f"o{i}", area, is_household=True)
        for i in range(number)
    )


def papers(voting: int, agreeing: int, yes: str = "for", no: str = "against") -> dict[str, str]:
    """The first ``voting`` entries take part, the first ``agreeing`` of them say yes."""
    return {f"e{i}": yes if i < agreeing else no for i in range(voting)}


def decide(rule_id: str, roll: Roll, votes: dict[str, str], **parameters: str) -> MotionResult:
    rule = get_rule(rule_id)
    return evaluate(rule, count_votes(roll, votes, reading(rule, parameters)), parameters)


def outcome(rule_id: str, voting: int, agreeing: int, **parameters: str) -> Outcome:
    """The outcome for 100 equal homes with distinct owners, all households."""
    return decide(rule_id, homes(100), papers(voting, agreeing), **parameters).outcome
