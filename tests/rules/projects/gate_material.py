"""Builders of what lies before a gate: 100 equal homes, distinct owners, all households."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from backend.ballots.rules.evidence import BallotEvidence, MotionEvidence
from backend.policies.rules.gates import Gate, criteria_for
from backend.policies.rules.parameters import LocalDecision
from backend.projects.rules.material import AttachedRecord, EstateFacts, Material
from backend.tally.sums import Sums
from backend.tally.weight import Weights

GOOD = EstateFacts(built_year=1995, is_dangerous=False, is_shantytown_plan=False, is_self_built=False)
GENERAL, SPECIAL = "cn-civil-code/general", "cn-civil-code/special"
Decisions = Mapping[str, Mapping[str, LocalDecision]]


def homes(count: int) -> Weights:
    """Return the weights of so many of the equal homes of 80 m²."""
    return Weights(area=8000 * count, heads=count, households=count)


def sums(voted: int, agreed: int) -> Sums:
    """Return the sums of one motion on the hundred homes."""
    return Sums(
        roll=homes(100), participating=homes(voted), approving=homes(agreed), unvoted=homes(100 - voted)
    )


def motion(
    identifier: str, *rule_ids: str, voted: int, agreed: int, parameters: Mapping[str, str] | None = None
) -> MotionEvidence:
    """Return one motion with its sums."""
    return MotionEvidence(
        identifier, f"事项{identifier}", rule_ids, parameters or {}, sums=sums(voted, agreed)
    )


def ballot(kind: str, *motions: MotionEvidence, state: str = "final") -> BallotEvidence:
    """Return a ballot of the estate ``e``."""
    return BallotEvidence(f"ballot-{kind}", "e", kind, state, f"{kind}表决", motions)


def records(*names: str) -> tuple[AttachedRecord, ...]:
    """Return attached records of these names."""
    return tuple(AttachedRecord(f"r-{name}", name, name, "0" * 64, date(2026, 1, 5)) for name in names)


def all_records(profile: str, gate: Gate) -> tuple[AttachedRecord, ...]:
    """Return every record that the gate asks for, choosing the mode without a company."""
    asked = [record.name for found in criteria_for(profile, gate) for record in found.records]
    return records(*(name for name in asked if name != "mode_with_company"))


def decided(rule_id: str, **values: str) -> Decisions:
    """Return local decisions for one rule."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    day = date(2026, 1, 1)
    return {
        rule_id: {
            name: LocalDecision(f"d-{name}", "o", rule_id, name, value, "当地文件", None, day, "u", at)
            for name, value in values.items()
        }
    }


def canvass(
    rule_id: str, voted: int, agreed: int, *, questions: int = 2, state: str = "final"
) -> BallotEvidence:
    """Return a canvass with so many questions, all answered alike."""
    asked = [motion(f"q{n}", rule_id, voted=voted, agreed=agreed) for n in range(questions)]
    return ballot("canvass", *asked, state=state)


def plan(*rule_ids: str, voted: int, agreed: int, state: str = "final") -> BallotEvidence:
    """Return a plan vote of one motion."""
    return ballot("plan", motion("p", *rule_ids, voted=voted, agreed=agreed), state=state)


def material(
    *ballots: BallotEvidence,
    attached: tuple[AttachedRecord, ...] = (),
    decisions: Decisions | None = None,
    facts: EstateFacts = GOOD,
) -> Material:
    """Return the material of a gate."""
    return Material(facts, ballots, attached, decisions or {})
