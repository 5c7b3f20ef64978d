"""How a person belongs to a dwelling, and by what way the product learned it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Relation(StrEnum):
    """Relations of an account to a dwelling, strongest first."""

    OWNER = "owner"
    CO_OWNER = "co_owner"
    REPRESENTATIVE = "representative"
    PROXY = "proxy"
    PUBLIC_TENANT = "public_tenant"
    FAMILY = "family"
    TENANT = "tenant"


class Via(StrEnum):
    """Ways to a binding: a letter handed to the dwelling, the phone on the roll, a named staff member."""

    INVITE = "invite"
    PHONE = "phone"
    STAFF = "staff"


# Relations that an owner of record gives: they end with the ownership.
OWNING = (Relation.OWNER, Relation.CO_OWNER, Relation.REPRESENTATIVE)
# Why a binding waits for the community: no letter, and no leaving and coming again, decides it instead.
OBJECTED, SOLD = "objection", "owner_changed"
HELD = (OBJECTED, SOLD)

# What a letter at a door may make of whoever opens it: nothing that only a named person is. A letter to the
# representative is handed to that person, so it is issued for single dwellings only.
_BY_OWNER = {"person": Relation.OWNER, "co_owners": Relation.CO_OWNER}
_REPRESENTED = ("co_owners", "property_unit", "organisation")

_STRENGTH = {relation: rank for rank, relation in enumerate(Relation)}


@dataclass(frozen=True, slots=True)
class NewBinding:
    """What the waiting rule looks at; ``has_owner``: somebody else is bound to the dwelling as an owner already."""

    estate_id: str
    dwelling_id: str
    is_letter: bool
    has_owner: bool


def strongest(relations: Iterable[str]) -> Relation:
    """Return the relation that gives most, for a person who matches by several."""
    return min((Relation(relation) for relation in relations), key=_STRENGTH.__getitem__)


def may_suspend(objector_since: datetime, target_requested: datetime) -> bool:
    """Tell whether a member's one tap suspends a binding: only of those who came later.

    Otherwise a new member could lock the owner out while a ballot is open.
    """
    return objector_since < target_requested


def still_owns(held: Relation, recorded: str | None, *, holds_another: bool) -> bool:
    """Tell whether a binding outlives a change of the owner of record.

    ``recorded``: as what the new record names the account's own number, None where it does not; a co-owner who is
    not the representative keeps no stronger relation. ``holds_another``: bound to another dwelling of that owner.
    """
    if recorded is None:
        return holds_another
    return recorded != Relation.CO_OWNER or held == Relation.CO_OWNER


def letter_relation(owner_kind: str, wanted: Relation | None, *, is_named: bool) -> Relation | None:
    """Return what a dwelling's letter gives, None where there is none to send; ``wanted`` None: by the owner's kind.

    ``is_named``: issued for this dwelling, not for a whole building. Nobody lives in the developer's stock; the
    flats of a 产权单位 belong to it, whoever opens the door (domain §3).
    """
    if owner_kind == "developer_stock":
        return None
    usual = _BY_OWNER.get(owner_kind)
    if wanted is None:
        return usual
    if wanted is Relation.REPRESENTATIVE:
        return wanted if is_named and owner_kind in _REPRESENTED else None
    return wanted if wanted not in OWNING or wanted is usual else None
