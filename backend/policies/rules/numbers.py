"""Which numbers and readings a locality may set, and how a value is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from backend.tally.parameter import ParameterError


class Settable(Protocol):
    """A parameter with a name, words for people, and one spelling per value."""

    @property
    def name(self) -> str:
        """Return the parameter's name."""

    @property
    def title(self) -> str:
        """Return its Chinese title."""

    @property
    def description(self) -> str:
        """Return its Chinese description."""

    def read(self, text: str) -> str:
        """Return the value in its one spelling; raises ParameterError."""


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """A whole number between two bounds, e.g. a year, with the default in force while nobody has set it."""

    name: str
    title: str
    description: str
    default: int
    minimum: int
    maximum: int

    def read(self, text: str) -> str:
        """Return the number without leading zeros; raises ParameterError in Chinese."""
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise ParameterError(self.name, text, "应为整数")
        if not self.minimum <= int(text) <= self.maximum:
            raise ParameterError(self.name, text, f"应在 {self.minimum} 至 {self.maximum} 之间")
        return str(int(text))
