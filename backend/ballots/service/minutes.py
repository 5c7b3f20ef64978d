"""The minutes of count day: recorded as a draft, signed on paper, kept by the signed sheet's hash; corrected anew."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.exc import IntegrityError

from backend.ballots.errors import IdempotencyMismatch
from backend.ballots.queries.minutes import sample_draws
from backend.ballots.repository import ballots
from backend.ballots.repository import minutes as repository
from backend.ballots.rules.minutes import (
    FIRST_STATES,
    SIGNING_STATES,
    Content,
    Demands,
    problems_of,
)
from backend.ballots.rules.parameters import value_of
from backend.ballots.service.entries import check_file, person
from backend.ballots.service.loading import load_for, require_state, tell
from backend.ballots.service.minutes_rows import (
    MinutesLine,
    MinutesView,
    columns_of,
    line_of,
    seal_words,
    view_of,
)
from backend.ballots.service.reading import may_see_result
from backend.ballots.tables import Ballot, CountMinutes
from backend.infra.context import Context
from backend.infra.uploads import media_type_of
from backend.kernel.access import Permission
from backend.kernel.errors import Conflict, FieldError, NotFound, PreconditionFailed, Unprocessable
from backend.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class RecordMinutes:
    """A new edition; ``reason`` only, and always, where it corrects a signed one."""

    ballot_id: str
    content: Content
    idempotency_key: str
    reason: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ChangeMinutes:
    """Other words for a draft read at ``version``."""

    minutes_id: str
    version: int
    content: Content


@dataclass(frozen=True, slots=True)
class SignedSheet:
    """The scan of the signed minutes."""

    content: bytes = field(repr=False)
    media_type: str


def record_minutes(ctx: Context, command: RecordMinutes) -> MinutesView:
    """Record the minutes, or a correction of signed ones, as a draft; safe to send again under one key.

    Raises NotFound, Forbidden, WrongState, Conflict ``minutes_draft`` (one is open), Unprocessable naming what is wrong.
    """
    ballot = load_for(ctx, command.ballot_id, Permission.BALLOT_PUBLISH)
    former = repository.find_by_key(ctx.session, person(ctx), command.idempotency_key)
    if former is not None:
        return _same(ctx, former, command)
    edition = _next_edition(ctx, ballot, command.reason)
    _check(ctx, ballot, command.content)
    row = CountMinutes(
        id=new_id(),
        ballot_id=ballot.id,
        edition=edition,
        reason_sealed=seal_words(ctx, "reason", command.reason),
        recorded_by=person(ctx),
        recorded_at=ctx.clock.now(),
        idempotency_key=command.idempotency_key,
        **columns_of(ctx, command.content),
    )
    try:
        with ctx.session.begin_nested():
            ctx.session.add(row)
    except IntegrityError:
        raise _moved() from None
    _tell(ctx, ballot, "recorded", row)
    return view_of(ctx, row)


def change_minutes(ctx: Context, command: ChangeMinutes) -> MinutesView:
    """Change a draft; raises NotFound, Forbidden, WrongState, PreconditionFailed, Conflict ``minutes_signed``."""
    ballot, row = _load(ctx, command.minutes_id)
    require_state(ballot, *FIRST_STATES, *SIGNING_STATES, doing="修改计票记录")
    _require_draft(row, command.version)
    _check(ctx, ballot, command.content)
    if not repository.change_draft(ctx.session, row.id, row.version, **columns_of(ctx, command.content)):
        raise _moved()
    return _told(ctx, ballot, "changed", row)


def sign_minutes(ctx: Context, minutes_id: str, version: int, document_sha256: str) -> MinutesView:
    """Bind the uploaded signed sheet to the draft it was printed from; from then on it never changes.

    Only on a sealed ballot, so that the result stands on the sheet; the seal and every correction of the result give
    the draft a new version, so that no sheet printed before them is bound. The same sheet sent again changes nothing.
    Raises NotFound, Forbidden, WrongState, PreconditionFailed, Conflict, Unprocessable (no such file).
    """
    ballot, row = _load(ctx, minutes_id)
    if row.document_sha256 == document_sha256:
        return view_of(ctx, row)
    require_state(ballot, *SIGNING_STATES, doing="登记签字的计票记录")
    _require_draft(row, version)
    check_file(ctx, document_sha256, "document")
    if repository.has_document(ctx.session, ballot.id, document_sha256):
        where = FieldError("document", "这份文件是以前那一版的签字件，请上传本版的签字件。")
        raise Unprocessable("minutes_document", "签字件有误。", [where])
    signed = {
        "state": "signed",
        "document_sha256": document_sha256,
        "signed_by": person(ctx),
        "signed_at": ctx.clock.now(),
    }
    if not repository.change_draft(ctx.session, row.id, version, **signed):
        raise _moved()
    return _told(ctx, ballot, "signed", row)


def show_minutes(ctx: Context, minutes_id: str) -> MinutesView:
    """Return an edition with its names to those who keep the minutes."""
    return view_of(ctx, _load(ctx, minutes_id)[1])


def list_minutes(ctx: Context, ballot_id: str, after: int, limit: int) -> list[MinutesLine]:
    """Return a ballot's editions after a number, in order, without names; a sheet's hash only to who sees the result.

    By its hash a file is used elsewhere, and this one holds the sums.
    """
    ballot = load_for(ctx, ballot_id, Permission.BALLOT_READ)
    rows = repository.editions(ctx.session, ballot.id, states=("draft", "signed"), after=after, limit=limit)
    is_shown = may_see_result(ctx, ballot)
    return [line_of(row, shows_document=is_shown) for row in rows]


def read_signed_sheet(ctx: Context, minutes_id: str) -> SignedSheet:
    """Return the signed sheet to staff of the place: owners may inspect it there (interp. 13).

    It shows the result, so before publication only those see it who see the sums. Raises NotFound, Conflict.
    """
    row = repository.find_minutes(ctx.session, minutes_id)
    if row is None:
        raise NotFound
    ballot = load_for(ctx, row.ballot_id, Permission.BALLOT_READ)
    if row.document_sha256 is None:
        raise Conflict("minutes_unsigned", "这一版计票记录还没有签字件。")
    if not may_see_result(ctx, ballot):
        raise Conflict("not_published", "签字的计票记录载有结果，公示结果以后才能查阅。")
    content = ctx.storage.get(row.document_sha256)
    return SignedSheet(content, media_type_of(content) or "application/octet-stream")


def require_minutes(ctx: Context, ballot: Ballot) -> None:
    """Refuse where the ballot needs signed minutes and the newest edition is none; raises Conflict."""
    if not value_of(ballot.parameters, "minutes_needed"):
        return
    row = repository.newest(ctx.session, ballot.id)
    if row is not None and row.state == "signed":
        return
    raise Conflict(
        "minutes_missing",
        "本次表决须先有签字的计票记录才能公示结果：请登记计票记录，打印后由监票人、计票人签字，再上传签字件。",
    )


def _load(ctx: Context, minutes_id: str) -> tuple[Ballot, CountMinutes]:
    row = repository.find_minutes(ctx.session, minutes_id)
    if row is None:
        raise NotFound
    return load_for(ctx, row.ballot_id, Permission.BALLOT_PUBLISH), row


def _next_edition(ctx: Context, ballot: Ballot, reason: str | None) -> int:
    last = repository.newest(ctx.session, ballot.id)
    if last is None:
        require_state(ballot, *FIRST_STATES, doing="登记计票记录")
        if reason is not None:
            raise _reason("第一版计票记录不写更正理由，请删去。")
        return 1
    if last.state == "draft":
        raise Conflict("minutes_draft", "已有一份没有签字的计票记录，请直接修改它。")
    require_state(ballot, *SIGNING_STATES, doing="更正计票记录")
    if reason is None or not reason.strip():
        raise _reason("签字的计票记录不能修改；另立新的一版须写明更正理由。")
    return last.edition + 1


def _reason(words: str) -> Unprocessable:
    return Unprocessable("minutes_reason", "计票记录的更正理由有误。", [FieldError("reason", words)])


def _check(ctx: Context, ballot: Ballot, content: Content) -> None:
    is_election = ballot.kind == "committee_election"
    titles = (motion.title for motion in ballots.motions_of(ctx.session, ballot.id))
    assert ballot.opens_at is not None
    demands = Demands(
        least_scrutineers=value_of(ballot.parameters, "minutes_scrutineers"),
        candidates=tuple(titles) if is_election else (),
        has_paper=repository.has_paper(ctx.session, ballot.id),
        opens_at=ballot.opens_at,
        now=ctx.clock.now(),
        drawn=sum(draw.drawn for draw in sample_draws(ctx.session, ballot.id)),
    )
    problems = problems_of(content, demands)
    if problems:
        raise Unprocessable("minutes", "计票记录有误。", problems)


def _same(ctx: Context, former: CountMinutes, command: RecordMinutes) -> MinutesView:
    view = view_of(ctx, former)
    # A draft changed since then is no longer what was sent.
    is_same = former.version > 1 or (view.content, view.reason) == (command.content, command.reason)
    if former.ballot_id != command.ballot_id or not is_same:
        raise IdempotencyMismatch
    return view


def _require_draft(row: CountMinutes, version: int) -> None:
    if row.state != "draft":
        raise Conflict("minutes_signed", "签字的计票记录不能修改；有误的请另立新的一版并写明理由。")
    if row.version != version:
        raise PreconditionFailed("stale_version", "计票记录或表决结果已有变动，请刷新、重新打印后再办理。")


def _moved() -> Conflict:
    return Conflict("minutes_moved", "计票记录刚被别人登记或修改过，请刷新后再看。")


def _told(ctx: Context, ballot: Ballot, what: str, row: CountMinutes) -> MinutesView:
    fresh = repository.find_minutes(ctx.session, row.id)
    assert fresh is not None
    _tell(ctx, ballot, what, fresh)
    return view_of(ctx, fresh)


def _tell(ctx: Context, ballot: Ballot, what: str, row: CountMinutes) -> None:
    payload: dict[str, object] = {
        "minutes": row.id,
        "edition": row.edition,
        "version": row.version,
        "scrutineers": row.scrutineers,
    }
    if row.document_sha256 is not None:
        payload["document_sha256"] = row.document_sha256
    tell(ctx, ballot, f"minutes.{what}", payload)
