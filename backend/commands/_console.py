"""Acting for the installation itself, from the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from backend.infra.context import Context, Ports

T = TypeVar("T")


@contextmanager
def connected() -> Iterator[Ports]:
    """Give the ports, and end their connections with the command."""
    from backend.bootstrap import build_ports
    from backend.infra.settings import load_settings

    ports = build_ports(load_settings())
    try:
        yield ports
    finally:
        ports.engine.dispose()


def commit(action: Callable[[Context], T]) -> T:
    """Run ``action`` as the system in one transaction; the console is an edge and commits itself."""
    from backend.infra.context import Context
    from backend.infra.database import open_session
    from backend.kernel.access import SYSTEM

    with connected() as ports, open_session(ports.engine) as session:
        result = action(Context(session=session, actor=SYSTEM, ports=ports, request_id="console"))
        session.commit()
        return result
