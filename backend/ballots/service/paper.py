"""Sheets of a sealed batch: entered by one person with a photo, read again blind and confirmed by another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from sqlalchemy.exc import IntegrityError

from backend.ballots.repository import paper as repository
from backend.ballots.repository import votes
from backend.ballots.repository.ballots import motions_of
from backend.ballots.rules.paper import sheet_hash
from backend.ballots.rules.papers import encode_sheet
from backend.ballots.service.batches import load_batch
from backend.ballots.service.corrections import require_upheld_objection, restore_sheet
from backend.ballots.service.entries import (
    check_file,
    lock_ballot,
    person,
    refuse_same_person,
    require_counting,
    scope_of_entry,
)
from backend.ballots.service.loading import require_state, tell
from backend.ballots.tables import Ballot, PaperBatch, PaperVote, RollEntry, Vote
from backend.infra.context import Context
from backend.kernel.access import Permission, require
from backend.kernel.errors import Conflict, FieldError, NotFound, Unprocessable
from backend.kernel.events import Event
from backend.ledger import service as ledger


@dataclass(frozen=True, slots=True)
class EnterSheet:
    """One sheet as its reader marked it: motion → for, against, abstain or invalid."""

    batch_id: str
    sheet_no: int
    entry_id: str
    marks: Mapping[str, str]
    photo_sha256: str


@dataclass(frozen=True, slots=True)
class ConfirmSheet:
    """A second person's own reading of the sheet: whose it is and how it is marked."""

    receipt: str
    entry_id: str
    marks: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SheetState:
    """Where a sheet stands; ``vote_state`` is pending while it waits (for confirmation or for review)."""

    receipt: str
    sheet_no: int
    state: str
    vote_state: str
    entered_by: str
    entered_at: datetime
    building: str = ""

    @property
    def needs_review(self) -> bool:
        """Tell whether a confirmed sheet found its entry's place taken."""
        return self.state == "confirmed" and self.vote_state == "pending"


@dataclass(frozen=True, slots=True)
class Work:
    """A witnessed batch under the barrier, ready for entry or confirmation."""

    batch: PaperBatch
    ballot: Ballot
    motion_ids: list[str]
    now: datetime


def begin_entry(ctx: Context, batch_id: str) -> Work:
    """Take the barrier and check that sheets of this batch may be entered now."""
    batch, _ = load_batch(ctx, batch_id, Permission.PAPER_ENTER)
    ballot, now = lock_ballot(ctx, batch.ballot_id)
    require_counting(ballot, now, "录入纸质票")
    if batch.witnessed_at is None:
        raise Conflict("batch_unwitnessed", "这一批在截止前没有第二人见证，不能录入。")
    return Work(batch, ballot, _motion_ids(ctx, ballot), now)


def enter_sheet(ctx: Context, command: EnterSheet) -> SheetState:
    """Record one sheet of a witnessed batch; it holds no place until a second person confirms it.

    The same entry sent again by the same person gives the same receipt. Raises NotFound, Forbidden,
    Conflict (count closed, batch not witnessed, sheet number taken), Unprocessable.
    """
    work = begin_entry(ctx, command.batch_id)
    check_file(ctx, command.photo_sha256, "photo_sha256")
    return enter_into(ctx, work, command)


