"""Finding and reading reports as the hotline does."""

from __future__ import annotations

import json
from typing import Any

from backend.notifications.rules.kinds import Purpose
from backend.notifications.rules.templates import SIMULATED_SMS
from backend.rehearsal.cast import BUREAU, Unexpected
from backend.rehearsal.second_act.case import Case
from backend.rehearsal.theatre import Theatre

_STAFF = "/api/v1/staff"


def find(theatre: Theatre, case: Case, query: str) -> bool:
    """Let the hotline find a report in its list, as it has to with one whose id nobody was told."""
    path = f"{_STAFF}/complaints?estate={case.site.estate.id}&{query}"
    items = theatre.web.get(theatre.staff.desk(case.site.hotline), path)["items"]
    if len(items) > 1:
        raise Unexpected(f"{case.site.name}: {len(items)} reports for {query}")
    for item in items:
        case.id, case.number, case.version = item["id"], item["number"], item["version"]
    return bool(items)


def texted_codes(theatre: Theatre, number: str) -> list[str]:
    """Return the one-time codes that a telephone was sent: outside production texts go into a file, a line each."""
    path = theatre.stage.ports.settings.sms.file
    template = SIMULATED_SMS[Purpose.FOLLOW_UP].template_id
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [
        text["parameters"][-1] for text in lines if (text["phone"], text["template"]) == (number, template)
    ]


def read(theatre: Theatre, case: Case) -> Any:
    """Return the whole case as the hotline reads it, or the bureau where it is not for the hotline."""
    who = BUREAU if case.course.nature == "accusation" else case.site.hotline
    return theatre.web.get(theatre.staff.desk(who), f"{_STAFF}/complaints/{case.id}")
