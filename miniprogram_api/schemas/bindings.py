"""Bindings as residents make and see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from backend.identity.rules.relations import Relation
from backend.identity.service import BindingView
from backend.infra.forms import Id, StrictModel


class InviteIn(StrictModel):
    """The code from the letter, as typed or scanned."""

    code: Annotated[str, Field(min_length=1, max_length=60)]


class RequestIn(StrictModel):
    """A request to the community: the door (``3-2-501``), as what, and the proof.

    ``photos``: one to three ids of ``POST /media?purpose=proof``.
    """

    estate_id: Annotated[str, Field(pattern=r"^[0-9a-z]{20}$")]
    door: Annotated[str, Field(min_length=1, max_length=60)]
    relation: Annotated[Relation, Field(strict=False)]
    photos: Annotated[list[Id], Field(max_length=3)] = []


class BindingOut(BaseModel):
    """A binding; ``who`` is masked, ``effective_at`` is when it starts to count."""

    id: str
    dwelling_id: str
    dwelling: str
    who: str
    is_me: bool
    relation: str
    via: str
    state: str
    requested_at: datetime
    effective_at: datetime | None
    ended_at: datetime | None
    reason: str | None

    @classmethod
    def of(cls, view: BindingView) -> BindingOut:
        """Build from the service's answer."""
        return cls(**{name: getattr(view, name) for name in cls.model_fields})


class BindingsOut(BaseModel):
    """Several bindings."""

    items: list[BindingOut]

    @classmethod
    def of(cls, views: list[BindingView]) -> BindingsOut:
        """Build from the service's answer."""
        return cls(items=[BindingOut.of(view) for view in views])
