"""What the staff door says and takes about ballots."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from backend.ballots.repository.tally import PlaceCount
from backend.ballots.rules.kinds import KINDS
from backend.ballots.rules.parameters import MOST_CITED
from backend.ballots.rules.preflight import Condition
from backend.ballots.rules.states import TITLES
from backend.ballots.service.reading import due_at
from backend.ballots.tables import Ballot, BallotDocument, ConsensusSnapshot, Motion
from backend.infra.forms import Id, Moment, Sha256, StrictModel
from backend.infra.paging import PageQuery

Title = Annotated[str, Field(min_length=1, max_length=120)]
Reason = Annotated[str, Field(min_length=2, max_length=500)]
Kind = Literal[
    "canvass",
    "plan",
    "property_management",
    "property_fee",
    "committee_election",
    "fund_use",
    "fund_raise",
    "estate_rules",
    "building_matter",
    "land_reuse",
    "common_income",
    "other",
]


class CreateBallotIn(StrictModel):
    """A new draft."""

    estate: Id
    kind: Kind
    title: Title
    building: Id | None = None
    entrance: Id | None = None
    electorate: Literal["owners", "households"] | None = None
    re_vote: bool | None = None
    max_choices: Annotated[int, Field(ge=1, le=60)] | None = None
    parameters: Annotated[dict[str, Annotated[int, Field(ge=0, le=10_000)]], Field(max_length=30)] = {}
    parking_rule: Annotated[str, Field(min_length=1, max_length=MOST_CITED)] | None = None
    parking_document: Sha256 | None = None
    project: Id | None = None
    rerun_of: Id | None = None


class WindowIn(StrictModel):
    """Opening and closing instants with their zone; the closing instant itself no longer counts."""

    opens_at: Moment
    closes_at: Moment


class MotionIn(StrictModel):
    """A motion with the rule that decides it and why this one."""

    title: Title
    body: Annotated[str, Field(max_length=4000)] = ""
    rule: Annotated[str, Field(min_length=3, max_length=80)]
    joined_rules: Annotated[
        list[Annotated[str, Field(min_length=3, max_length=80)]], Field(max_length=4)
    ] = []
    rule_reason: Reason


class DocumentIn(StrictModel):
    """An uploaded file (``POST /files``) becomes a document of the ballot."""

    sha256: Sha256
    title: Title
    media_type: Annotated[str, Field(pattern=r"^[a-z]+/[A-Za-z0-9.+-]{1,100}$")]


class CheckIn(StrictModel):
    """A pre-flight statement of the caller."""

    name: Literal["roll_checked", "committee_told", "posted_on_site"]
    note: Annotated[str, Field(max_length=500)] = ""
    evidence: Sha256 | None = None


class ReasonIn(StrictModel):
    """Why."""

    reason: Reason


class ExtendIn(ReasonIn):
    """A later closing instant and why."""

    closes_at: Moment


class CorrectIn(ReasonIn):
    """The vote to strike, by its receipt, and why."""

    receipt: Annotated[str, Field(min_length=12, max_length=20)]


class BallotQuery(PageQuery):
    """The ballots of one estate."""

    estate: Id
    state: (
        Literal[
            "draft",
            "notice",
            "open",
            "counting",
            "sealed",
            "preliminary",
            "final",
            "suspended",
            "voided",
            "cancelled",
        ]
        | None
    ) = None


class PlaceQuery(BaseModel):
    """Which places: by building, entrance or door; door by door within one building."""

    building: Id | None = None
    level: Literal["building", "entrance", "door"] = "building"


class BallotOut(BaseModel):
    """A ballot as staff see it; ``version`` goes into ``If-Match``."""

    id: str
    estate: str
    building: str | None
    entrance: str | None
    project: str | None
    kind: str
    kind_title: str
    title: str
    electorate: str
    state: str
    state_title: str
    due_at: datetime | None
    re_vote: bool
    max_choices: int | None
    parameters: dict[str, int]
    parking_rule: str | None
    parking_document: str | None
    opens_at: datetime | None
    closes_at: datetime | None
    counting_until: datetime | None
    sealed_at: datetime | None
    objections_until: datetime | None
    final_at: datetime | None
    stop_reason: str | None
    documents_hash: str | None
    roll_hash: str | None
    roll: dict[str, str] | None
    version: int

    @classmethod
    def of(cls, row: Ballot) -> BallotOut:
        """Build from a ballot."""
        return cls(
            estate=row.estate_id,
            building=row.building_id,
            entrance=row.entrance_id,
            project=row.project_id,
            kind_title=KINDS[row.kind].title,
            state_title=TITLES[row.state],
            due_at=due_at(row),
            roll=_roll(row),
            **{name: getattr(row, name) for name in _SAME},
        )


_SAME = (
    "id",
    "kind",
    "title",
    "electorate",
    "state",
    "re_vote",
    "max_choices",
    "parameters",
    "parking_rule",
    "parking_document",
    "opens_at",
    "closes_at",
    "counting_until",
    "sealed_at",
    "objections_until",
    "final_at",
    "stop_reason",
    "documents_hash",
    "roll_hash",
    "version",
)


def _roll(row: Ballot) -> dict[str, str] | None:
    if row.roll_area_centi is None:
        return None
    area = row.roll_area_centi
    return {
        "heads": str(row.roll_heads),
        "households": str(row.roll_households),
        "area": f"{area // 100}.{area % 100:02d}",
    }


class BallotListOut(BaseModel):
    """A page of ballots."""

    items: list[BallotOut]
    next: str | None


class MotionOut(BaseModel):
    """A motion as staff see it."""

    id: str
    position: int
    title: str
    body: str
    rules: list[str]
    rule_reason: str

    @classmethod
    def of(cls, row: Motion) -> MotionOut:
        """Build from a motion."""
        rules = [row.rule_id, *(row.joined_rule_ids or ())]
        return cls(
            id=row.id,
            position=row.position,
            title=row.title,
            body=row.body,
            rules=rules,
            rule_reason=row.rule_reason,
        )


class DocumentOut(BaseModel):
    """A document of the ballot."""

    sha256: str
    title: str
    media_type: str
    size: int

    @classmethod
    def of(cls, row: BallotDocument) -> DocumentOut:
        """Build from a document."""
        return cls(sha256=row.sha256, title=row.title, media_type=row.media_type, size=row.size)


class BallotPageOut(BallotOut):
    """A ballot with motions and documents; the result when the caller may see it."""

    motions: list[MotionOut]
    documents: list[DocumentOut]
    result: list[dict[str, Any]] | None


class ConditionOut(BaseModel):
    """One pre-flight condition; ``missing`` says what to do."""

    name: str
    title: str
    is_met: bool
    missing: str | None

    @classmethod
    def of(cls, row: Condition) -> ConditionOut:
        """Build from a condition."""
        return cls(name=row.name, title=row.title, is_met=row.is_met, missing=row.missing)


class PreflightOut(BaseModel):
    """Everything the next step needs."""

    is_ready: bool
    conditions: list[ConditionOut]


class PlaceOut(BaseModel):
    """Participation of one place; never a choice."""

    building: str
    entrance: str
    door: str
    entries: int
    voted: int

    @classmethod
    def of(cls, row: PlaceCount) -> PlaceOut:
        """Build from a count."""
        return cls(
            building=row.building, entrance=row.entrance, door=row.door, entries=row.entries, voted=row.voted
        )


class PlacesOut(BaseModel):
    """Participation by place."""

    items: list[PlaceOut]


class ParticipationOut(BaseModel):
    """Participation of the whole electorate; quantities are strings."""

    roll: dict[str, str]
    motions: list[dict[str, Any]]


class SnapshotOut(BaseModel):
    """The day's look at the consensus: households only."""

    taken_at: datetime
    owners_voted: int
    sums: list[dict[str, str]]

    @classmethod
    def of(cls, row: ConsensusSnapshot) -> SnapshotOut:
        """Build from a snapshot."""
        return cls(taken_at=row.taken_at, owners_voted=row.owners_voted, sums=row.sums)