def enter_into(ctx: Context, work: Work, command: EnterSheet) -> SheetState:
    """Record one sheet of a batch already begun, whose photo was checked."""
    batch, ballot = work.batch, work.ballot
    entry = repository.find_entry(ctx.session, ballot.id, command.entry_id)
    if entry is None:
        raise NotFound
    require(ctx.actor, Permission.PAPER_ENTER, scope_of_entry(ctx, ballot, entry))
    letters = encode_sheet(work.motion_ids, command.marks, ballot.max_choices)
    if not 1 <= command.sheet_no <= batch.paper_count:
        where = FieldError("sheet_no", f"这一批只有 {batch.paper_count} 张。")
        raise Unprocessable("sheet_no", "序号有误。", [where])
    digest = sheet_hash((batch.id, str(command.sheet_no), entry.id, letters, command.photo_sha256))
    taken = repository.find_sheet_at(ctx.session, batch.id, command.sheet_no)
    if taken is not None:
        return _replay(ctx, taken, digest)
    vote = votes.NewVote(
        ballot_id=ballot.id,
        roll_entry_id=entry.id,
        channel=batch.channel,
        state="pending",
        choices=letters,
        documents_hash=str(ballot.documents_hash),
        request_hash=digest,
        cast_at=work.now,
        photo_sha256=command.photo_sha256,
    )
    sheet = _insert(ctx, batch, command.sheet_no, vote)
    tell(ctx, ballot, "paper.entered", {"batch": batch.id, "sheet": sheet.sheet_no, "channel": batch.channel})
    return state_of(sheet, "pending", entry.building_label)


def _insert(ctx: Context, batch: PaperBatch, sheet_no: int, vote: votes.NewVote) -> PaperVote:
    try:
        with ctx.session.begin_nested():
            sheet = PaperVote(
                receipt=votes.insert_vote_row(ctx.session, vote),
                batch_id=batch.id,
                paper_count=batch.paper_count,
                sheet_no=sheet_no,
                entered_by=person(ctx),
                entered_at=vote.cast_at,
            )
            ctx.session.add(sheet)
    except IntegrityError:  # the index over the sheet numbers: somebody entered it in the same instant
        raise _taken() from None
    return sheet


def _replay(ctx: Context, taken: tuple[PaperVote, Vote], digest: bytes) -> SheetState:
    sheet, vote = taken
    if sheet.entered_by != person(ctx) or vote.request_hash != digest:
        raise _taken()
    return state_of(sheet, vote.state)


def _taken() -> Conflict:
    return Conflict("sheet_taken", "这个序号已经录入；录错的请由另一人退回后再录。")


def confirm_sheet(ctx: Context, command: ConfirmSheet) -> SheetState:
    """Confirm a sheet by reading it again; it stands at once when the entry's place is free, else waits for review.

    Under the preliminary result a sheet that lapsed unconfirmed is counted after an upheld objection only. Raises
    NotFound, Forbidden, Conflict: ``sheet_mismatch`` when the readings differ (which part is not told).
    """
    sheet, vote, entry, ballot = _load(ctx, command.receipt, Permission.PAPER_CONFIRM)
    refuse_same_person(ctx, sheet.entered_by)
    is_late = ballot.state == "preliminary"
    if is_late:
        votes.take_sealing_lock(ctx.session, ballot.id)
    ballot, now = lock_ballot(ctx, ballot.id)
    if is_late:
        require_state(ballot, "preliminary", doing="核对纸质票")
        require_upheld_objection(ctx, ballot, vote.receipt)
    else:
        require_counting(ballot, now, "核对纸质票")
    reading = encode_sheet(_motion_ids(ctx, ballot), command.marks, ballot.max_choices)
    if command.entry_id != entry.id or not compare_digest(reading, vote.choices):
        raise Conflict("sheet_mismatch", "您的读票与录入不一致。请再看一遍；确属录错的，请退回重录。")
    if sheet.state == "confirmed" and sheet.decided_by == person(ctx):
        return state_of(sheet, vote.state, entry.building_label)
    if is_late:
        receipt = restore_sheet(ctx, ballot, sheet, vote)
        _tell_household(ctx, ballot, entry, vote.channel, stands=True)
        return _fresh(ctx, receipt, entry.building_label)
    if not repository.decide_sheet(ctx.session, sheet.receipt, "confirmed", person(ctx), now):
        raise _decided()
    stands = votes.move_vote(ctx, vote.receipt, "pending", "standing", "confirmed")
    _tell_household(ctx, ballot, entry, vote.channel, stands=stands)
    return _fresh(ctx, command.receipt, entry.building_label)


