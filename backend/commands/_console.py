"""Acting for the installation itself, from the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def commit(action: Callable[[Any], Any]) -> Any:
    """Run ``action`` as the system in one transaction; the console is an edge and commits itself."""
    from backend.bootstrap import build_ports
    from backend.infra.context import Context
    from backend.infra.database import open_session
    from backend.infra.settings import load_settings
    from backend.kernel.access import SYSTEM

    ports = build_ports(load_settings())
    try:
        with open_session(ports.engine) as session:
            result = action(Context(session=session, actor=SYSTEM, ports=ports, request_id="console"))
            session.commit()
            return result
    finally:
        ports.engine.dispose()
