"""Results and gates: sealing, objections, final notices, and decisions on the evidence shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backend.kernel.ids import new_id
from backend.rehearsal.answers import Way
from backend.rehearsal.cast import BUREAU, Ballot, EstatePlay, Gate, Person, Unexpected
from backend.rehearsal.scenario import Fate
from backend.rehearsal.theatre import Theatre
from backend.rehearsal.web import Headers, Refused
from bot import jobs

_API = "/api/v1"
_STAFF = f"{_API}/staff"
# The days counted from the end of a window: papers are counted, objections are over.
COUNTED_AFTER, OBJECTIONS_OVER_AFTER = 3, 11
_OBJECTION_EVERY = 8
RECORDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "inclusion": (
        ("household_visits", "入户征求意愿记录（演练）"),
        ("mechanism_consensus", "建立长效管理机制的会议纪要（演练）"),
    ),
    "start": (
        ("management_minutes", "物业管理模式和费用协商记录（演练）"),
        ("fee_confirmation", "居民书面确认物业服务费用的材料（演练）"),
        ("mode_without_company", "确认由社区代管的材料（演练）"),
    ),
    "acceptance": (
        ("acceptance_report", "联合验收合格的文件（演练）"),
        ("residents_representatives", "居民代表参加验收的签字意见（演练）"),
        ("handover", "移交书（演练）"),
    ),
}


def seal_all(theatre: Theatre, estates: list[EstatePlay], kind: str) -> None:
    """Run the bot's jobs as they fall due, then check that every ballot is sealed."""
    ports = theatre.stage.ports
    for job in (jobs.number_new_votes, jobs.close_due_ballots, jobs.seal_due_ballots, jobs.number_new_events):
        job(ports)
    for estate in estates:
        caller = theatre.staff.desk(estate.clerk(1))
        state = theatre.web.get(caller, f"{_STAFF}/ballots/{estate.ballots[kind].id}")["state"]
        if state != "sealed":
            raise Unexpected(f"{estate.world.script.name}: the ballot is {state}, not sealed")


def publish_preliminary(theatre: Theatre, estate: EstatePlay, kind: str) -> None:
    """Publish the preliminary result; here and there a resident objects and is answered."""
    caller = theatre.staff.desk(estate.clerk(1))
    ballot = estate.ballots[kind]
    theatre.web.post(caller, f"{_STAFF}/ballots/{ballot.id}/publish-preliminary")
    if estate.world.number % _OBJECTION_EVERY == 1:
        _object(theatre, estate, ballot)


def _object(theatre: Theatre, estate: EstatePlay, ballot: Ballot) -> None:
    owner = next(owner for owner in estate.world.owners if owner.canvass.way is Way.ONLINE)
    objection = {
        "about": "result",
        "dwelling": estate.dwelling_ids[owner.homes[0]],
        "text": "请说明户数是怎样统计的（演练）",
    }
    caller = theatre.residents.log_in(Person(estate.world.number, owner.number))
    path = f"{_API}/ballots/{ballot.id}/objections"
    raised = theatre.web.post(caller, path, objection, Headers(key=new_id()))
    reply = {"upheld": False, "words": "一套房算一户，以公示的名册为准（演练）"}
    path = f"{_STAFF}/objections/{raised['id']}/reply"
    theatre.web.post(theatre.staff.desk(estate.clerk(2)), path, reply)


def finalise(theatre: Theatre, estate: EstatePlay, kind: str) -> None:
    """Publish the final result."""
    path = f"{_STAFF}/ballots/{estate.ballots[kind].id}/finalise"
    theatre.web.post(theatre.staff.desk(estate.clerk(1)), path)


def gather_evidence(theatre: Theatre, estate: EstatePlay, gate: str, kind: str) -> None:
    """Link the ballot to the gate and attach the records it asks for; one estate forgets the fees."""
    caller = theatre.staff.desk(estate.clerk(1))
    path = f"{_STAFF}/project-estates/{estate.row_id}/gates/{gate}"
    if kind in estate.ballots:
        theatre.web.post(caller, f"{path}/ballots", {"ballot": estate.ballots[kind].id})
    for name, title in RECORDS[gate]:
        if name == "fee_confirmation" and estate.world.script.fate is Fate.RECORD_MISSING:
            continue
        digest = theatre.web.store(caller, f"{title}\n本材料为演练，内容虚构。\n".encode())
        record = {"requirement": name, "title": title, "sha256": digest}
        theatre.web.post(caller, f"{path}/records", record)


def decide(theatre: Theatre, estate: EstatePlay, name: str) -> Gate:
    """Let the bureau decide a gate as its criteria allow; where they allow nothing, keep the product's refusal."""
    caller = theatre.staff.desk(BUREAU)
    path = f"{_STAFF}/project-estates/{estate.row_id}/gates/{name}"
    page = theatre.web.get(caller, path)
    is_passed = page["verdict"] != "failing"
    reason = "演练：各项条件齐备，同意。" if is_passed else "演练：有条件没有达到，不通过。"
    body = {"passed": is_passed, "reason": reason, "evidence_sha256": page["evidence_sha256"]}
    try:
        decided = theatre.web.post(caller, f"{path}/decision", body)
    except Refused as refusal:
        if refusal.code != "undecidable":
            raise
        gate = Gate("undecidable", page, refusal.fields)
    else:
        gate = Gate(decided["decision"]["outcome"], decided)
    estate.gates[name] = gate
    return gate


def move_on(theatre: Theatre, project_id: str, estates: Sequence[EstatePlay], stage: str) -> None:
    """Move estates on to a stage that needs no gate."""
    caller = theatre.staff.desk(BUREAU)
    rows: list[Mapping[str, Any]] = theatre.web.get(caller, f"{_STAFF}/projects/{project_id}")["estates"]
    versions = {row["id"]: row["version"] for row in rows}
    for estate in estates:
        path = f"{_STAFF}/project-estates/{estate.row_id}/stage"
        theatre.web.post(caller, path, {"stage": stage}, Headers(version=versions[estate.row_id]))
