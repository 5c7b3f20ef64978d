"""Checking the tree: checkpoints against their proofs, leaves against their hashes, roots and history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from backend.ledger.rules.canonical import NotCanonical, decode
from backend.ledger.rules.fold import Fold, IllegalHistory
from backend.ledger.rules.leaf import (
    Arrival,
    BadLeaf,
    BallotLeaf,
    is_digest,
    leaf_hash,
    parse_ballot_leaf,
    require_form,
)
from backend.ledger.rules.merkle import EMPTY_ROOT, Frontier, verify_consistency
from backend.ledger.rules.record_contents import Checkpoint
from backend.ledger.rules.record_findings import Findings
from backend.ledger.rules.record_manifest import BadManifest, is_count, parse_checkpoint
from backend.ledger.rules.record_open import OpenRecord

LEAVES = "leaves.jsonl"
CHECKPOINTS = "checkpoints.json"

_LINE = {"number": is_count, "leaf": lambda value: True, "nonce": is_digest, "hash": is_digest}


def check_checkpoints(value: object, tree: Mapping[str, Any], findings: Findings) -> list[Checkpoint]:
    """Return the checkpoints of ``checkpoints.json`` after checking forms, order and consistency proofs."""
    if not isinstance(value, list) or not value:
        findings.add(CHECKPOINTS, "应为非空列表")
        return []
    checkpoints: list[Checkpoint] = []
    for number, item in enumerate(value, 1):
        try:
            checkpoints.append(parse_checkpoint(item))
        except BadManifest as error:
            findings.add(f"{CHECKPOINTS} 第 {number} 项", str(error))
            return []
        if checkpoints[-1].number != number:
            findings.add(f"{CHECKPOINTS} 第 {number} 项", f"编号应为 {number}")
    _check_first(checkpoints[0], findings)
    for before, after in pairwise(checkpoints):
        _check_step(before, after, findings)
    if (checkpoints[-1].size, checkpoints[-1].root) != (tree["leaves"], tree["root"]):
        findings.add("manifest.json 的 tree", "与最后一个检查点的叶数或根不一致")
    return checkpoints


def _check_first(first: Checkpoint, findings: Findings) -> None:
    if first.consistency:
        findings.add(f"{CHECKPOINTS} 第 1 项", "第一个检查点不应有一致性证明")
    if first.size == 0 and first.root != EMPTY_ROOT.hex():
        findings.add(f"{CHECKPOINTS} 第 1 项", "空树的根不对")


def _check_step(before: Checkpoint, after: Checkpoint, findings: Findings) -> None:
    where = f"{CHECKPOINTS} 第 {after.number} 项"
    if after.size <= before.size:
        findings.add(where, "叶数没有比前一个检查点增加")
    elif after.at < before.at:
        findings.add(where, "时间早于前一个检查点")
    proof = [bytes.fromhex(node) for node in after.consistency]
    roots = bytes.fromhex(before.root), bytes.fromhex(after.root)
    if not verify_consistency(before.size, after.size, *roots, proof):
        findings.add(where, "一致性证明不成立：这个根不是在前一个检查点之后只增不改得到的")


class LeafCheck:
    """Reads ``leaves.jsonl`` once: forms, hashes, roots at every checkpoint, history, window, documents."""

    def __init__(
        self, manifest: Mapping[str, Any], checkpoints: Sequence[Checkpoint], findings: Findings
    ) -> None:
        ballot = manifest["ballot"]
        self.state = Fold(ballot["id"])
        self._window = ballot["opens_at"], ballot["closes_at"]
        self._documents = manifest["documents_sha256"]
        self._motions = {motion["id"] for motion in manifest["motions"]}
        self._roots = {checkpoint.size: checkpoint for checkpoint in checkpoints}
        self._frontier = Frontier()
        self._findings = findings
        self._agreed = 0
        self._diverged = False

    def run(self, record: OpenRecord, expected_leaves: int) -> None:
        """Check every line of the record's leaves."""
        number = 0
        for offset, line, whole in record.lines(LEAVES):
            if number >= record.limits.rows:
                self._findings.add(LEAVES, f"叶数超过上限 {record.limits.rows}", offset)
                return
            where = f"{LEAVES} 第 {number + 1} 行（{number} 号叶）"
            if not whole:
                self._findings.add(where, "这一行不完整或过长", offset)
                return
            fault = self._check_line(number, line)
            if fault is not None:
                self._findings.add(where, fault, offset)
            number += 1
            self._check_root(number)
        if number != expected_leaves:
            self._findings.add(LEAVES, f"共有 {number} 片叶，manifest.json 写明 {expected_leaves} 片")

    def _check_line(self, number: int, line: bytes) -> str | None:
        try:
            form: Mapping[str, Any] = require_form(decode(line), _LINE, BadLeaf)
            leaf = parse_ballot_leaf(form["leaf"])
        except (NotCanonical, BadLeaf) as error:
            self._frontier.append(bytes(32))
            self.state.count += 1
            return str(error)
        digest = leaf_hash(leaf, bytes.fromhex(form["nonce"]))
        self._frontier.append(digest)
        try:
            self.state.add(leaf)
        except IllegalHistory as error:
            return f"历史不合法：{error}"
        if form["number"] != number:
            return f"编号写的是 {form['number']}，应为 {number}"
        if form["hash"] != digest.hex():
            return "叶的内容与封存的哈希不符"
        return self._check_content(leaf)

    def _check_content(self, leaf: BallotLeaf) -> str | None:
        if not isinstance(leaf, Arrival):
            return None
        if set(leaf.choices) != self._motions:
            return "选票没有对每个事项各有一个选择"
        if leaf.channel != "legacy" and leaf.documents != self._documents:
            return "选票所依据的文件与公布的文件不同"
        opens_at, closes_at = self._window
        # Canonical instants sort as text; windows are half-open (domain §3).
        if leaf.channel == "online" and not opens_at <= leaf.cast_at < closes_at:
            return "网上投票的时间不在投票期内"
        return None

    def _check_root(self, size: int) -> None:
        checkpoint = self._roots.get(size)
        if checkpoint is None or self._diverged:
            return
        if self._frontier.root().hex() != checkpoint.root:
            # Every later root differs too: only the first interval tells where.
            self._diverged = True
            where = f"{LEAVES}（{self._agreed}–{size - 1} 号叶之间）"
            self._findings.add(where, f"前 {size} 片叶的根与第 {checkpoint.number} 个检查点不符")
        self._agreed = size
