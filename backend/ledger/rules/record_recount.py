"""The recount: what ``sums.json`` says against the papers, or against its own sums in a public record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.ledger.rules.record_audit import Papers
from backend.ledger.rules.record_contents import MotionCount, RuleUse
from backend.ledger.rules.record_counts import Uncountable, count_object, count_papers, parse_sums, rule_count
from backend.ledger.rules.record_findings import Findings
from backend.ledger.rules.record_manifest import BadManifest
from backend.ledger.rules.record_roll import format_area
from backend.tally.count import Sums
from backend.tally.weight import Basis, Roll

SUMS = "sums.json"


def check_counts(
    published: object, papers: Papers | None, manifest: Mapping[str, Any], findings: Findings
) -> tuple[Mapping[str, object], ...]:
    """Compare ``sums.json`` with a recount of the papers or, in a public record, with its own sums."""
    stated = _stated_motions(published, manifest, findings)
    roll = None if papers is None else Roll(papers.roll.values())
    recount: list[Mapping[str, object]] = []
    for motion in manifest["motions"]:
        uses = [_use(item) for item in motion["rules"]]
        mine = stated.get(motion["id"])
        try:
            if papers is not None and roll is not None:
                count = count_papers(roll, _votes_of(motion["id"], papers), motion["id"], uses)
            elif mine is not None:
                count = _evaluate_again(mine, motion["id"], uses, manifest["roll"])
            else:
                continue
        except (Uncountable, BadManifest) as error:
            findings.add(f"{SUMS} 的事项 {motion['id']}", str(error))
            continue
        recount.append(count_object(count))
        if mine is not None:
            difference = _first_difference(mine, recount[-1])
            if difference is not None:
                findings.add(f"{SUMS} 的事项 {motion['id']}", difference)
    return tuple(recount)


def _stated_motions(
    published: object, manifest: Mapping[str, Any], findings: Findings
) -> dict[str, Mapping[str, object]]:
    items = published.get("motions") if isinstance(published, dict) and len(published) == 1 else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        findings.add(SUMS, '应为 {"motions": [...]}')
        return {}
    expected = [motion["id"] for motion in manifest["motions"]]
    if [item.get("motion") for item in items] != expected:
        findings.add(SUMS, "事项与 manifest.json 的 motions 不一致")
        return {}
    return dict(zip(expected, items, strict=True))


def _evaluate_again(
    stated: Mapping[str, Any], motion: str, uses: list[RuleUse], roll: Mapping[str, str]
) -> MotionCount:
    results = stated.get("results")
    if not isinstance(results, list) or len(results) != len(uses):
        raise BadManifest("results 应与 manifest.json 中该事项的 rules 一一对应")
    counted = []
    for use, result in zip(uses, results, strict=True):
        sums = parse_sums(result.get("sums") if isinstance(result, dict) else None)
        totals = {"heads": str(sums.roll.heads), "households": str(sums.roll.households)}
        if {**totals, "area": format_area(sums.roll.area)} != {name: roll[name] for name in Basis}:
            raise BadManifest("sums 中的名册合计与 manifest.json 的 roll 不符")
        _require_plausible(sums)
        counted.append(rule_count(use, sums))
    return MotionCount(motion, tuple(counted))


def _require_plausible(sums: Sums) -> None:
    for basis in Basis:
        roll, participating, covered = (
            sums.roll.on(basis),
            sums.participating.on(basis),
            sums.covered.on(basis),
        )
        rows = participating + covered + sums.unvoted.on(basis)
        parts = (sums.approving.on(basis), participating), (sums.satisfied_wide.on(basis), covered)
        nested = sums.satisfied.on(basis) <= sums.satisfied_wide.on(basis)
        if rows > roll or not nested or any(part > whole for part, whole in parts):
            raise BadManifest(f"sums 中 {basis} 的各数自相矛盾")


def _first_difference(stated: object, mine: object, path: str = "") -> str | None:
    if isinstance(stated, dict) and isinstance(mine, dict) and stated.keys() == mine.keys():
        pairs = [(f"{path}.{key}" if path else str(key), stated[key], mine[key]) for key in mine]
    elif isinstance(stated, list) and isinstance(mine, list) and len(stated) == len(mine):
        pairs = [(f"{path}[{number}]", *both) for number, both in enumerate(zip(stated, mine, strict=True))]
    elif type(stated) is type(mine) and stated == mine:
        return None
    else:
        return f"{path}：公布的是 {str(stated)[:80]}，重新计算得 {str(mine)[:80]}"
    found = (_first_difference(left, right, where) for where, left, right in pairs)
    return next((difference for difference in found if difference is not None), None)


def _votes_of(motion: str, papers: Papers) -> dict[str, str]:
    return {
        entry: choices[motion]
        for entry, choices in papers.state.standing()
        if motion in choices and entry in papers.roll
    }


def _use(item: Mapping[str, Any]) -> RuleUse:
    profile = item["profile"]
    return RuleUse(item["rule"], profile["title"], profile["clause"], profile["status"], item["parameters"])
