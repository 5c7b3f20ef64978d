"""What other capabilities and the doors may ask of surveys."""

from __future__ import annotations

from backend.surveys.queries.boards import GroupResult, Reach
from backend.surveys.queries.evidence import responses_of_account, survey_evidence
from backend.surveys.queries.lists import ResponseLine, SurveyCard, TextFilter, TextLine

__all__ = [
    "GroupResult",
    "Reach",
    "ResponseLine",
    "SurveyCard",
    "TextFilter",
    "TextLine",
    "responses_of_account",
    "survey_evidence",
]
