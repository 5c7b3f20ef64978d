"""What the doors may do with projects."""

from __future__ import annotations

from backend.projects.service.evidence import (
    AttachRecord,
    LinkBallot,
    LinkSurvey,
    attach_record,
    link_ballot,
    link_survey,
    show_gate,
    withdraw_evidence,
)
from backend.projects.service.gates import (
    DecideGate,
    Revoked,
    RevokeGate,
    decide_gate,
    gate_history,
    revoke_gate,
)
from backend.projects.service.projects import (
    CreateProject,
    MoveStage,
    add_estate,
    create_project,
    drop_estate,
    end_project,
    list_projects,
    move_stage,
    show_project,
)
from backend.projects.service.residents import EstateProject, my_gate, my_project, my_projects

__all__ = [
    "AttachRecord",
    "CreateProject",
    "DecideGate",
    "EstateProject",
    "LinkBallot",
    "LinkSurvey",
    "MoveStage",
    "RevokeGate",
    "Revoked",
    "add_estate",
    "attach_record",
    "create_project",
    "decide_gate",
    "drop_estate",
    "end_project",
    "gate_history",
    "link_ballot",
    "link_survey",
    "list_projects",
    "move_stage",
    "my_gate",
    "my_project",
    "my_projects",
    "revoke_gate",
    "show_gate",
    "show_project",
    "withdraw_evidence",
]
