"""What every household of an estate says in the survey, or why it says nothing. Pure; drawn from one generator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from backend.rehearsal.scenario import RECEPTIONS, Portion, Reception

VERY, SATISFIED, BASICALLY = "very_satisfied", "satisfied", "basically"
DISSATISFIED, VERY_DISSATISFIED = "dissatisfied", "very_dissatisfied"
LEVELS = (VERY, SATISFIED, BASICALLY, DISSATISFIED, VERY_DISSATISFIED)
# Answers that never cover a household: 不了解, and two ticks on a sheet.
UNKNOWN, TWO_TICKS = "unknown", "invalid"
_TRIES = ("not_home", "not_home", "refused", "vacant", "no_answer")
_WORDS = ("楼道干净多了", "希望再装几盏路灯", "施工时噪声有点大", "门口的车位还是不够")


class Channel(StrEnum):
    """How an answer comes."""

    PHONE = "online"
    DOORSTEP = "doorstep"
    TELEPHONE = "telephone"
    PAPER = "paper"


# Percent of those who could answer on the phone and yet do not, and who comes to whom how.
_NOT_ON_PHONE = 20
_BY_HAND = ((45, Channel.DOORSTEP), (25, Channel.TELEPHONE), (30, Channel.PAPER))


@dataclass(frozen=True, slots=True)
class Reply:
    """One household (position of the home): the overall answer that stands, by which way; ``before``: given first.

    ``overall`` None: nobody was met; ``tried``: how a try ended, if there was one.
    """

    home: int
    overall: str | None = None
    channel: Channel | None = None
    before: str | None = None
    words: str = ""
    tried: str | None = None


def script_survey(homes: int, on_phone: Sequence[int], reception: Reception, rng: Random) -> list[Reply]:
    """Return a reply per home; ``on_phone``: the homes that somebody has bound."""
    if reception is Reception.STILL_BUILDING:
        return []
    order = list(range(homes))
    rng.shuffle(order)
    levels = _levels(homes, reception, rng)
    phones = set(on_phone)
    replies = [_answered(at, level, at in phones, rng) for at, level in zip(order, levels, strict=False)]
    missed = order[len(levels) :]
    vague = min(len(missed), max(2, homes // 12))
    replies += [_vague(at, at in phones, rng) for at in missed[:vague]]
    replies += [_missed(at, rng) for at in missed[vague:]]
    return sorted(replies, key=lambda reply: reply.home)


def number_of(portion: Portion, whole: int, rng: Random) -> int:
    """Return how many of a whole: the percentage drawn, rounded up, and so many beside."""
    share = rng.randint(*portion.percent)
    return min(whole, max(0, -(-whole * share // 100) + portion.beside))


def _levels(homes: int, reception: Reception, rng: Random) -> list[str]:
    """Return what the covered households say overall, in random order."""
    answers = RECEPTIONS[reception]
    covered = number_of(answers.covered, homes, rng)
    satisfied = number_of(answers.satisfied, covered, rng)
    basically = number_of(answers.basically, covered - satisfied, rng)
    levels = [rng.choice((VERY, SATISFIED, SATISFIED)) for _ in range(satisfied)]
    levels += [BASICALLY] * basically
    levels += [rng.choice((DISSATISFIED, VERY_DISSATISFIED)) for _ in range(covered - len(levels))]
    rng.shuffle(levels)
    return levels


def _answered(home: int, level: str, is_bound: bool, rng: Random) -> Reply:
    channel = _channel(is_bound, rng)
    before = None
    if channel is Channel.PHONE and rng.randrange(100) < 4:
        before = UNKNOWN
    words = rng.choice(_WORDS) if rng.randrange(100) < 8 else ""
    return Reply(home, level, channel, before, words)


def _vague(home: int, is_bound: bool, rng: Random) -> Reply:
    """Somebody answers and the household is not covered by it."""
    channel = _channel(is_bound, rng)
    overall = TWO_TICKS if channel is Channel.PAPER and rng.randrange(2) else UNKNOWN
    return Reply(home, overall, channel)


def _missed(home: int, rng: Random) -> Reply:
    return Reply(home, tried=rng.choice(_TRIES) if rng.randrange(100) < 40 else None)


def _channel(is_bound: bool, rng: Random) -> Channel:
    draw = rng.randrange(100)
    if is_bound and draw >= _NOT_ON_PHONE:
        return Channel.PHONE
    draw = rng.randrange(100)
    for percent, channel in _BY_HAND:
        if draw < percent:
            return channel
        draw -= percent
    return Channel.PAPER
