"""Triage before the clock: accept what is handled here, pass the rest on in writing, decline with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from backend.complaints import errors
from backend.complaints.rules import intake
from backend.complaints.rules.states import Action, Doer
from backend.complaints.rules.statistics import minutes_between
from backend.complaints.rules.vocabulary import CATEGORIES, NATURE_TITLES, Nature
from backend.complaints.service import clocks
from backend.complaints.service.loading import check_staff, is_trusted, load_for, own_parties, serving_party
from backend.complaints.service.repeats import repeats_place
from backend.complaints.service.steps import Step, take_step
from backend.complaints.tables import Complaint
from backend.infra.context import Context
from backend.kernel.clock import local_date
from backend.policies.rules.hotline import TimeClass


@dataclass(frozen=True, slots=True)
class AcceptComplaint:
    """Take a matter on as a complaint or an emergency; what is None stays as it was reported.

    ``is_restricted`` is for those who may see restricted cases: True restricts, False lifts and names nobody more.
    """

    complaint_id: str
    version: int | None
    nature: Nature | None = None
    category: str | None = None
    time_class: TimeClass | None = None
    about_party_id: str | None = None
    about_account_id: str | None = None
    words: str = ""
    is_restricted: bool | None = None


@dataclass(frozen=True, slots=True)
class TransferComplaint:
    """Pass a matter on in writing: to which body, by which document, of which day."""

    complaint_id: str
    version: int | None
    nature: Nature
    recipient: str
    document_title: str
    document_number: str
    transferred_on: date
    words: str = ""


@dataclass(frozen=True, slots=True)
class DeclineComplaint:
    """Not take a matter on, with the reason the reporter is told."""

    complaint_id: str
    version: int | None
    words: str


def accept_complaint(ctx: Context, command: AcceptComplaint) -> Complaint:
    """Accept: only now does the hotline's clock start, and the reporter has had a first answer."""
    row = load_for(ctx, command.complaint_id, Action.ACCEPT, command.version)
    category = command.category or row.category
    values = _about(ctx, row, command, category) | _classed(ctx, row, command, category)
    now = ctx.clock.now()
    limits = clocks.class_limits(ctx, row.organisation_id, values["time_class"])
    values |= clocks.start_columns(ctx, limits.resolve, now)
    values |= {
        "accepted_at": now,
        "responded_at": now,
        "minutes_to_accept": minutes_between(row.registered_at, now),
        # What came in by itself was first received by who took it on.
        "first_receiver_id": row.first_receiver_id or ctx.actor.account_id,
    }
    words = command.words or "已受理。"
    return take_step(ctx, row, Step(Action.ACCEPT, Doer.STAFF, words, is_told=True, values=values))


def reclassify_complaint(ctx: Context, command: AcceptComplaint) -> Complaint:
    """Correct category, class or whom it is about; a running clock gets the new class's time.

    It is counted from the start of the present round, with the round's pauses.
    """
    row = load_for(ctx, command.complaint_id, Action.RECLASSIFY, command.version)
    category = command.category or row.category
    values = _about(ctx, row, command, category) | _classed(ctx, row, command, category)
    if row.accepted_at is not None and values["time_class"] != row.time_class:
        if row.paused_at is not None or row.extensions:
            raise errors.extension_impossible("计时已暂停或已延期，不能再改时限类别。")
        limits = clocks.class_limits(ctx, row.organisation_id, values["time_class"])
        values |= clocks.granted_columns(ctx, row, limits.resolve)
    return take_step(ctx, row, Step(Action.RECLASSIFY, Doer.STAFF, command.words, values=values))


def transfer_complaint(ctx: Context, command: TransferComplaint) -> Complaint:
    """Pass on a petition, an accusation or a lawsuit; its own periods hold, the hotline's clock never starts."""
    row = load_for(ctx, command.complaint_id, Action.TRANSFER, command.version)
    if intake.is_handled_here(command.nature):
        raise errors.handled_here(NATURE_TITLES[command.nature])
    now = ctx.clock.now()
    if command.transferred_on > local_date(now):
        raise errors.wrong("transferred_on", "转送日期不能晚于今天。")
    values: dict[str, Any] = {
        "nature": command.nature,
        "responded_at": row.responded_at or now,
        "due_at": None,
        "warn_at": None,
        "clock_unit": None,
        "clock_left": None,
        "clock_since": None,
        "clock_course": None,
        "is_due_provisional": False,
        "paused_at": None,
        "pause_reason": None,
    }
    if command.nature is Nature.ACCUSATION and not row.is_restricted:
        # An accusation stays out of sight of those it may concern, also after it has gone.
        values |= _decided(ctx, row, None, is_restricted=True)
    facts = {
        "recipient": command.recipient,
        "document_title": command.document_title,
        "document_number": command.document_number,
        "transferred_on": command.transferred_on.isoformat(),
    }
    words = command.words or f"属于{NATURE_TITLES[command.nature]}，已书面转送{command.recipient}。"
    step = Step(Action.TRANSFER, Doer.STAFF, words, is_told=True, values=values, facts=facts)
    return take_step(ctx, row, step)


