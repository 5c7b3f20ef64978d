"""What the doors may do with surveys."""

from __future__ import annotations

from backend.surveys.service.answering import (
    EnterAnswers,
    OwnAnswers,
    answer_survey,
    enter_answers,
    own_answers,
    save_draft,
)
from backend.surveys.service.closing import close_survey, due_surveys
from backend.surveys.service.exporting import export_survey
from backend.surveys.service.objecting import ObjectToAnswers, object_to_answers
from backend.surveys.service.opening import open_survey
from backend.surveys.service.preparing import (
    CreateSurvey,
    EditSurvey,
    cancel_survey,
    create_survey,
    edit_survey,
)
from backend.surveys.service.reading import (
    Judgement,
    SurveyResults,
    breakdown,
    coverage,
    coverage_of_estate,
    list_responses,
    list_surveys,
    list_texts,
    my_households,
    my_results,
    my_survey,
    my_surveys,
    results,
    show_survey,
)
from backend.surveys.service.visiting import (
    NoteTry,
    WorklistQuery,
    find_household,
    household_tries,
    note_try,
    worklist,
)

__all__ = [
    "CreateSurvey",
    "EditSurvey",
    "EnterAnswers",
    "Judgement",
    "NoteTry",
    "ObjectToAnswers",
    "OwnAnswers",
    "SurveyResults",
    "WorklistQuery",
    "answer_survey",
    "breakdown",
    "cancel_survey",
    "close_survey",
    "coverage",
    "coverage_of_estate",
    "create_survey",
    "due_surveys",
    "edit_survey",
    "enter_answers",
    "export_survey",
    "find_household",
    "household_tries",
    "list_responses",
    "list_surveys",
    "list_texts",
    "my_households",
    "my_results",
    "my_survey",
    "my_surveys",
    "note_try",
    "object_to_answers",
    "open_survey",
    "own_answers",
    "results",
    "save_draft",
    "show_survey",
    "worklist",
]
