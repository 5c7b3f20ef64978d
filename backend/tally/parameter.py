"""What a rule leaves to the locality: readings and numbers, with defaults where a default is ours to give."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

_SHARE = re.compile(
    r"(?P<over>[0-9]{1,9})/(?P<under>[0-9]{1,9})|(?P<number>[0-9]{1,3}(?:\.[0-9]{1,6})?)(?P<percent>%?)"
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named local decision: ``values`` maps each allowed value to Chinese text; no values = a share in (0, 1]."""

    name: str
    title: str
    description: str
    values: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None

    def __post_init__(self) -> None:
        if self.default is not None:
            self.read(self.default)

    @property
    def is_share(self) -> bool:
        """Return whether the value is a number (``2/3``, ``0.75``, ``75%``)."""
        return not self.values

    def read(self, text: str) -> str:
        """Return the value in its one spelling; raises ParameterError in Chinese."""
        if self.is_share:
            share = parse_share(text)
            if share is None:
                raise ParameterError(self.name, text, "应为大于 0、不超过 1 的比例，如 2/3、0.75 或 75%")
            return f"{share.numerator}/{share.denominator}"
        if text not in self.values:
            raise ParameterError(self.name, text, "可选值：" + "、".join(self.values))
        return text


class ParameterError(ValueError):
    """A parameter that the rule does not have, or a value it cannot take."""

    def __init__(self, name: str, value: str, reason: str) -> None:
        super().__init__(f"{name}={value}: {reason}")
        self.name = name
        self.value = value
        self.reason = reason


def parse_share(text: str) -> Fraction | None:
    """Return a share in (0, 1] written as ``2/3``, ``0.75`` or ``75%``, None for anything else."""
    match = _SHARE.fullmatch(text)
    if match is None or (match["under"] is not None and int(match["under"]) == 0):
        return None
    if match["number"] is None:
        share = Fraction(int(match["over"]), int(match["under"]))
    else:
        share = Fraction(match["number"]) / (100 if match["percent"] else 1)
    return share if 0 < share <= 1 else None


def resolve(parameters: tuple[Parameter, ...], given: Mapping[str, str]) -> dict[str, str | None]:
    """Return every parameter's value in force, None where nobody has set it; raises ParameterError."""
    known = {parameter.name for parameter in parameters}
    for name, value in given.items():
        if name not in known:
            reason = "本规则没有这个参数" + (f"，可设：{'、'.join(sorted(known))}" if known else "")
            raise ParameterError(name, value, reason)
    return {
        parameter.name: parameter.read(given[parameter.name])
        if parameter.name in given
        else (parameter.default if parameter.default is None else parameter.read(parameter.default))
        for parameter in parameters
    }
