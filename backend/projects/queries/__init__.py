"""What the doors may ask of projects."""

from __future__ import annotations

from backend.projects.queries.boards import (
    EstateProgress,
    GateCount,
    ProjectCard,
    project_card,
    projects_in,
    projects_of_estates,
)
from backend.projects.queries.gates import (
    Decision,
    GateView,
    LinkedBallot,
    LinkedSurvey,
    gate_view,
    to_decision,
)

__all__ = [
    "Decision",
    "EstateProgress",
    "GateCount",
    "GateView",
    "LinkedBallot",
    "LinkedSurvey",
    "ProjectCard",
    "gate_view",
    "project_card",
    "projects_in",
    "projects_of_estates",
    "to_decision",
]
