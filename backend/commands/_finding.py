"""One line of the doctor's report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a check came out; the words are printed."""

    RIGHT = "正常"
    WRONG = "异常"
    NOTE = "提示"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    state: State
    name: str
    text: str

    @property
    def is_wrong(self) -> bool:
        """Tell whether somebody must act."""
        return self.state is State.WRONG
