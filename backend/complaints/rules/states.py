"""A complaint's life as one table: which action leads from which states where (domain §6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from backend.kernel.access import Permission


class State(StrEnum):
    """Where a complaint stands."""

    REGISTERED = "registered"
    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    RETURNED = "returned"
    RESOLVED = "resolved"
    FOLLOWED_UP = "followed_up"
    CLOSED = "closed"
    REOPENED = "reopened"
    MERGED = "merged"
    TRANSFERRED = "transferred"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


STATE_TITLES: Mapping[State, str] = {
    State.REGISTERED: "已登记，待受理",
    State.ACCEPTED: "已受理，待派单",
    State.DISPATCHED: "已派单，待接收",
    State.IN_PROGRESS: "办理中",
    State.RETURNED: "派单被退回，待重新派单",
    State.RESOLVED: "已办结，待回访",
    State.FOLLOWED_UP: "已回访",
    State.CLOSED: "已结案",
    State.REOPENED: "重新办理，待派单",
    State.MERGED: "已并入同一事项",
    State.TRANSFERRED: "已书面转送",
    State.DECLINED: "不予受理",
    State.WITHDRAWN: "反映人已撤回",
}

# Work is to be done; the clock runs (or is paused) in these, except before acceptance.
OPEN = frozenset(
    {
        State.REGISTERED,
        State.ACCEPTED,
        State.DISPATCHED,
        State.IN_PROGRESS,
        State.RETURNED,
        State.REOPENED,
    }
)
RUNNING = OPEN - {State.REGISTERED}
# With nobody's hands on it: somebody must dispatch. Until a party takes it, whoever received it first answers for it.
TO_DISPATCH = frozenset({State.ACCEPTED, State.RETURNED, State.REOPENED})


class Action(StrEnum):
    """Everything that can be done to a complaint; each becomes one step of its history."""

    REGISTER = "register"
    ACCEPT = "accept"
    TRANSFER = "transfer"
    DECLINE = "decline"
    RECLASSIFY = "reclassify"
    HAND_UP = "hand_up"
    DISPUTE = "dispute"
    DISPATCH = "dispatch"
    START = "start"
    CONTEST = "contest"
    NOTE = "note"
    REQUEST_EXTENSION = "request_extension"
    GRANT_EXTENSION = "grant_extension"
    REFUSE_EXTENSION = "refuse_extension"
    PAUSE = "pause"
    RESUME = "resume"
    SUPERVISE = "supervise"
    MERGE = "merge"
    MEDIATE = "mediate"
    RESOLVE = "resolve"
    FOLLOW_UP = "follow_up"
    CLOSE = "close"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    RECOMPUTE = "recompute"


ACTION_TITLES: Mapping[Action, str] = {
    Action.REGISTER: "登记",
    Action.ACCEPT: "受理",
    Action.TRANSFER: "书面转送",
    Action.DECLINE: "不予受理",
    Action.RECLASSIFY: "更正类别",
    Action.HAND_UP: "上报甄别",
    Action.DISPUTE: "申请复核",
    Action.DISPATCH: "派单",
    Action.START: "接收办理",
    Action.CONTEST: "退回（派单异议）",
    Action.NOTE: "办理记录",
    Action.REQUEST_EXTENSION: "申请延期",
    Action.GRANT_EXTENSION: "同意延期",
    Action.REFUSE_EXTENSION: "不同意延期",
    Action.PAUSE: "暂停计时",
    Action.RESUME: "恢复计时",
    Action.SUPERVISE: "督办",
    Action.MERGE: "并入同一事项",
    Action.MEDIATE: "调解",
    Action.RESOLVE: "办结",
    Action.FOLLOW_UP: "回访",
    Action.CLOSE: "结案",
    Action.REOPEN: "重新办理",
    Action.WITHDRAW: "撤回",
    Action.RECOMPUTE: "重算期限",
}


# What may end a disputed report, or change what it is taken for, before anybody has taken it on.
TRIAGES = frozenset({Action.ACCEPT, Action.TRANSFER, Action.DECLINE, Action.RECLASSIFY, Action.MERGE})
# A party's round ends with these: what it asked for in the round lapses.
ENDS_ROUND = frozenset({Action.CONTEST, Action.RESOLVE, Action.REOPEN, Action.WITHDRAW, Action.MERGE})


class Doer(StrEnum):
    """Who an action belongs to, beyond staff with a permission."""

    STAFF = "staff"
    PARTY = "party"
    REPORTER = "reporter"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Transition:
    """From which states an action is allowed, where it leads (None = it stays), and who may do it."""

    sources: frozenset[State]
    target: State | None
    doers: frozenset[Doer]
    permission: Permission | None = None


def _staff(permission: Permission, sources: frozenset[State], target: State | None = None) -> Transition:
    return Transition(sources, target, frozenset({Doer.STAFF}), permission)


_CLOSING = frozenset({State.RESOLVED, State.FOLLOWED_UP, State.CLOSED})

TRANSITIONS: Mapping[Action, Transition] = {
    Action.ACCEPT: _staff(Permission.COMPLAINT_TRIAGE, frozenset({State.REGISTERED}), State.ACCEPTED),
    Action.TRANSFER: _staff(
        Permission.COMPLAINT_TRIAGE, frozenset({State.REGISTERED, State.ACCEPTED}), State.TRANSFERRED
    ),
    Action.DECLINE: _staff(Permission.COMPLAINT_DECLINE, frozenset({State.REGISTERED}), State.DECLINED),
    Action.RECLASSIFY: _staff(Permission.COMPLAINT_TRIAGE, OPEN),
    Action.HAND_UP: _staff(Permission.COMPLAINT_TRIAGE, OPEN),
    # Back to triage, where somebody above decides who did not decline it.
    Action.DISPUTE: Transition(
        frozenset({State.DECLINED}),
        State.REGISTERED,
        frozenset({Doer.STAFF, Doer.REPORTER}),
        Permission.COMPLAINT_SUPERVISE,
    ),
    Action.DISPATCH: _staff(Permission.COMPLAINT_DISPATCH, TO_DISPATCH, State.DISPATCHED),
    Action.START: Transition(
        frozenset({State.DISPATCHED}),
        State.IN_PROGRESS,
        frozenset({Doer.PARTY}),
        Permission.COMPLAINT_HANDLE,
    ),
    Action.CONTEST: Transition(
        frozenset({State.DISPATCHED, State.IN_PROGRESS}),
        State.RETURNED,
        frozenset({Doer.PARTY}),
        Permission.COMPLAINT_HANDLE,
    ),
    Action.NOTE: Transition(
        frozenset({State.DISPATCHED, State.IN_PROGRESS}),
        None,
        frozenset({Doer.PARTY}),
        Permission.COMPLAINT_HANDLE,
    ),
    Action.REQUEST_EXTENSION: Transition(
        frozenset({State.DISPATCHED, State.IN_PROGRESS}),
        None,
        frozenset({Doer.PARTY}),
        Permission.COMPLAINT_HANDLE,
    ),
    Action.GRANT_EXTENSION: _staff(Permission.COMPLAINT_DISPATCH, RUNNING),
    Action.REFUSE_EXTENSION: _staff(Permission.COMPLAINT_DISPATCH, RUNNING),
    Action.PAUSE: _staff(Permission.COMPLAINT_DISPATCH, RUNNING),
    Action.RESUME: _staff(Permission.COMPLAINT_DISPATCH, RUNNING),
    Action.SUPERVISE: _staff(Permission.COMPLAINT_SUPERVISE, OPEN | {State.RESOLVED, State.FOLLOWED_UP}),
    Action.MERGE: _staff(Permission.COMPLAINT_DISPATCH, OPEN, State.MERGED),
    Action.MEDIATE: _staff(Permission.COMPLAINT_MEDIATE, RUNNING),
    Action.RESOLVE: Transition(
        frozenset({State.IN_PROGRESS}),
        State.RESOLVED,
        frozenset({Doer.PARTY}),
        Permission.COMPLAINT_HANDLE,
    ),
    # The answer decides: confirmed leads to followed_up, "no" to reopened.
    Action.FOLLOW_UP: Transition(
        frozenset({State.RESOLVED}),
        State.FOLLOWED_UP,
        frozenset({Doer.STAFF, Doer.REPORTER}),
        Permission.COMPLAINT_FOLLOW_UP,
    ),
    Action.CLOSE: Transition(
        frozenset({State.RESOLVED, State.FOLLOWED_UP}),
        State.CLOSED,
        frozenset({Doer.STAFF, Doer.SYSTEM}),
        Permission.COMPLAINT_FOLLOW_UP,
    ),
    Action.REOPEN: Transition(
        _CLOSING, State.REOPENED, frozenset({Doer.STAFF, Doer.REPORTER}), Permission.COMPLAINT_SUPERVISE
    ),
    Action.WITHDRAW: Transition(OPEN, State.WITHDRAWN, frozenset({Doer.REPORTER})),
    Action.RECOMPUTE: Transition(OPEN, None, frozenset({Doer.SYSTEM})),
}
