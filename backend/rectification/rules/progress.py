"""The life of an item: from found to 销号, verified by somebody who is not responsible, and reopened at need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class State(StrEnum):
    """Where an item stands."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    VERIFIED = "verified"
    CLOSED_OUT = "closed_out"
    REOPENED = "reopened"


class Step(StrEnum):
    """What moves an item."""

    START = "start"
    SUBMIT = "submit"
    RETURN = "return"
    VERIFY = "verify"
    CLOSE_OUT = "close_out"
    REOPEN = "reopen"


STATE_TITLES: Mapping[State, str] = {
    State.OPEN: "未整改",
    State.IN_PROGRESS: "整改中",
    State.SUBMITTED: "待核验",
    State.VERIFIED: "已核验",
    State.CLOSED_OUT: "已销号",
    State.REOPENED: "重新整改",
}
STEP_TITLES: Mapping[str, str] = {
    "opened": "登记",
    "imported": "导入",
    "revised": "修改",
    Step.START: "开始整改",
    Step.SUBMIT: "提交核验",
    Step.RETURN: "核验不通过，退回",
    Step.VERIFY: "核验通过",
    Step.CLOSE_OUT: "销号",
    Step.REOPEN: "重新打开",
}
WORKED_ON = frozenset({State.OPEN, State.IN_PROGRESS, State.REOPENED})
UNFINISHED = frozenset(State) - {State.CLOSED_OUT}

_MOVES: Mapping[Step, tuple[frozenset[State], State]] = {
    Step.START: (frozenset({State.OPEN, State.REOPENED}), State.IN_PROGRESS),
    Step.SUBMIT: (WORKED_ON, State.SUBMITTED),
    Step.RETURN: (frozenset({State.SUBMITTED}), State.IN_PROGRESS),
    Step.VERIFY: (frozenset({State.SUBMITTED}), State.VERIFIED),
    Step.CLOSE_OUT: (frozenset({State.VERIFIED}), State.CLOSED_OUT),
    Step.REOPEN: (frozenset({State.VERIFIED, State.CLOSED_OUT}), State.REOPENED),
}
NEEDS_WORDS = frozenset({Step.RETURN, Step.REOPEN})
_BY_ANOTHER = frozenset({Step.RETURN, Step.VERIFY, Step.CLOSE_OUT})


class Refusal(StrEnum):
    """Why a step is not taken."""

    NOT_NOW = "not_now"
    RESPONSIBLE = "responsible"
    SUBMITTER = "submitter"
    WITNESS = "witness"
    NO_EVIDENCE = "no_evidence"
    NO_WORDS = "no_words"


@dataclass(frozen=True, slots=True)
class Progress:
    """An item as far as its steps are concerned; people are account ids.

    ``round`` counts how often the work began anew: evidence of an earlier round proves nothing about this one.
    """

    state: State = State.OPEN
    responsible: str | None = None
    submitted_by: str | None = None
    verified_by: str | None = None
    round: int = 1


@dataclass(frozen=True, slots=True)
class Move:
    """A step somebody wants to take.

    ``is_namesake``: the person bears the name written down as responsible; ``has_evidence``: something of this
    round shows the place after the work; ``gave_evidence``: the person added some of it.
    """

    step: Step
    by: str
    has_evidence: bool = False
    has_words: bool = False
    is_namesake: bool = False
    gave_evidence: bool = False


def take(progress: Progress, move: Move) -> Progress | Refusal:
    """Return the item after a step, or why it is refused."""
    allowed, target = _MOVES[move.step]
    if progress.state not in allowed:
        return Refusal.NOT_NOW
    if move.step in NEEDS_WORDS and not move.has_words:
        return Refusal.NO_WORDS
    if move.step in _BY_ANOTHER:
        if move.by == progress.responsible or move.is_namesake:
            return Refusal.RESPONSIBLE
        if move.by == progress.submitted_by:
            return Refusal.SUBMITTER
        if move.gave_evidence:
            return Refusal.WITNESS
    if move.step is Step.SUBMIT:
        if not move.has_evidence:
            return Refusal.NO_EVIDENCE
        return replace(progress, state=target, submitted_by=move.by)
    if move.step is Step.VERIFY:
        return replace(progress, state=target, verified_by=move.by)
    if move.step in (Step.RETURN, Step.REOPEN):
        begun = progress.round + 1
        return replace(progress, state=target, submitted_by=None, verified_by=None, round=begun)
    return replace(progress, state=target)
