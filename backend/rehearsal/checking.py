"""The play checks the product: every sum against the script's own count, and one record against its receipt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.ledger.rules.record_verify import verify
from backend.rehearsal.cast import EstatePlay, Unexpected
from backend.rehearsal.expected import Expected, Weights, expect
from backend.rehearsal.theatre import Theatre
from backend.rehearsal.web import Caller
from backend.rehearsal.world import area_text

_GATE_OF = {"canvass": "inclusion", "plan": "start"}


def check_counts(estate: EstatePlay, counted: Mapping[str, Any]) -> None:
    """Compare what the product published with the script; raises Unexpected naming the first difference."""
    for kind, page in counted.items():
        foreseen = expect(estate.world, kind)
        where = f"{estate.world.script.name} {kind}"
        _same(f"{where} roll", page["roll"], foreseen.roll)
        for motion in page["motions"]:
            _same(f"{where} participating", motion["participating"], foreseen.participating)
        _check_tests(where, motions_of(estate, _GATE_OF[kind]), foreseen)


def motions_of(estate: EstatePlay, gate: str) -> list[Mapping[str, Any]]:
    """Return the motions judged at a gate, in the order of the paper."""
    criteria: Any = estate.gates[gate].page["criteria"]
    return [motion for criterion in criteria for motion in criterion["motions"]]


def _check_tests(where: str, motions: list[Mapping[str, Any]], foreseen: Expected) -> None:
    for motion, approving in zip(motions, foreseen.approving, strict=True):
        for test in motion["result"]["tests"]:
            sums = approving if test["numerator_kind"] == "for" else foreseen.participating
            whole = foreseen.roll if test["denominator_kind"] == "roll" else foreseen.participating
            basis = test["basis"]
            found = (test["numerator"], test["denominator"])
            if found != (_texts(sums)[basis], _texts(whole)[basis]):
                raise Unexpected(f"{where}: {test} differs from the script")


def _same(where: str, found: Mapping[str, str], foreseen: Weights) -> None:
    if dict(found) != _texts(foreseen):
        raise Unexpected(f"{where}: {dict(found)} differs from the script's {_texts(foreseen)}")


def _texts(weights: Weights) -> dict[str, str]:
    return {
        "area": area_text(weights.area),
        "heads": str(weights.heads),
        "households": str(weights.households),
    }


def check_record(theatre: Theatre, estates: list[EstatePlay]) -> None:
    """Export a public record and verify it against the root that a voter's receipt shows; raises Unexpected."""
    estate = next((found for found in estates if "plan" in found.receipts), None)
    if estate is None:
        return
    receipt = estate.receipts["plan"]
    shown = theatre.web.get(Caller("10.2.0.2"), f"/api/v1/receipts?code={receipt}")
    caller = theatre.staff.desk(estate.clerk(1))
    path = theatre.stage.folder / "public.zip"
    address = f"/api/v1/staff/ballots/{estate.ballots['plan'].id}/record"
    path.write_bytes(theatre.web.download(caller, address))
    report = verify(path, shown["inclusion"]["root"])
    if not report.ok:
        raise Unexpected(f"the public record does not verify: {report.findings[:3]}")
