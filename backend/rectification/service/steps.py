"""Taking an item a step further, each step by a named person; evidence before and after the work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.identity.queries import staff_names
from backend.infra.context import Context
from backend.kernel.access import Permission, require
from backend.kernel.errors import NotFound
from backend.kernel.ids import new_id
from backend.media import service as media
from backend.media.queries import find_file
from backend.rectification import errors, repository
from backend.rectification.rules.progress import (
    STATE_TITLES,
    WORKED_ON,
    Move,
    Progress,
    Refusal,
    State,
    Step,
    take,
)
from backend.rectification.rules.wording import share_a_name
from backend.rectification.service.items import EVIDENCE, Shown, show_item
from backend.rectification.service.loading import (
    Noted,
    load_item,
    load_own_item,
    named_person,
    note_step,
    scope_of,
    tell_item,
    today_of,
)
from backend.rectification.tables import RectificationEvidence, RectificationItem

MAX_EVIDENCE = 60
_EVENTS: Mapping[Step, str] = {
    Step.START: "started",
    Step.SUBMIT: "submitted",
    Step.RETURN: "returned",
    Step.VERIFY: "verified",
    Step.CLOSE_OUT: "closed_out",
    Step.REOPEN: "reopened",
}
_BY_THE_RESPONSIBLE = (Step.START, Step.SUBMIT)


@dataclass(frozen=True, slots=True)
class TakeStep:
    """A step; ``version`` is what the actor read, ``words`` say why where a reason is asked for."""

    item_id: str
    step: Step
    version: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class AddEvidence:
    """The actor's own loose photo or video of the place before or after the work."""

    item_id: str
    phase: str
    media_id: str


def take_step(ctx: Context, command: TakeStep) -> Shown:
    """Take a step; of two people at once one is told to look again."""
    person = named_person(ctx)
    if command.step in _BY_THE_RESPONSIBLE:
        row = load_own_item(ctx, command.item_id)
    else:
        row = load_item(ctx, command.item_id, Permission.RECTIFICATION_VERIFY)
    if row.version != command.version:
        raise errors.changed()
    shown_by = {
        each.added_by
        for each in repository.evidence_of(ctx.session, row.id)
        if each.phase == "after" and each.round == row.round
    }
    move = Move(
        command.step,
        person,
        has_evidence=bool(shown_by),
        has_words=bool(command.words.strip()),
        is_namesake=_is_namesake(ctx, row, person),
        gave_evidence=person in shown_by,
    )
    after = take(_progress(row), move)
    if isinstance(after, Refusal):
        raise errors.refused(after, STATE_TITLES[State(row.state)])
    if not repository.change_item(ctx.session, row, command.version, **_values(ctx, command.step, after)):
        raise errors.changed()
    ctx.session.refresh(row)
    note_step(ctx, row, Noted(str(command.step), command.words.strip()))
    tell_item(ctx, _EVENTS[command.step], row, {"round": row.round})
    return show_item(ctx, row.id)


def add_evidence(ctx: Context, command: AddEvidence) -> Shown:
    """Attach evidence to the present attempt; the same piece twice is one piece."""
    person = named_person(ctx)
    row = load_own_item(ctx, command.item_id)
    if row.state == State.CLOSED_OUT:
        raise errors.no_answer_now(STATE_TITLES[State.CLOSED_OUT])
    present = repository.evidence_of(ctx.session, row.id)
    mine = (row.round, command.phase, command.media_id)
    if any((each.round, each.phase, each.media_id) == mine for each in present):
        return show_item(ctx, row.id)
    if len(present) >= MAX_EVIDENCE:
        raise errors.too_much_evidence()
    _require_media(ctx, command.media_id, row.estate_id)
    evidence = RectificationEvidence(
        id=new_id(),
        item_id=row.id,
        phase=command.phase,
        round=row.round,
        media_id=command.media_id,
        added_by=person,
        added_at=ctx.clock.now(),
    )
    ctx.session.add(evidence)
    ctx.session.flush()  # twice at once: the unique index lets one of them through
    media.attach(ctx, [command.media_id], EVIDENCE, evidence.id, limit=1)
    tell_item(ctx, "evidence_added", row, {"phase": evidence.phase, "media": evidence.media_id})
    return show_item(ctx, row.id)


def withdraw_evidence(ctx: Context, evidence_id: str) -> Shown:
    """Withdraw evidence while the item is worked on: by whoever added it, or a keeper of the register."""
    person = named_person(ctx)
    evidence = ctx.session.get(RectificationEvidence, evidence_id, populate_existing=True)
    if evidence is None:
        raise NotFound
    row = load_item(ctx, evidence.item_id, Permission.RECTIFICATION_READ)
    if evidence.added_by != person:
        require(ctx.actor, Permission.RECTIFICATION_WRITE, scope_of(row))
    if evidence.withdrawn_at is not None:
        return show_item(ctx, row.id)
    if State(row.state) not in WORKED_ON:
        raise errors.no_answer_now(STATE_TITLES[State(row.state)])
    now = ctx.clock.now()
    is_mine = repository.withdraw_evidence(ctx.session, evidence.id, person, now)
    # A submission that relied on it at the same moment fails: both change the version.
    if not is_mine or not repository.change_item(ctx.session, row, row.version):
        raise errors.changed()
    tell_item(ctx, "evidence_withdrawn", row, {"phase": evidence.phase, "media": evidence.media_id})
    return show_item(ctx, row.id)


def _progress(row: RectificationItem) -> Progress:
    return Progress(State(row.state), row.responsible_account, row.submitted_by, row.verified_by, row.round)


def _values(ctx: Context, step: Step, after: Progress) -> dict[str, Any]:
    values: dict[str, Any] = {
        "state": str(after.state),
        "round": after.round,
        "submitted_by": after.submitted_by,
        "verified_by": after.verified_by,
    }
    match step:
        case Step.SUBMIT:
            values["submitted_at"] = ctx.clock.now()
        case Step.VERIFY:
            values["verified_at"] = ctx.clock.now()
        case Step.CLOSE_OUT:
            values["closed_out_on"] = today_of(ctx)
        case Step.RETURN | Step.REOPEN:
            gone = ("submitted_at", "verified_at", "verifier_sealed", "closed_out_on")
            values |= dict.fromkeys(gone)
    return values


def _is_namesake(ctx: Context, row: RectificationItem, person: str) -> bool:
    """The name counts beside the account too: either may be the one that says who is responsible."""
    if row.responsible_person_sealed is None:
        return False
    written = ctx.vault.open(row.responsible_person_sealed, "rectification_item.responsible_person")
    return share_a_name(written, staff_names(ctx.session, ctx.vault, [person]).get(person, ""))


def _require_media(ctx: Context, media_id: str, estate_id: str) -> None:
    file = find_file(ctx.session, media_id)
    if file is None or file.account_id != ctx.actor.account_id or file.estate_id != estate_id:
        raise errors.media_missing()
