"""The point where the composition root tells the register what complaints there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backend.infra.context import Context
from backend.kernel.access import Scope

# (ctx, number, estate) -> whether a complaint of this number lies there that the actor may read.
KnowsComplaint = Callable[[Context, str, Scope], bool]


def knows_none(_ctx: Context, _number: str, _estate: Scope) -> bool:
    """Return no: where nobody keeps complaints, no number leads to one."""
    return False


@dataclass
class Hooks:
    """What is registered; written once at start."""

    knows_complaint: KnowsComplaint = knows_none


registered = Hooks()
