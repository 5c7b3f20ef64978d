"""What the second act's scripts amount to, counted without the product: the play compares every figure with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from backend.rehearsal.second_act.courses import Course, Deed
from backend.rehearsal.second_act.replies import BASICALLY, LEVELS, SATISFIED, VERY, Channel, Reply

# 甘建城〔2022〕15号, as the play reads it.
_COVERAGE, _SATISFACTION = Fraction(75, 100), Fraction(80, 100)


@dataclass(frozen=True, slots=True)
class Reached:
    """A survey in one estate, in households; ``wide`` counts 基本满意 too, ``is_wide``: and decides."""

    households: int
    answered: int
    covered: int
    satisfied: int
    wide: int
    contacted: int
    is_wide: bool

    @property
    def coverage_rate(self) -> Fraction:
        """Return covered / households."""
        return Fraction(self.covered, self.households)

    @property
    def satisfaction_rate(self) -> Fraction | None:
        """Return satisfied / covered, None where nobody is covered."""
        return Fraction(self.satisfied, self.covered) if self.covered else None

    @property
    def wide_rate(self) -> Fraction | None:
        """Return the rate under the wider reading."""
        return Fraction(self.wide, self.covered) if self.covered else None

    @property
    def outcome(self) -> str:
        """Return what the gate must say: nobody covered cannot be judged."""
        rate = self.wide_rate if self.is_wide else self.satisfaction_rate
        if rate is None:
            return "undecidable"
        return "passed" if self.coverage_rate >= _COVERAGE and rate >= _SATISFACTION else "failed"


def reached(replies: Sequence[Reply], *, is_wide: bool) -> Reached:
    """Add up the replies of an estate."""
    said = Counter(reply.overall for reply in replies)
    satisfied = said[VERY] + said[SATISFIED]
    return Reached(
        households=len(replies),
        answered=sum(reply.overall is not None for reply in replies),
        covered=sum(said[level] for level in LEVELS),
        satisfied=satisfied,
        wide=satisfied + said[BASICALLY],
        contacted=sum(reply.overall is not None or reply.tried is not None for reply in replies),
        is_wide=is_wide,
    )


@dataclass(frozen=True, slots=True)
class Heard:
    """An estate's reports as the hotline's figures must count them; each rate as (numerator, denominator)."""

    registered: int
    passed_on: int
    merged: int
    withdrawn: int
    declined: int
    running: int
    closed: int
    reopened: int
    unconfirmed: int
    overdue: int
    late: int
    response: tuple[int, int]
    resolution: tuple[int, int]
    satisfaction: tuple[int, int]


_PASSED_ON = ("petition", "accusation", "lawsuit")
_AGAIN = (Deed.NO, Deed.UNSATISFIED)


def heard(courses: Sequence[Course]) -> Heard:
    """Add up the reports of an estate by the definitions of docs/complaints.md; accusations are counted for nobody."""
    counted = [course for course in courses if course.nature != "accusation"]
    handled = [course for course in counted if course.nature not in _PASSED_ON]
    states = Counter(course.end.state for course in handled)
    ends = [course.end for course in handled]
    closed = [end for end in ends if end.state == "closed"]
    overdue = sum(end.resolved_late and end.state == "in_progress" for end in ends)
    answered = [end for end in ends if end.state not in ("merged", "withdrawn")]
    return Heard(
        registered=len(counted),
        passed_on=len(counted) - len(handled),
        merged=states["merged"],
        withdrawn=states["withdrawn"],
        declined=states["declined"],
        running=states["in_progress"],
        closed=len(closed),
        reopened=sum(any(deed in _AGAIN for deeds in course.deeds for deed in deeds) for course in handled),
        unconfirmed=sum(end.is_solved is None for end in closed),
        overdue=overdue,
        late=sum(end.resolved_late for end in closed),
        response=(sum(not end.answered_late for end in answered), len(answered)),
        resolution=(sum(end.is_solved is True for end in closed), len(closed) + overdue),
        satisfaction=(
            sum(end.is_satisfied is True for end in closed),
            sum(end.is_satisfied is not None for end in closed),
        ),
    )


def channels(replies: Sequence[Reply]) -> Counter[Channel]:
    """Return how many answers came which way."""
    return Counter(reply.channel for reply in replies if reply.channel is not None)
