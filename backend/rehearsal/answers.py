"""What every owner and household of an estate will answer, and by which way. Pure; drawn from one generator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from backend.rehearsal.scenario import Shares

FOR, AGAINST, ABSTAIN = "for", "against", "abstain"
Choices = tuple[str, str]
ALL_FOR: Choices = (FOR, FOR)
_MOST_MANDATES = 2


class OwnerKind(StrEnum):
    """Who owns a home, by the import template's words."""

    PERSON = "个人"
    CO_OWNERS = "共有"
    UNIT = "产权单位"


class Way(StrEnum):
    """How an answer reaches the count."""

    SILENT = "silent"
    ONLINE = "online"
    FAMILY = "family"
    PAPER = "paper"
    PROXY = "proxy"


@dataclass(frozen=True, slots=True)
class Household:
    """What the script looks at: the kind of owner and how many homes."""

    kind: OwnerKind
    homes: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What counts in the end; ``before`` is an online vote given earlier and replaced (re-vote, or signed paper).

    ``proxy`` is the position of the owner who holds the mandate.
    """

    way: Way
    choices: Choices = ALL_FOR
    before: Choices | None = None
    proxy: int | None = None


SILENCE = Answer(Way.SILENT)


def script_canvass(
    owners: Sequence[Household], shares: Shares, rng: Random, *, has_review: bool
) -> list[Answer]:
    """Return the answers to the canvass: online, by a family member, or on paper; some change their mind."""
    answers = _choose(owners, shares, rng)
    for at, owner in enumerate(owners):
        if answers[at] is SILENCE:
            continue
        way = _draw_way(owner, rng, ((Way.PAPER, 0.16), (Way.FAMILY, 0.05)))
        before: Choices | None = None
        if way is Way.ONLINE and rng.random() < 0.03:
            before = (ABSTAIN, ABSTAIN)
        answers[at] = replace(answers[at], way=way, before=before)
    return _with_review(owners, answers, rng) if has_review else answers


def script_plan(
    owners: Sequence[Household], shares: Shares, rng: Random, *, has_review: bool
) -> list[Answer]:
    """Return the answers to the plan: online, on paper, or by a neighbour who holds a mandate; no re-vote."""
    answers = _choose(owners, shares, rng)
    for at, owner in enumerate(owners):
        if answers[at] is not SILENCE:
            answers[at] = replace(answers[at], way=_draw_way(owner, rng, ((Way.PAPER, 0.16),)))
    _give_mandates(owners, answers, rng)
    return _with_review(owners, answers, rng) if has_review else answers


def _choose(owners: Sequence[Household], shares: Shares, rng: Random) -> list[Answer]:
    """Let the wanted share of homes take part, and of those the wanted share be for each motion."""
    taking_part = _pick(range(len(owners)), owners, rng.randint(*shares.takes_part), rng)
    favour = [set(_pick(taking_part, owners, rng.randint(*share), rng)) for share in shares.motions]
    answers = [SILENCE] * len(owners)
    for at in sorted(taking_part):
        other = AGAINST if rng.random() < 0.7 else ABSTAIN
        first, second = (FOR if at in chosen else other for chosen in favour)
        answers[at] = Answer(Way.ONLINE, (first, second))
    return answers


def _pick(among: Iterable[int], owners: Sequence[Household], percent: int, rng: Random) -> list[int]:
    """Return a random choice of owners with about ``percent`` of the homes of ``among``."""
    order = sorted(among)
    wanted = round(sum(owners[at].homes for at in order) * percent / 100)
    rng.shuffle(order)
    chosen = []
    for at in order:
        if owners[at].homes <= wanted:
            wanted -= owners[at].homes
            chosen.append(at)
    return chosen


def _draw_way(owner: Household, rng: Random, others: Sequence[tuple[Way, float]]) -> Way:
    """A unit and its tenants answer on paper; everybody else mostly online."""
    draw = rng.random()
    if owner.kind is OwnerKind.UNIT:
        return Way.PAPER
    for way, share in others:
        if draw < share:
            return way
        draw -= share
    return Way.ONLINE


def _give_mandates(owners: Sequence[Household], answers: list[Answer], rng: Random) -> None:
    """Turn a few online votes of single homes into mandates held by neighbours who vote online themselves."""
    online = [at for at, answer in enumerate(answers) if answer.way is Way.ONLINE]
    givers = [at for at in online if owners[at].homes == 1]
    rng.shuffle(givers)
    givers = givers[: max(1, len(owners) // 50)]
    holders = [at for at in online if at not in givers]
    rng.shuffle(holders)
    for turn, at in enumerate(givers):
        if turn // _MOST_MANDATES < len(holders):
            holder = holders[turn // _MOST_MANDATES]
            answers[at] = replace(answers[at], way=Way.PROXY, proxy=holder)


def _with_review(owners: Sequence[Household], answers: list[Answer], rng: Random) -> list[Answer]:
    """Let one owner vote online and hand in a signed paper as well: a third person has to decide."""
    fitting = [
        at
        for at, answer in enumerate(answers)
        if answer.way is Way.PAPER and owners[at].kind is not OwnerKind.UNIT and owners[at].homes == 1
    ]
    if fitting:
        at = rng.choice(fitting)
        answers[at] = replace(answers[at], before=(ABSTAIN, ABSTAIN))
    return answers
