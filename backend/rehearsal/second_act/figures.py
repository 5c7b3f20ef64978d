"""What came of the works, estate by estate: survey, hotline, register, evaluation; and what was checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from backend.rehearsal.message_checks import Checked
from backend.rehearsal.report import NOT_REACHED
from backend.rehearsal.second_act.checks import THREE_RATES, check_act
from backend.rehearsal.second_act.gathering import Script, Seen, SurveySeen, gather
from backend.rehearsal.second_act.site import Site
from backend.rehearsal.theatre import Theatre
from backend.tally.report import percent_floor

Json = dict[str, Any]
_KINDS = {"covered": "已调查户数（占名册）", "satisfied": "满意户数（占已调查）"}


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One estate after its start; ``survey`` is None where none was held. Rates in percent, rounded down.

    ``missing``: what keeps the evaluation from passing; ``consequence``: what the policy says follows.
    """

    name: str
    survey: Json | None
    evaluation: str
    hotline: Json
    register: Mapping[str, int]
    missing: tuple[str, ...] = ()
    consequence: str | None = None

    def to_json(self) -> Json:
        """Return the object of ``--json``."""
        return {
            "estate": self.name,
            "survey": self.survey,
            "evaluation": self.evaluation,
            "hotline": self.hotline,
            "register": dict(self.register),
            "missing": list(self.missing),
            "consequence": self.consequence,
        }


@dataclass(frozen=True, slots=True)
class AfterStart:
    """Every estate whose works started, the assertions that held, and all that they looked at."""

    rows: tuple[SiteRow, ...]
    checks: tuple[Checked, ...]
    seen: Seen

    def to_json(self) -> Json:
        """Return the object of ``--json``."""
        return {
            "estates": [row.to_json() for row in self.rows],
            "checks": [{"name": check.name, "figure": check.figure} for check in self.checks],
        }


def read_figures(theatre: Theatre, script: Script) -> AfterStart:
    """Read everything back and hold it against the script; raises Unexpected naming the first difference."""
    seen = gather(theatre, script)
    checks = check_act(seen)
    return AfterStart(tuple(_row(seen, site) for site in script.sites), checks, seen)


def _row(seen: Seen, site: Site) -> SiteRow:
    survey = seen.surveys.get(site.estate.id)
    return SiteRow(
        name=site.name,
        survey=None if survey is None else _survey_json(survey),
        evaluation=NOT_REACHED if survey is None else survey.gate.outcome,
        hotline=_hotline_json(seen.hotline[site.estate.id]),
        register=seen.register[site.estate.id],
        missing=() if survey is None else tuple(_missing(survey)),
        consequence=None if survey is None else _consequence(survey),
    )


def _missing(found: SurveySeen) -> Iterator[str]:
    """Say what is short, in households; then what the wider reading would say, which decides nothing."""
    if found.gate.outcome == "passed":
        return
    yield from found.gate.reasons
    [judged] = found.results["judgements"]
    for test in judged["result"]["tests"]:
        if not test["passed"] and test["shortfall"] is not None:
            yield f"{_KINDS[test['numerator_kind']]}还差 {test['shortfall']} 户"
    for test in judged["result"].get("beside", ()):
        if test["passed"]:
            yield "按较宽口径（含基本满意）达到比例，只作参考，不作为依据"


def _consequence(found: SurveySeen) -> str | None:
    criteria: Any = found.gate.page["criteria"]
    said: str | None = criteria[0]["consequence"]
    return said if found.gate.outcome == "failed" else None


def _hotline_json(found: Json) -> Json:
    names = ("registered", "running", "overdue", "closed", "reopened")
    rates = {f"{name}_rate": found[name]["percent"] for name in THREE_RATES}
    return {**{name: found[name] for name in names}, **rates}


def _survey_json(found: SurveySeen) -> Json:
    [judged] = found.results["judgements"]
    result = judged["result"]
    tests = {test["numerator_kind"]: test for test in [*result["tests"], *result.get("beside", ())]}
    rates = {
        name: percent_floor(int(test["numerator"]), int(test["denominator"])) for name, test in tests.items()
    }
    return {
        "households": found.coverage["households"],
        "covered": found.coverage["covered"],
        "coverage_rate": found.coverage["coverage_rate"],
        "satisfaction_rate": rates["satisfied"],
        "satisfaction_rate_wide": rates.get("satisfied_wide"),
        "outcome": judged["outcome"],
    }
