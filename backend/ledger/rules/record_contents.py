"""What goes into a record, as plain values that the database side fills in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from backend.ledger.rules.leaf import BallotLeaf
from backend.tally.weight import RollEntry

FORMAT = "gongjue-record"
VERSION = 1
MODES = frozenset({"production", "rehearsal", "demo"})
PROFILE_STATUSES = frozenset({"law", "policy", "draft", "local choice"})


@dataclass(frozen=True, slots=True)
class BallotFacts:
    """The ballot as the public knows it; ``times`` gives the instant at which each state was entered."""

    id: str
    title: str
    kind: str
    electorate: str
    organisation: str
    estate: str
    state: str
    opens_at: datetime
    closes_at: datetime
    times: Mapping[str, datetime]


@dataclass(frozen=True, slots=True)
class RollFacts:
    """The roll counted: its hash, the hash stated in the voting notice, and totals (area in 0.01 m²)."""

    sha256: str
    frozen_sha256: str
    entries: int
    heads: int
    households: int
    area: int


@dataclass(frozen=True, slots=True)
class AmendmentCounts:
    """How many roll entries were added, corrected or removed after freezing."""

    added: int = 0
    corrected: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class RuleUse:
    """A rule that decides a motion: its profile's title, clause and status, and the parameters set."""

    rule: str
    title: str
    clause: str
    status: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MotionFacts:
    """One motion as it stood on the paper."""

    id: str
    title: str
    text: str
    rules: tuple[RuleUse, ...]


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """A document the vote was bound to; ``size`` in bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class MotionCount:
    """The published count of a motion: one object of ``record_recount.rule_count`` per rule, in order."""

    motion: str
    results: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tree's root at a size, and the proof that it extends the checkpoint before (hex; first: empty)."""

    number: int
    size: int
    root: str
    at: datetime
    consistency: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RecordContents:
    """Everything a public record says; an audit record says it too."""

    mode: str
    generated_at: datetime
    ballot: BallotFacts
    roll: RollFacts
    amendments: AmendmentCounts
    motions: tuple[MotionFacts, ...]
    documents: tuple[DocumentFacts, ...]
    counts: tuple[MotionCount, ...]
    checkpoints: tuple[Checkpoint, ...]


@dataclass(frozen=True, slots=True)
class Amendment:
    """A change of the frozen roll: the row before (None: added) and after (None: removed), and why."""

    number: int
    at: datetime
    reason: str
    before: RollEntry | None
    after: RollEntry | None


@dataclass(frozen=True, slots=True)
class SealedLeaf:
    """A leaf as stored: its object, its nonce, and the hash that was sealed."""

    leaf: BallotLeaf
    nonce: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class ExportNote:
    """Who took the audit record out (pseudonymous id), why, when, under which watermark."""

    actor: str
    reason: str
    at: datetime
    watermark: str


@dataclass(frozen=True, slots=True)
class AuditContents:
    """What an audit record has beyond the public one; ``leaves`` in order from 0, read once."""

    roll: Iterable[RollEntry]
    amendments: tuple[Amendment, ...]
    leaves: Iterable[SealedLeaf]
    export: ExportNote
