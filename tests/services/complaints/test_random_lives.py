"""Random actions by random people: what the table below does not allow is refused and leaves no trace.

The table is written by hand from domain.md §6, not read from the product.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlmodel import col, select

from backend.complaints import service
from backend.complaints.rules.vocabulary import Nature, PauseReason
from backend.complaints.service import (
    AcceptComplaint,
    Answer,
    DecideExtension,
    DeclineComplaint,
    DispatchComplaint,
    HandleComplaint,
    HandUpComplaint,
    MergeComplaint,
    PauseComplaint,
    RecordMediation,
    RequestExtension,
    ResumeComplaint,
    SuperviseComplaint,
    TransferComplaint,
)
from backend.complaints.tables import Complaint, ComplaintStep
from backend.infra.context import Context
from backend.kernel.clock import local_date
from backend.kernel.errors import DomainError
from tests.services.complaints.hotline import Hotline, open_hotline

BEFORE = {"registered"}
RUNNING = {"accepted", "dispatched", "in_progress", "returned", "reopened"}
WITH_PARTY = {"dispatched", "in_progress"}
TRIAGE = {"hotline", "town", "bureau", "committee"}
DESK = {"hotline", "town", "bureau"}
MEDIATORS = {"hotline", "town", "committee"}
ABOVE = {"town", "bureau"}

# action: (who may, in which states, the state after, what else must hold)
TABLE: dict[str, tuple[set[str], set[str], str | None]] = {
    "accept": (TRIAGE, BEFORE, "accepted"),
    "transfer": (TRIAGE, BEFORE | {"accepted"}, "transferred"),
    "decline": (DESK, BEFORE, "declined"),
    "dispute": (ABOVE | {"resident"}, {"declined"}, "registered"),
    "reclassify": (TRIAGE, BEFORE | RUNNING, None),
    "hand_up": (TRIAGE - {"bureau"}, BEFORE | RUNNING, None),
    "dispatch": (DESK, {"accepted", "returned", "reopened"}, "dispatched"),
    "start": ({"handler"}, {"dispatched"}, "in_progress"),
    "contest": ({"handler"}, WITH_PARTY, "returned"),
    "note": ({"handler"}, WITH_PARTY, None),
    "request_extension": ({"handler"}, WITH_PARTY, None),
    "grant": (DESK, RUNNING, None),
    "pause": (DESK, RUNNING, None),
    "resume": (DESK, RUNNING, None),
    "supervise": (ABOVE, BEFORE | RUNNING | {"resolved", "followed_up"}, None),
    "mediate": (MEDIATORS, RUNNING, None),
    "merge": (DESK, BEFORE | RUNNING, "merged"),
    "resolve": ({"handler"}, {"in_progress"}, "resolved"),
    "answer_yes": (DESK | {"resident"}, {"resolved"}, "closed"),
    "answer_no": (DESK | {"resident"}, {"resolved"}, "reopened"),
    "close": (DESK, {"resolved", "followed_up"}, "closed"),
    "reopen": (ABOVE | {"resident"}, {"resolved", "followed_up", "closed"}, "reopened"),
    "withdraw": ({"resident"}, BEFORE | RUNNING, "withdrawn"),
}
# What may be refused in an allowed state for a reason of its own: no clock to pause, asked twice, sent back before.
CONDITIONAL = {
    "request_extension",
    "grant",
    "pause",
    "resume",
    "contest",
    "reclassify",
    "hand_up",
    "close",
    "dispute",
}
# What was disputed is triaged by who supervises and did not decline it.
ONCE_DISPUTED = {"accept", "decline", "transfer", "reclassify"}
DEAD_ENDS = {"transfer", "decline", "merge", "withdraw"}
PEOPLE = (
    "hotline",
    "town",
    "bureau",
    "committee",
    "auditor",
    "handler",
    "other_handler",
    "resident",
    "neighbour",
)


def act(who: Context, is_reporter: bool, row: Complaint, name: str, place: Hotline, other: str) -> object:
    """Do it, by the door that this person has."""
    key, version, today = row.id, row.version, local_date(who.clock.now())
    yes, no = (Answer(is_solved=solved, is_satisfied=solved) for solved in (True, False))
    deeds: dict[str, Callable[[], object]] = {
        "accept": lambda: service.accept_complaint(who, AcceptComplaint(key, version)),
        "transfer": lambda: service.transfer_complaint(
            who, TransferComplaint(key, version, Nature.PETITION, "信访局", "转送函", "1号", today)
        ),
        "decline": lambda: service.decline_complaint(who, DeclineComplaint(key, version, "不属本区")),
        "dispute": lambda: (
            service.dispute_own(who, key, "应当受理")
            if is_reporter
            else service.dispute_declining(who, key, version, "应当受理")
        ),
        "reclassify": lambda: service.reclassify_complaint(
            who, AcceptComplaint(key, version, category="utilities")
        ),
        "hand_up": lambda: service.hand_up_complaint(who, HandUpComplaint(key, version, "请甄别")),
        "dispatch": lambda: service.dispatch_complaint(who, DispatchComplaint(key, version, place.party)),
        "start": lambda: service.start_complaint(who, HandleComplaint(key, version)),
        "contest": lambda: service.contest_dispatch(who, HandleComplaint(key, version, "派错了")),
        "note": lambda: service.note_progress(who, HandleComplaint(key, version, "已查看")),
        "request_extension": lambda: service.request_extension(who, RequestExtension(key, version, "等料")),
        "grant": lambda: service.decide_extension(who, DecideExtension(key, version, True, "同意")),
        "pause": lambda: service.pause_complaint(
            who, PauseComplaint(key, version, PauseReason.WEATHER, "下雨")
        ),
        "resume": lambda: service.resume_complaint(who, ResumeComplaint(key, version)),
        "supervise": lambda: service.supervise_complaint(who, SuperviseComplaint(key, version, "督办")),
        "mediate": lambda: service.record_mediation(
            who, RecordMediation(key, version, today - timedelta(days=1), "甲、乙", "丙", is_agreed=False)
        ),
        "merge": lambda: service.merge_complaint(who, MergeComplaint(key, version, other)),
        "resolve": lambda: service.resolve_complaint(who, HandleComplaint(key, version, "修好了")),
        "close": lambda: service.close_complaint(who, key, version),
        "withdraw": lambda: service.withdraw_complaint(who, key),
        "answer_yes": lambda: (
            service.answer_own(who, key, yes)
            if is_reporter
            else service.record_answer(who, key, version, yes)
        ),
        "answer_no": lambda: (
            service.answer_own(who, key, no) if is_reporter else service.record_answer(who, key, version, no)
        ),
        "reopen": lambda: (
            service.reopen_own(who, key, "没修好")
            if is_reporter
            else service.reopen_complaint(who, key, version, "没修好")
        ),
    }
    return deeds[name]()


def history(ctx: Context, complaint_id: str) -> list[tuple[int, str | None, str]]:
    wanted = select(ComplaintStep).where(ComplaintStep.complaint_id == complaint_id)
    rows = ctx.session.exec(wanted.order_by(col(ComplaintStep.position))).all()
    return [(row.position, row.from_state, row.to_state) for row in rows]


def stored(ctx: Context, complaint_id: str) -> Complaint:
    row = ctx.session.get(Complaint, complaint_id, populate_existing=True)
    assert row is not None
    return row


def drawn(chance: random.Random, state: str) -> str:
    """Draw an action: mostly one that the state allows, seldom one that ends a life early."""
    if chance.random() < 0.3:
        return chance.choice(list(TABLE))
    fitting = [name for name, (_, states, _) in TABLE.items() if state in states]
    living = [name for name in fitting if name not in DEAD_ENDS or chance.random() < 0.1]
    return chance.choice(living or list(TABLE))


@pytest.mark.parametrize("seed", range(2))
def test_only_what_the_table_allows_happens_and_the_history_is_complete(ctx: Context, seed: int) -> None:
    chance, place = random.Random(seed), open_hotline(ctx)
    other = place.accepted(words="另一件：外墙脱落").id
    done: set[str] = set()
    for _ in range(6):
        key = place.register().id
        for _ in range(16):
            row, before = stored(ctx, key), history(ctx, key)
            who = chance.choice(PEOPLE)
            name = drawn(chance, row.state)
            if chance.random() < 0.6:
                who = chance.choice(sorted(TABLE[name][0]))
            people, states, after = TABLE[name]
            was = row.state
            may = who in people and was in states
            reporter = who in ("resident", "neighbour")
            try:
                with ctx.session.begin_nested():
                    act(getattr(place, who), reporter, row, name, place, other)
            except DomainError:
                is_review = name in ONCE_DISPUTED and row.disputed_at is not None
                assert not may or name in CONDITIONAL or is_review, (was, who, name)
                assert (stored(ctx, key).version, history(ctx, key)) == (len(before), before)
                continue
            now = stored(ctx, key)
            is_repeated = (name, was) == ("withdraw", "withdrawn") and who == "resident"
            assert may or is_repeated, (was, who, name)
            if not is_repeated:
                assert now.state == (after or was), (was, who, name)
                done.add(name)
            steps = history(ctx, key)
            assert steps[: len(before)] == before
            assert [position for position, _, _ in steps] == list(range(1, now.version + 1))
            assert all(former[2] == later[1] for former, later in pairwise(steps))
            assert steps[-1][2] == now.state
    assert len(done) > 8