def decline_complaint(ctx: Context, command: DeclineComplaint) -> Complaint:
    """Decline with a reason that the reporter is told."""
    row = load_for(ctx, command.complaint_id, Action.DECLINE, command.version)
    if not command.words.strip():
        raise errors.wrong("words", "请写明不予受理的理由，反映人会看到。")
    values = {"responded_at": ctx.clock.now()}
    return take_step(ctx, row, Step(Action.DECLINE, Doer.STAFF, command.words, is_told=True, values=values))


def _classed(ctx: Context, row: Complaint, command: AcceptComplaint, category: str) -> dict[str, Any]:
    """Return nature, category and class of time limits; what nobody corrects stays, an emergency above all."""
    if category not in CATEGORIES:
        raise errors.wrong("category", "没有这个类别。")
    nature = command.nature or Nature(row.nature)
    if not intake.is_handled_here(nature):
        raise errors.not_handled_here(NATURE_TITLES[nature])
    asked = command.time_class
    if nature is Nature.EMERGENCY and asked not in (None, TimeClass.EMERGENCY):
        raise errors.wrong("time_class", "紧急情况按紧急时限办理；不再紧急的，请同时把性质改为投诉。")
    is_same = (nature, category) == (row.nature, row.category)
    time_class = asked or (TimeClass(row.time_class) if is_same else intake.time_class_of(nature, category))
    values: dict[str, Any] = {"nature": nature, "category": category, "time_class": time_class}
    if time_class != row.time_class and row.responded_at is None:
        # What turns out to be an emergency is answered like one, counted from when it came in, or in again.
        respond = clocks.class_limits(ctx, row.organisation_id, time_class).respond
        values |= clocks.response_columns(ctx, respond, clocks.asked_at(row))
        values["is_response_overdue"] = row.is_response_overdue and values["respond_by_at"] <= ctx.clock.now()
    if category != row.category:
        values["repeats_place"] = repeats_place(ctx, row, category)
    return values


def _about(ctx: Context, row: Complaint, command: AcceptComplaint, category: str) -> dict[str, Any]:
    """Return whom the case is about and who may see it; a restricted one stays so until it is lifted."""
    said, named = command.is_restricted, command.about_account_id
    is_restricted = intake.restriction_after(
        said,
        was_restricted=row.is_restricted,
        names_person=named is not None,
        becomes_conduct=category != row.category and intake.is_conduct(category),
    )
    party_id = row.about_party_id
    if command.about_party_id is not None:
        party_id = serving_party(ctx, row, command.about_party_id).id
    if is_restricted and party_id in own_parties(ctx):
        raise errors.conflict_of_interest()
    if said is None and named is None and is_restricted == row.is_restricted:
        return {"about_party_id": party_id}
    if said is False and named is not None:
        raise errors.wrong("about_account", "解除限制后不再对应具体人员，请不要同时填写。")
    return {"about_party_id": party_id, **_decided(ctx, row, named, is_restricted=is_restricted)}


def _decided(ctx: Context, row: Complaint, named: str | None, *, is_restricted: bool) -> dict[str, Any]:
    """Return who may see a case and whom it is about: who was handed up, where nobody else is named.

    Nobody decides it near the case, and nobody of what is about themselves, or may be.
    """
    if not is_trusted(ctx, row):
        raise errors.hand_up()
    check_staff(ctx, row, named)
    concerned = (named, row.about_account_id, row.handed_up_about_id)
    if ctx.actor.account_id is not None and ctx.actor.account_id in concerned:
        raise errors.conflict_of_interest()
    return {
        "is_restricted": is_restricted,
        "about_account_id": next(filter(None, concerned), None) if is_restricted else None,
        "handed_up_at": None,
        "handed_up_about_id": None,
    }
