"""What the residents' door says about ballots."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from backend.ballots.queries import OwnEntry, SignedMinutes
from backend.ballots.rules.kinds import KINDS
from backend.ballots.rules.states import TITLES
from backend.ballots.service.casting import Recorded
from backend.ballots.service.desk import Refused
from backend.ballots.service.receipts import ReceiptCheck
from backend.ballots.tables import Ballot, BallotDocument, Motion
from backend.infra.forms import Id, StrictModel
from backend.ledger.rules.receipt import format_receipt
from backend.tally.rule import get_rule


class CastVoteIn(StrictModel):
    """A whole paper: a choice for every motion, for one or several of the caller's own entries."""

    entries: Annotated[list[Id], Field(min_length=1, max_length=50)]
    choices: Annotated[dict[Id, Literal["for", "against", "abstain"]], Field(min_length=1, max_length=60)]
    documents_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ObjectToBallotIn(StrictModel):
    """An objection to what is recorded for one's own dwelling, to a mandate in its name, or to the result.

    Against a vote or a mandate one tap is enough; a result needs words.
    """

    about: Literal["vote", "proxy", "result"]
    dwelling: Id
    text: Annotated[str, Field(min_length=2, max_length=1000)] | None = None


class RecordedOut(BaseModel):
    """One acknowledged vote; the receipt can be read out on the telephone."""

    entry: str
    receipt: str
    cast_at: datetime
    state: str


class RefusedOut(BaseModel):
    """One entry that was not recorded, and why."""

    entry: str
    code: str
    message: str


class CastVoteOut(BaseModel):
    """What became of the paper, entry by entry."""

    recorded: list[RecordedOut]
    refused: list[RefusedOut]

    @classmethod
    def of(cls, recorded: list[Recorded], refused: list[Refused]) -> CastVoteOut:
        """Build from the service's answer."""
        return cls(
            recorded=[
                RecordedOut(
                    entry=row.entry_id,
                    receipt=format_receipt(row.receipt),
                    cast_at=row.cast_at,
                    state=row.state,
                )
                for row in recorded
            ],
            refused=[RefusedOut(entry=row.entry_id, code=row.code, message=row.message) for row in refused],
        )


class BallotOut(BaseModel):
    """A ballot in a list."""

    id: str
    estate: str
    kind: str
    kind_title: str
    title: str
    state: str
    state_title: str
    electorate: str
    opens_at: datetime | None
    closes_at: datetime | None

    @classmethod
    def of(cls, row: Ballot) -> BallotOut:
        """Build from a ballot."""
        return cls(**_ballot_fields(row))


def _ballot_fields(row: Ballot) -> dict[str, Any]:
    return {
        "id": row.id,
        "estate": row.estate_id,
        "kind": row.kind,
        "kind_title": KINDS[row.kind].title,
        "title": row.title,
        "state": row.state,
        "state_title": TITLES[row.state],
        "electorate": row.electorate,
        "opens_at": row.opens_at,
        "closes_at": row.closes_at,
    }


class BallotListOut(BaseModel):
    """A page of ballots; ``next`` is the cursor of the next one."""

    items: list[BallotOut]
    next: str | None


class RuleOut(BaseModel):
    """A counting rule with its clause."""

    id: str
    title: str
    clause: str


class MotionOut(BaseModel):
    """A motion on the paper."""

    id: str
    title: str
    body: str
    rules: list[RuleOut]

    @classmethod
    def of(cls, row: Motion) -> MotionOut:
        """Build from a motion."""
        rules = [get_rule(rule_id) for rule_id in (row.rule_id, *(row.joined_rule_ids or ()))]
        return cls(
            id=row.id,
            title=row.title,
            body=row.body,
            rules=[RuleOut(id=rule.id, title=rule.title, clause=rule.clause) for rule in rules],
        )


class DocumentOut(BaseModel):
    """A document the vote is bound to."""

    sha256: str
    title: str
    media_type: str
    size: int

    @classmethod
    def of(cls, row: BallotDocument) -> DocumentOut:
        """Build from a document."""
        return cls(sha256=row.sha256, title=row.title, media_type=row.media_type, size=row.size)


class EntryOut(BaseModel):
    """The caller's own line of the roll: what was recorded and by which channel, never the choice.

    ``may_vote``: whether the caller's relation to this home, or a mandate, lets them vote for it in this ballot.
    """

    id: str
    dwelling: str
    label: str
    exclusive_area: str
    may_vote: bool
    has_voted: bool
    voted_at: datetime | None
    channel: str | None

    @classmethod
    def of(cls, row: OwnEntry, *, may_vote: bool) -> EntryOut:
        """Build from an entry."""
        return cls(
            id=row.entry_id,
            dwelling=row.dwelling_id,
            label=row.label,
            exclusive_area=f"{row.area_centi // 100}.{row.area_centi % 100:02d}",
            may_vote=may_vote,
            has_voted=row.voted_at is not None,
            voted_at=row.voted_at,
            channel=row.channel,
        )


class MinutesOut(BaseModel):
    """A signed edition of count day's minutes: that it is kept, how many supervised, and the signed sheet's hash."""

    edition: int
    scrutineers: int
    document_sha256: str
    signed_at: datetime

    @classmethod
    def of(cls, row: SignedMinutes) -> MinutesOut:
        """Build from an edition."""
        return cls(
            edition=row.edition,
            scrutineers=row.scrutineers,
            document_sha256=row.document_sha256,
            signed_at=row.signed_at,
        )


class BallotPageOut(BallotOut):
    """A ballot with everything its voter must see before choosing; result and ``minutes`` once published."""

    re_vote: bool
    max_choices: int | None
    documents_hash: str | None
    roll_hash: str | None
    objections_until: datetime | None
    local_choices: list[str]
    parking_rule: str | None
    parking_document: str | None
    motions: list[MotionOut]
    documents: list[DocumentOut]
    entries: list[EntryOut]
    result: list[dict[str, Any]] | None
    minutes: list[MinutesOut]


class TallyOut(BaseModel):
    """Participation while voting runs; quantities are strings."""

    ballot: str
    state: str
    roll: dict[str, str]
    motions: list[dict[str, Any]]


class InclusionOut(BaseModel):
    """Proof that the receipt's vote lies under a published root."""

    leaf_no: int
    leaf_hash: str
    tree_size: int
    root: str
    path: list[str]
    checkpoint: int
    at: datetime


class ReceiptOut(BaseModel):
    """The public check of a receipt: counted in this ballot, never the choice."""

    receipt: str
    ballot: str
    ballot_title: str
    ballot_state: str
    state: str
    message: str
    inclusion: InclusionOut | None

    @classmethod
    def of(cls, row: ReceiptCheck) -> ReceiptOut:
        """Build from the service's answer."""
        proof = row.inclusion
        return cls(
            receipt=row.receipt,
            ballot=row.ballot_id,
            ballot_title=row.ballot_title,
            ballot_state=row.ballot_state,
            state=row.state,
            message=row.message,
            inclusion=None
            if proof is None
            else InclusionOut(
                leaf_no=proof.leaf_no,
                leaf_hash=proof.leaf_hash,
                tree_size=proof.tree_size,
                root=proof.root,
                path=list(proof.path),
                checkpoint=proof.checkpoint,
                at=proof.at,
            ),
        )
