"""How one dwelling voted, shown on a lawful written demand: two people, one dwelling, every look logged (domain §7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from backend.ballots.queries.ballots import label_of, motions_of
from backend.ballots.repository import amendments as entries
from backend.ballots.repository import disclosures as repository
from backend.ballots.rules.papers import decode
from backend.ballots.service.entries import check_file, person, refuse_same_person
from backend.ballots.service.loading import load_for, tell
from backend.ballots.tables import Ballot, RollEntry
from backend.ballots.tables.disclosures import ChoiceDisclosure
from backend.infra.context import Context
from backend.kernel.access import Permission
from backend.kernel.errors import Conflict, FieldError, Forbidden, NotFound, Unprocessable
from backend.kernel.ids import new_id

_FIELD = "choice_disclosure.demand"


@dataclass(frozen=True, slots=True)
class ProposeDisclosure:
    """Who demands a dwelling's choice and under which number, with the uploaded document."""

    ballot_id: str
    dwelling_id: str
    demand: str
    document_sha256: str


@dataclass(frozen=True, slots=True)
class DisclosureView:
    """A demand with its words and the door it is about."""

    row: ChoiceDisclosure
    label: str
    demand: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShownChoice:
    """How the dwelling's counted vote reads, by the motion's title; empty where none counts."""

    label: str
    channel: str | None
    cast_at: datetime | None
    choices: dict[str, str] = field(repr=False)


def propose_disclosure(ctx: Context, command: ProposeDisclosure) -> DisclosureView:
    """Store a demand; it shows nothing until a second person has compared it with the document.

    Raises NotFound, Forbidden, Conflict ``not_sealed``, Unprocessable (no words, no file).
    """
    ballot = load_for(ctx, command.ballot_id, Permission.CHOICE_DISCLOSE)
    # While votes are counted nobody but the voter learns a choice, whoever asks.
    if ballot.sealed_at is None:
        raise Conflict("not_sealed", "表决封存以后才能依法调阅某一户的选择。")
    if not command.demand.strip():
        where = FieldError("demand", "请写明由谁、凭什么文书要求调阅。")
        raise Unprocessable("demand", "调阅要求不完整。", [where])
    check_file(ctx, command.document_sha256, "document")
    entry = entries.find_by_dwelling(ctx.session, ballot.id, command.dwelling_id)
    if entry is None:
        raise NotFound
    row = ChoiceDisclosure(
        id=new_id(),
        ballot_id=ballot.id,
        roll_entry_id=entry.id,
        demand_sealed=ctx.vault.seal(command.demand, _FIELD),
        document_sha256=command.document_sha256,
        proposed_by=person(ctx),
        proposed_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    _tell(ctx, ballot, "proposed", row)
    return DisclosureView(row, label_of(entry), command.demand)


def confirm_disclosure(ctx: Context, disclosure_id: str) -> DisclosureView:
    """Confirm as a second person that the document demands it; safe to repeat."""
    ballot, row = _load(ctx, disclosure_id)
    refuse_same_person(ctx, row.proposed_by)
    if row.state == "confirmed" and row.confirmed_by == person(ctx):
        return _view(ctx, row)
    decided = {"confirmed_by": person(ctx), "confirmed_at": ctx.clock.now()}
    if not repository.decide(ctx.session, disclosure_id, "confirmed", **decided):
        raise _decided()
    _tell(ctx, ballot, "confirmed", row)
    return _view(ctx, _load(ctx, disclosure_id)[1])


def withdraw_disclosure(ctx: Context, disclosure_id: str) -> DisclosureView:
    """Take back or turn down a demand before it is confirmed."""
    ballot, row = _load(ctx, disclosure_id)
    if not repository.decide(ctx.session, disclosure_id, "withdrawn"):
        raise _decided()
    _tell(ctx, ballot, "withdrawn", row)
    return _view(ctx, _load(ctx, disclosure_id)[1])


def list_disclosures(
    ctx: Context, ballot_id: str, after: tuple[datetime, str] | None, limit: int
) -> list[DisclosureView]:
    """Return the demands concerning a ballot in the order of proposal; never a choice."""
    load_for(ctx, ballot_id, Permission.CHOICE_DISCLOSE)
    rows = repository.disclosures_page(ctx.session, ballot_id, after, limit)
    return [_view(ctx, row) for row in rows]


def show_choice(ctx: Context, disclosure_id: str) -> ShownChoice:
    """Show the choice to one of the two who handled the demand; the look itself stands in the ledger.

    Raises NotFound, Forbidden (somebody else), Conflict ``not_confirmed``.
    """
    ballot, row = _load(ctx, disclosure_id)
    if row.state != "confirmed":
        raise Conflict("not_confirmed", "这项调阅还没有由另一人核对同意。")
    if person(ctx) not in (row.proposed_by, row.confirmed_by):
        raise Forbidden("not_handling", "只有办理这项调阅的两人可以查看。")
    entry = ctx.session.get_one(RollEntry, row.roll_entry_id)
    vote = repository.counted_vote(ctx.session, ballot.id, entry.id)
    _tell(ctx, ballot, "shown", row)
    if vote is None:
        return ShownChoice(label_of(entry), None, None, {})
    titles = {motion.id: motion.title for motion in motions_of(ctx.session, ballot.id)}
    choices = {titles[motion]: choice for motion, choice in decode(list(titles), vote.choices).items()}
    return ShownChoice(label_of(entry), vote.channel, vote.cast_at, choices)


def _load(ctx: Context, disclosure_id: str) -> tuple[Ballot, ChoiceDisclosure]:
    row = repository.find_disclosure(ctx.session, disclosure_id)
    if row is None:
        raise NotFound
    return load_for(ctx, row.ballot_id, Permission.CHOICE_DISCLOSE), row


def _view(ctx: Context, row: ChoiceDisclosure) -> DisclosureView:
    entry = ctx.session.get_one(RollEntry, row.roll_entry_id)
    return DisclosureView(row, label_of(entry), ctx.vault.open(row.demand_sealed, _FIELD))


def _tell(ctx: Context, ballot: Ballot, what: str, row: ChoiceDisclosure) -> None:
    """Which door it is about stays out of the event: the trail is read by more people than these two."""
    payload = {"disclosure": row.id, "document_sha256": row.document_sha256}
    tell(ctx, ballot, f"choice.disclosure_{what}", payload)


def _decided() -> Conflict:
    return Conflict("disclosure_decided", "这项调阅已由别人核对或撤回，请刷新后再看。")
