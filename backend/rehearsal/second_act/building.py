"""The works: written down when they begin, accepted, under warranty from that day; and the gate of acceptance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from backend.kernel.ids import new_id
from backend.rehearsal import deciding
from backend.rehearsal.cast import BUREAU, Unexpected
from backend.rehearsal.second_act.days import ACCEPTED_ON
from backend.rehearsal.second_act.site import Site
from backend.rehearsal.theatre import Theatre
from backend.rehearsal.web import Headers

_STAFF = "/api/v1/staff"
# Code, class, name, kind of warranty, and its last day by hand: 60 and 24 months from the day of acceptance.
WORKS = (
    ("W1", "basic", "屋面防水", "waterproofing", date(2031, 5, 29)),
    ("W2", "basic", "雨污管网", "pipes", date(2028, 5, 29)),
    ("W3", "completing", "充电设施", "equipment", date(2028, 5, 29)),
)
Versions = Mapping[str, int]


def write_down(theatre: Theatre, site: Site) -> None:
    """Write down what is built; no warranty runs yet."""
    caller = theatre.staff.desk(site.estate.clerk(1))
    for code, category, name, kind, _ in WORKS:
        body = {"estate": site.estate.id, **_facts(site, (code, category, name, kind))}
        made = theatre.web.post(caller, f"{_STAFF}/works-items", body, Headers(key=new_id()))
        if made["warranty_ends_on"] is not None:
            raise Unexpected(f"{site.name}: {code} is under warranty before it is accepted")
        site.works[code] = made["id"]


def accept(theatre: Theatre, site: Site) -> None:
    """Write the day of acceptance down; the warranties must end on the days counted by hand."""
    caller = theatre.staff.desk(site.estate.clerk(1))
    for code, category, name, kind, ends_on in WORKS:
        facts = _facts(site, (code, category, name, kind))
        body = facts | {"accepted_on": ACCEPTED_ON.isoformat()}
        path = f"{_STAFF}/works-items/{site.works[code]}"
        saved = theatre.web.put(caller, path, body, Headers(version=1))
        if saved["warranty_ends_on"] != ends_on.isoformat():
            raise Unexpected(f"{site.name}: the warranty of {code} ends on {saved['warranty_ends_on']}")
    deciding.gather_evidence(theatre, site.estate, "acceptance", "")
    deciding.decide(theatre, site.estate, "acceptance")


def _facts(site: Site, what: tuple[str, str, str, str]) -> dict[str, object]:
    code, category, name, kind = what
    return {
        "code": code,
        "category": category,
        "name": name,
        "contractor": site.contractor.name,
        "warranty_kind": kind,
    }


def finish(theatre: Theatre, project_id: str, sites: Sequence[Site]) -> None:
    """Move the estates whose works are done on from construction to acceptance."""
    deciding.move_on(theatre, project_id, [site.estate for site in sites], "acceptance")


def adopt_shares(theatre: Theatre, sites: Sequence[Site]) -> None:
    """Let the communities adopt, by an invented document, the shares that the draft scheme leaves out.

    Where the scenario says so, 基本满意 counts as satisfied there, by another invented document.
    """
    caller = theatre.staff.desk(BUREAU)
    chosen = {site.estate.world.script.community: site.estate.community_id for site in sites}
    for position, community_id in sorted(chosen.items()):
        path = f"{_STAFF}/policies/organisations/{community_id}"
        adoption = {"profile": "gansu-2022", "document_title": "演练用满意度要求（虚构文件，不是真实政策）"}
        theatre.web.post(caller, f"{path}/adoptions", adoption)
        if theatre.scenario.communities[position].wide:
            number = {
                "rule": "gansu-2022/satisfaction",
                "name": "satisfied_levels",
                "value": "first_three",
                "document_title": "演练用本地规定（虚构文件，不是真实政策）",
                "valid_from": theatre.today.isoformat(),
            }
            theatre.web.post(caller, f"{path}/numbers", number)
