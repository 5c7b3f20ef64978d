"""Kinds of ballot: who casts, whether a re-vote is the default, which class of rule fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backend.tally.definition import Numerator, Rule
from backend.tally.weight import Basis

GENERAL = "cn-civil-code/general"
SPECIAL = "cn-civil-code/special"


@dataclass(frozen=True, slots=True)
class BallotKind:
    """Defaults of a kind; ``usual_rules`` are suggestions, the named decider chooses (domain §2, §3)."""

    title: str
    electorate: str
    re_vote: bool
    usual_rules: tuple[str, ...]
    may_track_consensus: bool = False


KINDS: Mapping[str, BallotKind] = {
    "canvass": BallotKind(
        "意愿征询", "households", True, ("gansu-2022/inclusion",), may_track_consensus=True
    ),
    "plan": BallotKind(
        "改造方案表决", "owners", False, ("gansu-2022/plan", GENERAL, SPECIAL), may_track_consensus=True
    ),
    "property_management": BallotKind("选聘物业服务企业", "owners", False, (GENERAL,)),
    "property_fee": BallotKind("物业服务费用", "owners", False, (GENERAL,)),
    "committee_election": BallotKind("业主委员会选举", "owners", False, (GENERAL,)),
    "fund_use": BallotKind("使用维修资金", "owners", False, (GENERAL,)),
    "fund_raise": BallotKind("筹集维修资金", "owners", False, (SPECIAL,)),
    "estate_rules": BallotKind("管理规约与议事规则", "owners", False, (GENERAL,)),
    "building_matter": BallotKind("本楼（单元）事项", "owners", False, (GENERAL, SPECIAL)),
    "land_reuse": BallotKind("存量用地利用", "owners", False, (SPECIAL,)),
    "common_income": BallotKind("公共收益使用", "owners", False, (GENERAL,)),
    "other": BallotKind("其他共同决定事项", "owners", False, (GENERAL, SPECIAL)),
}

# A relative's tap is not an owner's vote (domain §3): co-owners act through their named representative.
_OWNER_RELATIONS = ("owner", "representative")
_HOUSEHOLD_RELATIONS = ("owner", "co_owner", "representative", "family", "public_tenant")


# Tenants live in the household but its vote is not theirs to contest (threats.md).
MAY_CONTEST = frozenset({"owner", "co_owner", "representative", "family", "public_tenant"})


def casting_relations(electorate: str, *, tenants_vote: bool, public_tenants_vote: bool) -> tuple[str, ...]:
    """Return the bindings that may cast in an electorate; tenants only where the locality says so (domain §3)."""
    if electorate == "owners":
        return _OWNER_RELATIONS
    kept = [name for name in _HOUSEHOLD_RELATIONS if name != "public_tenant" or public_tenants_vote]
    return (*kept, "tenant") if tenants_vote else tuple(kept)


def may_ask_households(kind: str) -> bool:
    """Tell whether a kind may be put to households: owners decide everything but the canvass (domain §3)."""
    return KINDS[kind].electorate == "households"


def needs_owners(rule: Rule) -> bool:
    """Tell whether a rule weighs area or heads: those are owners', which a households' roll does not hold."""
    return any(test.basis is not Basis.HOUSEHOLDS for test in rule.tests)


def counts_satisfaction(rule: Rule) -> bool:
    """Tell whether a rule counts answers of a survey (domain §5), which no paper of a ballot holds."""
    return any(test.numerator not in (Numerator.PARTICIPATING, Numerator.FOR) for test in rule.tests)
