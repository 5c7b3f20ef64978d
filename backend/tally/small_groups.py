"""Sums of fewer than five are shown nowhere, and cannot be had by subtraction either (threats.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

FEWEST = 5

K = TypeVar("K")


def broken_out(sizes: Mapping[K, int], *, hidden: int = 0) -> frozenset[K]:
    """Return the groups that may be shown beside their total; ``hidden``: members of the total in no group.

    None of one to four; and what stays hidden together is nobody, or five at least, so that the total minus
    the shown ones tells no small group either. Empty groups may be shown: there is nobody in them.
    """
    shown = {key for key, size in sizes.items() if size == 0 or size >= FEWEST}
    hidden += sum(size for key, size in sizes.items() if key not in shown)
    for key in sorted((key for key in shown if sizes[key]), key=lambda key: (sizes[key], str(key))):
        if hidden == 0 or hidden >= FEWEST:
            break
        shown.discard(key)
        hidden += sizes[key]
    return frozenset(shown)


def may_show(size: int) -> bool:
    """Tell whether the sums of a group by itself may be shown."""
    return size == 0 or size >= FEWEST
