"""What the staff door says and takes about policies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backend.infra.forms import Sha256, StrictModel
from backend.infra.paging import encode_cursor
from backend.policies.queries import Adoption, PolicyView
from backend.policies.rules.parameters import LocalDecision, OpenParameter
from backend.policies.rules.periods import Deadline
from backend.policies.service import AdoptProfile, SetLocalNumber
from backend.tally.definition import Profile

DocumentTitle = Annotated[str, Field(min_length=2, max_length=200, pattern=r"\S")]


class AdoptProfileIn(StrictModel):
    """Adopt a profile by a named document."""

    profile: Annotated[str, Field(min_length=1, max_length=64)]
    document_title: DocumentTitle
    document_sha256: Sha256 | None = None

    def command(self, organisation_id: str) -> AdoptProfile:
        """Return the service's command."""
        return AdoptProfile(organisation_id, self.profile, self.document_title, self.document_sha256)


class SetNumberIn(StrictModel):
    """Set a number or reading by a named document, in force from a day."""

    rule: Annotated[str, Field(min_length=1, max_length=80)]
    name: Annotated[str, Field(min_length=1, max_length=64)]
    value: Annotated[str, Field(min_length=1, max_length=64)]
    document_title: DocumentTitle
    document_sha256: Sha256 | None = None
    valid_from: Annotated[date, Field(strict=False)]

    def command(self, organisation_id: str) -> SetLocalNumber:
        """Return the service's command."""
        return SetLocalNumber(
            organisation_id,
            self.rule,
            self.name,
            self.value,
            self.document_title,
            self.valid_from,
            self.document_sha256,
        )


class AdoptionOut(BaseModel):
    """An adoption: by whom, by which document, since when, until when."""

    id: str
    organisation_id: str
    profile: str
    document_title: str
    document_sha256: str | None
    adopted_by: str
    adopted_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, found: Adoption) -> AdoptionOut:
        """Build from the service's answer."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


class AdoptionListOut(BaseModel):
    """A page of adoptions."""

    items: list[AdoptionOut]
    next: str | None

    @classmethod
    def of(cls, found: list[Adoption], size: int) -> AdoptionListOut:
        """Build from one row more than a page holds."""
        page = found[:size]
        position = (page[-1].adopted_at, page[-1].id) if len(found) > size else None
        return cls(items=[AdoptionOut.of(row) for row in page], next=encode_cursor(position))


class LocalNumberOut(BaseModel):
    """A local number: by whom, by which document, since when, until when."""

    id: str
    organisation_id: str
    rule_id: str
    name: str
    value: str
    document_title: str
    document_sha256: str | None
    valid_from: date
    set_by: str
    set_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, found: LocalDecision) -> LocalNumberOut:
        """Build from the service's answer."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


class LocalNumberListOut(BaseModel):
    """A page of local numbers."""

    items: list[LocalNumberOut]
    next: str | None

    @classmethod
    def of(cls, found: list[LocalDecision], size: int) -> LocalNumberListOut:
        """Build from one row more than a page holds."""
        page = found[:size]
        position = (page[-1].set_at, page[-1].id) if len(found) > size else None
        return cls(items=[LocalNumberOut.of(row) for row in page], next=encode_cursor(position))


class OpenParameterOut(BaseModel):
    """What a rule leaves to the locality; no values = a share such as 3/4, or a whole number."""

    name: str
    title: str
    description: str
    values: dict[str, str]
    default: str | None

    @classmethod
    def of(cls, found: OpenParameter) -> OpenParameterOut:
        """Build from the rule."""
        return cls(
            name=found.name,
            title=found.title,
            description=found.description,
            values=dict(found.values),
            default=found.default,
        )


class RulePolicyOut(BaseModel):
    """One rule: what it leaves open, what has been decided."""

    rule: str
    title: str
    open: list[OpenParameterOut]
    decided: list[LocalNumberOut]


class PolicyOut(BaseModel):
    """What holds for an organisation."""

    organisation_id: str
    adoption: AdoptionOut | None
    rules: list[RulePolicyOut]

    @classmethod
    def of(cls, view: PolicyView) -> PolicyOut:
        """Build from the service's answer."""
        return cls(
            organisation_id=view.organisation_id,
            adoption=None if view.adoption is None else AdoptionOut.of(view.adoption),
            rules=[
                RulePolicyOut(
                    rule=rule.rule_id,
                    title=rule.title,
                    open=[OpenParameterOut.of(found) for found in rule.open],
                    decided=[LocalNumberOut.of(found) for found in rule.decided.values()],
                )
                for rule in view.rules
            ],
        )


class ProfileRuleOut(BaseModel):
    """A rule of a profile, with its clause."""

    id: str
    title: str
    clause: str
    kind: str
    consequence: str | None
    note: str | None


class ProfileOut(BaseModel):
    """A profile that can be adopted."""

    id: str
    title: str
    source: str
    status: str
    rules: list[ProfileRuleOut]


class ProfileListOut(BaseModel):
    """Every profile that the product knows."""

    items: list[ProfileOut]

    @classmethod
    def of(cls, profiles: Mapping[str, Profile]) -> ProfileListOut:
        """Build from the data files."""
        return cls(
            items=[
                ProfileOut(
                    id=profile.id,
                    title=profile.title,
                    source=profile.source,
                    status=str(profile.status),
                    rules=[
                        ProfileRuleOut(
                            id=rule.id,
                            title=rule.title,
                            clause=rule.clause,
                            kind=str(rule.kind),
                            consequence=rule.consequence,
                            note=rule.note,
                        )
                        for rule in profile.rules
                    ],
                )
                for profile in profiles.values()
            ]
        )


class DeadlineQuery(BaseModel):
    """A period of calendar days (Civil Code 201, 203) or of working days."""

    start: Annotated[date, Field(ge=date(2004, 1, 1), le=date(2100, 1, 1))]
    days: Annotated[int, Field(ge=1, le=3660)]
    kind: Literal["calendar", "working"] = "calendar"


class DeadlineOut(BaseModel):
    """When a period ends; provisional = the year's holidays are not known yet."""

    counted_to: date
    last_day: date
    ends_at: datetime
    is_moved: bool
    is_provisional: bool

    @classmethod
    def of(cls, found: Deadline) -> DeadlineOut:
        """Build from the rule's answer."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})
