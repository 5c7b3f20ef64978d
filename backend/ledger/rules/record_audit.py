"""Checking what only an audit record has: roll, amendments, leaves, papers, export note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import zip_longest
from typing import Any

from backend.ledger.rules.fold import Fold
from backend.ledger.rules.leaf import is_instant, require_form
from backend.ledger.rules.record_contents import AmendmentCounts, Checkpoint
from backend.ledger.rules.record_findings import Findings
from backend.ledger.rules.record_leaves import LeafCheck
from backend.ledger.rules.record_manifest import BadManifest, is_text
from backend.ledger.rules.record_open import OpenRecord
from backend.ledger.rules.record_roll import (
    ROLL_HEADER,
    BadRoll,
    format_area,
    parse_amendment,
    parse_roll_line,
    roll_hash,
    undo,
)
from backend.ledger.rules.record_write import vote_lines
from backend.tally.weight import RollEntry

ROLL, AMENDMENTS, VOTES, EXPORT = "roll.csv", "amendments.json", "votes.csv", "export.json"


@dataclass(frozen=True, slots=True)
class Papers:
    """What an audit record lets anybody count again: the roll and the standing papers."""

    roll: Mapping[str, RollEntry]
    state: Fold


def check_audit(
    record: OpenRecord,
    manifest: Mapping[str, Any],
    checkpoints: Sequence[Checkpoint],
    files: Mapping[str, object],
    findings: Findings,
) -> Papers:
    """Check the audit files and return the papers to be counted."""
    roll = _check_roll(record, manifest["roll"], findings)
    _check_amendments(files[AMENDMENTS], roll, manifest, findings)
    _check_export(files[EXPORT], findings)
    check = LeafCheck(manifest, checkpoints, findings)
    check.run(record, manifest["tree"]["leaves"])
    for entry, _ in check.state.standing():
        if entry not in roll:
            findings.add(ROLL, f"有效选票的户 {entry} 不在名册中")
    _check_votes(record, check.state, roll, manifest, findings)
    return Papers(roll, check.state)


def _check_roll(record: OpenRecord, stated: Mapping[str, Any], findings: Findings) -> dict[str, RollEntry]:
    roll: dict[str, RollEntry] = {}
    digest, previous = sha256(), ""
    for number, (offset, line, whole) in enumerate(record.lines(ROLL), 1):
        where = f"{ROLL} 第 {number} 行"
        digest.update(line + b"\n")
        if number > record.limits.rows:
            findings.add(where, f"行数超过上限 {record.limits.rows}", offset)
            return roll
        if not whole:
            findings.add(where, "这一行不完整或过长", offset)
        elif number == 1:
            if line + b"\n" != ROLL_HEADER:
                findings.add(where, "表头不对", offset)
        else:
            try:
                row = parse_roll_line(line)
            except BadRoll as error:
                findings.add(where, str(error), offset)
                continue
            if row.entry <= previous:
                findings.add(where, "各行应按户编号升序排列且不重复", offset)
            previous = row.entry
            roll[row.entry] = row
    if digest.hexdigest() != stated["sha256"]:
        findings.add(ROLL, "名册的 SHA-256 与 manifest.json 的 roll.sha256 不符")
    totals = {
        "entries": str(len(roll)),
        "heads": str(len({row.owner for row in roll.values()})),
        "households": str(sum(row.is_household for row in roll.values())),
        "area": format_area(sum(row.area for row in roll.values())),
    }
    for name, total in totals.items():
        if stated[name] != total:
            findings.add(ROLL, f"合计 {name} 为 {total}，manifest.json 写明 {stated[name]}")
    return roll


def _check_amendments(
    value: object, roll: Mapping[str, RollEntry], manifest: Mapping[str, Any], findings: Findings
) -> None:
    if not isinstance(value, list):
        findings.add(AMENDMENTS, "应为列表")
        return
    try:
        changes = [parse_amendment(item, number) for number, item in enumerate(value, 1)]
        frozen, counts = undo(roll, changes)
    except BadRoll as error:
        findings.add(AMENDMENTS, str(error))
        return
    stated = manifest["amendments"]
    if counts != AmendmentCounts(stated["added"], stated["corrected"], stated["removed"]):
        findings.add(AMENDMENTS, "更正的次数与 manifest.json 的 amendments 不符")
    if roll_hash(frozen.values()) != manifest["roll"]["frozen_sha256"]:
        findings.add(AMENDMENTS, "撤回全部更正后的名册与公告时冻结的名册（roll.frozen_sha256）不符")


def _check_export(value: object, findings: Findings) -> None:
    forms = {"actor": is_text, "reason": is_text, "at": is_instant, "watermark": is_text}
    try:
        require_form(value, forms, BadManifest)
    except BadManifest as error:
        findings.add(EXPORT, str(error))


def _check_votes(
    record: OpenRecord,
    state: Fold,
    roll: Mapping[str, RollEntry],
    manifest: Mapping[str, Any],
    findings: Findings,
) -> None:
    motions = tuple(motion["id"] for motion in manifest["motions"])
    derived = vote_lines(state, roll, motions)
    for number, (expected, found) in enumerate(zip_longest(derived, record.lines(VOTES)), 1):
        if found is None:
            findings.add(VOTES, f"到第 {number - 1} 行为止，缺少由选票得出的各行")
            return
        offset, line, whole = found
        if expected is None or not whole or line + b"\n" != expected:
            findings.add(f"{VOTES} 第 {number} 行", "与由选票得出的内容不符", offset)
            return
