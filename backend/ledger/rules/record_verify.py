"""Verifying a record: the container, every hash, the tree, the history, the papers, and the count itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from backend.ledger.rules.canonical import NotCanonical, decode
from backend.ledger.rules.record_audit import check_audit
from backend.ledger.rules.record_contents import Checkpoint
from backend.ledger.rules.record_findings import Finding, Findings, printable
from backend.ledger.rules.record_leaves import CHECKPOINTS, check_checkpoints
from backend.ledger.rules.record_manifest import BadManifest, parse_manifest
from backend.ledger.rules.record_open import (
    DIRECTORY,
    Broken,
    Limits,
    OpenRecord,
    Unreadable,
    check_readable,
    open_container,
)
from backend.ledger.rules.record_recount import check_counts
from backend.ledger.rules.record_zip import RECORD_FILES

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """The verdict: ``ok`` without findings; ``readable`` False when there was no record to verify at all.

    ``facts`` say which record this is; ``recount`` holds one object per motion as in ``sums.json``;
    ``witnessed`` is the number of the checkpoint whose root was given from outside, if any was.
    """

    ok: bool
    readable: bool
    findings: tuple[Finding, ...]
    facts: Mapping[str, object] = field(default_factory=dict)
    recount: tuple[Mapping[str, object], ...] = ()
    witnessed: int | None = None

    def to_json(self) -> dict[str, object]:
        """Return the object printed by ``record verify --json``."""
        return {
            "ok": self.ok,
            "readable": self.readable,
            "findings": [finding.to_json() for finding in self.findings],
            "facts": dict(self.facts),
            "recount": list(self.recount),
            "witnessed": self.witnessed,
        }


def verify(path: Path, expected_root: str | None = None, limits: Limits | None = None) -> VerificationReport:
    """Verify a record that may be hostile; never raises for what a file can contain.

    ``expected_root`` is a root seen outside (result notice, group room), 64 hex digits: it must be the root
    of one of the record's checkpoints.
    """
    try:
        check_readable(path)
        with path.open("rb") as stream:
            return _verify_stream(stream, expected_root, limits or Limits())
    except Unreadable as error:
        return VerificationReport(False, False, (Finding("文件", str(error)),))
    except OSError as error:
        return VerificationReport(False, False, (Finding("文件", f"读取失败（{type(error).__name__}）"),))


def _verify_stream(stream: BinaryIO, expected_root: str | None, limits: Limits) -> VerificationReport:
    findings = Findings()
    try:
        record = open_container(stream, limits, findings)
    except Broken:
        return VerificationReport(False, True, tuple(findings))
    digests = _check_checksums(record, findings)
    manifest = _read_manifest(record, findings)
    if manifest is None:
        return VerificationReport(False, True, tuple(findings))
    _check_files(record, manifest, digests, findings)
    tree_json = read_json(record, CHECKPOINTS, findings)
    checkpoints = check_checkpoints(tree_json, manifest["tree"], findings)
    published = read_json(record, "sums.json", findings)
    if record.kind == "audit":
        files = {name: read_json(record, name, findings) for name in ("amendments.json", "export.json")}
        counted = check_audit(record, manifest, checkpoints, files, findings)
    else:
        counted = None
    recount = check_counts(published, counted, manifest, findings)
    witnessed = _check_witness(expected_root, checkpoints, findings)
    facts = _facts(manifest, digests[MANIFEST])
    return VerificationReport(not findings, True, tuple(findings), facts, recount, witnessed)


def read_json(record: OpenRecord, name: str, findings: Findings) -> object:
    """Return the decoded content of a small canonical JSON file, None (and a finding) when it is not one."""
    content = record.read(name)
    if content is None:
        findings.add(name, f"超过上限 {record.limits.json_bytes} 字节")
        return None
    try:
        return decode(content)
    except NotCanonical as error:
        findings.add(name, str(error))
        return None


def _check_checksums(record: OpenRecord, findings: Findings) -> dict[str, str]:
    digests: dict[str, str] = {}
    for name, entry in record.entries.items():
        digests[name], crc = record.digests(name)
        if crc == record.local_crcs[name] != entry.crc:
            findings.add(f"{DIRECTORY}（{name}）", "CRC-32 与文件内容和本地文件头都不符")
        elif crc != entry.crc:
            findings.add(name, "内容与 CRC-32 校验值不符", entry.content_offset)
    return digests


def _read_manifest(record: OpenRecord, findings: Findings) -> dict[str, Any] | None:
    faults = len(findings)
    value = read_json(record, MANIFEST, findings)
    if len(findings) > faults:
        return None
    try:
        return parse_manifest(value, record.kind)
    except BadManifest as error:
        findings.add(MANIFEST, str(error))
        return None


def _check_files(
    record: OpenRecord, manifest: Mapping[str, Any], digests: Mapping[str, str], findings: Findings
) -> None:
    expected = RECORD_FILES[record.kind][:-1]
    if tuple(item["name"] for item in manifest["files"]) != expected:
        findings.add(f"{MANIFEST} 的 files", f"应依次列出 {'、'.join(expected)}")
        return
    for item in manifest["files"]:
        entry = record.entries[item["name"]]
        if item["size"] != entry.size:
            findings.add(entry.name, f"长度为 {entry.size}，{MANIFEST} 写明 {item['size']}")
        if item["sha256"] != digests[entry.name]:
            findings.add(entry.name, f"SHA-256 与 {MANIFEST} 所列不符", entry.content_offset)


def _check_witness(
    expected_root: str | None, checkpoints: list[Checkpoint], findings: Findings
) -> int | None:
    if expected_root is None:
        return None
    wanted = expected_root.strip().lower()
    for checkpoint in checkpoints:
        if checkpoint.root == wanted:
            return checkpoint.number
    findings.add(CHECKPOINTS, "您提供的根不是任何一个检查点的根：这份记录与公示的不是同一份")
    return None


def _facts(manifest: Mapping[str, Any], fingerprint: str) -> dict[str, object]:
    ballot = manifest["ballot"]
    return {
        "record": manifest["record"],
        "mode": manifest["mode"],
        "ballot": ballot["id"],
        "title": printable(ballot["title"]),
        "estate": printable(ballot["estate"]),
        "generated_at": manifest["generated_at"],
        "roll": {name: manifest["roll"][name] for name in ("entries", "heads", "households", "area")},
        "leaves": manifest["tree"]["leaves"],
        "root": manifest["tree"]["root"],
        "fingerprint": fingerprint,
    }
