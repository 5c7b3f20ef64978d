"""The point where the composition root tells notices what an answered objection changes in the capability above it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from backend.infra.context import Context


@dataclass(frozen=True, slots=True)
class Answered:
    """An objection that somebody answered just now, in the same transaction."""

    objection_id: str
    subject_id: str
    raised_at: datetime
    is_upheld: bool


# Acts on the answer, or refuses who gives it.
Consequence = Callable[[Context, Answered], None]


@dataclass
class Hooks:
    """What is registered, by the kind of thing objected to; written once at start."""

    consequences: dict[str, Consequence] = field(default_factory=dict)


registered = Hooks()
