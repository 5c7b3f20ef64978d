"""Ballots from draft to open: the canvass with its two questions, the vote on the plan with its two motions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from backend.kernel.clock import iso, local_date
from backend.rehearsal.cast import Ballot, EstatePlay
from backend.rehearsal.moments import Moment, time_of_day
from backend.rehearsal.theatre import Theatre
from backend.rehearsal.web import Headers, Refused

_STAFF = "/api/v1/staff"
_CHECKS = ("roll_checked", "committee_told", "posted_on_site")
_PLAN_TEXT = """{name}改造方案（演练，内容虚构）

一、屋面防水、外墙保温、楼道粉刷、雨污管网更换。
二、将院内闲置用房改为停车位与活动场地。
"""


@dataclass(frozen=True, slots=True)
class Motion:
    """A question, the rule that decides it, and why this rule."""

    title: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class BallotScript:
    """A kind of ballot with its days: announced, first day of voting, day on which the window has ended.

    ``moments``: when people vote and the bot looks.
    """

    kind: str
    title: str
    motions: tuple[Motion, Motion]
    announced: int
    opens: int
    closes: int
    moments: tuple[Moment, ...]


CANVASS = BallotScript(
    "canvass",
    "改造意愿征询（演练）",
    (
        Motion("是否同意对本小区进行改造", "litong-2026", "按实施方案征求居民改造意愿"),
        Motion("是否同意改造后建立长效管理机制", "litong-2026", "按实施方案征求居民改造意愿"),
    ),
    announced=0,
    opens=1,
    closes=8,
    # A week: too short for T−7, so that the push "participation lacks little" has room.
    moments=(
        Moment(1, time_of_day(9), share=50),
        Moment(1, time_of_day(18, 10)),
        Moment(3, time_of_day(20), share=30),
        Moment(3, time_of_day(21, 30), share=6),
        Moment(4, time_of_day(0, 10)),
        Moment(4, time_of_day(7, 30), share=4),
        Moment(4, time_of_day(8, 5)),
        Moment(5, time_of_day(18, 10), share=6, papers=True),
        Moment(7, time_of_day(8, 5)),
        Moment(7, time_of_day(18, 10), share=4),
    ),
)
PLAN = BallotScript(
    "plan",
    "改造方案表决（演练）",
    (
        Motion("同意方案第一项：维修共用部位和管网", "cn-civil-code/general", "维修共用部位，属一般事项"),
        Motion("同意方案第二项：闲置用房改变用途", "cn-civil-code/special", "改变共有部分用途，属特别事项"),
    ),
    announced=19,
    opens=36,
    closes=46,
    moments=(
        Moment(36, time_of_day(9), share=35),
        Moment(36, time_of_day(18, 10)),
        Moment(37, time_of_day(21, 30), share=20),
        Moment(38, time_of_day(0, 10)),
        Moment(38, time_of_day(7, 30), share=5),
        Moment(38, time_of_day(8, 5)),
        Moment(40, time_of_day(18, 10), share=25),
        Moment(42, time_of_day(8, 5)),
        Moment(43, time_of_day(18, 10), share=10, papers=True),
        Moment(45, time_of_day(8, 5)),
        Moment(45, time_of_day(18, 10), share=5),
    ),
)


def announce(theatre: Theatre, estate: EstatePlay, script: BallotScript, project_id: str) -> None:
    """Draft a ballot and publish its notice; a refusal for unset local numbers is kept, not raised."""
    caller = theatre.staff.desk(estate.clerk(1))
    web, calendar = theatre.web, theatre.stage.calendar
    title = f"{estate.world.script.name}{script.title}"
    body = {"estate": estate.id, "kind": script.kind, "title": title, "project": project_id}
    draft = web.post(caller, f"{_STAFF}/ballots", body)
    path = f"{_STAFF}/ballots/{draft['id']}"
    window = {
        "opens_at": iso(calendar.midnight(script.opens)),
        "closes_at": iso(calendar.midnight(script.closes)),
    }
    web.put(caller, f"{path}/window", window, Headers(version=draft["version"]))
    for motion in script.motions:
        question = {"title": motion.title, "rule": motion.rule, "rule_reason": motion.reason}
        web.post(caller, f"{path}/motions", question)
    if script is PLAN:
        text = _PLAN_TEXT.format(name=estate.world.script.name).encode()
        document = {
            "sha256": web.store(caller, text),
            "title": "改造方案（演练）",
            "media_type": "text/plain",
        }
        web.post(caller, f"{path}/documents", document)
    version = web.get(caller, path)["version"]
    try:
        published = web.post(caller, f"{path}/publish-notice", headers=Headers(version=version))
    except Refused as refusal:
        if refusal.code != "preflight":
            raise
        estate.refusal = refusal.fields
        return
    estate.ballots[script.kind] = _ballot(published)
    days = (calendar.midnight(script.announced), calendar.midnight(script.opens) - timedelta(days=1))
    shown = dict(zip(("starts_on", "ends_on"), (local_date(day).isoformat() for day in days), strict=True))
    web.post(caller, f"{_STAFF}/estates/{estate.id}/roll-display", shown)


def _ballot(page: Mapping[str, Any]) -> Ballot:
    first, second = (motion["id"] for motion in page["motions"])
    return Ballot(page["id"], (first, second), page["documents_hash"])


def open_voting(theatre: Theatre, estate: EstatePlay, script: BallotScript) -> None:
    """State the pre-flight checks, record service for an owners' vote, freeze the roll and open."""
    caller = theatre.staff.desk(estate.clerk(1))
    path = f"{_STAFF}/ballots/{estate.ballots[script.kind].id}"
    for name in _CHECKS:
        theatre.web.post(caller, f"{path}/checks", {"name": name, "note": "演练"})
    if script is PLAN:
        _serve(theatre, estate, path)
    theatre.web.post(caller, f"{path}/open")


def _serve(theatre: Theatre, estate: EstatePlay, path: str) -> None:
    """Hand the notice over at every door, building by building."""
    caller = theatre.staff.desk(estate.clerk(2))
    for building in theatre.web.get(caller, f"{_STAFF}/estates/{estate.id}/buildings")["items"]:
        body = {"method": "in_person", "building": building["id"], "note": "入户送达（演练）"}
        theatre.web.post(caller, f"{path}/service-proofs", body)
