"""The count of a ballot, and how much of it whom may see when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from backend.ballots.repository import ballots as repository
from backend.ballots.repository import tally as grouped
from backend.ballots.rules.states import PUBLISHED
from backend.ballots.rules.sums import sum_motion
from backend.ballots.tables import Ballot, Motion
from backend.tally.count import MotionResult, Outcome, evaluate, participation_only, reading
from backend.tally.report import comparison_json, motion_json, percent_floor, quantity
from backend.tally.rule import Rule, get_rule, profile_of
from backend.tally.sums import Sums
from backend.tally.weight import Basis, Weights


@dataclass(frozen=True, slots=True)
class RuleCount:
    """One rule on one motion: the sums read under its parameters, and what it says of them."""

    rule: Rule
    parameters: dict[str, str]
    sums: Sums
    result: MotionResult


@dataclass(frozen=True, slots=True)
class MotionCount:
    """A motion's count under each of its rules; the outcome needs them all (domain §2: joined by AND)."""

    motion: Motion
    counts: tuple[RuleCount, ...]

    @property
    def outcome(self) -> Outcome:
        """Return failed if any rule fails, else undecidable if any is, else passed."""
        outcomes = {count.result.outcome for count in self.counts}
        if Outcome.FAILED in outcomes:
            return Outcome.FAILED
        return Outcome.UNDECIDABLE if Outcome.UNDECIDABLE in outcomes else Outcome.PASSED


def count_ballot(session: Session, ballot: Ballot) -> list[MotionCount]:
    """Count every motion from the standing votes now in the database; inside only, see ``disclose_*``."""
    motions = repository.motions_of(session, ballot.id)
    roll = grouped.roll_weights(session, ballot.id)
    patterns = grouped.patterns(session, ballot.id)
    heads = grouped.heads(session, ballot.id, len(motions))
    counted = []
    for motion in motions:
        rows = []
        for rule, parameters in _rules_of(motion):
            sums = sum_motion(motion.position, roll, patterns, heads, reading(rule, parameters))
            rows.append(RuleCount(rule, parameters, sums, evaluate(rule, sums, parameters)))
        counted.append(MotionCount(motion, tuple(rows)))
    return counted


def participation(session: Session, ballot: Ballot) -> dict[str, Any]:
    """Return what anybody of the estate may see while voting runs: who took part, never what was said.

    ``for`` sums, shortfalls and outcomes are absent (threats.md). The rate's denominator is the whole roll. Until the
    result is published every standing paper takes part, whatever its marks and however a rule reads them: else
    who voted, told by door, and this sum would together tell who abstained. Afterwards it is as counted.
    """
    motions = _counted(session, ballot) if ballot.state in PUBLISHED else turnout_of(session, ballot)
    roll = motions[0][1][0][2].roll if motions else Weights()
    shown = [
        {
            "motion": motion_id,
            "participating": _weights_json(uses[0][2].participating),
            "tests": [
                {"rule": rule.id, **comparison_json(test)}
                for rule, parameters, sums in uses
                for test in participation_only(rule, sums, parameters)
            ],
        }
        for motion_id, uses in motions
    ]
    return {"roll": _weights_json(roll), "motions": shown}


def moment_of(session: Session, ballot: Ballot) -> tuple[int, dict[str, int]]:
    """Return what changes with everything a count is made of: votes, the roll, the ballot itself."""
    return ballot.version, grouped.votes_by_state(session, ballot.id)


# A motion's id, and for each of its rules the parameters and the sums read under them.
Uses = list[tuple[Rule, dict[str, str], Sums]]


def _counted(session: Session, ballot: Ballot) -> list[tuple[str, Uses]]:
    return [
        (item.motion.id, [(count.rule, count.parameters, count.sums) for count in item.counts])
        for item in count_ballot(session, ballot)
    ]


def turnout_of(session: Session, ballot: Ballot) -> list[tuple[str, Uses]]:
    """Return participation without looking at what was said: one pass, the same for every motion and reading.

    The denominators are the ballot's own columns, which amendments keep (``service/amendments``).
    """
    motions = [(motion.id, _rules_of(motion)) for motion in repository.motions_of(session, ballot.id)]
    given = grouped.turnout(session, ballot.id)
    roll = Weights(
        int(ballot.roll_area_centi or 0), int(ballot.roll_heads or 0), int(ballot.roll_households or 0)
    )
    if ballot.roll_area_centi is None:
        roll = grouped.roll_weights(session, ballot.id)
    missing = Weights(roll.area - given.area, roll.heads - given.heads, roll.households - given.households)
    sums = Sums(roll=roll, participating=given, unvoted=missing)
    return [(motion_id, [(rule, values, sums) for rule, values in rules]) for motion_id, rules in motions]


def _rules_of(motion: Motion) -> list[tuple[Rule, dict[str, str]]]:
    rule_ids = (motion.rule_id, *(motion.joined_rule_ids or ()))
    return [(get_rule(rule_id), dict((motion.parameters or {}).get(rule_id, {}))) for rule_id in rule_ids]


def result_json(counted: list[MotionCount]) -> list[dict[str, Any]]:
    """Return the full result of every motion as stored at sealing and published."""
    return [
        {
            "motion": item.motion.id,
            "title": item.motion.title,
            "outcome": item.outcome.value,
            "rules": [_rule_json(item.motion.id, count) for count in item.counts],
        }
        for item in counted
    ]


def _rule_json(motion_id: str, count: RuleCount) -> dict[str, Any]:
    profile = profile_of(count.rule.id)
    rates = [percent_floor(test.numerator, test.denominator) for test in count.result.tests]
    return {
        "rule": count.rule.id,
        "title": count.rule.title,
        "clause": count.rule.clause,
        "status": profile.status.value,
        "parameters": count.parameters,
        "reasons": [{"code": reason.code, "message": reason.message} for reason in count.result.reasons],
        "rates": rates,
        **motion_json(motion_id, count.result),
    }


def _weights_json(weights: Weights) -> dict[str, str]:
    return {basis.value: quantity(weights.on(basis), basis) for basis in Basis}
