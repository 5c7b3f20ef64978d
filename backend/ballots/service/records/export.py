"""Taking a ballot's record out of the database: written, verified, logged, and only then handed out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from backend.ballots.queries import ballots as queries
from backend.ballots.repository import ballots as repository
from backend.ballots.repository.votes import take_casting_lock
from backend.ballots.rules.states import PUBLISHED
from backend.ballots.service.loading import load_for, require_state, tell
from backend.ballots.service.records.checking import check_ballot, describe_fault
from backend.ballots.service.records.contents import read_roll, record_contents, sealed_leaves
from backend.ballots.service.sealing import tree_of
from backend.ballots.tables import Ballot
from backend.infra.context import Context
from backend.kernel.access import Permission
from backend.kernel.errors import Conflict, DomainError, FieldError, NotFound, TooLarge, Unprocessable
from backend.kernel.ids import new_id
from backend.ledger import queries as ledger
from backend.ledger.rules.record_contents import AuditContents, ExportNote
from backend.ledger.rules.record_verify import verify
from backend.ledger.rules.record_write import WrittenRecord, write_audit, write_public

MAX_REASON = 500
MAX_ANSWER = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ExportAudit:
    """An audit record wanted at ``path``; ``keeps_faulty`` hands out also a record that does not verify."""

    ballot_id: str
    path: Path
    reason: str
    keeps_faulty: bool = False


@dataclass(frozen=True, slots=True)
class ExportedAudit:
    """The record on disk, its watermark, and what is wrong with it (empty unless ``keeps_faulty``)."""

    record: WrittenRecord
    watermark: str
    faults: tuple[FieldError, ...]


def export_public(ctx: Context, ballot_id: str, path: Path) -> WrittenRecord:
    """Write the public record for staff; raises NotFound, Forbidden, WrongState, Conflict when it does not verify.

    The same ballot gives the same bytes every time, so that people can compare fingerprints.
    """
    load_for(ctx, ballot_id, Permission.RECORD_PUBLIC)
    return _write_public(ctx, _hold(ctx, ballot_id), path)


def export_to_member(ctx: Context, ballot_id: str, path: Path) -> WrittenRecord:
    """Write the public record for a resident of the estate; the same bytes as for staff."""
    if queries.find_public(ctx.session, ballot_id, ctx.actor.estate_ids()) is None:
        raise NotFound
    return _write_public(ctx, _hold(ctx, ballot_id), path)


def export_audit(ctx: Context, command: ExportAudit) -> ExportedAudit:
    """Write the audit record for an auditor, watermarked, with the event ``record.exported``.

    Raises NotFound, Forbidden, Unprocessable (no reason), Conflict ``not_sealed``, and Conflict
    ``record_not_sound`` naming every altered row.
    """
    load_for(ctx, command.ballot_id, Permission.RECORD_AUDIT)
    reason = command.reason.strip()
    if not reason or len(reason) > MAX_REASON:
        where = FieldError("reason", f"请写明调取事由，不超过 {MAX_REASON} 字。")
        raise Unprocessable("reason", "调取审计记录须写明事由。", [where])
    ballot = _hold(ctx, command.ballot_id)
    if ballot.sealed_at is None:
        raise Conflict("not_sealed", "表决封存以后才能调取审计记录。")
    now, watermark = ctx.clock.now(), new_id()
    note = ExportNote(str(ctx.actor.account_id), reason, now, watermark)
    faults = [describe_fault(fault) for fault in check_ballot(ctx.session, ballot)]
    _require_sound(faults, command)
    with _writing(command.path):
        record = _write_audit(ctx, ballot, command.path, note)
        faults += _findings(command.path)
        _require_sound(faults, command)
    tell(ctx, ballot, "record.exported", _payload(record, note, is_sound=not faults))
    return ExportedAudit(record, watermark, tuple(faults))


def as_bytes(write: Callable[[Path], object]) -> bytes:
    """Let ``write`` make a file and return its content for the doors, which answer whole; raises TooLarge."""
    with tempfile.TemporaryDirectory(prefix="gongjue-record-") as folder:
        path = Path(folder) / "record.zip"
        write(path)
        if path.stat().st_size > MAX_ANSWER:
            raise TooLarge("record_too_large", "记录太大，请在服务器上用 gongjue record export 导出。")
        return path.read_bytes()


def _hold(ctx: Context, ballot_id: str) -> Ballot:
    """Keep corrections out until the end of the transaction and read the ballot as it is then."""
    take_casting_lock(ctx.session, ballot_id)
    ballot = repository.find_ballot(ctx.session, ballot_id)
    assert ballot is not None
    return ballot


def _write_public(ctx: Context, ballot: Ballot, path: Path) -> WrittenRecord:
    require_state(ballot, *PUBLISHED, doing="下载公开记录")
    moment = _last_change(ctx, ballot)
    with _writing(path):
        contents = record_contents(ctx.session, ballot, read_roll(ctx.session, ballot.id), moment)
        record = write_public(path, contents)
        _refuse(_findings(path))
    return record


def _last_change(ctx: Context, ballot: Ballot) -> datetime:
    last = ledger.last_checkpoint(ctx.session, tree_of(ballot.id))
    moments = (ballot.preliminary_at, ballot.final_at, last.at if last else None)
    return max(moment for moment in moments if moment is not None)


def _write_audit(ctx: Context, ballot: Ballot, path: Path, note: ExportNote) -> WrittenRecord:
    roll = read_roll(ctx.session, ballot.id)
    contents = record_contents(ctx.session, ballot, roll, note.at)
    audit = AuditContents(roll.rows, roll.amendments, sealed_leaves(ctx.session, ballot.id), note)
    return write_audit(path, contents, audit)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Leave no file behind that is not to be handed out; refuse where the rows make no record at all."""
    try:
        yield
    except (KeyError, IndexError, ValueError) as error:
        path.unlink(missing_ok=True)
        message = "数据库中的选票已无法组成记录，请先执行 gongjue audit check 查明是哪一行。"
        raise Conflict("record_unwritable", message) from error
    except DomainError:
        path.unlink(missing_ok=True)
        raise


def _findings(path: Path) -> list[FieldError]:
    return [FieldError(finding.where, finding.what) for finding in verify(path).findings]


def _require_sound(faults: list[FieldError], command: ExportAudit) -> None:
    if not command.keeps_faulty:
        _refuse(faults)


def _refuse(faults: list[FieldError]) -> None:
    if faults:
        message = "这份记录核验不通过：数据库里的数据与封存时不一致，没有交出。请立即按事故流程处理。"
        raise Conflict("record_not_sound", message, faults[:100])


def _payload(record: WrittenRecord, note: ExportNote, *, is_sound: bool) -> dict[str, object]:
    """The reason's hash only: people write names into reasons, and events hold none."""
    return {
        "kind": "audit",
        "watermark": note.watermark,
        "fingerprint": record.fingerprint,
        "reason_sha256": sha256(note.reason.encode()).hexdigest(),
        "is_sound": is_sound,
    }
