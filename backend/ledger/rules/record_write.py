"""Writing records: public (sums and roots only) and audit (roll, leaves and papers under pseudonyms)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from backend.kernel.clock import iso
from backend.ledger.rules.canonical import encode
from backend.ledger.rules.fold import Fold, IllegalHistory
from backend.ledger.rules.record_contents import AuditContents, ExportNote, RecordContents, SealedLeaf
from backend.ledger.rules.record_counts import count_object
from backend.ledger.rules.record_manifest import FileFacts, checkpoint_object, manifest_object
from backend.ledger.rules.record_roll import amendment_object, roll_lines
from backend.ledger.rules.record_zip import ZipWriter, create_zip

VOTES_HEADER = b"entry,motion,choice\n"


@dataclass(frozen=True, slots=True)
class WrittenRecord:
    """The record on disk: its size in bytes and its fingerprint, the SHA-256 of its manifest."""

    path: Path
    size: int
    fingerprint: str


def write_public(path: Path, contents: RecordContents) -> WrittenRecord:
    """Write the record anybody may have: no row of any entry is in it."""
    _require_checkpoint(contents)
    with create_zip(path) as archive:
        out = _Out(archive)
        fingerprint = _write_common(out, "public", contents)
    return WrittenRecord(path, path.stat().st_size, fingerprint)


def write_audit(path: Path, contents: RecordContents, audit: AuditContents) -> WrittenRecord:
    """Write the record an auditor recounts from; it is written as stored, also when the leaves are wrong."""
    _require_checkpoint(contents)
    entries: list[str] = []
    with create_zip(path) as archive:
        out = _Out(archive)
        out.write("roll.csv", _noting_entries(roll_lines(audit.roll), entries))
        out.write("amendments.json", [encode([amendment_object(item) for item in audit.amendments])])
        state = Fold(contents.ballot.id)
        out.write("leaves.jsonl", _leaf_lines(audit.leaves, state))
        motions = tuple(motion.id for motion in contents.motions)
        out.write("votes.csv", vote_lines(state, entries, motions))
        fingerprint = _write_common(out, "audit", contents, audit.export)
    return WrittenRecord(path, path.stat().st_size, fingerprint)


def vote_lines(state: Fold, entries: Iterable[str], motions: tuple[str, ...]) -> Iterator[bytes]:
    """Yield ``votes.csv``: standing papers in the roll's order, motions in the manifest's order."""
    yield VOTES_HEADER
    for entry in entries:
        choices = state.standing_of(entry)
        if choices is None:
            continue
        for motion in motions:
            if motion in choices:
                yield f"{entry},{motion},{choices[motion]}\n".encode("ascii")


class _Out:
    """The archive being written and the facts of its files so far."""

    def __init__(self, archive: ZipWriter) -> None:
        self.archive = archive
        self.files: list[FileFacts] = []

    def write(self, name: str, pieces: Iterable[bytes]) -> str:
        with self.archive.file(name) as file:
            for piece in pieces:
                file.write(piece)
        self.files.append(FileFacts(name, file.sha256(), file.size))
        return self.files[-1].sha256


def _write_common(out: _Out, kind: str, contents: RecordContents, export: ExportNote | None = None) -> str:
    out.write("sums.json", [encode({"motions": [count_object(count) for count in contents.counts]})])
    out.write("checkpoints.json", [encode([checkpoint_object(item) for item in contents.checkpoints])])
    if export is not None:
        out.write("export.json", [encode(_export_object(export))])
    # The manifest comes last, so that it can name the hash of every other file.
    return out.write("manifest.json", [encode(manifest_object(kind, contents, out.files))])


def _export_object(export: ExportNote) -> Mapping[str, object]:
    return {
        "actor": export.actor,
        "reason": export.reason,
        "at": iso(export.at),
        "watermark": export.watermark,
    }


def _leaf_lines(leaves: Iterable[SealedLeaf], state: Fold) -> Iterator[bytes]:
    for number, sealed in enumerate(leaves):
        # An altered database must still be exportable: the verifier names the leaf that contradicts the others.
        with suppress(IllegalHistory):
            state.add(sealed.leaf)
        line = {
            "number": number,
            "leaf": sealed.leaf.to_object(),
            "nonce": sealed.nonce.hex(),
            "hash": sealed.hash.hex(),
        }
        yield encode(line) + b"\n"


def _noting_entries(lines: Iterator[bytes], entries: list[str]) -> Iterator[bytes]:
    yield next(lines)
    for line in lines:
        entries.append(line.partition(b",")[0].decode("ascii"))
        yield line


def _require_checkpoint(contents: RecordContents) -> None:
    if not contents.checkpoints:
        raise ValueError("a record needs at least the sealing checkpoint")
