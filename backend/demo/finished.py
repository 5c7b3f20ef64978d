"""The project of the year before: two estates from canvass to acceptance, told quickly."""

from __future__ import annotations

from backend.demo.ballots import Setting, finished_canvass, finished_plan_vote
from backend.demo.gates import (
    ACCEPTANCE,
    INCLUSION,
    START,
    attach_records,
    link_ballot,
    pass_gate,
    step_to,
)
from backend.demo.people import Cast
from backend.demo.roll import HEPING, TUANJIE
from backend.demo.story import Story
from backend.policies.rules.gates import Gate
from backend.projects import service as projects

DAYS_AGO = 345
ACCEPTED = 60


def finished_project(
    story: Story, cast: Cast, county_id: str, estates: dict[str, str]
) -> tuple[tuple[Setting, Setting], dict[str, str]]:
    """Take both estates up to their evaluation; returns their settings, and estate → its row in the project."""
    mine = {plan.code: estates[plan.code] for plan in (HEPING, TUANJIE)}
    with story.step(cast.bureau, days_ago=DAYS_AGO) as ctx:
        title = "利通区2025年老旧小区改造（演示）"
        command = projects.CreateProject(county_id, "LT-2025-DEMO", title, 2025, tuple(mine.values()))
        project = projects.create_project(ctx, command)
    rows = {row.estate_id: row.project_estate_id for row in project.estates}
    heping, tuanjie = (
        Setting(plan, estates[plan.code], project.id, cast.clerks[plan.code]) for plan in (HEPING, TUANJIE)
    )
    for at in (heping, tuanjie):
        _up_to_evaluation(story, cast, at, rows[at.estate_id])
    return (heping, tuanjie), rows


def _up_to_evaluation(story: Story, cast: Cast, at: Setting, row: str) -> None:
    clerk, bureau, ids = at.clerks[0], cast.bureau, (at.project_id, row)
    pass_gate(story, bureau, (row, Gate.ELIGIBILITY), days_ago=DAYS_AGO - 1)
    inclusion, start, acceptance = (row, Gate.INCLUSION), (row, Gate.START), (row, Gate.ACCEPTANCE)
    canvass = finished_canvass(story, at, ago=300)
    link_ballot(story, clerk, inclusion, canvass, days_ago=299)
    attach_records(story, clerk, inclusion, INCLUSION, days_ago=299)
    pass_gate(story, bureau, inclusion, days_ago=298)
    step_to(story, bureau, ids, "plan_vote", days_ago=298)
    plan = finished_plan_vote(story, at, ago=250)
    link_ballot(story, clerk, start, plan, days_ago=249)
    attach_records(story, clerk, start, START, days_ago=249)
    pass_gate(story, bureau, start, days_ago=248)
    step_to(story, bureau, ids, "acceptance", days_ago=ACCEPTED + 5)
    attach_records(story, clerk, acceptance, ACCEPTANCE, days_ago=ACCEPTED)
    pass_gate(story, bureau, acceptance, days_ago=ACCEPTED)
