"""Points where the composition root tells identity what capabilities above it know.

Identity lies below ballots and notices and may not import them; ``bootstrap`` registers their answers here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from backend.identity.rules.parameters import Parameters
from backend.infra.context import Context

# (ctx, estate_id, dwelling_id) -> hours before a new binding by phone or staff counts.
WaitingRule = Callable[[Context, str, str], int]
# (ctx, account_id) -> what this capability holds about the person, as JSON values.
ExportSection = Callable[[Context, str], object]
# (ctx, account_id): forget what need not be kept.
Eraser = Callable[[Context, str], None]


def always_wait(_ctx: Context, _estate_id: str, _dwelling_id: str) -> int:
    """Wait the full time, ballot or not: the safe answer while nobody says better."""
    return registered.parameters.waiting_hours


@dataclass
class Hooks:
    """What is registered; written once at start."""

    parameters: Parameters = field(default_factory=Parameters)
    waiting_rule: WaitingRule = always_wait
    export_sections: dict[str, ExportSection] = field(default_factory=dict)
    erasers: list[Eraser] = field(default_factory=list)


registered = Hooks()
