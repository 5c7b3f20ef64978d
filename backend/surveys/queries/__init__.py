"""What other capabilities and the doors may ask of surveys."""

from __future__ import annotations

from backend.surveys.queries.boards import GroupResult, Reach
from backend.surveys.queries.evidence import responses_of_account, survey_evidence
from backend.surveys.queries.lists import ResponseLine, SurveyCard, TextFilter, TextLine
from backend.surveys.queries.telling import (
    SurveyFacts,
    facts_of,
    open_surveys,
    still_unanswered,
    unanswered_homes,
)

__all__ = [
    "GroupResult",
    "Reach",
    "ResponseLine",
    "SurveyCard",
    "SurveyFacts",
    "TextFilter",
    "TextLine",
    "facts_of",
    "open_surveys",
    "responses_of_account",
    "still_unanswered",
    "survey_evidence",
    "unanswered_homes",
]
