"""Who may give which role, where."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backend.identity.rules.grants import GRANTABLE, may_grant
from backend.identity.rules.names import clean_name, mask_name
from backend.identity.rules.relations import Relation, may_suspend, strongest
from backend.kernel.access import ROLE_PERMISSIONS, Grant, Permission, Role, Scope

TOWN = Scope("/p/t/")
COMMUNITY = Scope("/p/t/c/")


@pytest.mark.parametrize("role", list(Role))
def test_only_roles_that_may_write_staff_give_roles(role: Role) -> None:
    assert (role in GRANTABLE) == (Permission.STAFF_WRITE in ROLE_PERMISSIONS[role])


def test_town_gives_below_itself_and_inside_only() -> None:
    held = [Grant(Role.TOWN, TOWN)]
    assert may_grant(held, Role.RESIDENTS_COMMITTEE, COMMUNITY)
    assert not may_grant(held, Role.RESIDENTS_COMMITTEE, Scope("/p/other/"))
    assert not may_grant(held, Role.BUREAU, COMMUNITY)
    assert not may_grant(held, Role.AUDITOR, COMMUNITY)
    assert not may_grant(held, Role.ADMINISTRATOR, COMMUNITY)


def test_nobody_below_the_administrator_makes_administrators() -> None:
    for role in Role:
        may = may_grant([Grant(role, TOWN)], Role.ADMINISTRATOR, TOWN)
        assert may == (role == Role.ADMINISTRATOR)


def test_strongest_relation_wins() -> None:
    assert strongest(["tenant", "owner", "family"]) == Relation.OWNER


def test_only_later_comers_can_be_suspended() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert may_suspend(now, now + timedelta(seconds=1))
    assert not may_suspend(now, now)


@pytest.mark.parametrize(
    ("name", "shown"), [("张三丰", "张**"), ("李", "李*"), (None, "未填写"), ("", "未填写")]
)
def test_names_are_masked(name: str | None, shown: str) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("typed", "kept"),
    [(" 王 芳 ", "王 芳"), ("\u202e王芳\u200b", "王芳"), ("\u200b", None), ("  ", None), ("123", None)],
)
def test_names_lose_what_cannot_be_seen(typed: str, kept: str | None) -> None:
    assert clean_name(typed) == kept
