"""The bot's process: one leader runs the jobs, any other sends and takes over when the leader is gone."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import threading
from pathlib import Path
from typing import IO, Protocol

from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from backend.bootstrap import build_ports
from backend.infra import access_log
from backend.infra.context import Ports
from backend.infra.database import build_engine
from backend.infra.installation import require_mode
from backend.infra.settings import Settings, load_settings
from bot.schedule import JOBS, Job, Scheduler, build_scheduler

logger = logging.getLogger("gongjue.bot")

LOOK_SECONDS = 2.0
# Each job holds at most one connection at a time, and most hold it for a moment.
LEAST_CONNECTIONS = 8
# Two-number advisory locks are a space of their own: no tree's or ballot's lock can be this one.
_LOCK = {"space": 0x676F, "leader": 1}
_TAKE = text("SELECT pg_try_advisory_lock(:space, :leader)")
_HELD = text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted "
    "AND classid::bigint = :space AND objid::bigint = :leader AND objsubid = 2"
)


class Leadership(Protocol):
    """The right to run the jobs; at most one process has it."""

    def take(self) -> bool:
        """Try to get it; does not wait."""

    def is_held(self) -> bool:
        """Tell whether it is still ours."""

    def release(self) -> None:
        """Give it back; harmless when not held."""


class PostgresLeadership:
    """A session-level advisory lock on a connection of its own: it ends with the process, however that ends.

    The address must lead to PostgreSQL itself or to a pooler in session mode: behind transaction pooling
    the lock would belong to nobody, which ``is_held`` finds out.
    """

    def __init__(self, settings: Settings) -> None:
        # A dead machine is noticed by both ends within about half a minute.
        server = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
        self._engine = create_engine(
            settings.database_url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={
                "application_name": "gongjue-bot",
                "connect_timeout": 5,
                "keepalives_idle": 10,
                "tcp_user_timeout": 20_000,
                "options": server,
            },
        )
        self._connection: Connection | None = None

    def take(self) -> bool:
        """Try to get the lock; a database that does not answer is nobody's."""
        self.release()
        try:
            self._connection = self._engine.connect()
            if self._connection.execute(_TAKE, _LOCK).scalar_one():
                return True
        except SQLAlchemyError:
            logger.warning("database_unreachable")
        self.release()
        return False

    def is_held(self) -> bool:
        """Ask the database itself."""
        if self._connection is None:
            return False
        try:
            return bool(self._connection.execute(_HELD, _LOCK).scalar_one())
        except SQLAlchemyError:
            return False

    def release(self) -> None:
        """Close the connection, and the lock with it."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


class FileLeadership:
    """A lock on a file next to the SQLite database; the kernel drops it with the process."""

    def __init__(self, settings: Settings) -> None:
        self._path = Path(settings.database_url.removeprefix("sqlite:///") + ".bot.lock")
        self._file: IO[bytes] | None = None

    def take(self) -> bool:
        """Try to lock the file."""
        file = self._path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def is_held(self) -> bool:
        """Tell whether we locked it."""
        return self._file is not None

    def release(self) -> None:
        """Unlock."""
        if self._file is not None:
            self._file.close()
            self._file = None


def leadership_for(settings: Settings) -> Leadership:
    """Return the kind of leadership that fits the database."""
    return FileLeadership(settings) if settings.is_sqlite else PostgresLeadership(settings)


def work(ports: Ports, stop: threading.Event, table: tuple[Job, ...] = JOBS) -> None:
    """Lead when possible, stand by otherwise, until ``stop`` is set; what may run everywhere always runs."""
    # SQLite has one writer: a second bot would only take turns with the first.
    shared = () if ports.settings.is_sqlite else tuple(job for job in table if job.everywhere)
    leading = tuple(job for job in table if job not in shared)
    helper = _started(ports, shared) if shared else None
    try:
        _take_turns(ports, stop, leading)
    finally:
        if helper is not None:
            helper.shutdown(wait=True)


def _take_turns(ports: Ports, stop: threading.Event, table: tuple[Job, ...]) -> None:
    leadership = leadership_for(ports.settings)
    is_told = False
    while not stop.is_set():
        if leadership.take():
            _lead(ports, leadership, stop, table)
            is_told = False
        elif not is_told:
            _say("bot_stands_by")
            is_told = True
        stop.wait(LOOK_SECONDS)
    leadership.release()


def _started(ports: Ports, table: tuple[Job, ...]) -> Scheduler:
    scheduler = build_scheduler(ports, table)
    scheduler.start()
    return scheduler


def _lead(ports: Ports, leadership: Leadership, stop: threading.Event, table: tuple[Job, ...]) -> None:
    """Run the jobs until told to stop or until the lead is lost."""
    _say("bot_leads")
    scheduler = _started(ports, table)
    try:
        while not stop.wait(LOOK_SECONDS):
            if not leadership.is_held():
                _say("bot_lost_the_lead")
                return
    finally:
        # A running job ends first: its transaction is whole or not at all.
        scheduler.shutdown(wait=True)
        leadership.release()


def _say(event: str) -> None:
    logger.info(event, extra={"fields": {"pid": os.getpid()}})


def describe_jobs() -> list[str]:
    """Return one line per job for operators."""
    return [
        f"{job.name:<16}{_interval(job.every.total_seconds()):>8}  {job.purpose}"
        + ("（每个后台进程都运行）" if job.everywhere else "")
        for job in JOBS
    ]


def _interval(seconds: float) -> str:
    for size, unit in ((86_400, "天"), (3_600, "小时"), (60, "分钟")):
        if seconds >= size:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} 秒"


def main() -> int:
    """Run the bot of this installation until SIGTERM or Ctrl-C."""
    access_log.configure()
    # Its warnings say that a busy job was not started twice, which is what we want; its errors matter.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    settings = load_settings()
    engine = build_engine(settings, pool_size=max(settings.pool_size, LEAST_CONNECTIONS))
    ports = build_ports(settings, engine=engine)
    require_mode(ports.engine, settings.mode)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _say("bot_started")
    work(ports, stop)
    ports.engine.dispose()
    _say("bot_stopped")
    return 0
