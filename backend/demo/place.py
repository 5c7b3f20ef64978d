"""Where the demo lives on disk, and how it gets there whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic.util import CommandError

from backend.bootstrap import build_ports
from backend.demo import logins
from backend.demo.load import load_demo
from backend.demo.logins import DemoLogins
from backend.infra.database import build_engine
from backend.infra.installation import initialise
from backend.infra.settings import Settings, load_settings
from backend.kernel.errors import Conflict
from migrations import runner


@dataclass(frozen=True, slots=True)
class DemoPlace:
    """A folder with the demo's database, files, logs and logins."""

    folder: Path

    @property
    def database(self) -> Path:
        """Return the database's file; it is there only when it is whole."""
        return self.folder / "demo.db"

    @property
    def logins(self) -> Path:
        """Return the file with the demo's passwords."""
        return self.folder / "demo-logins.json"

    @property
    def logs(self) -> Path:
        """Return the folder of the processes' logs."""
        return self.folder / "demo-logs"

    @property
    def phones(self) -> Path:
        """Return the file in which the simulator keeps what lies on phones and in rooms."""
        return self.folder / "demo-wechat.jsonl"

    def environment(self, database: Path | None = None) -> Mapping[str, str]:
        """Return the demo's settings: none of this machine's production settings reach it."""
        return {
            "GONGJUE_MODE": "demo",
            "GONGJUE_DATABASE_URL": f"sqlite:///{database or self.database}",
            "GONGJUE_STORAGE": str(self.folder / "demo-files"),
        }

    def settings(self, database: Path | None = None) -> Settings:
        """Return the settings of the demo's database."""
        return load_settings(self.environment(database))

    @contextmanager
    def held_alone(self) -> Iterator[None]:
        """Keep every other demo out of this folder meanwhile; raises Conflict when one is running."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "demo.lock").open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict(
                    "already_running",
                    f"目录 {self.folder} 的演示正在运行 (already running)。请先停止它，或用 --data 另选目录。",
                ) from None
            yield

    def prepare(self, *, is_fresh: bool) -> DemoLogins:
        """Load the demo at the first start, upgrade its schema at every other; returns the logins."""
        if is_fresh:
            self._forget()
        if not self.database.exists():
            self._load()
        engine = build_engine(self.settings())
        try:
            runner.upgrade(engine)
            initialise(engine, "demo")
        except CommandError as error:
            raise Conflict(
                "other_version",
                "原有演示数据属于另一个版本的程序 (made by another version)。请加 --fresh 重新开始。",
            ) from error
        finally:
            engine.dispose()
        known = logins.load(self.logins)
        if known is None:
            raise Conflict(
                "no_logins",
                f"演示账号文件 {self.logins.name} 不见了。请加 --fresh 重新开始（原有演示数据会删去）。",
            )
        return known

    def _load(self) -> None:
        # Under another name until it is whole: a start that was interrupted leaves no half demo behind.
        unfinished = self.folder / "demo.db.new"
        _remove_database(unfinished)
        # What an earlier story told its phones.
        self.phones.unlink(missing_ok=True)
        ports = build_ports(self.settings(unfinished))
        runner.upgrade(ports.engine)
        initialise(ports.engine, "demo")
        known = load_demo(ports)
        ports.engine.dispose()
        logins.save(self.logins, known)
        os.replace(unfinished, self.database)

    def _forget(self) -> None:
        _remove_database(self.database)
        self.logins.unlink(missing_ok=True)
        shutil.rmtree(self.folder / "demo-files", ignore_errors=True)
        self.settings().sms.file.unlink(missing_ok=True)


def _remove_database(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
