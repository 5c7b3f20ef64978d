"""A ballot as its record tells it: facts, roll under pseudonyms, published count, checkpoints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlmodel import Session

from backend.ballots.queries.paperwork import amendments_of
from backend.ballots.queries.tally import RuleCount, count_ballot
from backend.ballots.repository import ballots as repository
from backend.ballots.repository import records as stored
from backend.ballots.repository.amendments import counted_roll
from backend.ballots.repository.sealing import numbered
from backend.ballots.rules.documents import motions_text
from backend.ballots.service.sealing import arrival_leaf, disposition_leaf, tree_of
from backend.ballots.tables import Ballot, Motion
from backend.ledger import queries as ledger
from backend.ledger.rules.leaf import leaf_hash
from backend.ledger.rules.record_contents import (
    Amendment,
    AmendmentCounts,
    BallotFacts,
    Checkpoint,
    DocumentFacts,
    MotionCount,
    MotionFacts,
    RecordContents,
    RollFacts,
    RuleUse,
    SealedLeaf,
)
from backend.ledger.rules.record_counts import rule_count
from backend.ledger.rules.record_roll import roll_hash
from backend.registry import queries as registry
from backend.tally.rule import get_rule, profile_of
from backend.tally.weight import RollEntry

MOTIONS_DOCUMENT = "表决事项与计票规则（motions.json）"


@dataclass(frozen=True, slots=True)
class RollNow:
    """The roll as counted, and the corrections that led from the frozen one to it."""

    rows: list[RollEntry]
    amendments: tuple[Amendment, ...]


def read_roll(session: Session, ballot_id: str) -> RollNow:
    """Read the roll as it stands and the corrections that were confirmed."""
    amendments = tuple(
        Amendment(line.number, line.at, line.reason, line.before, line.after)
        for line in amendments_of(session, ballot_id)
    )
    return RollNow(counted_roll(session, ballot_id), amendments)


def record_contents(
    session: Session, ballot: Ballot, roll: RollNow, generated_at: datetime
) -> RecordContents:
    """Return everything a public record says; the outcomes are those published, the sums those of the rows."""
    motions = repository.motions_of(session, ballot.id)
    return RecordContents(
        mode=stored.installation_mode(session),
        generated_at=generated_at,
        ballot=_facts(session, ballot),
        roll=_roll_facts(ballot, roll.rows),
        amendments=_amendment_counts(roll.amendments),
        motions=tuple(_motion_facts(motion) for motion in motions),
        documents=document_facts(session, ballot.id, motions),
        counts=_counts(session, ballot),
        checkpoints=_checkpoints(session, ballot.id),
    )


def _facts(session: Session, ballot: Ballot) -> BallotFacts:
    place = registry.estate_card(session, ballot.estate_id)
    assert ballot.opens_at is not None and ballot.closes_at is not None
    moments = {
        "notice": ballot.notice_at,
        "open": ballot.opens_at,
        "counting": ballot.closes_at,
        "sealed": ballot.sealed_at,
        "preliminary": ballot.preliminary_at,
        "final": ballot.final_at,
        "voided": ballot.stopped_at if ballot.state == "voided" else None,
    }
    return BallotFacts(
        id=ballot.id,
        title=ballot.title,
        kind=ballot.kind,
        electorate=ballot.electorate,
        organisation=place.organisation_name,
        estate=place.name,
        state=ballot.state,
        opens_at=ballot.opens_at,
        closes_at=ballot.closes_at,
        times={state: moment for state, moment in moments.items() if moment is not None},
    )


def _roll_facts(ballot: Ballot, rows: Sequence[RollEntry]) -> RollFacts:
    return RollFacts(
        sha256=roll_hash(rows),
        frozen_sha256=str(ballot.roll_hash),
        entries=len(rows),
        heads=len({row.owner for row in rows}),
        households=sum(row.is_household for row in rows),
        area=sum(row.area for row in rows),
    )


def _amendment_counts(amendments: Sequence[Amendment]) -> AmendmentCounts:
    added = sum(item.before is None for item in amendments)
    removed = sum(item.after is None for item in amendments)
    return AmendmentCounts(added, len(amendments) - added - removed, removed)


def _motion_facts(motion: Motion) -> MotionFacts:
    uses = tuple(
        rule_use(rule_id, (motion.parameters or {}).get(rule_id, {})) for rule_id in rules_of(motion)
    )
    return MotionFacts(motion.id, motion.title, motion.body, uses)


def rules_of(motion: Motion) -> tuple[str, ...]:
    """Return the motion's rules, all of which must pass."""
    return (motion.rule_id, *(motion.joined_rule_ids or ()))


def rule_use(rule_id: str, parameters: Mapping[str, str]) -> RuleUse:
    """Return a rule with the source it comes from and the numbers fixed for this ballot."""
    profile = profile_of(rule_id)
    return RuleUse(rule_id, profile.title, get_rule(rule_id).clause, profile.status.value, dict(parameters))


def document_facts(session: Session, ballot_id: str, motions: Sequence[Motion]) -> tuple[DocumentFacts, ...]:
    """Return what a vote was bound to: the words of the motions first, then the documents."""
    text = motions_text([(motion.id, motion.title, motion.body, rules_of(motion)) for motion in motions])
    words = DocumentFacts(MOTIONS_DOCUMENT, sha256(text).hexdigest(), len(text))
    files = repository.documents_of(session, ballot_id)
    return (words, *(DocumentFacts(file.title, file.sha256, file.size) for file in files))


def _counts(session: Session, ballot: Ballot) -> tuple[MotionCount, ...]:
    published = published_results(ballot.result or ())
    return tuple(
        MotionCount(item.motion.id, tuple(_result(published, item.motion.id, count) for count in item.counts))
        for item in count_ballot(session, ballot)
    )


def _result(
    published: Mapping[tuple[str, str], Mapping[str, Any]], motion_id: str, count: RuleCount
) -> dict[str, object]:
    # The published outcome stands beside the sums of the rows: where they disagree, every verifier says so.
    counted = rule_count(rule_use(count.rule.id, count.parameters), count.sums)
    return {**counted, **published.get((motion_id, count.rule.id), {})}


def published_results(result: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return (motion, rule) → outcome and tests out of a ballot's stored result."""
    return {
        (motion["motion"], rule["rule"]): {"outcome": rule["outcome"], "tests": rule["tests"]}
        for motion in result
        for rule in motion["rules"]
    }


def _checkpoints(session: Session, ballot_id: str) -> tuple[Checkpoint, ...]:
    return tuple(
        Checkpoint(row.number, row.size, row.root, row.at, tuple(row.consistency))
        for row in ledger.checkpoints_of(session, tree_of(ballot_id))
    )


def sealed_leaves(session: Session, ballot_id: str) -> Iterator[SealedLeaf]:
    """Yield the leaves in order, made again from the rows (which ``check_ballot`` holds against the sealed)."""
    motion_ids = [motion.id for motion in repository.motions_of(session, ballot_id)]
    for _, row in numbered(session, ballot_id):
        item = row.as_leaf(motion_ids, arrival_leaf, disposition_leaf)
        yield SealedLeaf(item.leaf, item.nonce, leaf_hash(item.leaf, item.nonce))
