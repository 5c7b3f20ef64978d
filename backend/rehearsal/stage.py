"""The stage of one rehearsal: its own database, files and servers, gone without trace afterwards."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.engine import Engine

from backend.bootstrap import build_ports
from backend.identity.service import authenticate
from backend.infra.context import Context, Ports
from backend.infra.database import open_session
from backend.infra.installation import initialise
from backend.infra.settings import load_settings
from backend.kernel.access import SYSTEM
from backend.kernel.errors import Conflict
from backend.rehearsal.clock import Calendar
from backend.rehearsal.phones import SimulatedPhones
from backend.rehearsal.processes import running_simulator, running_web
from backend.rehearsal.web import Caller, Web
from migrations import runner

_MODE = "rehearsal"


@dataclass(frozen=True, slots=True)
class Stage:
    """What the play is played on."""

    folder: Path
    ports: Ports
    web: Web
    phones: SimulatedPhones
    calendar: Calendar
    wechat_url: str
    web_urls: tuple[str, ...]

    @contextmanager
    def console(self) -> Iterator[Context]:
        """Open one transaction for what is done beside the doors: the command line, the printed letters."""
        with open_session(self.ports.engine) as session:
            yield Context(session=session, actor=SYSTEM, ports=self.ports, request_id=_MODE)
            session.commit()

    @contextmanager
    def console_of(self, caller: Caller) -> Iterator[Context]:
        """Open one transaction in the name of a logged-in staff member, for what no door offers."""
        with self.console() as ctx:
            actor = authenticate(ctx.session, sha256((caller.token or "").encode()).digest())
            assert actor is not None, "the caller has logged in today"
            ctx.actor = actor
            yield ctx


@contextmanager
def set_stage(starts_on: date, seed: int, servers: int) -> Iterator[Stage]:
    """Build the stage with so many web servers and take it down whatever happens.

    SQLite in a temporary folder; PostgreSQL only when ``GONGJUE_MODE=rehearsal`` and ``GONGJUE_DATABASE_URL``
    name an empty database made for it (which is then left to its owner). Raises Conflict when it is not empty.
    """
    with tempfile.TemporaryDirectory(prefix="gongjue-rehearsal-") as name:
        folder = Path(name)
        environment = _environment(folder)
        simulator = running_simulator(folder / "wechat.log", environment, seed)
        with simulator as wechat_url:
            environment["GONGJUE_WECHAT_API_BASE"] = wechat_url
            ports = build_ports(load_settings(environment))
            try:
                _prepare(ports.engine)
                with (
                    running_web(folder, environment, servers) as web_urls,
                    closing(Web(*web_urls)) as web,
                    closing(SimulatedPhones(wechat_url)) as phones,
                ):
                    calendar = Calendar(ports.engine, starts_on, phones)
                    yield Stage(folder, ports, web, phones, calendar, wechat_url, web_urls)
            finally:
                ports.engine.dispose()


def _environment(folder: Path) -> dict[str, str]:
    """Return the servers' environment: nothing of this machine's own installation reaches them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GONGJUE_")}
    return kept | {
        "GONGJUE_MODE": _MODE,
        "GONGJUE_DATABASE_URL": _database_url(os.environ, folder),
        "GONGJUE_STORAGE": str(folder / "files"),
        # The rehearsal itself is the proxy: each simulated person comes from an address of their own.
        "GONGJUE_TRUSTED_PROXIES": "1",
    }


def _database_url(outer: Mapping[str, str], folder: Path) -> str:
    wanted = outer.get("GONGJUE_DATABASE_URL", "")
    if outer.get("GONGJUE_MODE") == _MODE and wanted.startswith("postgres"):
        return wanted
    return f"sqlite:///{folder / 'rehearsal.db'}"


def _prepare(engine: Engine) -> None:
    if inspect(engine).get_table_names():
        raise Conflict(
            "not_empty", "GONGJUE_DATABASE_URL 指向的数据库不是空的；演练只用专为它新建的空数据库。"
        )
    runner.upgrade(engine)
    initialise(engine, _MODE)
