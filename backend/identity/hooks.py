"""Points where the composition root tells identity what capabilities above it know.

Identity lies below ballots and notices and may not import them; ``bootstrap`` registers their answers here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from backend.identity.rules.parameters import Parameters
from backend.identity.rules.relations import NewBinding
from backend.infra.context import Context
from backend.kernel.errors import NotFound

# (ctx, binding) -> hours before it counts.
WaitingRule = Callable[[Context, NewBinding], int]
# (ctx, account_id) -> what this capability holds about the person, as JSON values.
ExportSection = Callable[[Context, str], object]
# (ctx, account_id): forget what need not be kept.
Eraser = Callable[[Context, str], None]
# (ctx, binding_id, photo ids): hang the caller's photos on their request as its proof.
ProofHanger = Callable[[Context, str, Sequence[str]], None]
# (ctx, binding_ids): delete the photos of these requests.
ProofForgetter = Callable[[Context, Collection[str]], None]


def always_wait(_ctx: Context, binding: NewBinding) -> int:
    """Wait the full time, ballot or not, but for the first owner's letter: the safe answer while nobody says better."""
    if binding.is_letter and not binding.has_owner:
        return 0
    return registered.parameters.waiting_hours


def no_proofs(_ctx: Context, _binding_id: str, _ids: Sequence[str]) -> None:
    """Refuse photos: without anybody who keeps them they would be lost."""
    raise NotFound


def nothing_to_forget(_ctx: Context, _binding_ids: Collection[str]) -> None:
    """Forget nothing: where nobody keeps photos there are none."""


@dataclass
class Hooks:
    """What is registered; written once at start."""

    parameters: Parameters = field(default_factory=Parameters)
    waiting_rule: WaitingRule = always_wait
    export_sections: dict[str, ExportSection] = field(default_factory=dict)
    hang_proofs: ProofHanger = no_proofs
    forget_proofs: ProofForgetter = nothing_to_forget
    erasers: list[Eraser] = field(default_factory=list)


registered = Hooks()
