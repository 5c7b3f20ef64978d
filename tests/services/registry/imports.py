"""Queue and run an import the way the doors do, on a committed database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from backend.infra.context import Context, Ports
from backend.infra.crypto import build_vault
from backend.infra.database import open_session
from backend.infra.storage import Storage
from backend.kernel.access import SYSTEM
from backend.kernel.ids import new_id
from backend.registry.service import QueueImport, queue_import, run_import
from backend.registry.tables import Dwelling, Estate, ImportRun, Owner
from tests.factories.databases import make_settings
from tests.factories.phones import FakeExchange
from tests.factories.places import make_estate
from tests.rules.registry.roll_files import to_xlsx


@dataclass(frozen=True)
class Place:
    """An empty estate in its community, on a database of its own."""

    ports: Ports
    organisation_id: str
    estate_id: str
    estate_code: str

    def queue(self, content: bytes, **options: Any) -> str:
        """Store and queue a file; return the run's id."""
        defaults: dict[str, Any] = {
            "idempotency_key": new_id(),
            "estate_id": self.estate_id,
            "is_dry_run": False,
            "removes_missing": False,
        }
        command = QueueImport(
            organisation_id=self.organisation_id,
            file_sha256=self.ports.storage.put(content),
            file_name="名册.xlsx",
            **(defaults | options),
        )
        with open_session(self.ports.engine) as session:
            run = queue_import(Context(session, SYSTEM, self.ports, "test"), command)
            session.commit()
            return run.id

    def load(self, rows: Sequence[Sequence[object]], **options: Any) -> ImportRun:
        """Import rows to the end and return the finished run."""
        run_id = self.queue(to_xlsx(rows), **options)
        run_import(self.ports, run_id)
        return self.run(run_id)

    def run(self, run_id: str) -> ImportRun:
        """Read a run."""
        with Session(self.ports.engine) as session:
            return session.get_one(ImportRun, run_id)

    def dwellings(self) -> dict[str, Dwelling]:
        """Return the stored dwellings by key."""
        with Session(self.ports.engine) as session:
            statement = select(Dwelling).where(Dwelling.estate_id == self.estate_id)
            return {row.key: row for row in session.exec(statement)}

    def owners(self) -> dict[str, Owner]:
        """Return the stored owners by key."""
        with Session(self.ports.engine) as session:
            return {
                row.key: row for row in session.exec(select(Owner).where(Owner.estate_id == self.estate_id))
            }


def ports_on(engine: Engine, files: Path) -> Ports:
    """Return ports with the tests' fixed keys."""
    settings = make_settings(str(engine.url.render_as_string(hide_password=False)), files)
    vault = build_vault(settings)
    return Ports(settings, engine, vault, Storage(settings.storage_path, vault), FakeExchange())


def make_place(engine: Engine, folder: Path) -> Place:
    """Create the estate and commit it."""
    ports = ports_on(engine, folder / "files")
    with open_session(engine) as session:
        fixture = make_estate(Context(session, SYSTEM, ports, "test"), dwellings=0)
        session.commit()
        estate = session.get_one(Estate, fixture.estate.id)
        return Place(ports, fixture.community.id, estate.id, estate.code)
