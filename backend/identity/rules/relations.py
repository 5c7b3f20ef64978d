"""How a person belongs to a dwelling, and by what way the product learned it."""

from __future__ import annotations

from collections.abc import Iterable
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


_STRENGTH = {relation: rank for rank, relation in enumerate(Relation)}


def strongest(relations: Iterable[str]) -> Relation:
    """Return the relation that gives most, for a person who matches by several."""
    return min((Relation(relation) for relation in relations), key=_STRENGTH.__getitem__)


def may_suspend(objector_since: datetime, target_requested: datetime) -> bool:
    """Tell whether a member's one tap suspends a binding: only of those who came later.

    Otherwise a new member could lock the owner out while a ballot is open.
    """
    return objector_since < target_requested
