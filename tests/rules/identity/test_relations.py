"""What a letter gives, and what outlives a sale."""

from __future__ import annotations

import pytest

from backend.identity.rules.relations import Relation, letter_relation, still_owns

OWNER, CO_OWNER, REPRESENTATIVE = Relation.OWNER, Relation.CO_OWNER, Relation.REPRESENTATIVE
FAMILY = Relation.FAMILY


@pytest.mark.parametrize(
    ("kind", "wanted", "is_named", "given"),
    [
        ("person", None, False, OWNER),
        ("co_owners", None, False, CO_OWNER),
        ("property_unit", None, False, None),
        ("organisation", None, True, None),
        ("developer_stock", None, False, None),
        ("developer_stock", FAMILY, True, None),
        ("person", OWNER, True, OWNER),
        ("person", CO_OWNER, True, None),
        ("person", REPRESENTATIVE, True, None),
        ("co_owners", OWNER, True, None),
        ("co_owners", REPRESENTATIVE, False, None),
        ("co_owners", REPRESENTATIVE, True, REPRESENTATIVE),
        ("property_unit", OWNER, True, None),
        ("property_unit", REPRESENTATIVE, True, REPRESENTATIVE),
        ("property_unit", Relation.PUBLIC_TENANT, False, Relation.PUBLIC_TENANT),
        ("person", FAMILY, False, FAMILY),
    ],
)
def test_a_letter_follows_the_kind_of_the_owner(
    kind: str, wanted: Relation | None, is_named: bool, given: Relation | None
) -> None:
    assert letter_relation(kind, wanted, is_named=is_named) == given


@pytest.mark.parametrize(
    ("held", "recorded", "holds_another", "stays"),
    [
        (OWNER, None, False, False),
        (OWNER, None, True, True),
        (OWNER, "owner", False, True),
        (OWNER, "representative", False, True),
        (OWNER, "co_owner", False, False),
        (REPRESENTATIVE, "co_owner", True, False),
        (CO_OWNER, "co_owner", False, True),
        (CO_OWNER, "owner", False, True),
    ],
)
def test_a_binding_outlives_a_sale_only_where_the_new_record_explains_it(
    held: Relation, recorded: str | None, holds_another: bool, stays: bool
) -> None:
    assert still_owns(held, recorded, holds_another=holds_another) == stays
