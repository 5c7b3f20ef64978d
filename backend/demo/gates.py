"""Gates of the demo's projects: records attached, decided by the bureau, and steps between stages."""

from __future__ import annotations

from backend.demo.ballots import QUESTIONS
from backend.demo.story import Story
from backend.kernel.access import Actor
from backend.policies.rules.gates import Gate
from backend.projects import service as projects

INCLUSION = (
    ("household_visits", "入户征求意愿记录（演示）"),
    ("mechanism_consensus", f"{QUESTIONS[1][0]}：会议纪要（演示）"),
)
START = (
    ("management_minutes", "物业管理模式和费用协商会议记录（演示）"),
    ("fee_confirmation", "物业服务费用书面确认（演示）"),
    ("mode_without_company", "确认由社区代管的材料（演示）"),
)
ACCEPTANCE = (
    ("acceptance_report", "联合验收合格文件（演示）"),
    ("residents_representatives", "居民代表参加验收签字意见（演示）"),
    ("handover", "移交书（演示）"),
)


def attach_records(
    story: Story, clerk: Actor, at: tuple[str, Gate], records: tuple[tuple[str, str], ...], days_ago: float
) -> None:
    """Attach what a gate of a project's estate asks for beside ballots and surveys."""
    with story.step(clerk, days_ago=days_ago) as ctx:
        for name, title in records:
            digest = ctx.storage.put(f"{title}\n本材料为演示，内容虚构。\n".encode())
            projects.attach_record(ctx, projects.AttachRecord(*at, name, title, digest))


def link_ballot(
    story: Story, clerk: Actor, at: tuple[str, Gate], ballot_id: str, days_ago: float = 0
) -> None:
    """Link a ballot to a gate."""
    with story.step(clerk, days_ago=days_ago) as ctx:
        projects.link_ballot(ctx, projects.LinkBallot(*at, ballot_id))


def pass_gate(story: Story, bureau: Actor, at: tuple[str, Gate], days_ago: float = 0) -> None:
    """Let the bureau pass a gate of a project's estate on the evidence of that moment."""
    with story.step(bureau, days_ago=days_ago) as ctx:
        seen = projects.show_gate(ctx, *at).evidence_sha256
        reason = "演示：各项条件齐备，同意。"
        projects.decide_gate(ctx, projects.DecideGate(*at, True, reason, seen))


def step_to(story: Story, bureau: Actor, ids: tuple[str, str], stage: str, days_ago: float = 0) -> None:
    """Take an estate (of a project) to a stage that needs no gate."""
    project_id, row_id = ids
    with story.step(bureau, days_ago=days_ago) as ctx:
        card = projects.show_project(ctx, project_id)
        row = next(row for row in card.estates if row.project_estate_id == row_id)
        projects.move_stage(ctx, projects.MoveStage(row_id, stage, row.version))
