"""Ballots, motions, the frozen roll, votes and what happened to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from backend.ballots.tables.disclosures import ChoiceDisclosure as ChoiceDisclosure
from backend.ballots.tables.minutes import CountMinutes as CountMinutes
from backend.ballots.tables.snapshots import ConsensusSnapshot as ConsensusSnapshot
from backend.infra.columns import JsonText, UtcDateTime

STATES = "'draft', 'notice', 'open', 'counting', 'sealed', 'preliminary', 'final', 'suspended', 'voided', 'cancelled'"
VOTE_STATES = "'standing', 'pending', 'replaced', 'held', 'rejected'"
KINDS = (
    "'canvass', 'plan', 'property_management', 'property_fee', 'committee_election', 'fund_use', 'fund_raise', "
    "'estate_rules', 'building_matter', 'land_reuse', 'common_income', 'other'"
)


def _where(clause: str) -> dict[str, Any]:
    return {"postgresql_where": text(clause), "sqlite_where": text(clause)}


class Ballot(SQLModel, table=True):
    """One 表决: one electorate, one frozen roll, one or more motions, one half-open window."""

    __tablename__ = "ballot"
    __table_args__ = (
        CheckConstraint(f"state IN ({STATES})", name="ballot_state"),
        CheckConstraint(f"kind IN ({KINDS})", name="ballot_kind"),
        CheckConstraint("electorate IN ('owners', 'households')", name="ballot_electorate"),
        CheckConstraint("opens_at IS NULL OR closes_at > opens_at", name="ballot_window"),
        CheckConstraint("extensions BETWEEN 0 AND 1", name="ballot_extensions"),
        CheckConstraint(
            "state NOT IN ('open', 'counting', 'sealed', 'preliminary', 'final') OR roll_hash IS NOT NULL",
            name="ballot_roll",
        ),
        Index("ballot_estate", "estate_id", "created_at"),
        Index("ballot_due", "state", "closes_at"),
    )

    id: str = Field(primary_key=True)
    organisation_id: str = Field(foreign_key="organisation.id")
    estate_id: str = Field(foreign_key="estate.id")
    building_id: str | None = Field(default=None, foreign_key="building.id")
    entrance_id: str | None = Field(default=None, foreign_key="entrance.id")
    project_id: str | None = None
    rerun_of: str | None = Field(default=None, foreign_key="ballot.id")
    kind: str
    title: str
    electorate: str
    state: str = "draft"
    # Decided before the notice and frozen with it (names and defaults: ballots/rules/parameters.py).
    parameters: Any = Field(sa_type=JsonText)
    # The local rule by which separately registered parking counts, and its stored text; older ballots name none.
    parking_rule: str | None = None
    parking_document: str | None = None
    re_vote: bool
    max_choices: int | None = None
    notice_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    opens_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closes_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    counting_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sealed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    preliminary_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    objections_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    final_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    stopped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    stop_reason: str | None = None
    extensions: int = 0
    documents_hash: str | None = None
    roll_hash: str | None = None
    roll_heads: int | None = None
    roll_households: int | None = None
    roll_area_centi: int | None = Field(default=None, sa_type=BigInteger)
    result: Any = Field(default=None, nullable=True, sa_type=JsonText)
    version: int = 1
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class Motion(SQLModel, table=True):
    """One question or candidate, with the rule that decides it, who chose the rule and why."""

    __tablename__ = "motion"
    __table_args__ = (
        UniqueConstraint("ballot_id", "position", name="motion_position"),
        CheckConstraint("position >= 0", name="motion_position_positive"),
    )

    id: str = Field(primary_key=True)
    ballot_id: str = Field(foreign_key="ballot.id")
    position: int
    title: str
    body: str
    rule_id: str
    # Rules beside the first, joined by AND (e.g. the 278 class of a plan's motion).
    joined_rule_ids: Any = Field(default=None, nullable=True, sa_type=JsonText)
    rule_reason: str
    rule_decided_by: str
    parameters: Any = Field(default=None, nullable=True, sa_type=JsonText)


class BallotDocument(SQLModel, table=True):
    """A plan document by hash; the vote is bound to the hashes shown."""

    __tablename__ = "ballot_document"

    ballot_id: str = Field(primary_key=True, foreign_key="ballot.id")
    sha256: str = Field(primary_key=True)
    title: str
    media_type: str
    size: int
    added_by: str
    added_at: datetime = Field(sa_type=UtcDateTime)


class BallotCheck(SQLModel, table=True):
    """A pre-flight statement that a named person made (居委会 told, roll checked, notice posted on site)."""

    __tablename__ = "ballot_check"
    __table_args__ = (
        CheckConstraint(
            "name IN ('roll_checked', 'committee_told', 'posted_on_site')", name="ballot_check_name"
        ),
    )

    ballot_id: str = Field(primary_key=True, foreign_key="ballot.id")
    name: str = Field(primary_key=True)
    note: str
    evidence_sha256: str | None = None
    done_by: str
    done_at: datetime = Field(sa_type=UtcDateTime)


class RollEntry(SQLModel, table=True):
    """One dwelling on the frozen roll; labels are copied, so later registry changes cannot touch it."""

    __tablename__ = "roll_entry"
    __table_args__ = (
        UniqueConstraint("ballot_id", "dwelling_id", name="roll_entry_dwelling"),
        UniqueConstraint("ballot_id", "pseudonym", name="roll_entry_pseudonym"),
        CheckConstraint("area_centi > 0", name="roll_entry_area"),
        Index("roll_entry_building", "ballot_id", "building_id"),
        Index("roll_entry_of_dwelling", "dwelling_id"),
    )

    id: str = Field(primary_key=True)
    ballot_id: str = Field(foreign_key="ballot.id")
    dwelling_id: str
    building_id: str
    entrance_id: str | None = None
    building_label: str
    entrance_label: str
    door_label: str
    pseudonym: str
    owner_id: str
    head_no: int
    head_pseudonym: str
    area_centi: int = Field(sa_type=BigInteger)
    is_household: bool
    is_removed: bool = False


class RollAmendment(SQLModel, table=True):
    """A logged correction of a frozen roll: reason, and a second person."""

    __tablename__ = "roll_amendment"
    __table_args__ = (
        CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> proposed_by", name="roll_amendment_two_people"
        ),
        CheckConstraint(
            "change IN ('area', 'owner', 'household', 'add', 'remove')", name="roll_amendment_change"
        ),
        CheckConstraint("state IN ('proposed', 'confirmed', 'withdrawn')", name="roll_amendment_state"),
        Index("roll_amendment_ballot", "ballot_id"),
    )

    id: str = Field(primary_key=True)
    ballot_id: str = Field(foreign_key="ballot.id")
    roll_entry_id: str | None = None
    change: str
    before: Any = Field(sa_type=JsonText)
    after: Any = Field(sa_type=JsonText)
    reason: str
    state: str = "proposed"
    proposed_by: str
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_by: str | None = None
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ServiceProof(SQLModel, table=True):
    """How the notice reached one entry: letter, WeChat, telephone, or posted on site."""

    __tablename__ = "service_proof"
    __table_args__ = (
        CheckConstraint(
            "method IN ('in_person', 'letter', 'wechat', 'phone', 'posted')", name="service_proof_method"
        ),
    )

    ballot_id: str = Field(primary_key=True, foreign_key="ballot.id")
    dwelling_id: str = Field(primary_key=True)
    method: str
    note: str | None = None
    evidence_sha256: str | None = None
    recorded_by: str
    served_at: datetime = Field(sa_type=UtcDateTime)


class Vote(SQLModel, table=True):
    """One arrival of a whole paper. Never deleted; only ``state`` and ``leaf_no`` move.

    ``roll_entry_id`` has no foreign key: every insert reads the entry in its own statement, roll entries are never
    deleted (trigger), and the key's check would lock the entry's row once more for every vote.
    ``choices`` holds one letter per motion in order of position: f for, a against, b abstain, i invalid.
    """

    __tablename__ = "vote"
    __table_args__ = (
        CheckConstraint(f"state IN ({VOTE_STATES})", name="vote_state"),
        CheckConstraint("channel IN ('online', 'paper', 'proxy', 'legacy')", name="vote_channel"),
        Index("vote_standing", "ballot_id", "roll_entry_id", unique=True, **_where("state = 'standing'")),
        Index(
            "vote_idempotency",
            "account_id",
            "idempotency_key",
            unique=True,
            **_where("account_id IS NOT NULL"),
        ),
        Index(
            "vote_held", "ballot_id", "roll_entry_id", "account_id", unique=True, **_where("state = 'held'")
        ),
        # Also finds what has no number yet. Not two partial indexes: each condition is prepared again for every vote.
        Index("vote_leaf", "ballot_id", "leaf_no"),
        Index("vote_not_standing", "ballot_id", "roll_entry_id", "state", **_where("state <> 'standing'")),
    )

    receipt: str = Field(primary_key=True)
    ballot_id: str
    roll_entry_id: str
    account_id: str | None = None
    idempotency_key: str | None = None
    request_hash: bytes = Field(sa_type=LargeBinary)
    channel: str
    # The state in which it arrived: part of its leaf, while ``state`` is where it is now.
    arrived_as: str = "pending"
    state: str
    choices: str
    documents_hash: str
    photo_sha256: str | None = None
    nonce: bytes = Field(sa_type=LargeBinary)
    cast_at: datetime = Field(sa_type=UtcDateTime)
    leaf_no: int | None = Field(default=None, sa_type=BigInteger)


class VoteDisposition(SQLModel, table=True):
    """A later change of a vote's state; itself a leaf of the ballot's tree."""

    __tablename__ = "vote_disposition"
    __table_args__ = (
        CheckConstraint(f"to_state IN ({VOTE_STATES})", name="vote_disposition_state"),
        Index("vote_disposition_vote", "receipt"),
        Index("vote_disposition_unnumbered", "ballot_id", **_where("leaf_no IS NULL")),
    )

    id: str = Field(primary_key=True)
    ballot_id: str = Field(foreign_key="ballot.id")
    receipt: str = Field(foreign_key="vote.receipt")
    to_state: str
    reason: str
    # What the person who decided wrote; stays inside (the leaf holds only the reason's code).
    note: str | None = None
    actor_id: str | None = None
    at: datetime = Field(sa_type=UtcDateTime)
    nonce: bytes = Field(sa_type=LargeBinary)
    leaf_no: int | None = Field(default=None, sa_type=BigInteger)


class PaperBatch(SQLModel, table=True):
    """A sealed batch of paper votes, registered and witnessed by two people before the deadline."""

    __tablename__ = "paper_batch"
    __table_args__ = (
        CheckConstraint("paper_count BETWEEN 1 AND 5000", name="paper_batch_count"),
        CheckConstraint(
            "witnessed_by IS NULL OR witnessed_by <> registered_by", name="paper_batch_two_people"
        ),
        CheckConstraint("channel IN ('paper', 'legacy')", name="paper_batch_channel"),
        UniqueConstraint("ballot_id", "number", name="paper_batch_number"),
        UniqueConstraint("id", "paper_count", name="paper_batch_size"),
        UniqueConstraint("registered_by", "idempotency_key", name="paper_batch_idempotency"),
    )

    id: str = Field(primary_key=True)
    ballot_id: str = Field(foreign_key="ballot.id")
    number: int
    channel: str
    paper_count: int
    photo_sha256: str
    note: str | None = None
    registered_by: str
    registered_at: datetime = Field(sa_type=UtcDateTime)
    witnessed_by: str | None = None
    witnessed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    idempotency_key: str


class PaperVote(SQLModel, table=True):
    """One sheet of a batch: entered by one person with a photo, confirmed by another."""

    __tablename__ = "paper_vote"
    __table_args__ = (
        ForeignKeyConstraint(["batch_id", "paper_count"], ["paper_batch.id", "paper_batch.paper_count"]),
        # Never more sheets than the sealed batch holds: the count is part of the foreign key.
        CheckConstraint("sheet_no BETWEEN 1 AND paper_count", name="paper_vote_within_batch"),
        CheckConstraint("decided_by IS NULL OR decided_by <> entered_by", name="paper_vote_two_people"),
        CheckConstraint("state IN ('entered', 'confirmed', 'returned')", name="paper_vote_state"),
        Index("paper_vote_sheet", "batch_id", "sheet_no", unique=True, **_where("state <> 'returned'")),
        Index("paper_vote_entered_by", "entered_by", "entered_at"),
    )

    receipt: str = Field(primary_key=True, foreign_key="vote.receipt")
    batch_id: str
    paper_count: int
    sheet_no: int
    state: str = "entered"
    entered_by: str
    entered_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    return_reason: str | None = None


class ProxyMandate(SQLModel, table=True):
    """A written 委托 for one entry of one ballot: name, matter, powers, period, signature (Civil Code 165).

    ``slot`` numbers a proxy's mandates from 1, so that the unique index and the check limit them under races.
    """

    __tablename__ = "proxy_mandate"
    __table_args__ = (
        Index(
            "proxy_mandate_entry", "ballot_id", "roll_entry_id", unique=True, **_where("revoked_at IS NULL")
        ),
        Index(
            "proxy_mandate_slot",
            "ballot_id",
            "proxy_account_id",
            "slot",
            unique=True,
            **_where("revoked_at IS NULL"),
        ),
        CheckConstraint("slot BETWEEN 1 AND slot_limit", name="proxy_mandate_limit"),
        CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> registered_by", name="proxy_mandate_two_people"
        ),
        CheckConstraint("valid_until > valid_from", name="proxy_mandate_period"),
    )

    id: str = Field(primary_key=True)
    ballot_id: str = Field(foreign_key="ballot.id")
    roll_entry_id: str = Field(foreign_key="roll_entry.id")
    proxy_account_id: str = Field(foreign_key="account.id")
    slot: int
    slot_limit: int
    powers: str
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_until: datetime = Field(sa_type=UtcDateTime)
    document_sha256: str
    registered_by: str
    registered_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_by: str | None = None
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
