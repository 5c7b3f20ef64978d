"""What an auditor looks at: events of a subtree, and a ballot's checkpoints, paper work and sample to call back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.ballots.queries.minutes import SignedMinutes, signed_minutes
from backend.ballots.queries.paperwork import PersonRate, entries_per_person
from backend.ballots.repository import records as stored
from backend.ballots.repository.records import SheetLine
from backend.ballots.rules.paper import draw_sample
from backend.ballots.service.loading import load_for
from backend.ballots.service.sealing import tree_of
from backend.infra.context import Context
from backend.kernel.access import Permission, require
from backend.kernel.errors import Unprocessable
from backend.ledger import queries as ledger
from backend.ledger.rules.record_contents import Checkpoint
from backend.registry import queries as registry
from backend.registry import service as registry_service

SAMPLE_SIZE = 20
_MOST_PLACES = 2000
_PAGE = 100
# An audit record numbers and times every paper: with these an auditor could tell whose paper is whose.
_UNLINKED_TYPES = ("vote.",)
_UNLINKED_FIELDS = frozenset({"receipt", "sheet", "entry", "roll_entry"})


@dataclass(frozen=True, slots=True)
class ListEvents:
    """A page of events of an organisation and everything below it, newest first."""

    organisation_id: str
    before: int | None = None
    limit: int = 50
    type_prefix: str | None = None


@dataclass(frozen=True, slots=True)
class TrailEvent:
    """An event as an auditor sees it; actor and subject are opaque ids, absent where they would link a paper."""

    number: int
    id: str
    type: str
    at: datetime
    organisation_id: str | None
    actor_kind: str
    actor_id: str | None
    subject_kind: str
    subject_id: str | None
    payload: dict[str, Any]


def list_events(ctx: Context, command: ListEvents) -> list[TrailEvent]:
    """Return events; raises NotFound outside the caller's subtree, Unprocessable where the subtree is too large."""
    scope = registry.scope_of_organisation(ctx.session, command.organisation_id)
    require(ctx.actor, Permission.AUDIT_READ, scope)
    rows = ledger.events_of_organisations(
        ctx.session,
        _subtree(ctx, command.organisation_id),
        before=command.before,
        limit=command.limit,
        type_prefix=command.type_prefix,
    )
    return [
        TrailEvent(
            number=row.leaf_no or 0,
            id=row.id,
            type=row.type,
            at=row.at,
            organisation_id=row.organisation_id,
            actor_kind=row.actor_kind,
            actor_id=_unless_linking(row.type, row.actor_id),
            subject_kind=row.subject_kind,
            subject_id=_unless_linking(row.type, row.subject_id),
            payload={name: value for name, value in row.payload.items() if name not in _UNLINKED_FIELDS},
        )
        for row in rows
    ]


def _unless_linking(event_type: str, identifier: str | None) -> str | None:
    return None if event_type.startswith(_UNLINKED_TYPES) else identifier


def _subtree(ctx: Context, organisation_id: str) -> list[str]:
    """Collect the ids level by level; communities have nothing below them and are not asked."""
    found, waiting = [organisation_id], [organisation_id]
    while waiting:
        parent, after = waiting.pop(), None
        while children := registry_service.list_organisations(ctx, parent, _PAGE, after):
            found += [child.id for child in children]
            waiting += [child.id for child in children if child.kind != "community"]
            after = children[-1].id
            if len(found) > _MOST_PLACES:
                raise Unprocessable("too_many_places", "范围太大，请选择下级的市、县或乡镇街道。")
            if len(children) < _PAGE:
                break
    return found


@dataclass(frozen=True, slots=True)
class BallotAudit:
    """A ballot for its auditor; the sample is drawn by ``seed``, by default the published root of the seal.

    ``minutes``: the signed editions of count day's minutes, without names.
    """

    ballot_id: str
    state: str
    roll_hash: str | None
    documents_hash: str | None
    checkpoints: tuple[Checkpoint, ...]
    people: tuple[PersonRate, ...]
    confirmed_sheets: int
    seed: str | None
    sample: tuple[SheetLine, ...]
    minutes: tuple[SignedMinutes, ...]


def audit_ballot(ctx: Context, ballot_id: str, seed: str | None, size: int = SAMPLE_SIZE) -> BallotAudit:
    """Return the auditor's view of one ballot; raises NotFound, Forbidden.

    The sample is drawn over the sheets' public names ``batch-sheet``, so that anybody can draw it again;
    before sealing there is none, unless a seed drawn in public is given.
    """
    ballot = load_for(ctx, ballot_id, Permission.AUDIT_READ)
    points = ledger.checkpoints_of(ctx.session, tree_of(ballot.id))
    sheets = {line.name: line for line in stored.confirmed_sheets(ctx.session, ballot.id)}
    chosen = seed or (points[-1].root if points and ballot.sealed_at is not None else None)
    drawn = draw_sample(sheets, chosen, size) if chosen else []
    return BallotAudit(
        ballot_id=ballot.id,
        state=ballot.state,
        roll_hash=ballot.roll_hash,
        documents_hash=ballot.documents_hash,
        checkpoints=tuple(
            Checkpoint(row.number, row.size, row.root, row.at, tuple(row.consistency)) for row in points
        ),
        people=tuple(entries_per_person(ctx.session, ballot.id)),
        confirmed_sheets=len(sheets),
        seed=chosen,
        sample=tuple(sheets[name] for name in drawn),
        minutes=tuple(signed_minutes(ctx.session, ballot.id)),
    )
