"""The result of a rehearsal: one row per estate with every rate, gate and shortfall, as JSON and as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.rehearsal.cast import EstatePlay, Gate
from backend.rehearsal.scenario import Scenario
from backend.rehearsal.world import area_text
from backend.tally.report import percent_floor

Json = dict[str, Any]
OUTCOMES = ("passed", "failed", "undecidable")
NOT_REACHED = "not_reached"
_UNITS = {"area": "平方米", "heads": "人", "households": "户"}
_BASES = {"area": "面积", "heads": "人数", "households": "户数"}
_KINDS = {"participating": "参与", "for": "同意"}


@dataclass(frozen=True, slots=True)
class EstateRow:
    """One estate; ``canvass`` and ``plan`` are None where no vote was held. Rates are rounded down."""

    name: str
    town: str
    community: str
    buildings: int
    households: int
    area_centi: int
    eligibility: str
    canvass: Json | None
    inclusion: str
    plan: Json | None
    start: str
    acceptance: str
    evaluation: str
    missing: tuple[str, ...]
    votes: int

    def to_json(self) -> Json:
        """Return the object of ``--json``."""
        return {
            "estate": self.name,
            "town": self.town,
            "community": self.community,
            "buildings": self.buildings,
            "households": self.households,
            "exclusive_area": area_text(self.area_centi),
            "eligibility": self.eligibility,
            "canvass": self.canvass,
            "inclusion": self.inclusion,
            "plan": self.plan,
            "start": self.start,
            "acceptance": self.acceptance,
            "evaluation": self.evaluation,
            "missing": list(self.missing),
        }


def row_of(estate: EstatePlay, scenario: Scenario, counted: Mapping[str, Json]) -> EstateRow:
    """Build an estate's row from the gates as the product showed them; ``counted``: kind → participation."""
    world, gates = estate.world, estate.gates
    community = scenario.communities[world.script.community]
    start = gates.get("start")
    return EstateRow(
        name=world.script.name,
        town=community.town,
        community=community.name,
        buildings=world.script.buildings,
        households=len(world.homes),
        area_centi=world.area_centi,
        eligibility=gates["eligibility"].outcome,
        canvass=_ballot_json(gates["inclusion"], counted.get("canvass")),
        inclusion=gates["inclusion"].outcome,
        plan=None if start is None else _ballot_json(start, counted.get("plan")),
        start=_outcome(start),
        acceptance=_outcome(gates.get("acceptance")),
        evaluation=_outcome(gates.get("evaluation")),
        missing=_missing(start or gates["inclusion"], estate.refusal),
        votes=sum(int(page["motions"][0]["participating"]["households"]) for page in counted.values()),
    )


def _outcome(gate: Gate | None) -> str:
    return NOT_REACHED if gate is None else gate.outcome


def _ballot_json(gate: Gate, counted: Json | None) -> Json | None:
    if counted is None:
        return None
    taking_part = counted["motions"][0]["participating"]
    roll = counted["roll"]
    return {
        "roll": roll,
        "participating": taking_part,
        "participation": {basis: _rate(taking_part[basis], roll[basis]) for basis in _BASES},
        "motions": [_motion_json(motion) for motion in _motions(gate)],
    }


def _motions(gate: Gate) -> list[Json]:
    criteria: Any = gate.page["criteria"]
    return [motion for criterion in criteria for motion in criterion["motions"]]


def _motion_json(motion: Json) -> Json:
    tests = [
        test | {"rate": _rate(test["numerator"], test["denominator"])} for test in motion["result"]["tests"]
    ]
    return {
        "title": motion["title"],
        "rule": motion["rule_id"],
        "parameters": motion["parameters"],
        "outcome": motion["outcome"],
        "tests": tests,
    }


def _rate(numerator: str, denominator: str) -> str | None:
    return percent_floor(int(numerator.replace(".", "")), int(denominator.replace(".", "")))


def _missing(gate: Gate, refusal: Sequence[str]) -> tuple[str, ...]:
    """Say what keeps the estate from going on: shortfalls first, then what else the product asks for."""
    if gate.outcome == "passed":
        return ()
    if refusal:
        return tuple(refusal)
    short = [_shortfall(motion, test) for motion in _motions(gate) for test in motion["result"]["tests"]]
    found = list(dict.fromkeys(text for text in short if text))
    if gate.outcome == "failed":
        return tuple(found)
    return tuple(dict.fromkeys([*gate.reasons, *found]))


def _shortfall(motion: Json, test: Json) -> str | None:
    if test["passed"] or test["shortfall"] is None:
        return None
    of = "（占名册）" if test["denominator_kind"] == "roll" else "（占参与）"
    kind, basis = _KINDS[test["numerator_kind"]], test["basis"]
    what = f"{kind}{_BASES[basis]}{of}还差 {test['shortfall']} {_UNITS[basis]}"
    return what if test["numerator_kind"] == "participating" else f"“{motion['title']}”{what}"


def totals_of(rows: Sequence[EstateRow], votes: int, arrivals: int) -> Json:
    """Return the sums over all estates; ``votes`` are the papers that count, ``arrivals`` all that were recorded."""
    names = ("eligibility", "inclusion", "start", "acceptance", "evaluation")
    gates = {name: Counter(getattr(row, name) for row in rows) for name in names}
    return {
        "estates": len(rows),
        "buildings": sum(row.buildings for row in rows),
        "households": sum(row.households for row in rows),
        "exclusive_area": area_text(sum(row.area_centi for row in rows)),
        "votes": votes,
        "papers_recorded": arrivals,
        "gates": {
            **{outcome: sum(found[outcome] for found in gates.values()) for outcome in OUTCOMES},
            **{name: {outcome: found[outcome] for outcome in OUTCOMES} for name, found in gates.items()},
        },
    }
