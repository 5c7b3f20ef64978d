"""The point where the composition root tells media what the capabilities above it keep from a reviewer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backend.infra.context import Context

# (ctx, estate_id) -> the restricted things of an estate of which the actor may see nothing.
HiddenThings = Callable[[Context, str], frozenset[str]]


def nothing_hidden(_ctx: Context, _estate_id: str) -> frozenset[str]:
    """Return nothing: where nobody restricts anything, nothing is hidden."""
    return frozenset()


@dataclass
class Hooks:
    """What is registered; written once at start."""

    hidden_things: HiddenThings = nothing_hidden


registered = Hooks()
