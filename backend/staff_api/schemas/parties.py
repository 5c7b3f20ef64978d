"""What the staff door says and takes about responsible parties."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from backend.complaints.queries.parties import PartyView
from backend.complaints.rules.vocabulary import PARTY_TITLES, PartyKind
from backend.complaints.service import ChangeParty, CreateParty
from backend.infra.forms import Id, StrictModel
from backend.infra.paging import PageQuery, encode_cursor

_Name = Annotated[str, Field(min_length=2, max_length=80, pattern=r"\S")]


class PartyQuery(PageQuery):
    """The parties in the caller's area, or those to which an organisation's cases can be dispatched."""

    organisation: Id | None = None


class CreatePartyIn(StrictModel):
    """A unit for the complaints of an organisation and everything below it."""

    organisation: Id
    kind: Annotated[PartyKind, Field(strict=False)]
    name: _Name

    def command(self) -> CreateParty:
        """Return the service's command."""
        return CreateParty(self.organisation, self.kind, self.name)


class ChangePartyIn(StrictModel):
    """The name, and whether cases can be dispatched to it."""

    name: _Name
    active: bool

    def command(self, party_id: str, version: int) -> ChangeParty:
        """Return the service's command."""
        return ChangeParty(party_id, version, self.name, self.active)


class MemberIn(StrictModel):
    """A staff account that is to act for the party."""

    account: Id


class PartyOut(BaseModel):
    """A responsible party."""

    id: str
    organisation: str
    kind: str
    kind_title: str
    name: str
    active: bool
    version: int
    members: list[str]

    @classmethod
    def of(cls, found: PartyView) -> PartyOut:
        """Build from the service's answer."""
        return cls(
            id=found.id,
            organisation=found.organisation_id,
            kind=found.kind,
            kind_title=PARTY_TITLES[PartyKind(found.kind)],
            name=found.name,
            active=found.is_active,
            version=found.version,
            members=list(found.members),
        )


class PartyListOut(BaseModel):
    """A page of parties."""

    items: list[PartyOut]
    next: str | None

    @classmethod
    def of(cls, found: Sequence[PartyView], size: int) -> PartyListOut:
        """Build from one row more than a page holds."""
        page = found[:size]
        position: tuple[datetime, str] | None = None
        if len(found) > size:
            position = (page[-1].created_at, page[-1].id)
        return cls(items=[PartyOut.of(row) for row in page], next=encode_cursor(position))
