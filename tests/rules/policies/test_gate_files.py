"""Gate files: complete for every profile, refused when wrong, and what may be set locally."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from backend.policies.rules.gates import (
    CriterionKind,
    Gate,
    GateFileError,
    ballot_kinds_of,
    criteria_for,
    load_gates,
    read_gates,
    records_of,
)
from backend.policies.rules.parameters import LocalDecision, in_force, open_parameters, settable
from backend.tally.parameter import ParameterError
from backend.tally.rule import get_rule, load_profiles

_BASE = """
[[criterion]]
gate = "eligibility"
id = "a"
kind = "records"
title = "t"
clause = "c"
status = "law"
records = [{ name = "r", title = "R" }]
"""


@pytest.mark.parametrize("profile", sorted(load_profiles()))
@pytest.mark.parametrize("gate", list(Gate))
def test_every_profile_asks_something_with_a_clause_at_every_gate(profile: str, gate: Gate) -> None:
    criteria = criteria_for(profile, gate)
    assert criteria
    for criterion in criteria:
        assert criterion.title
        assert criterion.clause
        assert criterion.status in {"law", "policy", "draft", "local choice"}
        if criterion.rule is not None:
            assert get_rule(criterion.rule).clause == criterion.clause


@pytest.mark.parametrize("profile", sorted(load_profiles()))
def test_start_always_asks_the_civil_code_and_property_management(profile: str) -> None:
    criteria = criteria_for(profile, Gate.START)
    assert {("civil_code", "plan"), ("civil_code", "property_management")} <= {
        (str(found.kind), found.ballot) for found in criteria
    }
    assert {"management_minutes", "fee_confirmation", "mode_without_company"} <= set(
        records_of(profile, Gate.START)
    )
    assert ballot_kinds_of(profile, Gate.START) == {"plan", "property_management"}


def test_gansu_asks_seventy_percent_beside_the_civil_code() -> None:
    rules = [(found.kind, found.rule) for found in criteria_for("gansu-2022", Gate.START)]
    assert (CriterionKind.COUNTED, "gansu-2022/plan") in rules


@pytest.mark.parametrize("name", sorted(set(load_gates()) - {"base"}))
def test_every_gate_file_belongs_to_a_profile(name: str) -> None:
    assert name in load_profiles()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (_BASE, "every gate"),
        (_BASE + _BASE, "twice"),
        (_BASE.replace("records = ", "record = "), "record"),
        (_BASE.replace('"eligibility"', '"opening"'), "opening"),
        (_BASE.replace("records = [{", "rule = 'nobody/knows'\n#"), "nobody/knows"),
        (_BASE.replace("[{ name", "[] #"), "incomplete"),
    ],
)
def test_a_wrong_gate_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "base.toml").write_text(text, encoding="utf-8")
    with pytest.raises(GateFileError, match=said):
        read_gates(tmp_path)


@pytest.mark.parametrize(
    ("rule", "name", "text", "value"),
    [
        ("gansu-2022/inclusion", "consent", "roll", "roll"),
        ("cn-50-2021/inclusion", "consent_share", "75/100", "3/4"),
        ("cn-50-2021/inclusion", "participation_share", "75%", "3/4"),
        ("litong-2026", "consent_share", "2/3", "2/3"),
        ("gansu-2022/eligibility", "built_before_year", "2005", "2005"),
    ],
)
def test_values_have_one_spelling(rule: str, name: str, text: str, value: str) -> None:
    assert settable(rule)[name].read(text) == value


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        ("gansu-2022/inclusion", "consent", "everybody"),
        ("cn-50-2021/inclusion", "consent_share", "0"),
        ("cn-50-2021/inclusion", "consent_share", "5/4"),
        ("gansu-2022/eligibility", "built_before_year", "1900"),
        ("gansu-2022/eligibility", "built_before_year", "２０００"),
    ],
)
def test_impossible_values_are_refused(rule: str, name: str, text: str) -> None:
    with pytest.raises(ParameterError):
        settable(rule)[name].read(text)


def test_statutory_shares_and_unknown_rules_leave_nothing_to_set() -> None:
    assert not any(found.name.endswith("_share") for found in open_parameters("cn-civil-code/special"))
    assert settable("nobody/knows") == {}


def test_the_nearest_organisation_decides() -> None:
    def decision(organisation: str, value: str) -> LocalDecision:
        at = datetime(2026, 1, 1, tzinfo=UTC)
        return LocalDecision("i", organisation, "r", "consent", value, "d", None, date(2026, 1, 1), "u", at)

    found = in_force(
        [decision("town", "roll"), decision("city", "participating")], ["estate", "town", "city"]
    )
    assert found["consent"].value == "roll"
    assert in_force([], ["town"]) == {}
