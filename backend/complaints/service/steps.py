"""Taking one step in a complaint's life: the step, what it changes and the event, together or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend.complaints import errors
from backend.complaints.repository import complaints as repository
from backend.complaints.repository import proceedings
from backend.complaints.rules.redaction import clean, redact, redact_hidden
from backend.complaints.rules.states import ENDS_ROUND, TRANSITIONS, Action, Doer, State
from backend.complaints.rules.vocabulary import Disclosure
from backend.complaints.service.photos import STEP, follow_restriction, hang
from backend.complaints.tables import Complaint, ComplaintStep
from backend.identity.service.contacts import name_of
from backend.infra.context import Context
from backend.kernel.access import ANONYMOUS
from backend.kernel.clock import iso
from backend.kernel.events import Event
from backend.kernel.ids import new_id
from backend.ledger import service as ledger

EVENTS: Mapping[Action, str] = {
    Action.REGISTER: "registered",
    Action.ACCEPT: "accepted",
    Action.TRANSFER: "transferred",
    Action.DECLINE: "declined",
    Action.RECLASSIFY: "reclassified",
    Action.HAND_UP: "handed_up",
    Action.DISPUTE: "disputed",
    Action.DISPATCH: "dispatched",
    Action.START: "started",
    Action.CONTEST: "contested",
    Action.NOTE: "noted",
    Action.REQUEST_EXTENSION: "extension_requested",
    Action.GRANT_EXTENSION: "extended",
    Action.REFUSE_EXTENSION: "extension_refused",
    Action.PAUSE: "paused",
    Action.RESUME: "resumed",
    Action.SUPERVISE: "supervised",
    Action.MERGE: "merged",
    Action.MEDIATE: "mediated",
    Action.RESOLVE: "resolved",
    Action.FOLLOW_UP: "followed_up",
    Action.CLOSE: "closed",
    Action.REOPEN: "reopened",
    Action.WITHDRAW: "withdrawn",
    Action.RECOMPUTE: "recomputed",
}
_ROUND_OVER = "本轮办理已结束，申请自动失效。"


@dataclass(frozen=True, slots=True)
class Step:
    """What is done: by whom, with which words (told to the reporter or not), changing which columns.

    ``target`` replaces the state of the table where the action itself decides between two.
    """

    action: Action
    doer: Doer
    words: str = ""
    is_told: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    target: State | None = None
    media_ids: tuple[str, ...] = ()


def take_step(ctx: Context, row: Complaint, step: Step) -> Complaint:
    """Write the step and move the complaint; raises PreconditionFailed when somebody else was first."""
    transition = TRANSITIONS[step.action]
    target = step.target or transition.target or State(row.state)
    stored = step_row(ctx, row, step, target)
    stored.position = row.version + 1
    stored.from_state = row.state
    stored.due_at = step.values.get("due_at", row.due_at)
    stored.party_id = step.values.get("party_id", row.party_id)
    if step.action in ENDS_ROUND:
        over = {"decided_by": "system", "decided_at": ctx.clock.now(), "decision_words": _ROUND_OVER}
        proceedings.refuse_open_extension(ctx.session, row.id, over)
    was_restricted = row.is_restricted
    if not repository.move(ctx.session, row, stored, dict(step.values)):
        raise errors.changed()
    hang(ctx, row, step.media_ids, STEP, stored.id)
    if row.is_restricted != was_restricted:
        follow_restriction(ctx, row)
    tell(ctx, row, step)
    return row


def step_row(ctx: Context, row: Complaint, step: Step, target: State) -> ComplaintStep:
    """Return the row of a step, at position 1."""
    return ComplaintStep(
        id=new_id(),
        complaint_id=row.id,
        position=1,
        at=ctx.clock.now(),
        action=step.action,
        to_state=target,
        doer=step.doer,
        actor_id=None if step.doer is Doer.REPORTER else ctx.actor.account_id,
        words=safe_words(ctx, row, step.words),
        is_told=step.is_told,
        facts=dict(step.facts),
    )


def unit_doer(row: Complaint) -> Doer:
    """Return who does the unit's part: of a restricted case staff, as no unit sees it."""
    return Doer.STAFF if row.is_restricted else Doer.PARTY


def safe_words(ctx: Context, row: Complaint, words: str) -> str:
    """Return words as the history keeps them: numbers masked; of a hidden reporter nothing that tells who it is."""
    text = clean(words)
    if not text or row.disclosure == Disclosure.NAMED:
        return redact(text)
    return redact_hidden(text, known_names(ctx, row))


def known_names(ctx: Context, row: Complaint) -> list[str]:
    """Return the names by which the system knows a reporter, for masking them in words."""
    reporter = repository.reporter_of(ctx.session, row.id)
    if reporter is None:
        return []
    given = ctx.vault.open(reporter.name_sealed, "complaint_reporter.name") if reporter.name_sealed else None
    account = name_of(ctx, reporter.account_id).name if reporter.account_id else None
    return [name for name in (given, account) if name]


def tell(ctx: Context, row: Complaint, step: Step) -> None:
    """Append the event of a step; what a reporter does names nobody (the events are read by auditors)."""
    payload: dict[str, object] = {
        "state": row.state,
        "category": row.category,
        "version": row.version,
        "party": row.party_id,
        "due_at": _iso(row.due_at),
        "told": step.is_told,
    }
    append(ctx, row, EVENTS[step.action], payload, is_reporter=step.doer is Doer.REPORTER)


def append(
    ctx: Context, row: Complaint, what: str, payload: Mapping[str, object], *, is_reporter: bool = False
) -> None:
    """Append an event about a complaint."""
    event = Event(f"complaint.{what}", row.organisation_id, "complaint", row.id, payload)
    ledger.append(nobody(ctx) if is_reporter else ctx, event)


def nobody(ctx: Context) -> Context:
    """Return a context on the same transaction that acts for nobody in particular."""
    return Context(session=ctx.session, actor=ANONYMOUS, ports=ctx.ports, request_id=ctx.request_id)


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else iso(instant)
