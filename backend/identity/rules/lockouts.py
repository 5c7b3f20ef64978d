"""When wrong tries lock: the person at an address, the person everywhere, an address for everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address


@dataclass(frozen=True, slots=True)
class Limit:
    """Under which key a try is counted and how many lock it.

    ``is_shared``: strangers count under it too, so it does not lock somebody at an address known to be theirs.
    """

    key: str
    most: int
    is_shared: bool = False


def is_locked(failures: Mapping[str, int], limits: Sequence[Limit], *, is_known: bool = False) -> bool:
    """Tell whether any limit that holds for this caller is used up; ``failures``: key → tries within the window."""
    return any(
        failures.get(limit.key, 0) >= limit.most for limit in limits if not (is_known and limit.is_shared)
    )


def network_of(address: str) -> str:
    """Return what one caller's tries are counted under: the address, of IPv6 the /64 that a household holds."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(parsed)
