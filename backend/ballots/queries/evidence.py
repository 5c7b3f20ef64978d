"""What a gate may lean on."""

from __future__ import annotations

from sqlmodel import Session, col, select

from backend.ballots.queries.tally import MotionCount, count_ballot, result_json
from backend.ballots.repository import ballots as repository
from backend.ballots.rules.evidence import BallotEvidence, MotionEvidence, RuleEvidence, same_numbers
from backend.ballots.rules.states import PUBLISHED
from backend.ballots.service.sealing import tree_of
from backend.ballots.tables import Ballot
from backend.ledger import queries as ledger


def ballot_evidence(session: Session, ballot_id: str) -> BallotEvidence | None:
    """Return a ballot's facts, and its sums and result once they are published; never before."""
    ballot = repository.find_ballot(session, ballot_id)
    if ballot is None:
        return None
    checkpoint = ledger.last_checkpoint(session, tree_of(ballot.id))
    counted = count_ballot(session, ballot) if ballot.state in PUBLISHED else None
    return BallotEvidence(
        ballot_id=ballot.id,
        estate_id=ballot.estate_id,
        kind=ballot.kind,
        state=ballot.state,
        title=ballot.title,
        results=_announced(session, ballot) if counted is None else _results(ballot, counted),
        building_id=ballot.building_id,
        project_id=ballot.project_id,
        electorate=ballot.electorate,
        is_as_published=counted is None or same_numbers(ballot.result, result_json(counted)),
        documents_hash=ballot.documents_hash,
        roll_hash=ballot.roll_hash,
        sealed_root=checkpoint.root if checkpoint and ballot.sealed_at else None,
        sealed_size=checkpoint.size if checkpoint and ballot.sealed_at else None,
        sealed_at=ballot.sealed_at,
        objections_until=ballot.objections_until,
        final_at=ballot.final_at,
    )


def _announced(session: Session, ballot: Ballot) -> tuple[MotionEvidence, ...]:
    return tuple(
        MotionEvidence(motion.id, motion.title, (motion.rule_id, *(motion.joined_rule_ids or ())))
        for motion in repository.motions_of(session, ballot.id)
    )


def _results(ballot: Ballot, counted: list[MotionCount]) -> tuple[MotionEvidence, ...]:
    stored = {row["motion"]: row for row in ballot.result}
    return tuple(
        MotionEvidence(
            motion_id=item.motion.id,
            title=item.motion.title,
            rule_ids=tuple(count.rule.id for count in item.counts),
            parameters={name: value for count in item.counts for name, value in count.parameters.items()},
            outcome=stored[item.motion.id]["outcome"],
            sums=item.counts[0].sums,
            result_json={rule["rule"]: rule for rule in stored[item.motion.id]["rules"]},
            by_rule={
                count.rule.id: RuleEvidence(count.rule.id, count.parameters, count.sums)
                for count in item.counts
            },
        )
        for item in counted
        if item.motion.id in stored
    )


def ballots_of_estate(session: Session, estate_id: str) -> list[BallotEvidence]:
    """Return the announced ballots of an estate, newest first (at most 100), without their counts."""
    chosen = select(Ballot.id).where(Ballot.estate_id == estate_id, Ballot.state != "draft")
    identifiers = session.exec(chosen.order_by(col(Ballot.created_at).desc()).limit(100)).all()
    return [found for key in identifiers if (found := ballot_evidence(session, key)) is not None]
