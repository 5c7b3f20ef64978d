"""The rectification register at the hotline's moments: opened, mended, shown, verified by somebody else, struck off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from backend.kernel.ids import new_id
from backend.rehearsal.cast import Unexpected
from backend.rehearsal.second_act.case import Case
from backend.rehearsal.second_act.courses import SPECIAL
from backend.rehearsal.second_act.entries import Entry, Task, entries_of
from backend.rehearsal.second_act.site import Site
from backend.rehearsal.theatre import Theatre
from backend.rehearsal.voting import blank_picture
from backend.rehearsal.web import Caller, Headers, Refused

_STAFF = "/api/v1/staff"
_ITEMS = f"{_STAFF}/rectification/items"


@dataclass(slots=True)
class Item:
    """An entry with what the product gave it."""

    site: Site
    entry: Entry
    id: str = ""
    version: int = 0


def items_of(theatre: Theatre, site: Site) -> list[Item]:
    """Return everything that the register of an estate will hold."""
    # Where every kind of report is heard, every kind of entry is shown.
    everything = theatre.scenario.special_reports >= len(SPECIAL)
    return [Item(site, entry) for entry in entries_of(site.position, all_of_them=everything)]


def turns(
    theatre: Theatre, items: Sequence[Item], moment: int, known: Mapping[tuple[int, str], Case]
) -> list[Callable[[], None]]:
    """Return what is to be done about all entries at a moment (0 to 4), one piece of work each."""
    return [partial(_go_on, theatre, item, moment, known) for item in items if item.entry.tasks[moment]]


def _go_on(theatre: Theatre, item: Item, moment: int, known: Mapping[tuple[int, str], Case]) -> None:
    for task in item.entry.tasks[moment]:
        match task:
            case Task.OPEN:
                _open(theatre, item, known)
            case Task.SUBMIT | Task.SUBMIT_ONESELF:
                _show(theatre, item, _worker(theatre, item))
                _take(theatre, item, "progress", _worker(theatre, item), "submit")
            case Task.START:
                _take(theatre, item, "progress", _worker(theatre, item), "start")
            case Task.VERIFY_ONESELF:
                _must_not(theatre, item)
            case _:
                caller = theatre.staff.desk(item.site.estate.clerk(2))
                _take(theatre, item, "verification", caller, str(task), "不符合要求，请重做（演练）")


def _open(theatre: Theatre, item: Item, known: Mapping[tuple[int, str], Case]) -> None:
    entry, site = item.entry, item.site
    complaint = known.get((site.position, str(entry.complaint)))
    body = {
        "estate": site.estate.id,
        "source": entry.source,
        "reference": complaint.number if complaint else None,
        "works_item": site.works["W1"] if complaint else None,
        "problem": entry.problem,
        "place": "2栋1单元楼道",
        "responsible_party": site.contractor.name,
        "responsible_account": site.contractor.account,
        "measures": entry.measures,
        "found_on": theatre.today.isoformat(),
        "due_on": entry.due_on.isoformat(),
    }
    caller = theatre.staff.desk(site.estate.clerk(1))
    made = theatre.web.post(caller, _ITEMS, body, Headers(key=new_id()))
    item.id, item.version = made["id"], made["version"]


def _worker(theatre: Theatre, item: Item) -> Caller:
    by_keeper = any(Task.SUBMIT_ONESELF in tasks for tasks in item.entry.tasks)
    who = item.site.estate.clerk(1) if by_keeper else item.site.contractor.username
    return theatre.staff.desk(who)


def _show(theatre: Theatre, item: Item, caller: Caller) -> None:
    """Attach a photo of the place after the work."""
    path = f"{_STAFF}/media?estate={item.site.estate.id}"
    media = theatre.web.upload(caller, blank_picture(), path, Headers(key=new_id()))["id"]
    theatre.web.post(caller, f"{_ITEMS}/{item.id}/evidence", {"phase": "after", "media": media})


def _take(theatre: Theatre, item: Item, kind: str, caller: Caller, step: str, words: str = "") -> None:
    path, body = f"{_ITEMS}/{item.id}/{kind}", {"step": step, "words": words}
    item.version = theatre.web.post(caller, path, body, Headers(version=item.version))["item"]["version"]


def _must_not(theatre: Theatre, item: Item) -> None:
    """Whoever submitted the work tries to verify it as well."""
    try:
        _take(theatre, item, "verification", theatre.staff.desk(item.site.estate.clerk(1)), "verify")
    except Refused:
        return
    raise Unexpected(f"{item.site.name}: the submitter of {item.entry.name} verified it")
