"""Read-only views of complaints, and what other capabilities may ask."""

from __future__ import annotations

from backend.complaints.queries.cases import (
    Case,
    Line,
    Reading,
    StepView,
    case_of,
    line_of,
)
from backend.complaints.queries.duplicates import Duplicate, possible_duplicates
from backend.complaints.queries.facts import (
    ComplaintFacts,
    Questioned,
    ReporterAccounts,
    facts_of,
    questioned,
    reporter_accounts,
)
from backend.complaints.queries.lists import (
    ComplaintFilter,
    Watcher,
    complaints_page,
    party_names,
)
from backend.complaints.queries.own import (
    OwnCase,
    OwnComplaint,
    Tracked,
    complaints_of_account,
    own_case,
    own_reports,
    tracked,
)
from backend.complaints.queries.published import (
    News,
    Published,
    PublishedFilter,
    published_by_numbers,
    published_news,
    published_page,
)

__all__ = [
    "Case",
    "ComplaintFacts",
    "ComplaintFilter",
    "Duplicate",
    "Line",
    "News",
    "OwnCase",
    "OwnComplaint",
    "Published",
    "PublishedFilter",
    "Questioned",
    "Reading",
    "ReporterAccounts",
    "StepView",
    "Tracked",
    "Watcher",
    "case_of",
    "complaints_of_account",
    "complaints_page",
    "facts_of",
    "line_of",
    "own_case",
    "own_reports",
    "party_names",
    "possible_duplicates",
    "published_by_numbers",
    "published_news",
    "published_page",
    "questioned",
    "reporter_accounts",
    "tracked",
]
