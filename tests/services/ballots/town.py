"""A committed database in which several people act at the same moment, each in a transaction of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Engine

from backend.infra.context import Context, Ports
from backend.infra.crypto import build_vault
from backend.infra.database import open_session
from backend.infra.storage import Storage
from backend.kernel.access import SYSTEM, Actor
from backend.kernel.errors import DomainError
from tests.factories.databases import make_settings
from tests.factories.phones import FakeExchange

Action = Callable[[Context], Any]


class Town:
    """Runs actions as the edge does: one session each, committed when nothing was raised."""

    def __init__(self, engine: Engine, storage: Path) -> None:
        settings = make_settings(engine.url.render_as_string(hide_password=False), storage)
        vault = build_vault(settings)
        self.engine = engine
        self.ports = Ports(settings, engine, vault, Storage(storage, vault), FakeExchange())

    def act(self, action: Action, actor: Actor = SYSTEM) -> Any:
        """Run one action and commit."""
        with open_session(self.engine) as session:
            done = action(Context(session=session, actor=actor, ports=self.ports, request_id="test"))
            session.commit()
            return done

    def at_once(self, actions: Sequence[tuple[Actor, Action]]) -> list[str]:
        """Run all together; returns ``done`` or the refusal's code of each."""
        barrier = threading.Barrier(len(actions))
        outcomes = [""] * len(actions)

        def run(index: int, actor: Actor, action: Action) -> None:
            barrier.wait()
            try:
                self.act(action, actor)
                outcomes[index] = "done"
            except DomainError as error:
                outcomes[index] = error.code

        threads = [
            threading.Thread(target=run, args=(index, actor, action))
            for index, (actor, action) in enumerate(actions)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return outcomes
