"""What a rule is: tests joined by AND, the parameters left open, and where every number comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from backend.tally.parameter import Parameter
from backend.tally.weight import Basis, Choice, Satisfaction


class Numerator(StrEnum):
    """What is measured; ``satisfied_wide`` (with 基本满意) is only ever shown beside a result."""

    PARTICIPATING = "participating"
    FOR = "for"
    COVERED = "covered"
    SATISFIED = "satisfied"
    SATISFIED_WIDE = "satisfied_wide"


class Denominator(StrEnum):
    """Against what it is measured."""

    ROLL = "roll"
    PARTICIPATING = "participating"
    COVERED = "covered"


class Operator(StrEnum):
    """``以上`` and ``不低于`` include the number (Civil Code art. 1259); 过半数 does not."""

    AT_LEAST = ">="
    MORE_THAN = ">"


class RuleKind(StrEnum):
    """How a rule comes to its decision."""

    COUNTED = "counted"
    EVIDENCE_ONLY = "evidence_only"
    REFUSES_UNTIL_SET = "refuses_until_set"


class Status(StrEnum):
    """What stands behind a profile."""

    LAW = "law"
    POLICY = "policy"
    DRAFT = "draft"
    LOCAL_CHOICE = "local choice"


_MEANINGFUL = {
    (Numerator.PARTICIPATING, Denominator.ROLL),
    (Numerator.FOR, Denominator.ROLL),
    (Numerator.FOR, Denominator.PARTICIPATING),
    (Numerator.COVERED, Denominator.ROLL),
    (Numerator.SATISFIED, Denominator.ROLL),
    (Numerator.SATISFIED, Denominator.COVERED),
    (Numerator.SATISFIED_WIDE, Denominator.ROLL),
    (Numerator.SATISFIED_WIDE, Denominator.COVERED),
}


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of a rule; exactly one of ``threshold`` and ``threshold_parameter`` is given.

    ``when`` = (parameter, value): the test belongs to that reading only; while the parameter is unset, the
    tests of every reading are listed.
    """

    __test__ = False  # the name is the domain's; pytest must not collect it

    basis: Basis
    numerator: Numerator
    denominator: Denominator
    operator: Operator = Operator.AT_LEAST
    threshold: Fraction | None = None
    threshold_parameter: str | None = None
    when: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        if (self.numerator, self.denominator) not in _MEANINGFUL:
            raise ValueError(f"{self.numerator} of {self.denominator} means nothing")
        if (self.threshold is None) == (self.threshold_parameter is None):
            raise ValueError("a test has a threshold, or the name of the parameter that sets it")
        if self.threshold_parameter is not None and self.operator is not Operator.AT_LEAST:
            raise ValueError("a local number is reached by 'at least'")
        if self.threshold is not None and not 0 < self.threshold <= 1:
            raise ValueError("a threshold lies in (0, 1]")
        if self.threshold == 1 and self.operator is Operator.MORE_THAN:
            raise ValueError("nothing exceeds the whole")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a profile. ``gate_joins``: rules a gate must see passed as well (``cn-civil-code/*`` = the
    Civil Code rule of each motion's class); ``beside``: shown with the result, never deciding."""

    id: str
    title: str
    clause: str
    kind: RuleKind
    tests: tuple[Test, ...] = ()
    beside: tuple[Test, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    evidence: tuple[str, ...] = ()
    gate_joins: tuple[str, ...] = ()
    consequence: str | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        if (self.kind is RuleKind.EVIDENCE_ONLY) == bool(self.tests):
            raise ValueError(f"{self.id}: a rule has tests, or is decided by evidence only")
        if self.kind is RuleKind.EVIDENCE_ONLY and not self.evidence:
            raise ValueError(f"{self.id}: an evidence-only rule names its evidence")
        known = {parameter.name: parameter for parameter in self.parameters}
        for test in (*self.tests, *self.beside):
            self._check_references(test, known)

    def _check_references(self, test: Test, known: dict[str, Parameter]) -> None:
        number = test.threshold_parameter
        if number is not None and not (number in known and known[number].is_share):
            raise ValueError(f"{self.id}: no share parameter {number!r}")
        if test.when is not None:
            name, value = test.when
            if name not in known or value not in known[name].values:
                raise ValueError(f"{self.id}: no reading {name}={value}")

    @property
    def is_survey(self) -> bool:
        """Return whether papers carry the satisfaction scale instead of for/against."""
        return any(test.numerator in (Numerator.COVERED, Numerator.SATISFIED) for test in self.tests)

    @property
    def scale(self) -> tuple[str, ...]:
        """Return the choices a paper may carry under this rule, in order."""
        return tuple(Satisfaction) if self.is_survey else tuple(Choice)


@dataclass(frozen=True, slots=True)
class Profile:
    """The rules of one law, policy or local decision, with its title, source, status and dates."""

    id: str
    title: str
    source: str
    status: Status
    rules: tuple[Rule, ...]
    issued_on: date | None = None
    effective_on: date | None = None
    expires_on: date | None = None
    note: str | None = None
