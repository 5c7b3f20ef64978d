"""Profiles are data: what stands in the files that come with the product, and what a wrong file is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.tally.profile_file import ProfileError, read_profiles
from backend.tally.report import percent_floor
from backend.tally.rule import RuleKind, Status, get_rule, list_rules, load_profiles, profile_of

IDS = {
    "cn-civil-code/general": RuleKind.COUNTED,
    "cn-civil-code/special": RuleKind.COUNTED,
    "gansu-2022/inclusion": RuleKind.COUNTED,
    "gansu-2022/plan": RuleKind.COUNTED,
    "gansu-2022/property-management": RuleKind.EVIDENCE_ONLY,
    "gansu-2022/satisfaction": RuleKind.COUNTED,
    "cn-50-2021/inclusion": RuleKind.REFUSES_UNTIL_SET,
    "cn-50-2021/plan": RuleKind.COUNTED,
    "cn-50-2021/property-management": RuleKind.EVIDENCE_ONLY,
    "heilongjiang-2021/inclusion": RuleKind.EVIDENCE_ONLY,
    "ningxia-2021": RuleKind.REFUSES_UNTIL_SET,
    "sichuan-2020": RuleKind.REFUSES_UNTIL_SET,
    "litong-2026": RuleKind.REFUSES_UNTIL_SET,
}
PROFILE = """
[profile]
id = "town"
title = "某镇规定"
source = "某镇文件"
status = "local choice"
issued_on = 2026-01-01
[[rule]]
name = "plan"
title = "方案"
clause = "第一条"
kind = "counted"
test = [{ basis = "households", numerator = "for", denominator = "roll", threshold = "4/5" }]
"""


def test_every_rule_of_the_domain_is_there_and_no_other() -> None:
    assert {rule.id: rule.kind for rule in list_rules()} == IDS


def test_profiles_say_what_they_rest_on() -> None:
    profiles = load_profiles()
    assert profiles["cn-civil-code"].status is Status.LAW
    assert profiles["litong-2026"].status is Status.DRAFT
    for profile in profiles.values():
        assert profile.title
        assert profile.source
        assert all(rule.clause and rule.title for rule in profile.rules)
    assert profile_of("gansu-2022/plan").id == "gansu-2022"


def test_gates_join_the_civil_code_where_it_applies() -> None:
    assert get_rule("gansu-2022/plan").gate_joins == ("cn-civil-code/*",)
    assert get_rule("gansu-2022/inclusion").gate_joins == ()
    assert "中央财政" in (get_rule("gansu-2022/inclusion").consequence or "")


def test_rules_that_refuse_have_no_number_of_their_own() -> None:
    for rule in (rule for rule in list_rules() if rule.kind is RuleKind.REFUSES_UNTIL_SET):
        shares = [parameter for parameter in rule.parameters if parameter.is_share]
        assert shares
        assert all(parameter.default is None for parameter in shares)
        assert all(test.threshold is None for test in rule.tests)


def test_a_profile_is_added_as_a_file_alone(tmp_path: Path) -> None:
    (tmp_path / "town.toml").write_text(PROFILE, encoding="utf-8")
    (rule,) = read_profiles(tmp_path)["town"].rules
    assert (rule.id, str(rule.tests[0].threshold)) == ("town/plan", "4/5")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"4/5"', '"5/4"'),
        ('"4/5"', '"$unknown"'),
        ('"4/5"', "0.8"),
        ('"for"', '"covered", spare = 1'),
        ('"roll"', '"covered"'),
        ('"counted"', '"evidence_only"'),
        ('"counted"', '"counted"\nparameters = ["abstain"]'),
        ('"counted"', '"counted"\ngate_joins = ["nobody/*"]'),
        ('"local choice"', '"rumour"'),
        ("2026-01-01", '"soon"'),
        ('id = "town"', 'id = "village"'),
        ("title", "titel"),
        ("[profile]", "[profile"),
        ('threshold = "4/5"', 'threshold = "1/1", op = ">"'),
    ],
)
def test_a_wrong_profile_is_refused_by_name(tmp_path: Path, old: str, new: str) -> None:
    assert old in PROFILE
    (tmp_path / "town.toml").write_text(PROFILE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProfileError, match="town"):
        read_profiles(tmp_path)


@pytest.mark.parametrize(
    ("numerator", "denominator", "places", "expected"),
    [
        (2, 3, 2, "66.66"),
        (1, 1, 2, "100.00"),
        (0, 5, 2, "0.00"),
        (1, 0, 2, None),
        (2, 3, 0, "66"),
        (1, 30000, 2, "0.00"),
    ],
)
def test_percentages_are_rounded_down(
    numerator: int, denominator: int, places: int, expected: str | None
) -> None:
    assert percent_floor(numerator, denominator, places) == expected
