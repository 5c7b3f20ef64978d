"""The point where the composition root tells registry who must hear of a dwelling that changed hands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backend.infra.context import Context

# (ctx, dwelling_ids): these dwellings have another owner of record than before; runs in the import's transaction.
OwnersChanged = Callable[[Context, Sequence[str]], None]


def tell_nobody(_ctx: Context, _dwelling_ids: Sequence[str]) -> None:
    """Do nothing: where nobody is bound to a dwelling, nobody loses anything."""


@dataclass
class Hooks:
    """What is registered; written once at start."""

    owners_changed: OwnersChanged = tell_nobody


registered = Hooks()
