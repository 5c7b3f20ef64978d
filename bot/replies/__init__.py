"""What the chat can be asked: one file per topic, found by itself.

A new topic is a new module here with a ``TOPIC``: its name, the words it answers to, and a function
``(ctx, asker, words) -> text``. Nothing else has to be changed; its texts belong into ``texts.py``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from backend.ballots.queries.turnout import BallotFacts
from backend.ballots.tables import Ballot
from backend.infra.context import Context
from backend.kernel.access import Actor

# The announced ballots of some estates, newest first, at most a second old.
Ballots = Callable[[Context, frozenset[str]], Sequence["Listed"]]
# The participation of a ballot as JSON values, at most a second old (``PollingDesk``), or counted now.
Tally = Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who writes, as far as the chat is linked to accounts: as a resident, as staff, as both, or as neither."""

    resident: Actor | None
    staff: Actor | None
    tally: Tally
    ballots: Ballots


@dataclass(frozen=True, slots=True)
class Listed:
    """An announced ballot as lists show it, with what decides who may vote in it; is there a mandate of mine?"""

    row: Ballot
    facts: BallotFacts
    is_mandated: bool = False


Act = Callable[[Context, str, str], str | None]


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing that can be asked. ``words``: what people say for it; ``number``: the digit that stands for it.

    ``side``: resident | staff | anybody; who is not linked on that side is told how to become so. ``is_slow``
    topics are answered by the outbox, and their text may hold nothing personal.
    """

    name: str
    title: str
    words: tuple[str, ...]
    answer: Callable[[Context, Asker, str], str]
    number: str = ""
    side: str = "resident"
    is_slow: bool = False
    order: int = 100
    # (ctx acting as the resident, everything that was said, the call's key) -> text, or None where ``answer`` will
    # do; runs in a transaction that is committed, and may run twice for one call.
    act: Act | None = None


@lru_cache(maxsize=1)
def topics() -> tuple[Topic, ...]:
    """Return every topic of this folder, in the order in which help lists them."""
    modules = (
        importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)
    )
    found = [module.TOPIC for module in modules if hasattr(module, "TOPIC")]
    return tuple(sorted(found, key=lambda topic: (topic.order, topic.name)))