def return_sheet(ctx: Context, receipt: str, reason: str) -> SheetState:
    """Send an entered sheet back as wrongly read: its number is free again, the entry counts nowhere."""
    sheet, vote, entry, ballot = _load(ctx, receipt, Permission.PAPER_CONFIRM)
    refuse_same_person(ctx, sheet.entered_by)
    ballot, now = lock_ballot(ctx, ballot.id)
    require_counting(ballot, now, "退回纸质票")
    if sheet.state == "returned" and sheet.decided_by == person(ctx):
        return state_of(sheet, vote.state, entry.building_label)
    if not repository.decide_sheet(ctx.session, receipt, "returned", person(ctx), now, reason):
        raise _decided()
    votes.move_vote(ctx, receipt, "pending", "rejected", "sheet_returned")
    tell(ctx, ballot, "paper.returned", {"batch": sheet.batch_id, "sheet": sheet.sheet_no})
    return _fresh(ctx, receipt, entry.building_label)


def _decided() -> Conflict:
    return Conflict("sheet_decided", "这张票已由别人核对或退回，请刷新后再看。")


def list_sheets(
    ctx: Context, batch_id: str, state: str | None, after: tuple[int, str], limit: int
) -> list[SheetState]:
    """Return a batch's sheets after ``(number, receipt)``: neither room nor mark, so the second reading is blind."""
    batch, _ = load_batch(ctx, batch_id, Permission.PAPER_ENTER)
    rows = repository.sheets_of(ctx.session, batch.id, state, after, limit)
    return [state_of(sheet, vote_state, building) for sheet, vote_state, building in rows]


def show_photo(ctx: Context, receipt: str) -> bytes:
    """Return the photo of a sheet to those who may confirm it, until the count is closed; every look is an event.

    After that only where an upheld objection has the sheet read again.
    """
    sheet, vote, _, ballot = _load(ctx, receipt, Permission.PAPER_CONFIRM)
    if ballot.state == "preliminary":
        require_upheld_objection(ctx, ballot, receipt)
    else:
        require_counting(ballot, ctx.clock.now(), "查看纸质票照片")
    tell(ctx, ballot, "paper.photo_shown", {"batch": sheet.batch_id, "sheet": sheet.sheet_no})
    return ctx.storage.get(str(vote.photo_sha256))


def _motion_ids(ctx: Context, ballot: Ballot) -> list[str]:
    return [motion.id for motion in motions_of(ctx.session, ballot.id)]


def _load(ctx: Context, receipt: str, permission: Permission) -> tuple[PaperVote, Vote, RollEntry, Ballot]:
    sheet = repository.find_sheet(ctx.session, receipt)
    vote = votes.find_vote(ctx.session, receipt)
    if sheet is None or vote is None:
        raise NotFound
    ballot, entry = ctx.session.get(Ballot, vote.ballot_id), ctx.session.get(RollEntry, vote.roll_entry_id)
    assert ballot is not None and entry is not None
    require(ctx.actor, permission, scope_of_entry(ctx, ballot, entry))
    return sheet, vote, entry, ballot


def _tell_household(ctx: Context, ballot: Ballot, entry: RollEntry, channel: str, *, stands: bool) -> None:
    """Every vote recorded in a household's name is told to all its members (threats.md)."""
    payload = {"ballot": ballot.id, "channel": channel} | ({} if stands else {"waits_for_review": True})
    ledger.append(ctx, Event("vote.recorded", ballot.organisation_id, "dwelling", entry.dwelling_id, payload))


def _fresh(ctx: Context, receipt: str, building: str) -> SheetState:
    sheet, vote = repository.find_sheet(ctx.session, receipt), votes.find_vote(ctx.session, receipt)
    assert sheet is not None and vote is not None
    return state_of(sheet, vote.state, building)


def state_of(sheet: PaperVote, vote_state: str, building: str = "") -> SheetState:
    """Return the view of a sheet."""
    return SheetState(
        sheet.receipt, sheet.sheet_no, sheet.state, vote_state, sheet.entered_by, sheet.entered_at, building
    )
